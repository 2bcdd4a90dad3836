"""Archives read one after the other, against Python's tarfile; damage must be counted, never lost."""

import gzip
import io
import random
import tarfile
from pathlib import Path
from typing import BinaryIO, cast

import pytest
from source_reading import archive

from jobs.pipeline.sources.files.compressed import GZIP, Unpacked
from jobs.pipeline.sources.files.tarballs import BLOCK, Member, members

CONTENT = {f"{number}.avro": bytes([number]) * (300 * number) for number in range(1, 8)}


def read(data: bytes, **more: int) -> list[Member]:
    return list(members(io.BytesIO(data), **more))


def read_gz(data: bytes) -> list[Member]:
    return list(members(cast(BinaryIO, Unpacked(io.BytesIO(data), GZIP))))


def found(data: bytes) -> dict[str, bytes]:
    return {each.name: each.data for each in read(data)}


@pytest.mark.parametrize("format_", [tarfile.USTAR_FORMAT, tarfile.GNU_FORMAT, tarfile.PAX_FORMAT])
def test_every_member_comes_with_its_name_and_bytes(format_: int) -> None:
    assert found(archive(CONTENT, format_)) == CONTENT


@pytest.mark.parametrize("format_", [tarfile.GNU_FORMAT, tarfile.PAX_FORMAT])
def test_long_names_are_read(format_: int) -> None:
    content = {"d/" * 150 + f"{number}.avro": b"x" * number for number in (1, 700)} | {"short.avro": b"y"}
    assert found(archive(content, format_)) == content


def test_a_pax_name_may_hold_line_ends_and_an_equals_sign() -> None:
    content = {"a\n12 path=b" + "c" * 120: b"1", "ä=é" * 60: b"2"}
    assert found(archive(content, tarfile.PAX_FORMAT)) == content


def test_a_size_in_a_pax_header_counts() -> None:
    info = tarfile.TarInfo("big.avro")
    info.size = 1000
    info.pax_headers = {"size": "1000"}
    header = info.tobuf(tarfile.PAX_FORMAT)
    own = tarfile.TarInfo("big.avro")
    own.size = 0
    lying = header[:-BLOCK] + own.tobuf(tarfile.USTAR_FORMAT)
    data = lying + b"z" * 1000 + bytes(24) + archive({"next.avro": b"n"})
    assert {each.name: len(each.data) for each in read(data)} == {"big.avro": 1000, "next.avro": 1}


def test_links_and_folders_have_no_data_whatever_size_they_claim() -> None:
    buffer = io.BytesIO()
    with tarfile.open(fileobj=buffer, mode="w") as file:
        for kind in (tarfile.DIRTYPE, tarfile.SYMTYPE, tarfile.LNKTYPE, tarfile.FIFOTYPE):
            info = tarfile.TarInfo("no-data")
            info.type = kind
            info.linkname = "1.avro"
            header = info.tobuf(tarfile.GNU_FORMAT)
            claimed = header[:124] + b"00000001750\0" + header[136:]
            checksum = sum(claimed[:148]) + 8 * 32 + sum(claimed[156:BLOCK])
            buffer.write(claimed[:148] + b"%06o\0 " % checksum + claimed[156:])
        file.offset = buffer.tell()
        info = tarfile.TarInfo("1.avro")
        info.size = 3
        file.addfile(info, io.BytesIO(b"abc"))
    data = buffer.getvalue()
    with tarfile.open(fileobj=io.BytesIO(data)) as file:
        assert [each.name for each in file if each.isreg()] == ["1.avro"]
    assert found(data) == {"1.avro": b"abc"}


def test_archives_one_behind_another_are_all_read() -> None:
    data = archive({"a.avro": b"a"}) + archive({"b.avro": b"b"})
    assert found(data) == {"a.avro": b"a", "b.avro": b"b"}


def test_an_empty_archive_holds_nothing_and_an_empty_file_is_no_archive() -> None:
    assert read(archive({})) == []
    assert [each.refusal.reason for each in read(b"") if each.refusal] == ["truncated"]


def test_a_member_over_the_limit_is_refused_and_the_next_ones_are_read() -> None:
    data = archive({"big.avro": b"b" * 5000, "next.avro": b"n" * 10})
    big, after = read(data, limit=1000)
    assert big.refusal is not None
    assert (big.name, len(big.data), big.refusal.reason) == ("big.avro", 1000, "too_large")
    assert "5000" in big.refusal.message
    assert "1000" in big.refusal.message
    assert (after.name, after.data, after.refusal) == ("next.avro", b"n" * 10, None)


def test_reading_from_the_end_of_any_member_gives_the_rest() -> None:
    data = archive(CONTENT, tarfile.PAX_FORMAT)
    whole = read(data)
    for number, each in enumerate(whole):
        stream = io.BytesIO(data)
        stream.seek(each.end)
        assert list(members(stream, each.end)) == whole[number + 1 :]


def test_a_cut_anywhere_leaves_the_members_before_it_and_one_rest() -> None:
    data = archive(CONTENT)
    ends = [each.end for each in read(data)]
    for cut in random.Random(0).sample(range(len(data)), 200):
        whole = sum(end <= cut for end in ends)
        outcome = read(data[:cut])
        # From the first closing block on the archive is complete, but for what is no full block behind it.
        complete = cut >= ends[-1] + BLOCK and cut % BLOCK == 0
        assert [each.name for each in outcome[:whole]] == list(CONTENT)[:whole], cut
        assert len(outcome) == whole + (not complete), cut
        assert all(each.refusal is None for each in outcome[:whole]), cut
        assert all(each.end > each.offset for each in outcome), cut


def test_damage_in_a_gzip_stream_is_one_rest_and_never_a_failure() -> None:
    """Noise, so that deflate stores it in several blocks; flips hit headers, data and the checksum."""
    noise = random.Random(1)
    content = {name: noise.randbytes(20_000) for name in CONTENT}
    data = archive(content, gz=True)
    for place in noise.sample(range(len(data)), 200):
        damaged = data[:place] + bytes([data[place] ^ 0x41]) + data[place + 1 :]
        outcome = read_gz(damaged)
        bad = [each for each in outcome if each.refusal is not None]
        intact = {each.name: each.data for each in outcome if each.refusal is None} == content
        # What the flip does not reach (time, name, operating system in the gzip header) is read as it is.
        assert len(bad) == 1 or (not bad and intact), place
        assert outcome[-1] in bad or intact


def test_a_cut_gzip_stream_gives_its_whole_members_and_one_rest() -> None:
    data = gzip.compress(archive(CONTENT), mtime=0)
    for cut in random.Random(2).sample(range(len(data)), min(200, len(data))):
        outcome = read_gz(data[:cut])
        assert [each.refusal is None for each in outcome] == [True] * (len(outcome) - 1) + [False], cut
        assert {each.name: each.data for each in outcome[:-1]}.items() <= CONTENT.items()


def test_something_else_behind_the_archive_is_counted(tmp_path: Path) -> None:
    outcome = read(archive({"a.avro": b"a"}) + b"not a header" * 100)
    assert [each.refusal.reason if each.refusal else None for each in outcome] == [None, "truncated"]
