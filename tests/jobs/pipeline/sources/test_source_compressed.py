"""Compressed archives and packets: all that is sound is read, all that is not is counted and kept with its bytes."""

import bz2
import gzip
import io
import lzma
import os
import random
import shutil
import subprocess
import tarfile
from collections.abc import Callable
from pathlib import Path
from typing import BinaryIO, cast

import pytest
from source_reading import archive, entries, outcomes, refusals, simulated, source, zstd

from jobs.packets.ranges import Range, total
from jobs.pipeline.sources.files import archives
from jobs.pipeline.sources.files.compressed import Damaged, Unpacked
from jobs.pipeline.sources.files.spool import spool_again
from jobs.pipeline.sources.files.tarballs import Member, members
from jobs.pipeline.sources.readers import read_ranges

CODECS: dict[str, Callable[[bytes], bytes]] = {
    "gzip": gzip.compress,
    "bzip2": bz2.compress,
    "xz": lzma.compress,
    "zstd": zstd,
}
NOISE = random.Random(0).randbytes(200_000)
PACKET = simulated(1)


def unpack(data: bytes) -> tuple[bytes, str]:
    """All that can be unpacked, and what ends it early."""
    stream, whole = Unpacked(io.BytesIO(data), data[:6]), b""
    try:
        while piece := stream.read(10_000):
            whole += piece
    except Damaged as problem:
        return whole, f"{problem} {problem.rest!r}"
    return whole, ""


@pytest.mark.parametrize("codec", CODECS)
def test_whatever_was_compressed_is_unpacked(codec: str) -> None:
    for data in (b"", b"x", NOISE, bytes(3_000_000)):
        assert unpack(CODECS[codec](data)) == (data, "")


@pytest.mark.parametrize("codec", ["gzip", "bzip2", "xz"])
def test_streams_one_behind_another_and_padding_are_one_file(codec: str) -> None:
    one, two = CODECS[codec](NOISE), CODECS[codec](b"two")
    assert unpack(one + two + two) == (NOISE + b"twotwo", "")
    assert unpack(one + bytes(512) + two + bytes(20_000)) == (NOISE + b"two", "")


@pytest.mark.parametrize("codec", ["gzip", "bzip2", "xz"])
def test_something_else_behind_the_data_costs_nothing_of_them(codec: str) -> None:
    whole, problem = unpack(CODECS[codec](NOISE) + b"G")
    assert whole == NOISE
    assert problem == "behind the compressed data are 1 bytes or more of something else b'G'"


def test_all_parts_of_a_gzip_head_are_passed_over() -> None:
    plain = gzip.compress(NOISE, mtime=0)
    head = plain[:3] + bytes([2 | 4 | 8 | 16]) + plain[4:10]
    assert unpack(head + b"\x03\0abc" + b"name\0" + b"comment\0" + b"\0\0" + plain[10:]) == (NOISE, "")


@pytest.mark.parametrize("at", [-8, -4])
def test_a_wrong_checksum_is_said_behind_the_data(at: int) -> None:
    data = bytearray(gzip.compress(NOISE))
    data[at] ^= 1
    assert unpack(bytes(data)) == (NOISE, "the checksum of the gzip data is another one b''")


def test_damage_and_cuts_cost_what_lies_behind_them_only() -> None:
    data = gzip.compress(NOISE, mtime=0)
    noise = random.Random(1)
    for place in noise.sample(range(20_000, len(data)), 50):
        for broken in (data[:place], data[:place] + bytes([data[place] ^ 0x5A]) + data[place + 1 :]):
            whole, problem = unpack(broken)
            assert problem
            assert len(whole) > place - 20_000
            assert whole[: place - 20_000] == NOISE[: place - 20_000]


def planned(tmp_path: Path, name: str, data: bytes) -> list[Range]:
    """All ranges of a file, in batches of at most two packets; planned is read, range by range."""
    path = tmp_path / name
    path.write_bytes(data)
    reader, ranges = source(tmp_path / "spool", path, tasks=1), []
    while batch := reader.plan(2):
        ranges += batch
    stored = [Range.from_json(each.to_json()) for each in ranges]
    assert [len(each) for each in outcomes(stored, tmp_path / "again")] == [len(each) for each in ranges]
    assert [index for _, index in entries(ranges, tmp_path / "again")] == list(range(total(ranges)))
    return ranges


