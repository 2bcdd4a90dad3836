"""A file that changes after it was read: what is new of it is read, another one is read again, nothing in silence."""

import gzip
import json
import os
import random
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from source_reading import Entry, archive, entries, refusals, simulated, source

from jobs.audit.committed import Planned
from jobs.ledger.records import KEPT_IDS, Plan, Record
from jobs.ledger.streams import StreamLedger
from jobs.ledger.volume_writing import ClosedBatch, write_volume
from jobs.ledger.volumes import Entry as Entry_
from jobs.packets.ranges import Range, total
from jobs.pipeline.sources.files.source import FileSource
from jobs.storage.layout import Layout

WHOLE = simulated(6, per_block=1)
MEMBERS = {f"{number}.avro": simulated(1, first=number) for number in range(6)}


class Stream:
    """A job that is started anew at each look, with nothing but what its ledger holds: records, or what is rolled of them."""

    def __init__(self, directory: Path, rolled: bool = False) -> None:
        self.directory = directory
        self.ledger = StreamLedger(Layout(directory), "s") if rolled else None
        self.batches: list[list[Range]] = []
        self.last: FileSource

    def look(self, limit: int = 100) -> list[Range]:
        self.last = source(self.directory / "spool", self.directory / "in", tasks=1)
        if self.ledger is not None:
            for number in range(self.ledger.next_batch(), len(self.batches)):
                roll(self.ledger, self._record(number, self.batches[number]))
            self.last.begin(self.ledger)
        for number, ranges in enumerate(self.batches if self.ledger is None else ()):
            self.last.note(self._record(number, ranges))
        planned: list[Range] = []
        while batch := self.last.plan(limit):
            planned += batch
            self.batches.append(batch)
            if self.ledger is not None:
                roll(self.ledger, self._record(len(self.batches) - 1, batch))
        return planned

    def read(self, limit: int = 100) -> list[Entry]:
        return entries(self.look(limit), self.directory / f"again{len(self.batches)}")

    def changed(self) -> dict[str, int]:
        return self.last.report()["files_changed"]

    def problems(self) -> list[tuple[str, str]]:
        """What `ledger check` finds wrong with the plans."""
        planned = Planned()
        for number, ranges in enumerate(self.batches):
            planned.add(f"batch {number}", self._record(number, ranges))
        return planned.problems

    def _record(self, number: int, ranges: list[Range]) -> Record:
        stored = tuple(Range.from_json(each.to_json()) for each in ranges)
        return Record(Plan("s", number, "night", "", 0.0, stored), "", (), {}, (), {}, {})


def roll(ledger: StreamLedger, record: Record) -> None:
    """Roll a batch at once."""
    ledger.directory.mkdir(parents=True, exist_ok=True)
    content = replace(record, state="closed").to_json()
    entry = Entry_(record.batch, json.dumps(content), json.dumps(content["plan"]))
    write_volume(ledger, iter([ClosedBatch(entry, Record.from_json(content), KEPT_IDS.empty_table())]))


@pytest.fixture(params=[False, True], ids=["records", "rolled"])
def stream(tmp_path: Path, request: pytest.FixtureRequest) -> Stream:
    (tmp_path / "in").mkdir()
    return Stream(tmp_path, request.param)


def put(stream: Stream, name: str, content: bytes, when: float) -> None:
    path = stream.directory / "in" / name
    path.write_bytes(content)
    os.utime(path, (when, when))


def indices(read: list[Entry]) -> list[int]:
    return [index for _, index in read]


def block_ends() -> list[int]:
    marker = b"0123456789abcdef"
    places = [at for at in range(len(WHOLE)) if WHOLE.startswith(marker, at)]
    return [at + len(marker) for at in places]


def test_a_container_that_grew_by_blocks_is_read_on(stream: Stream) -> None:
    put(stream, "a.avro", WHOLE[: block_ends()[2]], 1e9)
    assert indices(stream.read()) == [0, 1]
    put(stream, "a.avro", WHOLE, 1.1e9)
    assert indices(stream.read()) == [2, 3, 4, 5]
    assert stream.changed() == {"grown": 1, "replaced": 0}
    assert (stream.read(), stream.changed()["grown"], stream.problems()) == ([], 0, [])


