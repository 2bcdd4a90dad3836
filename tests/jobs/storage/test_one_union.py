"""Files of different versions read together: every reader and writer gives the same columns, types and reasons."""

from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from jobs.archive.export import export
from jobs.archive.find import by_key, find_object
from jobs.archive.scan import Scan, scan
from jobs.archive.top_alerts import top
from jobs.ledger.changes import StoredFile
from jobs.maintenance.compaction import merge
from jobs.maintenance.maintenance import NightMaintenance
from jobs.maintenance.rescoring.inputs import ScienceRows
from jobs.pipeline.filters.kinds import Kind, kind_of
from jobs.pipeline.filters.leaves import read_leaves, with_missing
from jobs.storage.layout import Layout
from jobs.storage.schema_union import NOT_RUN, SchemaConflict, as_type, common_schema, joined, leaves
from jobs.training import anomaly_set

EARLY, LATE = 20240208, 20240210


def module(**outputs: Any) -> dict[str, Any]:
    return {**outputs, "version": "1", "error": None}


def of(kind: Any, value: Any) -> pa.Array:
    return pa.array([value], kind)


NEW = pa.struct([("k", pa.float64()), ("n", pa.int64()), ("version", pa.string()), ("error", pa.string())])
OLD = pa.struct([("k", pa.float32()), ("version", pa.string()), ("error", pa.string())])
NARROW = pa.struct([("k", pa.float64()), ("n", pa.int32()), ("version", pa.string()), ("error", pa.string())])
TENTH = float(np.float32(0.1))
# The column in the early file and in the late one (None: the file lacks it), and what every reader gives of both.
CASES: dict[str, tuple[str, pa.Array | None, pa.Array | None, dict[str, list[Any]]]] = {
    "the same type": ("x", of(pa.int64(), 1), of(pa.int64(), 2), {"x": [1, 2]}),
    "int32 became int64": ("x", of(pa.int32(), 1), of(pa.int64(), 2**40), {"x": [1, 2**40]}),
    "int64 became int32": ("x", of(pa.int64(), 2**40), of(pa.int32(), 1), {"x": [2**40, 1]}),
    "float32 became float64": ("x", of(pa.float32(), 0.1), of(pa.float64(), 0.1), {"x": [TENTH, 0.1]}),
    "int32 became float64": ("x", of(pa.int32(), 7), of(pa.float64(), 0.5), {"x": [7.0, 0.5]}),
    "lists widen": ("x", of(pa.list_(pa.float32()), [0.1]), of(pa.list_(pa.float64()), [1]), {"x": [[TENTH], [1.0]]}),
    "a list that was NULL": ("x", of(pa.list_(pa.int32()), None), of(pa.list_(pa.int64()), [1]), {"x": [None, [1]]}),
    "a new column": ("x", None, of(pa.string(), "a"), {"x": [None, "a"]}),
    "a column that is no more": ("x", of(pa.bool_(), True), None, {"x": [True, None]}),
    "a new module": (
        "m", None, of(NEW, module(k=0.5, n=3)),
        {"m.k": [None, 0.5], "m.n": [None, 3], "m.version": [None, "1"], "m.error": [NOT_RUN, None]},
    ),
    "a module that was left out": (
        "m", of(NEW, module(k=0.5, n=3)), None, {"m.k": [0.5, None], "m.version": ["1", None], "m.error": [None, NOT_RUN]},
    ),
    "a module's reason alone": ("m", None, of(NEW, module(k=0.5, n=3)), {"m.error": [NOT_RUN, None]}),
    "a module's output alone": ("m", None, of(NEW, module(k=0.5, n=3)), {"m.n": [None, 3]}),
    "a new output": (
        "m", of(OLD, module(k=0.1)), of(NEW, module(k=0.1, n=3)),
        {"m.k": [TENTH, 0.1], "m.n": [None, 3], "m.error": [None, None]},
    ),
    "a new output alone": ("m", of(OLD, module(k=0.1)), of(NEW, module(k=0.1, n=3)), {"m.n": [None, 3]}),
    "an output that widened": ("m", of(NARROW, module(k=1, n=3)), of(NEW, module(k=1, n=2**40)), {"m.n": [3, 2**40]}),
    "a module that failed": (
        "m", of(NEW, {"version": "1", "error": "failed: x"}), of(NEW, module(k=1, n=1)),
        {"m.k": [None, 1.0], "m.error": ["failed: x", None]},
    ),
}  # fmt: skip
CONFLICTS = {
    "text and number": ("x", of(pa.string(), "a"), of(pa.int64(), 1)),
    "a number that would lose digits": ("x", of(pa.int64(), 1), of(pa.float64(), 1)),
    "in a module": ("m", of(NEW, module(k=1, n=1)), of(pa.struct([("k", pa.string())]), {"k": "a"})),
}


