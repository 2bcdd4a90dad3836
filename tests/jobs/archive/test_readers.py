"""Tables are plain Parquet: every common reader opens them without Strix, across versions of a module too."""

import io
import json
import math
import shlex
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import polars as pl
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.dataset as ds
import pyarrow.parquet as pq
import pytest
from astropy.table import Table
from duckdb_reader import rows as duckdb_rows

from jobs import scan
from jobs.cli.console import Console
from jobs.cli.report import print_outcome
from jobs.common.job import job_of
from jobs.config import ScienceConfig
from jobs.launcher.run import Outcome
from jobs.launcher.science import prepare_science
from jobs.ledger.streams import records, streams
from jobs.storage.layout import Layout
from jobs.storage.schema_union import NOT_RUN
from jobs.streaming.status import Status

pytestmark = pytest.mark.spark
ALERTS = 50  # as the fixture has them


@pytest.fixture(scope="module")
def truth(small_output: Path) -> dict[int, dict[str, Any]]:
    """Object, flux and Stetson K by alert id, file by file as the ledger names them."""
    rows: dict[int, dict[str, Any]] = {}
    for record in records(Layout(small_output)):
        for file in record.files:
            if file.table == "science":
                table = pq.ParquetFile(small_output / file.name).read(["alert_id", "object_id", "flux", "stetson_k"])
                rows |= {row["alert_id"]: row for row in table.to_pylist()}
    assert len(rows) == ALERTS
    return rows


def check(truth: dict[int, dict[str, Any]], ids: Any, fluxes: Any, ks: Any) -> None:
    """Ids exactly (they do not fit a float64), fluxes and module outputs to the bit, NULL as NULL or NaN."""
    assert sorted(map(int, ids)) == sorted(truth)
    for alert_id, flux, k in zip(ids, fluxes, ks, strict=True):
        for found, wanted in ((flux, truth[int(alert_id)]["flux"]), (k, truth[int(alert_id)]["stetson_k"]["k"])):
            absent = found is None or found is pd.NA or np.ma.is_masked(found) or math.isnan(found)
            assert absent == (wanted is None)
            assert absent or found == wanted


def test_pandas_opens_the_science_table(small_output: Path, truth: dict[int, dict[str, Any]]) -> None:
    # `night` is in the files and in the folders' names: pandas would join both, as two types, and fail.
    table = pd.read_parquet(small_output / "science", partitioning=None)
    check(truth, table["alert_id"], table["flux"], [value["k"] for value in table["stetson_k"]])
    assert set(table["night"].astype(int)) == {20240208, 20240210}


def test_the_command_that_a_night_ends_with_works(small_output: Path) -> None:
    layout, out = Layout(small_output), Console(file=io.StringIO(), width=500)
    (stream,) = streams(layout)
    science = prepare_science(ScienceConfig(modules=("stetson_k", "rise")))
    outcome = Outcome(layout, stream, Status(layout, "night", stream), science)
    print_outcome(job_of("night"), outcome, list(records(layout)), 1.0, out)
    (told,) = [line.strip() for line in out.file.getvalue().splitlines() if "python -c" in line]  # type: ignore[attr-defined]
    _, _, code = shlex.split(told)
    answer = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True)
    assert (answer.returncode, answer.stderr) == (0, "")
    assert f"[{ALERTS} rows x" in answer.stdout


def test_pyarrow_opens_the_science_table(small_output: Path, truth: dict[int, dict[str, Any]]) -> None:
    table = ds.dataset(small_output / "science").to_table(
        {"id": ds.field("alert_id"), "flux": ds.field("flux"), "k": ds.field("stetson_k", "k")}
    )
    check(truth, *(table[name].to_pylist() for name in ("id", "flux", "k")))
    field = ds.dataset(small_output / "science").schema.field("flux")
    assert field.metadata == {b"unit": b"nJy", b"description": b"signed difference flux"}


def test_polars_opens_the_science_table(small_output: Path, truth: dict[int, dict[str, Any]]) -> None:
    table = pl.read_parquet(small_output / "science" / "*" / "*.parquet")
    check(truth, table["alert_id"], table["flux"], table["stetson_k"].struct.field("k"))


def test_duckdb_opens_the_science_table(small_output: Path, truth: dict[int, dict[str, Any]]) -> None:
    [found] = duckdb_rows(f"SELECT alert_id, flux, stetson_k.k FROM '{small_output}/science/*/*.parquet'")
    check(truth, *zip(*found, strict=True))


def test_astropy_opens_the_science_table(small_output: Path, truth: dict[int, dict[str, Any]]) -> None:
    """Astropy's tables are flat: a field of a module is a column of its own once it is flattened, by pyarrow or scan."""
    flat = scan(small_output, columns=["alert_id", "object_id", "mjd", "flux", "stetson_k.k"])
    table = Table.from_pandas(flat.to_pandas(types_mapper={pa.int64(): pd.Int64Dtype()}.get))
    check(truth, table["alert_id"], table["flux"], table["stetson_k.k"])
    path = next(iter(sorted(small_output.glob("science/*/*.parquet"))))
    own = Table.read(path, include_names=["alert_id", "flux", "mjd"], format="parquet")
    assert set(map(int, own["alert_id"])) <= set(truth)
    assert own["flux"].dtype == np.float64


def test_every_table_of_a_night_opens_with_every_reader(small_output: Path) -> None:
    rows = {"raw": ALERTS, "science": ALERTS, "cutouts": ALERTS, "quarantine": 3}
    for name, count in rows.items():
        files = f"{small_output}/{name}/*/*.parquet"
        assert len(pd.read_parquet(small_output / name, partitioning=None)) == count
        assert ds.dataset(small_output / name).count_rows() == count
        assert len(pl.read_parquet(files)) == count
        assert duckdb_rows(f"SELECT count(*) FROM '{files}'") == [[(count,)]]
        assert scan(small_output, name).num_rows == count