@pytest.mark.parametrize("half", [7, 20_000])
def test_a_container_that_was_cut_in_a_block_is_read_on_from_that_block(stream: Stream, half: int) -> None:
    put(stream, "a.avro", WHOLE[: block_ends()[2] + half], 1e9)
    ranges = stream.look()
    assert refusals(ranges, stream.directory / "x") == ["truncated"]
    assert total(ranges) == 3
    put(stream, "a.avro", WHOLE, 1.1e9)
    # The third packet was counted as a refused rest; it comes whole now, with the numbers behind that.
    assert indices(stream.read()) == [3, 4, 5, 6]
    assert (stream.changed(), stream.problems()) == ({"grown": 1, "replaced": 0}, [])


def test_a_growing_container_gives_every_packet_once_wherever_it_is_cut(stream: Stream) -> None:
    noise = random.Random(0)
    first = block_ends()[0]
    cuts = sorted(noise.sample(range(first, len(WHOLE)), 12)) + [len(WHOLE)]
    values: list[bytes] = []
    for number, cut in enumerate(cuts):
        put(stream, "a.avro", WHOLE[:cut], 1e9 + number)
        values += good(stream)
    assert len(values) == 6
    assert stream.problems() == []


def good(stream: Stream) -> list[bytes]:
    """The packets that are decoded of what is new."""
    from jobs.pipeline.enrichment.one_pass import decoder
    from jobs.pipeline.sources.files.spool import spool_again
    from jobs.pipeline.sources.readers import read_ranges

    ranges = spool_again(stream.look(), stream.directory / f"good{len(stream.batches)}")
    messages = [each.message for each in read_ranges(ranges) if each.refusal is None]
    return decoder(("ztf",), None).decode(messages).values


@pytest.mark.parametrize(
    ("name", "before", "after"),
    [
        ("smaller.avro", WHOLE, simulated(2, per_block=1)),
        ("other.avro", WHOLE, simulated(6, per_block=1, first=6)),
        ("one_byte_in_the_middle.avro", WHOLE, WHOLE[:90_000] + b"~" + WHOLE[90_001:]),
        ("other_kind.avro", WHOLE, archive(MEMBERS)),
        ("was_empty.avro", b"", WHOLE),
        ("was_cut_in_its_header.avro", WHOLE[:100], WHOLE),
        ("night.tar", archive(MEMBERS), archive(dict(reversed(MEMBERS.items())))),
        ("night.tar.gz", archive(MEMBERS, gz=True), gzip.compress(archive(MEMBERS), 1)),
        ("packet.avro.gz", gzip.compress(WHOLE), gzip.compress(simulated(6, per_block=1, first=6))),
        ("was_cut.avro.gz", gzip.compress(WHOLE, mtime=0)[:-1000], gzip.compress(WHOLE, mtime=0)),
    ],
)
def test_another_file_under_the_name_is_read_from_its_beginning(
    stream: Stream, name: str, before: bytes, after: bytes
) -> None:
    put(stream, name, before, 1e9)
    assert stream.read()
    put(stream, name, after, 1.1e9)
    fresh = Stream(stream.directory)
    assert stream.read() == fresh.read() != []
    assert (stream.changed(), stream.problems()) == ({"grown": 0, "replaced": 1}, [])
    assert {each.generation for each in stream.batches[-1]} == {1}
    assert stream.read() == []


@pytest.mark.parametrize("name", ["a.avro", "cut.avro", "text.avro", "a.tar", "a.tar.gz"])
def test_another_time_alone_is_no_change(stream: Stream, name: str) -> None:
    contents = {"a.avro": WHOLE, "cut.avro": WHOLE[:-9], "text.avro": b"text", "a.tar": archive(MEMBERS)}
    content = contents.get(name) or archive(MEMBERS, gz=True)
    put(stream, name, content, 1e9)
    stream.look()
    put(stream, name, content, 1.1e9)
    assert (stream.look(), stream.changed()) == ([], {"grown": 0, "replaced": 0})


