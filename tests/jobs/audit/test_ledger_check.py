"""Every number of a real run's ledger is falsified, every file damaged: the check finds it and says what."""

import json
import shutil
from collections.abc import Callable, Iterator
from functools import lru_cache
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq
import pytest

from jobs.audit import batch as audit_batch
from jobs.audit.check import check_ledger
from jobs.audit.files import read_files
from jobs.ledger.streams import StreamLedger, records, streams
from jobs.storage.layout import Layout

pytestmark = pytest.mark.spark
Path_ = tuple[str | int, ...]


@pytest.fixture
def output(small_output: Path, tmp_path: Path) -> Path:
    copy = tmp_path / "output"
    shutil.copytree(small_output, copy)
    return copy


def gaps(output: Path) -> list[str]:
    return [str(gap) for gap in check_ledger(Layout(output)).gaps]


def record_files(output: Path) -> list[Path]:
    return sorted(path for path in output.glob("ledger/stream=*/*.json") if path.stem.isdigit())


def leaves(content: Any, path: Path_ = ()) -> Iterator[tuple[Path_, Any]]:
    inner = content.items() if isinstance(content, dict) else enumerate(content) if isinstance(content, list) else ()
    if not isinstance(content, dict | list):
        yield path, content
    for key, value in inner:
        yield from leaves(value, (*path, key))


def with_value(content: Any, path: Path_, value: Any) -> Any:
    changed = json.loads(json.dumps(content))
    place = changed
    for key in path[:-1]:
        place = place[key]
    place[path[-1]] = value
    return changed


def falsified(value: Any) -> list[Any]:
    if isinstance(value, bool):
        return [not value]
    if isinstance(value, str):
        return [value + "x"]
    return [value + 1, value - 1]


# What cannot be counted again, and does not count anything: how long it took, whose run it was, the job's hashes.
# Checksums of files are for `--deep` (test_checksums.py).
NOT_COUNTED = ("timings_s", "run")


def counted(path: Path_) -> bool:
    described = path[0] == "hashes" and path[-1] != "version"
    return path[0] not in NOT_COUNTED and not described and not (path[0] == "files" and path[-1] in ("staged", "crc"))


def test_an_undisturbed_output_has_no_gap(output: Path) -> None:
    checked = check_ledger(Layout(output))
    assert checked.gaps == []
    # The fixture's input, by hand: 20 + 30 + 11 packets, a cut container, a file that is none; 10 came twice.
    assert (checked.batches, checked.read, checked.decoded, checked.duplicates) == (2, 63, 50, 10)
    assert checked.quarantined == {"conflicting_id": 1, "truncated": 1, "not_avro": 1}


@pytest.fixture
def remembered(monkeypatch: pytest.MonkeyPatch) -> None:
    """Files that do not change are read once: the record alone is falsified, some hundred times."""
    once = lru_cache(maxsize=None)(lambda root, files, modules: read_files(root, files, list(modules)))
    monkeypatch.setattr(audit_batch, "read_files", lambda root, files, modules: once(root, files, tuple(modules)))


@pytest.mark.usefixtures("remembered")
def test_every_falsified_number_of_the_ledger_is_found(output: Path) -> None:
    unnoticed = []
    tried = 0
    for file in record_files(output):
        content = json.loads(file.read_text())
        where = f"batch {int(file.stem)}"
        for path, value in leaves(content):
            for lie in falsified(value) if counted(path) else ():
                file.write_text(json.dumps(with_value(content, path, lie)))
                tried += 1
                if not any(where in gap for gap in gaps(output)):
                    unnoticed.append((file.name, path, value, lie))
        file.write_text(json.dumps(content))
    assert unnoticed == []
    assert tried > 200


def named_by(path: Path_, lie: Any) -> str:
    """A word that the message about a false number must have."""
    words = {"read": "read", "decoded": "decoded", "duplicates": "duplicates", "enriched": "enriched"}
    words |= {"null_flux": "null_flux", "bad_history": "bad_history", "planned": "planned", "rows": "rows"}
    words |= {"bytes": "bytes", "start": "ranges", "stop": "ranges", "format": "format"}
    if path[0] == "ids":
        return "ids"
    if path[0] == "sinks":
        return "acknowledged"
    if "quarantined" in path:
        return "quarantined"
    if "modules" in path and path[0] == "nights":
        return str(path[3])
    return words.get(str(path[-1]), "")