def refused(ranges: list[Range], tmp_path: Path) -> list[tuple[str, bytes]]:
    messages = read_ranges(spool_again(ranges, tmp_path / "again"))
    return [(each.refusal.reason, each.message.value) for each in messages if each.refusal is not None]


@pytest.mark.parametrize("codec", CODECS)
@pytest.mark.parametrize("name", ["night.tgz", "night.avro", "night"])
def test_archives_and_containers_are_read_whatever_compressed_them_and_whatever_they_are_called(
    tmp_path: Path, codec: str, name: str
) -> None:
    inside = archive({f"{number}.avro": PACKET for number in range(3)})
    assert total(planned(tmp_path, name, CODECS[codec](inside))) == 3
    assert total(planned(tmp_path, name, CODECS[codec](simulated(4, per_block=1)))) == 4
    assert total(planned(tmp_path, name, inside)) == 3


def test_a_byte_behind_an_archive_is_one_entry_with_its_bytes(tmp_path: Path) -> None:
    ranges = planned(tmp_path, "a.tar.gz", archive({"a.avro": PACKET, "b.avro": PACKET}, gz=True) + b"G")
    assert total(ranges) == 3
    assert refused(ranges, tmp_path) == [("trailing_bytes", b"G")]


def test_several_archives_behind_another_are_all_read(tmp_path: Path) -> None:
    parts = [archive({f"{number}.avro": PACKET}, gz=True) for number in range(3)]
    assert total(planned(tmp_path, "a.tar.gz", b"".join(parts) + bytes(100))) == 3


def test_compressed_packets_in_archives_are_unpacked_and_bad_ones_kept(tmp_path: Path) -> None:
    cut, flipped = gzip.compress(PACKET)[:-20], bytearray(gzip.compress(PACKET))
    flipped[-5] ^= 1
    wire = b"\0\0\0\2\xc0 and so on"
    content = {
        "good.avro.gz": gzip.compress(PACKET),
        "wire.avro.gz": gzip.compress(wire),
        "cut.avro.gz": cut,
        "flipped.avro.gz": bytes(flipped),
        "behind.avro.gz": gzip.compress(PACKET) + b"G",
        "bomb.avro.gz": gzip.compress(bytes(archives.MOST_BYTES + 1), 9),
    }
    for gz in (False, True):
        ranges = planned(tmp_path, "a.tar", archive(content, gz=gz))
        assert total(ranges) == 7
        assert refused(ranges, tmp_path) == [
            ("truncated", bytes(flipped)),
            ("too_large", content["bomb.avro.gz"]),
        ]
        values = [each.message.value for each in read_ranges(spool_again(ranges, tmp_path / "values"))]
        assert (values[0], values[1], values[4]) == (PACKET, wire, PACKET + b"G")
        shutil.rmtree(tmp_path / "values", ignore_errors=True)


def test_what_unpacks_to_too_much_is_one_refusal_with_its_compressed_beginning(tmp_path: Path) -> None:
    bomb = gzip.compress(b"x" * (archives.MOST_BYTES + 1), 9)
    assert refused(planned(tmp_path, "a.gz", bomb), tmp_path) == [("too_large", bomb)]