@pytest.fixture
def night_files(tmp_path: Path) -> Callable[..., Layout]:
    """Writes two nights of one alert each."""

    def write(head: str, *columns: pa.Array | None) -> Layout:
        layout = Layout(tmp_path / "output")
        for number, (night, column) in enumerate(zip((EARLY, LATE), columns, strict=True)):
            table = alert(number, night)
            path = layout.published("science", str(night), "s", number, 0)
            path.parent.mkdir(parents=True)
            pq.write_table(table if column is None else table.append_column(head, column), path)
        return layout

    return write


def alert(number: int, night: int) -> pa.Table:
    row = {
        "survey": "ztf", "alert_id": number + 1, "object_id": "o", "night": night, "mjd": 60000.0 + number, "ra": 10.0,
        "dec": 1.0, "band": "r", "mag": 18.0 + number, "is_simulated": False, "candidate": {"xpos": 1.0},
        "content_hash": number,
    }  # fmt: skip
    return pa.Table.from_pylist([row])


Values = dict[str, list[Any]]


def of_structs(table: pa.Table, names: Sequence[str]) -> Values:
    rows = table.to_pylist()
    return {name: [_inner(row, name.split(".")) for row in rows] for name in names}


def _inner(row: Any, parts: Sequence[str]) -> Any:
    for part in parts:
        row = None if row is None else row[part]
    return row


def by_scan(layout: Layout, names: Sequence[str], work: Path) -> Values:
    return scan(layout.root, columns=names).to_pydict()


def by_whole_scan(layout: Layout, names: Sequence[str], work: Path) -> Values:
    return of_structs(scan(layout.root), names)


def by_pieces(layout: Layout, names: Sequence[str], work: Path) -> Values:
    return pa.concat_tables(Scan.of(layout.root, columns=names).pieces()).to_pydict()


def by_export(layout: Layout, names: Sequence[str], work: Path) -> Values:
    done = export(layout.root, work / "out.parquet", columns=names)
    return dict(zip(names, pq.read_table(done.path).select(done.columns).to_pydict().values(), strict=True))


def by_find(layout: Layout, names: Sequence[str], work: Path) -> Values:
    return of_structs(find_object(layout, "o"), names)


def by_keys(layout: Layout, names: Sequence[str], work: Path) -> Values:
    return of_structs(by_key(layout, [("ztf", 1, EARLY), ("ztf", 2, LATE)]), names)


def by_scores(layout: Layout, names: Sequence[str], work: Path) -> Values:
    return top(layout.files("science"), [("mag", "ascending")], 9, names).select(list(names)).to_pydict()


def by_filters(layout: Layout, names: Sequence[str], work: Path) -> Values:
    (found,) = read_leaves(layout.files("science"), names)
    return found.select(list(names)).to_pydict()


def by_filters_a_file_at_a_time(layout: Layout, names: Sequence[str], work: Path) -> Values:
    kinds = {name: _kind(layout, name) for name in names}
    tables = [with_missing(each, kinds) for each in read_leaves(layout.files("science"), names, rows_per_read=1)]
    return {name: [value for each in tables for value in each[name].to_pylist()] for name in names}


def _kind(layout: Layout, name: str) -> Kind:
    kind = kind_of(scan(layout.root, columns=[name]).schema.field(0).type)
    assert kind is not None
    return kind


def by_compaction(layout: Layout, names: Sequence[str], work: Path) -> Values:
    """Both nights' files merged as if they were of one."""
    parts = []
    for number, path in enumerate(layout.files("science")):
        moved = layout.published("science", "20240201", "s", number, 0)
        moved.parent.mkdir(parents=True, exist_ok=True)
        path.rename(moved)
        parts.append(StoredFile(str(moved.relative_to(layout.root)), 1, moved.stat().st_size))
    merge(NightMaintenance(layout), parts, "science", "20240201", "test", None)
    (path,) = layout.files("science", "20240201")
    return of_structs(pq.ParquetFile(path).read(), names)