@pytest.mark.usefixtures("remembered")
def test_a_falsified_number_is_named_with_both_sides(output: Path) -> None:
    file = record_files(output)[-1]
    content = json.loads(file.read_text())
    for path, value in leaves(content):
        if not isinstance(value, int) or isinstance(value, bool) or not named_by(path, value) or path[0] == "plan":
            continue
        file.write_text(json.dumps(with_value(content, path, value + 1)))
        found = gaps(output)
        assert any(named_by(path, value) in gap and str(value + 1) in gap and str(value) in gap for gap in found), path


@pytest.mark.parametrize("key", ["nights", "files", "ids", "tables", "sinks", "plan", "state"])
def test_what_is_taken_out_of_a_record_is_found(output: Path, key: str) -> None:
    for file in record_files(output):
        content = json.loads(file.read_text())
        whole = json.dumps(content)
        places = [(key, inner) for inner in content[key]] if isinstance(content[key], dict) else [(key,)]
        if isinstance(content[key], list):
            places = [(key, number) for number in range(len(content[key]))]
        for path in places:
            changed = json.loads(whole)
            inner = changed if len(path) == 1 else changed[path[0]]
            del inner[path[-1]]
            file.write_text(json.dumps(changed))
            assert gaps(output), (file.name, path)
        file.write_text(whole)


def test_a_module_left_out_of_a_night_is_found(output: Path) -> None:
    file = record_files(output)[0]
    content = json.loads(file.read_text())
    for night in content["nights"].values():
        night["modules"].pop("rise", None)
    file.write_text(json.dumps(content))
    assert any("rise answered 0 is not answers in the files" in gap for gap in gaps(output))


def test_every_missing_file_is_named(output: Path) -> None:
    for path in [*output.glob("*/night=*/*.parquet"), *output.glob("ledger/*/*.ids.parquet")]:
        held = path.read_bytes()
        path.unlink()
        assert any(path.name in gap and "missing" in gap for gap in gaps(output)), path
        path.write_bytes(held)
    for path in output.glob("ledger/*/*.plan.json"):
        held = path.read_bytes()
        path.unlink()
        assert any("plan file is gone" in gap for gap in gaps(output)), path
        path.write_bytes(held)


@pytest.mark.parametrize(
    "name",
    [
        "science/night=20240210/stranger.parquet",
        "science/night=20240210/.hidden.parquet",
        "raw/stranger.parquet",
        "cutouts/night=20240210/deeper/stranger.parquet",
        "quarantine/night=unknown/notes.txt",
    ],
)
def test_a_stranger_among_the_data_is_named(output: Path, name: str) -> None:
    path = output / name
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(b"")
    assert gaps(output) == [f"files: {name} is in no ledger"]


def test_a_removed_batch_is_named(output: Path) -> None:
    first, last = record_files(output)
    for file, message in ((first, "batch 0 is missing, the ledger goes up to 1"), (last, "is in no ledger")):
        held = file.read_bytes()
        file.unlink()
        assert any(message in gap for gap in gaps(output)), file
        file.write_bytes(held)


def test_every_missing_number_is_named(output: Path) -> None:
    first, last = record_files(output)
    first.unlink()
    last.rename(last.with_name("000000005.json"))
    found = gaps(output)
    for number in range(5):
        assert any(f"batch {number} is missing" in gap for gap in found), number
    assert any("batch 1 is not the number in the file's name (5)" in gap for gap in found)


@pytest.mark.parametrize("content", ["", "[]", "{}", '{"format": 1', '{"plan": 3}'])
def test_a_record_that_cannot_be_read_is_a_gap_not_a_traceback(output: Path, content: str) -> None:
    record_files(output)[0].write_text(content)
    assert any("batch 0: its record cannot be read" in gap for gap in gaps(output))


