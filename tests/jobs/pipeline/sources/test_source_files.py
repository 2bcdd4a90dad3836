"""A directory that grows: everything is read once, in order, nothing before it is there, nothing forgotten."""

import os
import shutil
import time
from dataclasses import replace
from pathlib import Path

import pytest
from source_reading import archive, entries, simulated, source

from jobs.ledger.records import Plan, Record
from jobs.packets.problems import InputChanged, NoInput
from jobs.packets.ranges import Range, divide, total
from jobs.pipeline.sources.files.source import FileSource

ONE, THREE = simulated(1), simulated(3)


def write(path: Path, content: bytes = ONE, age_s: float = 100.0) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(content)
    os.utime(path, (time.time() - age_s,) * 2)
    return path


def names(ranges: list[Range]) -> list[str]:
    return [Path(each.path).name for each in ranges]


def drained(reader: FileSource, limit: int = 100) -> list[Range]:
    ranges = []
    while batch := reader.plan(limit):
        ranges += batch
    return ranges


def record(ranges: list[Range]) -> Record:
    """A sealed batch that read these, as a restart finds it in the ledger."""
    stored = tuple(Range.from_json(each.to_json()) for each in ranges)
    return Record(Plan("s", 0, "night", "", 0.0, stored), "", (), {}, (), {}, {})


def test_a_growing_directory_is_read_file_by_file_and_nothing_twice(tmp_path: Path) -> None:
    inbox, reader = tmp_path / "in", source(tmp_path / "spool", tmp_path / "in", settle_s=2.0)
    inbox.mkdir()
    assert reader.plan(10) == []
    seen = []
    for number in range(5):
        write(inbox / f"{number}.avro")
        seen += names(reader.plan(10))
        assert reader.plan(10) == []
    assert seen == [f"{number}.avro" for number in range(5)]


def test_order_is_path_then_index(tmp_path: Path) -> None:
    for name in ("b/2.avro", "a/9.avro", "b/10.avro", "c.avro"):
        write(tmp_path / "in" / name, THREE)
    read = entries(drained(source(tmp_path / "spool", tmp_path / "in"), limit=2), tmp_path / "again")
    paths = sorted(str(path) for path in (tmp_path / "in").rglob("*.avro"))
    assert read == [(path, index) for path in paths for index in range(3)]


@pytest.mark.parametrize("when", [915148800.0, 4102444800.0])
def test_any_time_of_a_file_is_read(tmp_path: Path, when: float) -> None:
    """1999, and 2100: a clock that is wrong must not hide a night."""
    path = write(tmp_path / "in" / "a.avro")
    os.utime(path, (when, when))
    assert names(source(tmp_path / "spool", tmp_path / "in", settle_s=3600.0).plan(10)) == ["a.avro"]


def test_a_young_file_waits_and_the_source_says_so(tmp_path: Path) -> None:
    path = write(tmp_path / "in" / "a.avro", age_s=0.0)
    reader = source(tmp_path / "spool", tmp_path / "in", settle_s=30.0)
    assert (reader.plan(10), reader.waiting_s()) == ([], 30.0)
    os.utime(path, (time.time() - 31,) * 2)
    assert (names(reader.plan(10)), reader.waiting_s()) == (["a.avro"], None)


@pytest.mark.parametrize("name", [".a.avro", "_a.avro", "a.avro.tmp", "_truth/a.avro", ".git/a.avro"])
def test_hidden_and_temporary_files_wait_until_they_are_renamed(tmp_path: Path, name: str) -> None:
    path = write(tmp_path / "in" / name)
    reader = source(tmp_path / "spool", tmp_path / "in", patterns=("*.avro", "*.tmp"))
    assert reader.plan(10) == []
    path.rename(tmp_path / "in" / "a.avro")
    assert names(reader.plan(10)) == ["a.avro"]


def test_patterns_choose_in_directories_and_a_named_file_is_taken_whatever_its_name(tmp_path: Path) -> None:
    write(tmp_path / "in" / "a.avro")
    write(tmp_path / "in" / "readme.txt")
    named = write(tmp_path / "message_0")
    assert names(drained(source(tmp_path / "spool", tmp_path / "in", named))) == ["a.avro", "message_0"]


def test_globs_are_looked_at_again(tmp_path: Path) -> None:
    reader = source(tmp_path / "spool", tmp_path / "night_*" / "*.avro", waits=True)
    reader.check()
    assert reader.plan(10) == []
    write(tmp_path / "night_1" / "a.avro")
    assert names(reader.plan(10)) == ["a.avro"]


def test_a_file_given_twice_is_read_once(tmp_path: Path) -> None:
    path = write(tmp_path / "in" / "a.avro")
    assert names(drained(source(tmp_path / "spool", tmp_path / "in", path, path))) == ["a.avro"]


def test_what_is_no_file_is_passed_over(tmp_path: Path) -> None:
    inbox = tmp_path / "in"
    write(inbox / "a.avro")
    (inbox / "dangling.avro").symlink_to(tmp_path / "nowhere.avro")
    os.mkfifo(inbox / "pipe.avro")
    (inbox / "folder.avro").mkdir()
    assert names(drained(source(tmp_path / "spool", inbox))) == ["a.avro"]


