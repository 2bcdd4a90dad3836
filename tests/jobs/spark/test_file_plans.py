"""Micro-batches over files: of two offsets and the disk, whatever was planned before."""

import io
import json
import os
import tarfile
from dataclasses import replace

import pytest

from jobs.packets.problems import InputChanged, InputUnreadable
from jobs.packets.ranges import total
from jobs.pipeline.sources.files.units import count_in
from jobs.simulation.night import container
from jobs.simulation.packets import packet
from jobs.spark import files
from jobs.spark.file_offset import FileOffset
from jobs.spark.files import Files, in_tasks, messages
from jobs.spark.options import OptionProblem, ReadOptions
from jobs.spark.source import StrixSource


def packets(first, stop):
    return [packet(0, number)[0] for number in range(first, stop)]


@pytest.fixture
def night(tmp_path):
    """A container, a tar, a compressed tar, and a file that holds no packet: 6 + 4 + 4 + 1."""
    folder = tmp_path / "night"
    folder.mkdir()
    (folder / "a.avro").write_bytes(container(packets(0, 6)))
    for name, mode, first in (("b.tar", "w", 6), ("c.tar.gz", "w:gz", 10)):
        with tarfile.open(folder / name, mode) as archive:
            for number in range(first, first + 4):
                data = container(packets(number, number + 1))
                entry = tarfile.TarInfo(f"{number}.avro")
                entry.size = len(data)
                archive.addfile(entry, io.BytesIO(data))
    (folder / "d.avro").write_bytes(b"no packet")
    return folder


def plans(folder, settle_s=0.0):
    return Files(ReadOptions.parse({"path": str(folder)}), settle_s)


def kept(offset):
    """An offset as it comes back from Spark's checkpoint."""
    return FileOffset.from_json(json.loads(json.dumps(offset.to_json())))


def places(ranges):
    """Every packet of the messages of some ranges."""
    return [
        (each.provenance["file"].rpartition("/")[2], each.provenance["index"] + number)
        for each in messages(ranges)
        for number in range(count_in(each.message.value))
    ]


def all_of(folder, limit):
    """Each micro-batch of a stream: its start, end and ranges."""
    at, batches = FileOffset(), []
    while True:
        end, ranges = plans(folder).plan(at, limit)
        if end is at:
            return batches
        batches.append((at, end, ranges))
        at = kept(end)


@pytest.mark.parametrize("limit", [1, 3, 7, None])
def test_a_micro_batch_planned_again_is_the_same_and_all_together_are_the_whole(night, limit):
    batches = all_of(night, limit)
    for start, end, ranges in batches:
        assert plans(night).between(kept(start), kept(end)) == ranges
    assert [place for *_, ranges in batches for place in places(ranges)] == places(plans(night).plan(FileOffset())[1])
    assert sum(total(ranges) for *_, ranges in batches) == 15
    if limit:
        # a compressed archive of 4 is not cut
        assert all(total(ranges) < limit + 4 for *_, ranges in batches) and len(batches) >= 15 // (limit + 3)


def test_a_file_between_those_that_were_read_is_read_and_no_other_again(night):
    end, _ = plans(night).plan(FileOffset(), 7)
    (night / "aa.avro").write_bytes(container(packets(20, 22)))
    after, ranges = plans(night).plan(kept(end))
    assert {each.path.rpartition("/")[2] for each in ranges} == {"aa.avro", "b.tar", "c.tar.gz", "d.avro"}
    assert total(ranges) == 17 - 7
    assert plans(night).plan(kept(after)) == (after, [])


def test_a_file_that_changed_after_it_was_read_ends_the_stream(night):
    end, _ = plans(night).plan(FileOffset())
    (night / "a.avro").write_bytes(container(packets(0, 7)))
    with pytest.raises(InputChanged, match=r"a\.avro was read and has changed since"):
        plans(night).plan(kept(end))


@pytest.mark.parametrize("name", ["a.avro", "b.tar"])
def test_a_file_of_a_micro_batch_that_is_gone_or_another_cannot_be_read_again(night, name):
    end, _ = plans(night).plan(FileOffset(), 7)  # all of a.avro, a part of b.tar
    os.utime(night / name, (1, 1))
    with pytest.raises(InputChanged, match="has changed since"):
        plans(night).between(FileOffset(), kept(end))
    (night / name).unlink()
    with pytest.raises(InputChanged, match="of this micro-batch are gone"):
        plans(night).between(FileOffset(), kept(end))


def test_files_that_were_read_may_go_away(night):
    end, _ = plans(night).plan(FileOffset())
    (night / "a.avro").unlink()
    assert plans(night).plan(kept(end)) == (end, [])
    assert plans(night).between(kept(end), kept(end)) == []


def test_an_offset_that_goes_back_or_is_of_topics_is_refused(night):
    first, _ = plans(night).plan(FileOffset(), 7)
    with pytest.raises(ValueError, match="ends before it begins"):
        plans(night).between(first, FileOffset())
    with pytest.raises(ValueError, match="is of a query over topics, this one reads files"):
        FileOffset.from_json({"source": "topics"})


def test_in_a_stream_a_young_file_waits(night):
    assert plans(night, settle_s=60.0).plan(FileOffset())[1] == []
    os.utime(night / "a.avro", (1, 1))
    assert total(plans(night, settle_s=60.0).plan(FileOffset())[1]) == 6


def test_an_offset_costs_twelve_characters_for_a_file(tmp_path):
    one = FileOffset()
    names = {number.to_bytes(6, "big"): b"abc" for number in range(1000)}
    assert len(json.dumps(replace(one, read=names).to_json())) - len(json.dumps(one.to_json())) == 12_000


def test_a_folder_that_cannot_be_listed_is_an_error(night, monkeypatch):
    found = files.list_inputs([str(night)], lambda *_: True)
    found.passed.add("folder that cannot be listed", "/shut", "Permission denied")
    monkeypatch.setattr(files, "list_inputs", lambda *_: found)
    with pytest.raises(InputUnreadable, match="/shut"):
        plans(night).plan(FileOffset())


def test_tasks_hold_what_was_planned(night):
    ranges = plans(night).plan(FileOffset())[1]
    assert [each for task in in_tasks(ranges) for each in task] == ranges
    assert in_tasks([]) == []


def test_a_path_that_is_not_there_is_refused_when_it_is_named(night):
    with pytest.raises(OptionProblem, match=rf"found nothing at {night}/x/y .*folder that exists is {night}\)"):
        StrixSource({"path": str(night / "x" / "y")})


def test_a_plan_until_now_has_no_file_that_came_later_or_was_young(night):
    os.utime(night / "b.tar", (1, 1))
    until_now = plans(night, settle_s=60.0)
    until_now.until_now()
    (night / "aa.avro").write_bytes(container(packets(20, 22)))
    for path in night.iterdir():
        os.utime(path, (1, 1))
    end, ranges = until_now.plan(FileOffset())
    assert {each.path.rpartition("/")[2] for each in ranges} == {"b.tar"}
    assert until_now.plan(kept(end)) == (end, [])
    assert total(plans(night).plan(kept(end))[1]) == 17 - 4
