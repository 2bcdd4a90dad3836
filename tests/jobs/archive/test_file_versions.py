"""The versions beside answers are those of the files."""

from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq

from jobs.archive.versions import versions_in


def science(path: Path, versions: list[str | None], module: str = "rise", rows_per_group: int = 2) -> Path:
    answers = [{"k": 1.0, "version": version, "error": None} for version in versions]
    answer = pa.struct([("k", pa.float64()), ("version", pa.string()), ("error", pa.string())])
    provenance = pa.array([{"schema_version": "4", "version": "9.9.9"}] * len(versions))  # no module: it has no error
    table = pa.table({"alert_id": range(len(versions)), module: pa.array(answers, answer), "provenance": provenance})
    pq.write_table(table, path, row_group_size=rows_per_group)
    return path


def test_all_versions_of_all_files_are_listed_oldest_first(tmp_path: Path) -> None:
    files = [
        science(tmp_path / "a.parquet", ["1.10.0"] * 3),
        science(tmp_path / "b.parquet", ["1.9.0"] * 2),
        science(tmp_path / "c.parquet", ["2.0.0", "1.9.0", None, "1.9.1"]),  # merged: two in a row group, a row without
        science(tmp_path / "d.parquet", ["0.1.0"], module="other"),
        science(tmp_path / "e.parquet", [None, None]),
    ]
    assert versions_in(files) == {"rise": ["1.9.0", "1.9.1", "1.10.0", "2.0.0"], "other": ["0.1.0"]}
    assert versions_in([]) == {}