def test_a_broken_rest_that_was_mended_in_place_is_read(stream: Stream) -> None:
    """As a download leaves it that writes zeros first: the size is the same."""
    cut = block_ends()[3] + 100
    put(stream, "a.avro", WHOLE[:cut] + bytes(len(WHOLE) - cut), 1e9)
    assert indices(stream.read()) == [0, 1, 2, 3]
    put(stream, "a.avro", WHOLE, 1.1e9)
    assert indices(stream.read()) == [4, 5, 6]


def test_a_tar_that_grew_behind_its_last_member_is_read_on(stream: Stream) -> None:
    few = dict(list(MEMBERS.items())[:4])
    for name, before in (("a.tar", archive(few)), ("b.tar", archive(few) + bytes(10240))):
        put(stream, name, before, 1e9)
    assert indices(stream.read()) == [0, 1, 2, 3] * 2
    for name in ("a.tar", "b.tar"):
        put(stream, name, archive(MEMBERS), 1.1e9)
    read = stream.read()
    assert [Path(file).name for file, _ in read] == [f"{t}.tar!{n}.avro" for t in "ab" for n in (4, 5)]
    assert (stream.changed(), stream.problems()) == ({"grown": 2, "replaced": 0}, [])


@pytest.mark.parametrize("share", [0.3, 0.5, 0.9])
def test_a_compressed_archive_whose_download_goes_on_is_read_on(stream: Stream, share: float) -> None:
    data = archive(MEMBERS, gz=True)
    put(stream, "a.tar.gz", data[: int(share * len(data))], 1e9)
    before = stream.read()
    put(stream, "a.tar.gz", data, 1.1e9)
    after = stream.read()
    members = [Path(file).name for file, _ in before[:-1] + after]
    assert members == [f"a.tar.gz!{number}.avro" for number in range(6)]
    assert (stream.changed(), stream.problems()) == ({"grown": 1, "replaced": 0}, [])


def test_archives_that_are_appended_to_a_compressed_one_are_read(stream: Stream) -> None:
    put(stream, "a.tgz", archive({"0.avro": MEMBERS["0.avro"]}, gz=True), 1e9)
    assert total(stream.look()) == 1
    with open(stream.directory / "in" / "a.tgz", "ab") as file:
        file.write(archive({"1.avro": MEMBERS["1.avro"]}, gz=True))
    os.utime(stream.directory / "in" / "a.tgz", (1.1e9, 1.1e9))
    assert [(Path(file).name, index) for file, index in stream.read()] == [("a.tgz!1.avro", 1)]


@pytest.mark.parametrize("name", ["a.avro", "a.tar", "a.tar.gz"])
def test_a_half_read_file_goes_on_where_it_grew_and_begins_again_where_it_was_replaced(
    stream: Stream, tmp_path: Path, name: str
) -> None:
    content = {"a.avro": WHOLE, "a.tar": archive(MEMBERS)}.get(name) or archive(MEMBERS, gz=True)
    put(stream, name, content, 1e9)
    reader = source(tmp_path / "spool", tmp_path / "in", tasks=1)
    stream.batches.append(reader.plan(2))
    os.utime(tmp_path / "in" / name, (1.1e9, 1.1e9))
    stream.batches.append(reader.plan(2))
    assert [(each.start, each.stop, each.generation) for batch in stream.batches for each in batch][-1][1:] == (4, 0)
    other = {"a.avro": simulated(6, per_block=1, first=9), "a.tar": archive({"z.avro": simulated(6)})}
    put(stream, name, other.get(name) or gzip.compress(simulated(6)), 1.2e9)
    assert indices(stream.read()) == list(range(6))
    assert (stream.changed(), stream.problems()) == ({"grown": 0, "replaced": 1}, [])


