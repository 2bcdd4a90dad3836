"""One byte of a written file is turned: it is named, whichever it is."""

import json
import shutil
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from jobs.audit.check import check_ledger
from jobs.cli.main import main
from jobs.ledger.streams import records
from jobs.storage.checksums import CHECKED, Verified, crc_of, has_checksum, verify
from jobs.storage.layout import Layout

ROWS = 300


@pytest.fixture
def file(tmp_path: Path) -> Path:
    """Two row groups of numbers, texts, lists and a struct, as outputs have them."""
    rng = np.random.default_rng(1)
    answer = [{"k": float(k), "error": None if k > 0 else "too few points"} for k in rng.normal(size=ROWS)]
    table = pa.table(
        {
            "alert_id": rng.integers(0, 2**60, ROWS),
            "band": rng.choice(["g", "r"], ROWS),
            "lc_flux": pa.array([list(rng.normal(size=n % 9)) for n in range(ROWS)]),
            "answer": answer,
            "value": pa.array([rng.bytes(200) for _ in range(ROWS)], pa.binary()),
        }
    )
    pq.write_table(table, tmp_path / "x.parquet", row_group_size=200, compression="zstd", **CHECKED)
    return tmp_path / "x.parquet"


def problems(path: Path, crc: int | None) -> list[str]:
    return list(verify(path, crc, Verified()))


def turn(path: Path, place: int) -> None:
    content = bytearray(path.read_bytes())
    content[place] ^= 0x10
    path.write_bytes(bytes(content))


def chunks(path: Path) -> list[tuple[int, str, int, int]]:
    """Row group, path, first byte and size of every column chunk."""
    metadata, found = pq.read_metadata(path), []
    for group in range(metadata.num_row_groups):
        for place in range(metadata.num_columns):
            chunk = metadata.row_group(group).column(place)
            first = chunk.dictionary_page_offset or chunk.data_page_offset
            found.append((group, chunk.path_in_schema, first, chunk.total_compressed_size))
    return found


def test_a_sound_file_has_no_problem_and_counts_as_verified(file: Path) -> None:
    verified = Verified()
    assert list(verify(file, crc_of(file), verified)) == []
    assert list(verify(file, None, verified)) == []
    assert (verified.files, verified.bytes, verified.unverified) == (2, 2 * file.stat().st_size, [])


def test_a_turned_byte_in_any_column_page_names_its_chunk(file: Path) -> None:
    whole, crc = file.read_bytes(), crc_of(file)
    for group, column, first, size in chunks(file):
        turn(file, first + size - 1)  # of the last page's content
        told = problems(file, crc)
        assert len(told) == 1
        assert f"column chunk {column} of row group {group} is not what was written" in told[0]
        assert told == problems(file, None)  # by the page's own checksum
        file.write_bytes(whole)


def test_no_byte_can_be_turned_unseen(file: Path) -> None:
    whole, crc = file.read_bytes(), crc_of(file)
    rng = np.random.default_rng(2)
    footer = int.from_bytes(whole[-8:-4], "little") + 8
    places = [*rng.integers(0, len(whole) - footer, 60), *(len(whole) - 1 - rng.integers(0, footer, 60))]
    for place in map(int, places):
        turn(file, place)
        assert problems(file, crc), place
        file.write_bytes(whole)


def test_a_turned_byte_of_the_footer_is_called_that(file: Path) -> None:
    whole, crc = file.read_bytes(), crc_of(file)
    written = whole.rindex(b"parquet-cpp-arrow")  # "created by": no reader minds
    turn(file, written + 2)
    (told,) = problems(file, crc)
    assert "footer or a page header is not what was written" in told
    turn(file, len(whole) - 1)
    (told, *_) = problems(file, crc)
    assert "footer cannot be read" in told


def test_a_file_of_an_earlier_version_is_told_to_be_unverified(tmp_path: Path) -> None:
    path, verified = tmp_path / "old.parquet", Verified()
    pq.write_table(pa.table({"x": [1.0, 2.0]}), path)
    assert list(verify(path, None, verified)) == []
    assert verified.unverified == ["old.parquet"]
    assert list(verify(path, crc_of(path), verified)) == []
    assert verified.unverified == ["old.parquet"]


def test_a_page_header_tells_whether_it_has_a_checksum() -> None:
    sizes = bytes([0x15, 0x00, 0x15, 0x88, 0x01, 0x15, 0x86, 0x01])  # type 0, sizes as zigzag varints of two bytes
    assert has_checksum(sizes + bytes([0x15, 0x02, 0x2C]))
    assert not has_checksum(sizes + bytes([0x2C, 0x15, 0x02]))  # goes on with field 5, the data page's header
    assert not has_checksum(b"")


@pytest.mark.spark
def test_every_file_of_an_output_has_checksums_and_check_deep_names_what_changed(
    small_output: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    output = tmp_path / "output"
    shutil.copytree(small_output, output)
    checked = check_ledger(Layout(output), deep=True)
    assert (checked.gaps, checked.notes) == ([], [])
    assert checked.verified is not None
    assert checked.verified.unverified == []
    written = len(list(output.glob("*/night=*/*.parquet"))) + len(list(output.glob("ledger/*/*.parquet")))
    assert checked.verified.files == written
    assert all(each.crc == crc_of(output / each.name) for record in records(Layout(output)) for each in record.files)
    path = sorted(output.glob("science/*/*.parquet"))[0]
    group, column, first, size = next(each for each in chunks(path) if each[1] == "rise.rate_g")
    turn(path, first + size - 1)
    name = str(path.relative_to(output))
    assert main(["ledger", "check", "--deep", str(output)]) == 1
    lines = capsys.readouterr().err.splitlines()
    assert any(line.startswith(f"ledger: {name}: column chunk {column} of row group {group}") for line in lines), lines


@pytest.mark.spark
def test_a_deep_check_counts_files_that_it_could_not_verify(
    small_output: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    output = tmp_path / "output"
    shutil.copytree(small_output, output)
    record = next(path for path in sorted(output.glob("ledger/*/*.json")) if path.stem.isdigit())
    content = json.loads(record.read_text())
    entry = next(each for each in content["files"] if each["table"] == "raw")
    table = pq.ParquetFile(output / entry["name"]).read()
    pq.write_table(table, output / entry["name"], compression="zstd")
    for each in content["files"]:
        del each["crc"]  # as earlier versions wrote entries
    entry["bytes"] = (output / entry["name"]).stat().st_size
    record.write_text(json.dumps(content))
    assert main(["ledger", "check", "--deep", str(output)]) == 0
    out = " ".join(capsys.readouterr().out.split())
    assert "note: 1 of " in out
    assert "have no checksums" in out