def test_a_large_compressed_container_is_read_in_pieces(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(archives, "MOST_BYTES", 150_000)
    whole = simulated(12, per_block=1)
    ranges = planned(tmp_path, "a.avro.gz", gzip.compress(whole, mtime=0))
    assert total(ranges) == 12
    assert len(ranges) > 3
    cut = planned(tmp_path, "b.avro.gz", gzip.compress(whole, mtime=0)[:-20_000])
    assert 9 <= total(cut) <= 12
    assert refusals(cut, tmp_path / "cut") == ["truncated"]


def test_a_member_that_is_cut_off_is_kept_with_the_bytes_that_are_there(tmp_path: Path) -> None:
    data = archive({"a.avro": PACKET, "b.avro": PACKET})
    (reason, value), *more = refused(planned(tmp_path, "a.tar", data[: len(PACKET) + 3000]), tmp_path)
    assert (reason, more) == ("truncated", [])
    assert value[512:] == PACKET[: len(value) - 512] != b""


def with_holes() -> bytes:
    """A file of pieces with holes between them, more than a header's map holds, and one at the end."""
    noise = random.Random(3)
    content = bytearray(1_300_000)
    for number in range(30):
        at = 40_960 * number
        content[at : at + 4096] = noise.randbytes(4096)
    return bytes(content)


WAYS = {
    "gnu": ["--format=gnu"],
    "pax 0.0": ["--format=posix", "--sparse-version=0.0"],
    "pax 0.1": ["--format=posix", "--sparse-version=0.1"],
    "pax 1.0": ["--format=posix", "--sparse-version=1.0"],
}


@pytest.mark.skipif(
    shutil.which("tar") is None or b"GNU" not in subprocess.run(["tar", "--version"], capture_output=True).stdout,
    reason="only GNU tar writes sparse members",
)
@pytest.mark.parametrize("way", WAYS)
def test_sparse_members_are_filled_and_what_is_behind_them_is_read(tmp_path: Path, way: str) -> None:
    whole = with_holes()
    with open(tmp_path / "sparse.avro", "wb") as file:
        for at in range(0, len(whole), 4096):
            if whole[at : at + 4096].strip(b"\0"):
                file.seek(at)
                file.write(whole[at : at + 4096])
        file.truncate(len(whole))
    (tmp_path / "next.avro").write_bytes(PACKET)
    command = ["tar", "-C", str(tmp_path), "--sparse", *WAYS[way], "-cf", str(tmp_path / "a.tar")]
    subprocess.run([*command, "sparse.avro", "next.avro"], check=True)
    assert os.path.getsize(tmp_path / "a.tar") < 400_000
    data = (tmp_path / "a.tar").read_bytes()
    found = list(members(io.BytesIO(data)))
    assert [(each.name, each.refusal) for each in found] == [("sparse.avro", None), ("next.avro", None)]
    assert found[0].data == whole
    assert found[1].data == PACKET
    small = list(members(io.BytesIO(data), limit=1_000_000))
    assert [each.refusal.reason if each.refusal else None for each in small] == ["truncated", None]
    assert "1300000 bytes, the limit is 1000000" in str(small[0].refusal)


@pytest.mark.parametrize("way", range(5))
def test_a_sparse_map_that_lies_is_refused_with_the_member_and_the_next_one_read(way: int) -> None:
    maps = [
        {"GNU.sparse.size": "100", "GNU.sparse.map": "0,5,3,5"},  # pieces overlap
        {"GNU.sparse.size": "100", "GNU.sparse.map": "0,50"},  # more than is there
        {"GNU.sparse.size": "5", "GNU.sparse.map": "0,10"},  # behind the end
        {"GNU.sparse.size": "99999999999", "GNU.sparse.map": "0,10"},  # a bomb
        {"GNU.sparse.major": "1", "GNU.sparse.minor": "0", "GNU.sparse.realsize": "10"},  # no map
    ]
    buffer = io.BytesIO()
    with tarfile.open(fileobj=buffer, mode="w", format=tarfile.PAX_FORMAT) as file:
        for name, headers in (("lies.avro", maps[way]), ("next.avro", {})):
            info = tarfile.TarInfo(name)
            info.size, info.pax_headers = 10, headers
            file.addfile(info, io.BytesIO(b"0123456789"))
    lies, after = members(io.BytesIO(buffer.getvalue()))
    assert lies.refusal is not None
    assert (lies.name, lies.data) == ("lies.avro", b"0123456789")
    assert after == Member("next.avro", b"0123456789", after.offset, after.end)


def test_links_have_no_packets_of_their_own(tmp_path: Path) -> None:
    buffer = io.BytesIO()
    with tarfile.open(fileobj=buffer, mode="w:gz") as file:
        info = tarfile.TarInfo("a.avro")
        info.size = len(PACKET)
        file.addfile(info, io.BytesIO(PACKET))
        for kind in (tarfile.LNKTYPE, tarfile.SYMTYPE):
            link = tarfile.TarInfo("b.avro")
            link.type, link.linkname = kind, "a.avro"
            file.addfile(link)
    assert total(planned(tmp_path, "a.tar.gz", buffer.getvalue())) == 1


def test_a_compressed_stream_is_read_like_a_file() -> None:
    content = {f"{number}": NOISE[: 700 * number] for number in range(1, 9)}
    for compress in CODECS.values():
        data = compress(archive(content))
        stream = cast(BinaryIO, Unpacked(io.BytesIO(data), data[:6]))
        assert {each.name: each.data for each in members(stream)} == content