def test_a_ledger_without_marks_opens_and_a_file_that_differs_is_read_again(stream: Stream, tmp_path: Path) -> None:
    put(stream, "a.avro", WHOLE, 1e9)
    stream.batches = [[Range("container", str(tmp_path / "in" / "a.avro"), 0, 6, 0, len(WHOLE), len(WHOLE), 10**18)]]
    assert stream.look() == []
    put(stream, "a.avro", WHOLE, 1.1e9)
    assert indices(stream.read()) == list(range(6))
    assert (stream.changed(), stream.problems()) == ({"grown": 0, "replaced": 1}, [])


def test_known_files_are_not_opened(stream: Stream, monkeypatch: pytest.MonkeyPatch) -> None:
    for number in range(5):
        put(stream, f"{number}.avro", WHOLE, 1e9)
    stream.look()

    def never(*given: Any) -> None:
        raise AssertionError(given)

    monkeypatch.setattr("jobs.pipeline.sources.files.source.OpenFile", never)
    assert stream.look() == []


def test_a_file_that_is_written_to_while_it_is_planned_waits(stream: Stream, monkeypatch: pytest.MonkeyPatch) -> None:
    from jobs.pipeline.sources.files.file_walk import FileWalk

    put(stream, "a.avro", WHOLE[: block_ends()[2]], 1e9)
    take = FileWalk.take

    def written(self: FileWalk, *given: Any) -> Any:
        yield from take(self, *given)
        put(stream, "a.avro", WHOLE, 1.1e9)

    monkeypatch.setattr(FileWalk, "take", written)
    reader = source(stream.directory / "spool", stream.directory / "in")
    assert (reader.plan(10), reader.waiting_s()) == ([], 0.0)
    monkeypatch.undo()
    assert total(reader.plan(10)) == 6


def test_a_file_that_has_changed_settles_like_a_new_one(stream: Stream, tmp_path: Path) -> None:
    put(stream, "a.avro", WHOLE[: block_ends()[2]], 1e9)
    reader = source(tmp_path / "spool", tmp_path / "in", settle_s=60.0)
    assert total(reader.plan(10)) == 2
    (tmp_path / "in" / "a.avro").write_bytes(WHOLE)
    assert (reader.plan(10), reader.waiting_s()) == ([], 60.0)
    put(stream, "a.avro", WHOLE, 1.1e9)
    assert total(reader.plan(10)) == 4


def test_files_that_were_read_in_rolled_batches_are_counted_and_not_kept(tmp_path: Path) -> None:
    """Whatever number of files is known: of each there are some bytes of hashes, and it is in no dictionary."""
    stream = Stream(tmp_path, rolled=True)
    (tmp_path / "in").mkdir()
    for number in range(40):
        (tmp_path / "in" / f"{number:03d}.avro").write_bytes(simulated(1, first=number))
    assert total(stream.look(limit=7)) == 40
    assert len(stream.last.progress.planned) <= 7
    assert stream.look() == []
    assert (stream.last._last_listing.known, stream.last._last_listing.files, stream.last.progress.planned) == (
        40,
        {},
        {},
    )
    assert stream.last.share() == 1.0
    assert stream.last.waiting_s() is None


def test_a_file_that_is_being_written_is_read_on_after_its_batches_were_rolled(tmp_path: Path) -> None:
    stream = Stream(tmp_path, rolled=True)
    (tmp_path / "in").mkdir()
    path = tmp_path / "in" / "a.avro"
    path.write_bytes(WHOLE)
    stream.last = source(tmp_path / "spool", tmp_path / "in", tasks=1)
    assert stream.ledger is not None
    stream.last.begin(stream.ledger)
    first = stream.last.plan(2)
    assert [each.last for each in first] == [False, False]
    roll(stream.ledger, stream._record(0, first))
    stream.batches.append(first)
    assert [each["path"] for each in stream.ledger.rolled.summary.to_json()["unfinished"]] == [str(path)]
    assert (stream.look()[0].start, total(stream.batches[0]) + total(stream.batches[1])) == (first[-1].stop, 6)
    assert stream.ledger.rolled.summary.unfinished == {}
    assert stream.problems() == []
