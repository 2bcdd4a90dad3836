"""What is data of a night, in which order; and that all readers ask the same function."""

import re
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from jobs import scan
from jobs.archive.find_cutouts import find_cutouts
from jobs.maintenance.stored_files import all_nights, names
from jobs.storage.data_files import files_of_night, files_of_table, night_of, nights
from jobs.storage.layout import Layout
from jobs.training.anomaly_set import science_rows

JOBS = Path(__file__).resolve().parents[3] / "jobs"
NO_DATA = (".a.parquet.77-0.tmp", ".hidden.parquet", "_temporary.parquet", "_SUCCESS", "a.parquet.crc", "notes.txt")


@pytest.fixture
def table(tmp_path: Path) -> Path:
    """Three nights out of order, with much that is no data."""
    folder = tmp_path / "science"
    for night, files in {"unknown": ["c"], "20240210": ["b", "a"], "20240208": ["d"], "20240209": []}.items():
        (folder / f"night={night}").mkdir(parents=True)
        for name in files:
            pq.write_table(pa.table({"x": [name], "survey": ["ztf"]}), folder / f"night={night}" / f"{name}.parquet")
        for name in NO_DATA:
            (folder / f"night={night}" / name).write_bytes(b"no Parquet")
    (folder / "_staging").mkdir()
    (folder / "night=20240211").write_text("a file is no night")
    return folder


def test_nights_ascend_and_files_are_in_order_of_their_names(table: Path) -> None:
    assert nights(table) == ["20240208", "20240209", "20240210", "unknown"]
    assert [path.name for path in files_of_night(table, 20240210)] == ["a.parquet", "b.parquet"]
    assert [(night_of(path), path.stem) for path in files_of_table(table)] == [
        ("20240208", "d"), ("20240210", "a"), ("20240210", "b"), ("unknown", "c"),
    ]  # fmt: skip


def test_an_output_says_what_it_has(table: Path) -> None:
    layout = Layout(table.parent)
    assert layout.files("science") == files_of_table(table)
    assert layout.files("science", "20240208") == files_of_night(table, "20240208")
    assert layout.nights_in_words("science") == "4 nights, 20240208 to unknown"
    assert (layout.nights("raw"), layout.files("raw"), layout.files("raw", 20240208)) == ([], [], [])
    assert layout.nights_in_words("raw") == ""
    assert all_nights(layout) == nights(table)
    assert names(layout, "science", "20240208") == ["science/night=20240208/d.parquet"]


def test_readers_pass_over_what_is_no_data(table: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("jobs.training.anomaly_set.COLUMNS", ("survey", "x"))
    assert scan(table.parent)["x"].to_pylist() == ["d", "a", "b", "c"]
    assert science_rows(table, "ztf", (20240208, 20240210))["x"].to_pylist() == ["d", "a", "b"]
    table.rename(table.with_name("cutouts"))
    for path in table.with_name("cutouts").glob("*/?.parquet"):
        path.unlink()
    assert find_cutouts(Layout(table.parent), [("ztf", 1, 20240210)]) == {}


def test_nights_and_their_files_are_listed_in_one_module() -> None:
    listing = re.compile(r"glob\([^)]*(night=|parquet)|removeprefix\(\"night=")
    found = {str(path.relative_to(JOBS)) for path in JOBS.rglob("*.py") if listing.search(path.read_text())}
    assert found == {
        "maintenance/maintenance.py",  # what a change replaced
        "pipeline/batch/processor.py",  # staged files
        "pipeline/sinks/matches/sink.py",  # the memory of filters, in the ledger
    }


def test_an_output_is_found_from_the_working_directory_and_links_stay(tmp_path, monkeypatch):
    (tmp_path / "real").mkdir()
    (tmp_path / "link").symlink_to(tmp_path / "real")
    monkeypatch.chdir(tmp_path)
    assert Layout.of("link/../link/").root == tmp_path / "link"
    assert Layout.of(tmp_path / "not there").root == tmp_path / "not there"