@pytest.mark.parametrize("table", ["raw", "science", "cutouts", "quarantine"])
def test_a_damaged_parquet_file_is_a_gap_not_a_traceback(output: Path, table: str) -> None:
    path = next(iter(sorted(output.glob(f"{table}/night=*/*.parquet"))))
    content = path.read_bytes()
    for damaged in (b"", content[: len(content) // 2], content[:-8] + b"\xff" * 8):
        path.write_bytes(damaged)
        assert any(path.name in gap and "cannot be read" in gap for gap in gaps(output))


def test_damaged_ids_are_a_gap_not_a_traceback(output: Path) -> None:
    path = next(iter(sorted(output.glob("ledger/*/*.ids.parquet"))))
    path.write_bytes(path.read_bytes()[:100])
    assert any("batch 0" in gap for gap in gaps(output))


Change = Callable[[pa.Table], pa.Table]


def replaced(name: str, value: Callable[[pa.ChunkedArray], Any]) -> Change:
    def change(table: pa.Table) -> pa.Table:
        position = table.schema.get_field_index(name)
        return table.set_column(position, table.schema.field(name), value(table[name]))

    return change


def first_changed(column: pa.ChunkedArray) -> pa.Array:
    values = column.to_pylist()
    values[0] = values[0] + 1
    return pa.array(values, column.type)


CHANGES: dict[str, tuple[str, Change]] = {
    "a row is gone": ("science", lambda table: table.slice(1)),
    "a row is there twice": ("science", lambda table: pa.concat_tables([table, table.slice(0, 1)])),
    "another id": ("science", replaced("alert_id", first_changed)),
    "another flux": ("science", replaced("flux", lambda flux: pc.multiply(flux, 2.0))),
    "another position": ("science", replaced("dec", first_changed)),
    "another night": ("science", replaced("night", first_changed)),
    "another count of bad history": ("science", replaced("n_bad_history", first_changed)),
    "an answer is gone": ("science", replaced("rise", lambda rise: pa.nulls(len(rise), rise.type))),
    "another hash in raw": ("raw", replaced("content_hash", first_changed)),
    "another id in raw": ("raw", replaced("alert_id", first_changed)),
    "another id among the stamps": ("cutouts", replaced("alert_id", first_changed)),
    "another reason": (
        "quarantine",
        replaced("reason", lambda reason: pa.array(["no_id"] * len(reason))),
    ),
    "bytes of a refused packet are gone": (
        "quarantine",
        replaced("value", lambda value: pa.array([b""] * len(value), value.type)),
    ),
}


@pytest.mark.parametrize("what", CHANGES)
def test_changed_rows_are_found_even_if_the_ledger_tells_the_new_size(output: Path, what: str) -> None:
    table, change = CHANGES[what]
    path = next(iter(sorted(output.glob(f"{table}/night=*/*.parquet"))))
    pq.write_table(change(pq.ParquetFile(path).read()), path)
    for file in record_files(output):
        content = json.loads(file.read_text())
        for entry in content["files"]:
            if entry["name"] == str(path.relative_to(output)):
                entry["bytes"] = path.stat().st_size
        file.write_text(json.dumps(content))
    assert gaps(output)


def test_an_alert_in_two_batches_is_named(output: Path) -> None:
    """The second batch tells, everywhere, that it holds an alert of the first."""
    layout = Layout(output)
    first, second = records(layout)
    ledger = StreamLedger(layout, *streams(layout))
    taken = pq.read_table(ledger.ids_path(first.batch))["alert_id"][0].as_py()
    for path in (ledger.ids_path(second.batch), *(output / file.name for file in second.files)):
        table = pq.ParquetFile(path).read()
        if "reason" not in table.column_names:
            own = np.sort(table["alert_id"].to_numpy())[0]
            ids = [taken if each == own else each for each in table["alert_id"].to_pylist()]
            pq.write_table(replaced("alert_id", lambda column, ids=ids: pa.array(ids, column.type))(table), path)
    found = gaps(output)
    where = f"stream {first.stream} batch"
    for table in ("raw", "science"):
        said = f"{where} 1: 1 ztf alert of {where} 0 again in {table}, e.g. {taken}"
        assert said in found


def test_packets_that_are_planned_twice_or_left_out_are_named(output: Path) -> None:
    """Record and plan file tell the same lie, about as many packets."""
    last = record_files(output)[-1]
    plan = last.with_name(f"{last.stem}.plan.json")
    content, planned = json.loads(last.read_text()), json.loads(plan.read_text())
    moved = next(number for number, each in enumerate(planned["ranges"]) if each["start"] > 0)
    for ranges in (content["plan"]["ranges"], planned["ranges"]):
        ranges[moved]["start"] -= 5
        ranges[moved]["stop"] -= 5
    last.write_text(json.dumps(content))
    plan.write_text(json.dumps(planned))
    assert any("the packets before end at" in gap for gap in gaps(output))


def test_a_run_checks_only_what_it_wrote(output: Path) -> None:
    record_files(output)[0].write_text("{}")
    (stream,) = streams(Layout(output))
    assert check_ledger(Layout(output), since={stream: 1}).gaps == []
    assert check_ledger(Layout(output), since={stream: 0}).gaps