READ = """
import sys
import pyarrow.parquet as pq
table = pq.read_table(sys.argv[1], partitioning=None)
assert not [name for name in sys.modules if name.split(".")[0] in ("jobs", "science_modules")]
print(table.num_rows)
"""


def test_no_code_of_strix_is_needed_to_read(small_output: Path, tmp_path: Path) -> None:
    answer = subprocess.run(
        [sys.executable, "-I", "-c", READ, str(small_output / "science")], capture_output=True, text=True, cwd=tmp_path
    )
    assert (answer.stdout, answer.stderr) == (f"{ALERTS}\n", "")


@pytest.fixture
def two_versions(small_output: Path, tmp_path: Path) -> Path:
    """The later night as a next version wrote it: one output more, one module fewer, one module more."""
    copy = tmp_path / "output"
    shutil.copytree(small_output, copy)
    for path in copy.glob("science/night=20240210/*.parquet"):
        table = pq.ParquetFile(path).read()
        old = table["stetson_k"].combine_chunks()
        fields = [*old.type, pa.field("chi2", pa.float32())]
        names = [field.name for field in old.type]
        children = [old.field(name) for name in names] + [pa.array([2.5] * len(old), pa.float32())]
        children[names.index("version")] = pa.array(["1.1.0"] * len(old))
        newer = pa.StructArray.from_arrays(children, fields=fields, mask=old.is_null())
        position = table.schema.get_field_index("stetson_k")
        changed = table.set_column(position, "stetson_k", newer).drop_columns(["rise"])
        pq.write_table(changed.append_column("new_module", pa.array([{"score": 0.5}] * len(old))), path)
    return copy


EARLY, LATE = 10, 40


def test_scan_opens_nights_of_different_versions_together(two_versions: Path, truth: dict[int, dict[str, Any]]) -> None:
    table = scan(two_versions)
    assert table["night"].to_pylist() == [20240208] * EARLY + [20240210] * LATE
    check(
        truth,
        table["alert_id"].to_pylist(),
        table["flux"].to_pylist(),
        pc.struct_field(table["stetson_k"], "k").to_pylist(),
    )
    assert pc.struct_field(table["stetson_k"], "chi2").to_pylist() == [None] * EARLY + [2.5] * LATE
    assert pc.struct_field(table["stetson_k"], "version").to_pylist() == ["1.0.0"] * EARLY + ["1.1.0"] * LATE
    rise = table["rise"].to_pylist()
    assert all(each["version"] == "1.0.0" for each in rise[:EARLY])
    assert rise[EARLY:] == [dict.fromkeys(rise[0]) | {"error": NOT_RUN}] * LATE
    assert table["new_module"].to_pylist() == [None] * EARLY + [{"score": 0.5}] * LATE


def test_scan_and_duckdb_give_the_same_of_two_versions(two_versions: Path) -> None:
    asked = ["alert_id", "stetson_k.k", "stetson_k.chi2", "new_module.score"]
    own = scan(two_versions, columns=asked)
    files = f"'{two_versions}/science/*/*.parquet', union_by_name=true"
    [other] = duckdb_rows(f"SELECT {', '.join(asked)} FROM read_parquet({files})")
    rows = list(zip(*(own[name].to_pylist() for name in asked), strict=True))
    assert sorted(rows, key=lambda row: row[0]) == sorted(other, key=lambda row: row[0])


def test_the_other_readers_open_each_night_of_two_versions(two_versions: Path) -> None:
    """What they make of both together differs by reader and release; a night by itself they all open."""
    for night, count in (("20240208", EARLY), ("20240210", LATE)):
        folder = two_versions / "science" / f"night={night}"
        assert len(pd.read_parquet(folder, partitioning=None)) == count
        assert ds.dataset(folder).count_rows() == count
        assert len(pl.read_parquet(folder / "*.parquet")) == count


def test_scan_reads_the_nights_and_columns_that_are_asked_for(small_output: Path) -> None:
    table = scan(small_output, nights=[20240208], columns=["object_id", "rise"])
    assert (table.num_rows, table.schema.names) == (EARLY, ["object_id", "rise"])
    assert scan(small_output, nights=["20240210", 20240208]).num_rows == ALERTS
    field = scan(small_output, columns=["flux"]).schema.field("flux")
    assert field.metadata == {b"unit": b"nJy", b"description": b"signed difference flux"}


@pytest.mark.parametrize(
    ("asked", "error", "message"),
    [
        ({"table": "sciense"}, FileNotFoundError, "no table 'sciense'; the tables are raw, science"),
        ({"nights": [20200101]}, FileNotFoundError, "no night 20200101; it has 20240208, 20240210"),
        ({"columns": ["fluxx"]}, KeyError, "no column 'fluxx': 'fluxx' is not among .*flux_err"),
        ({"columns": ["stetson_k.q"]}, KeyError, "'q' is not among k, "),
    ],
)
def test_scan_names_what_is_not_there(small_output: Path, asked: Any, error: type[Exception], message: str) -> None:
    with pytest.raises(error, match=message):
        scan(small_output, **asked)
    with pytest.raises(FileNotFoundError, match="scan wants the output of a job"):
        scan(small_output / "raw")


def test_ids_are_told_as_strings_where_numbers_are_not_exact(small_output: Path) -> None:
    """Why: JSON readers hold numbers as float64."""
    big = scan(small_output, columns=["alert_id"])["alert_id"][0].as_py()
    assert int(float(json.dumps(big))) != big or big < 2**53