def test_a_name_that_is_not_utf8_is_read_and_told(tmp_path: Path) -> None:
    write(tmp_path / "in" / "caf\udce9.avro")
    ranges = drained(source(tmp_path / "spool", tmp_path / "in"))
    stored = list(record(ranges).plan.ranges)
    assert entries(stored, tmp_path) == [(str(tmp_path / "in" / "caf\\xe9.avro"), 0)]


def test_an_input_that_is_not_there_is_named(tmp_path: Path) -> None:
    with pytest.raises(NoInput, match=r"input .*/nowhere does not exist"):
        source(tmp_path / "spool", tmp_path / "nowhere").check()


@pytest.mark.parametrize("name", ["a.avro", "a.tar", "a.tar.gz"])
def test_a_file_is_cut_at_the_limit_and_a_restart_goes_on_there(tmp_path: Path, name: str) -> None:
    """After every batch the source is made anew and told only what the ledger holds."""
    gz = name.endswith("gz")
    content = simulated(9, per_block=1)
    if ".tar" in name:
        content = archive({f"{number}.avro": simulated(1, first=number) for number in range(9)}, gz=gz)
    write(tmp_path / "in" / name, content)
    read, done = [], []
    while True:
        reader = source(tmp_path / f"spool{len(done)}", tmp_path / "in", tasks=1)
        for batch in done:
            reader.note(record(batch))
        if not (planned := reader.plan(4)):
            break
        assert total(planned) <= 4
        read += entries(planned, tmp_path / "again")
        done.append(planned)
        shutil.rmtree(tmp_path / "again", ignore_errors=True)
    assert [total(batch) for batch in done] == [4, 4, 1]
    assert [index for _, index in read] == list(range(9))
    assert len(set(read)) == 9


def test_members_that_were_spooled_are_found_again_after_a_restart(tmp_path: Path) -> None:
    members = {f"{number}.avro": simulated(1, first=number) for number in range(6)}
    write(tmp_path / "in" / "a.tar.gz", archive(members, gz=True))
    reader = source(tmp_path / "spool", tmp_path / "in", tasks=2)
    planned = reader.plan(4)
    before = entries(planned, tmp_path / "unused")
    assert not (tmp_path / "unused").exists()
    shutil.rmtree(tmp_path / "spool")
    stored = list(record(planned).plan.ranges)
    assert entries(stored, tmp_path / "again") == before
    assert [Path(file).name for file, _ in before] == [f"a.tar.gz!{number}.avro" for number in range(4)]


def test_spooled_members_are_removed_with_their_batch_and_with_the_source(tmp_path: Path) -> None:
    write(tmp_path / "in" / "a.tar.gz", archive({f"{number}.avro": ONE for number in range(6)}, gz=True))
    reader = source(tmp_path / "spool", tmp_path / "in", tasks=1)
    planned = reader.plan(3)
    assert list((tmp_path / "spool").iterdir())
    reader.commit(planned)
    assert not list((tmp_path / "spool").iterdir())
    reader.stop()
    assert not (tmp_path / "spool").exists()


def test_a_planned_file_that_changed_stops_the_batch(tmp_path: Path) -> None:
    path = write(tmp_path / "in" / "a.avro", THREE)
    planned, *_ = source(tmp_path / "spool", tmp_path / "in").plan(10)
    planned.check_unchanged()
    for changed in (ONE, THREE):  # another size; the same size, another time
        path.write_bytes(changed)
        with pytest.raises(
            InputChanged, match=r"a\.avro was planned with .* nothing of its batch was sealed: start the job again"
        ):
            planned.check_unchanged()
    path.unlink()
    with pytest.raises(InputChanged, match=r"is gone .* start the job again"):
        planned.check_unchanged()


def test_a_half_read_file_that_went_away_is_a_loss_that_is_said(tmp_path: Path) -> None:
    path = write(tmp_path / "in" / "a.avro", simulated(6, per_block=1))
    reader = source(tmp_path / "spool", tmp_path / "in", tasks=1)
    assert total(reader.plan(2)) == 2
    path.unlink()
    assert reader.plan(2) == []
    assert reader.report()["passed_over"] == {"half read and gone": 1}
    assert reader.passed_over().lost == 1


def test_a_range_comes_back_from_json_as_it_was() -> None:
    whole = Range("targz", "/a", 3, 9, 512, 2048, 10, 20, False, 7, "0a", "0b", 2, "s/1", ("x", "y"), spool="/tmp/s")
    assert Range.from_json(whole.to_json()) == replace(whole, spool="")
    assert "spool" not in whole.to_json()


@pytest.mark.parametrize("parts", [1, 2, 3, 10])
def test_ranges_are_shared_out_in_order_and_about_evenly(parts: int) -> None:
    ranges = [Range("container", f"/{number}", 0, size) for number, size in enumerate([5, 1, 7, 2, 2, 9, 4])]
    lists = divide(ranges, parts)
    assert [each for part in lists for each in part] == ranges
    assert len(lists) <= parts
    assert all(lists)
    assert max(total(part) for part in lists) <= -(-30 // parts) + 9
