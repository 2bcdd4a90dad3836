"""Rows of a raw table and headers of an archive that Python cannot hold are refused; the packets beside them are read."""

import io
import tarfile
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
from source_reading import entries, simulated, source

from jobs.packets.ranges import Range, total
from jobs.pipeline.sources.readers import read_ranges
from science_modules.common.view import PROVENANCE


def test_a_raw_row_whose_time_is_beyond_the_calendar_is_refused_alone(tmp_path: Path) -> None:
    times = pa.array([0, 1_785_000_000_000_000_000, 5], pa.int64()).cast(pa.timestamp("us", "UTC"))
    children = [times if field.name == "timestamp" else pa.nulls(3, field.type) for field in PROVENANCE]
    provenance = pa.StructArray.from_arrays(children, fields=list(PROVENANCE))
    values = pa.array([b"a", b"b", None], pa.large_binary())
    table = pa.table({"value": values, "schema": pa.nulls(3, pa.string()), "provenance": provenance})
    pq.write_table(table, tmp_path / "raw.parquet")
    read = list(read_ranges([Range("raw", str(tmp_path / "raw.parquet"), 0, 3, 0, 1)]))
    assert [each.message.value for each in read] == [b"a", b"", b""]
    assert [each.refusal.reason if each.refusal else "" for each in read] == ["", "unreadable", ""]
    assert read[1].provenance == {"file": str(tmp_path / "raw.parquet"), "index": 1}


def pax(records: bytes) -> bytes:
    """A header of further attributes, as it stands before a member."""
    info = tarfile.TarInfo("more")
    info.type, info.size = tarfile.XHDTYPE, len(records)
    return info.tobuf(tarfile.USTAR_FORMAT) + records + bytes(-len(records) % 512)


def test_numbers_of_thousands_of_digits_in_an_archive_end_nothing(tmp_path: Path) -> None:
    packet = simulated(1)
    member = tarfile.TarInfo("a.avro")
    member.size = len(packet)
    whole = io.BytesIO()
    for records in (b"9" * 5000 + b" size=1\n", b"5011 size=" + b"9" * 5000 + b"\n"):
        whole.write(pax(records) + member.tobuf(tarfile.USTAR_FORMAT) + packet + bytes(-len(packet) % 512))
    path = tmp_path / "odd.tar"
    path.write_bytes(whole.getvalue() + bytes(1024))
    planned = source(tmp_path / "_spool", path).plan(1000)
    assert total(planned) == len(entries(planned, tmp_path / "again")) == 2