def by_rescoring(layout: Layout, names: Sequence[str], work: Path) -> Values:
    files = layout.files("science")
    schema = common_schema([pq.read_schema(path) for path in files])
    plan = pa.table({"file": [0, 1], "group": [0, 0], "row": [0, 0]})
    return of_structs(ScienceRows([str(path) for path in files], schema).take(plan), names)


def by_training(layout: Layout, names: Sequence[str], work: Path) -> Values:
    heads = dict.fromkeys(name.partition(".")[0] for name in names)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(anomaly_set, "COLUMNS", ("survey", *heads))
        return of_structs(anomaly_set.science_rows(layout.table("science"), "ztf", (EARLY, LATE)), names)


READERS = (
    by_scan, by_whole_scan, by_pieces, by_export, by_find, by_keys, by_scores, by_filters, by_filters_a_file_at_a_time,
    by_compaction, by_rescoring, by_training,
)  # fmt: skip


@pytest.mark.parametrize("reader", READERS)
@pytest.mark.parametrize("case", CASES)
def test_two_versions_are_read_alike_everywhere(
    night_files: Callable[..., Layout], tmp_path: Path, case: str, reader: Callable[..., Values]
) -> None:
    head, early, late, expected = CASES[case]
    layout = night_files(head, early, late)
    assert reader(layout, list(expected), tmp_path) == expected


# One file at a time has nothing to conflict with.
@pytest.mark.parametrize("reader", [each for each in READERS if each is not by_filters_a_file_at_a_time])
@pytest.mark.parametrize("case", CONFLICTS)
def test_types_that_do_not_fit_are_refused_alike_everywhere(
    night_files: Callable[..., Layout], tmp_path: Path, case: str, reader: Callable[..., Values]
) -> None:
    head, early, late = CONFLICTS[case]
    name, one, other = (head, early.type, late.type) if head == "x" else ("m.k", "double", "string")
    with pytest.raises(SchemaConflict, match=rf"{name} is {one} in one file and {other} in another"):
        reader(night_files(head, early, late), [name], tmp_path)


def test_structs_are_merged_to_any_depth_and_a_missing_column_is_named() -> None:
    one = pa.schema([("a", pa.struct([("x", pa.int32()), ("in", pa.struct([("p", pa.string())]))]))])
    two = pa.schema([("b", pa.int8()), ("a", pa.struct([("in", pa.struct([("q", pa.bool_())])), ("y", pa.int64())]))])
    whole = common_schema([one, two])
    inner = pa.struct([("p", pa.string()), ("q", pa.bool_())])
    assert whole == pa.schema(
        [("a", pa.struct([("x", pa.int32()), ("in", inner), ("y", pa.int64())])), ("b", pa.int8())]
    )
    rows = [{"x": 1, "in": {"p": "s"}}, None, {"x": 2, "in": None}]
    array = as_type(pa.array([None, *rows], one.field("a").type)[1:], whole.field("a").type)
    expected = [{"x": 1, "in": {"p": "s", "q": None}, "y": None}, None, {"x": 2, "in": None, "y": None}]
    assert array.to_pylist() == expected
    table = pa.table({"a": pa.array(rows, one.field("a").type)})
    assert leaves(table, whole, ["a.in.q", "a.in.p", "b"]).to_pydict() == {
        "a.in.q": [None] * 3,
        "a.in.p": ["s", None, None],
        "b": [None] * 3,
    }
    with pytest.raises(KeyError, match=r"no column 'a\.z': 'z' is not among x, in, y"):
        leaves(table, whole, ["a.z"])


def dictionary() -> Iterator[pa.Array]:
    yield pa.array(["a", "b", "a"]).dictionary_encode()
    yield pa.array(["c"])


def test_a_dictionary_and_its_plain_values_are_one_column() -> None:
    table = joined([pa.table({"x": each}) for each in dictionary()])
    assert table["x"].to_pylist() == ["a", "b", "a", "c"]
    assert table.schema.field("x").type == pa.string()


def test_a_narrower_type_is_refused_with_both_said() -> None:
    with pytest.raises(SchemaConflict, match="x is int64 in a file and int32 is wanted"):
        as_type(pa.array([1]), pa.int32(), "x")
