"""All matches of an archive, with their annotations, night by night."""

import csv
import json
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
import yaml
from pyspark.sql import SparkSession

import jobs
from jobs.archive.matches import IDENTITY, NoSuchFilter
from jobs.cli import filter as command

pytestmark = pytest.mark.spark

CONTENT = {
    "description": "bright, positive",
    "owner": "tests",
    "where": "mag < 19.5 AND n_detections >= 2",
    "annotations": {"double": "mag * 2", "mag": "mag", "flux": "abs(flux)", "last": "element_at(lc_flux, -1)", "curve": "lc_mjd"},
}  # fmt: skip


@pytest.fixture
def bright(tmp_path: Path) -> Path:
    path = tmp_path / "bright.yaml"
    path.write_text(yaml.safe_dump(CONTENT, sort_keys=False))
    return path


def wanted(output: Path) -> list[dict[str, Any]]:
    """By plain Python."""
    rows = [row for path in sorted((output / "science").rglob("*.parquet")) for row in _rows(path)]
    chosen = [row for row in rows if row["mag"] is not None and row["mag"] < 19.5 and row["n_detections"] >= 2]
    return sorted(chosen, key=lambda row: (row["night"], row["mjd"], row["alert_id"]))


def _rows(path: Path) -> list[dict[str, Any]]:
    rows: list[dict[str, Any]] = pq.ParquetFile(path).read().to_pylist()
    return rows


def test_matches_are_those_of_a_loop_with_annotations_as_columns(
    spark: SparkSession, small_output: Path, bright: Path
) -> None:
    found = jobs.matches(bright, small_output)
    rows = wanted(small_output)
    assert 5 < len(rows) < 45
    assert found.column_names == [*IDENTITY, "double", "annotation_flux", "last", "curve"]
    assert found["alert_id"].to_pylist() == [row["alert_id"] for row in rows]
    for name in ("object_id", "night", "mjd", "ra", "dec", "band", "mag", "flux"):
        assert found[name].to_pylist() == [row[name] for row in rows], name
    assert found["double"].to_pylist() == [2 * row["mag"] for row in rows]
    assert found["annotation_flux"].to_pylist() == [abs(row["flux"]) for row in rows]
    assert found["curve"].to_pylist() == [row["lc_mjd"] for row in rows]
    nights = sorted({row["night"] for row in rows})
    one = jobs.matches(bright, small_output, nights=[nights[0]])
    assert one.equals(found.filter(pa.compute.equal(found["night"], nights[0])))
    with pytest.raises(FileNotFoundError, match="no science files of"):
        jobs.matches(bright, small_output, nights=["19990101"])
    with pytest.raises(NoSuchFilter, match=r"nowhere is no file, and no filter in conf/filters"):
        jobs.matches("nowhere", small_output)


@pytest.mark.parametrize("ending", ["parquet", "csv", "json", "vot", "fits"])
def test_run_writes_what_matches_gives(
    spark: SparkSession, small_output: Path, bright: Path, tmp_path: Path, ending: str
) -> None:
    out = tmp_path / f"x.{ending}"
    assert command.main(["run", str(bright), "--data", str(small_output), "-o", str(out)]) == 0
    rows = wanted(small_output)
    read = {"parquet": _parquet, "csv": _csv, "json": _json, "vot": _votable, "fits": _fits}[ending](out)
    assert [int(row["alert_id"]) for row in read] == [row["alert_id"] for row in rows]
    assert [float(row["double"]) for row in read] == [2 * row["mag"] for row in rows]
    assert not list(tmp_path.glob(".*.tmp"))


def test_run_says_what_it_cannot_do(
    small_output: Path, bright: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    given = ["run", str(bright), "--data", str(small_output), "-o"]
    assert command.main([*given, str(tmp_path / "x.xls")]) == 2
    assert "the ending says the format: .parquet, .csv, .json, .vot, .fits" in capsys.readouterr().err
    assert command.main(["run", "nowhere", "--data", str(small_output), "-o", "x.csv"]) == 2
    assert "nowhere is no file" in capsys.readouterr().err


def _parquet(path: Path) -> list[dict[str, Any]]:
    return _rows(path)


def _csv(path: Path) -> list[dict[str, Any]]:
    with open(path, encoding="utf-8") as lines:
        return list(csv.DictReader(lines))


def _json(path: Path) -> list[dict[str, Any]]:
    rows: list[dict[str, Any]] = json.loads(path.read_text())
    assert all(isinstance(row["alert_id"], str) for row in rows)
    return rows


def _fits(path: Path) -> list[dict[str, Any]]:
    from astropy.table import Table

    table = Table.read(path)
    return [{name: row[name] for name in ("alert_id", "double")} for row in table]


def _votable(path: Path) -> list[dict[str, Any]]:
    from astropy.io.votable import parse_single_table

    table = parse_single_table(path).to_table()
    return [{name: row[name] for name in ("alert_id", "double")} for row in table]
