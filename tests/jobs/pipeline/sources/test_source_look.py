"""What a look takes, and that it says what it does not take."""

import errno
import glob
import gzip
import os
import time
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from source_reading import archive, entries, simulated, source

from jobs.packets.problems import NoInput
from jobs.packets.ranges import total
from jobs.pipeline.sources.files.names import PATTERNS
from jobs.pipeline.sources.files.patterns import named
from jobs.pipeline.sources.files.source import FileSource

ONE = simulated(1)


def write(path: Path, content: bytes = ONE) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(content)
    os.utime(path, (1e9, 1e9))
    return path


def looked(tmp_path: Path, *inputs: Path, **more: Any) -> tuple[list[str], Counter[str], FileSource]:
    """Paths that are read, relative to the input; what is passed over; the source."""
    reader = source(tmp_path / "spool", *(inputs or (tmp_path / "in",)), **more)
    planned = []
    while batch := reader.plan(1000):
        planned += batch
    paths = sorted({os.path.relpath(each.path, tmp_path / "in") for each in planned})
    return paths, reader.passed_over().counts, reader


def test_every_ending_that_packets_come_in_is_taken_and_all_others_are_counted(tmp_path: Path) -> None:
    taken = {
        **dict.fromkeys(["a.avro", "B.AVRO", "no_ending", "c.avro.1", "d.dat"], ONE),
        **dict.fromkeys(["e.avro.gz", "f.gz", "g.tgz"], gzip.compress(ONE)),
        **dict.fromkeys(["h.tar", "i.tar.gz", "j.bin"], archive({"a.avro": ONE})),
    }
    passed = {
        "README": b"x",
        "a.md5": b"x",
        "b.md5": b"x",
        "list.csv": b"x",
        "t.csv.gz": gzip.compress(b"x"),
        "p.fits": b"x",
    }
    for name, content in {**taken, **passed}.items():
        write(tmp_path / "in" / name, content)
    write(tmp_path / "in" / ".hidden")
    paths, counts, reader = looked(tmp_path)
    assert paths == sorted(taken)
    assert counts == {"no ending": 1, ".md5": 2, ".csv": 1, ".gz": 1, ".fits": 1, "hidden or temporary": 1}
    assert reader.report()["passed_over"] == dict(sorted(counts.items()))
    assert sorted(Path(each).name for each in reader.report()["passed_over_examples"][".md5"]) == ["a.md5", "b.md5"]
    assert reader.report()["input_lost"] == 0


def test_patterns_of_ones_own_take_nothing_else(tmp_path: Path) -> None:
    for name in ("a.avro", "b.dat", "C.DAT"):
        write(tmp_path / "in" / name)
    assert looked(tmp_path, patterns=("*.dat",))[:2] == (["C.DAT", "b.dat"], {".avro": 1})


def test_a_folder_that_cannot_be_listed_is_a_loss_that_is_said(tmp_path: Path, shut: Path) -> None:
    write(shut / "b.avro")
    write(tmp_path / "in" / "a.avro")
    for given in (tmp_path / "in", tmp_path / "in" / "**" / "*.avro", tmp_path / "in" / "*" / "*"):
        _, counts, reader = looked(tmp_path, given)
        assert counts == {"folder that cannot be listed": 1}, given
        assert reader.report()["input_lost"] == 1
        assert reader.report()["passed_over_examples"] == {
            "folder that cannot be listed": [f"{shut} (Permission denied)"]
        }
    assert looked(tmp_path)[0] == ["a.avro"]


@pytest.fixture
def shut(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """A folder that nobody may list, not even root, who runs tests in containers."""
    folder = tmp_path / "in" / "shut"
    scandir, access = os.scandir, os.access

    def refusing(path: Any) -> Any:
        if os.fspath(path) == str(folder):
            raise PermissionError(errno.EACCES, "Permission denied", str(path))
        return scandir(path)

    monkeypatch.setattr(os, "scandir", refusing)
    monkeypatch.setattr(os, "access", lambda path, mode: os.fspath(path) != str(folder) and access(path, mode))
    yield folder


def test_a_file_that_cannot_be_opened_stops_no_other_and_is_read_when_it_can_be(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from jobs.pipeline.sources.files import source as files

    for name in ("a.avro", "b.avro", "c.avro"):
        write(tmp_path / "in" / name)
    opened = files.OpenFile

    def refusing(path: str) -> Any:
        if path.endswith("b.avro"):
            raise PermissionError(errno.EACCES, "Permission denied", path)
        return opened(path)

    monkeypatch.setattr(files, "OpenFile", refusing)
    paths, counts, reader = looked(tmp_path)
    assert (paths, counts) == (["a.avro", "c.avro"], {"file that cannot be read": 1})
    assert reader.report()["input_lost"] == 1
    monkeypatch.undo()
    assert total(reader.plan(10)) == 1
    assert reader.report()["input_lost"] == 0


def test_a_file_whose_name_says_nothing_and_that_cannot_be_opened_is_a_loss_until_it_can(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from jobs.pipeline.sources.files import taken

    write(tmp_path / "in" / "packets.of_tonight")

    def refusing(path: str, mode: str) -> Any:
        raise PermissionError(errno.EACCES, "Permission denied", path)

    monkeypatch.setattr(taken, "open", refusing, raising=False)
    paths, counts, reader = looked(tmp_path)
    assert (paths, counts) == ([], {"file that cannot be read": 1})
    assert reader.report()["input_lost"] == 1
    monkeypatch.undo()  # its size and time are the same
    assert total(reader.plan(10)) == 1
    assert reader.report()["input_lost"] == 0


def test_what_is_remembered_of_files_without_a_telling_name_is_bounded(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from jobs.pipeline.sources.files import taken

    monkeypatch.setattr(taken, "MOST_KNOWN", 3)
    taking = taken.Taking(PATTERNS)
    for number in range(10):
        write(tmp_path / f"{number}.of_tonight")
        assert taking(str(tmp_path / f"{number}.of_tonight"), os.stat(tmp_path / f"{number}.of_tonight"))
    assert [os.path.basename(path) for path in taking._known] == ["7.of_tonight", "8.of_tonight", "9.of_tonight"]


def test_linked_folders_are_entered_once_and_loops_end(tmp_path: Path) -> None:
    write(tmp_path / "in" / "z" / "own.avro")
    write(tmp_path / "elsewhere" / "deep" / "other.avro")
    (tmp_path / "in" / "a_link").symlink_to(tmp_path / "in" / "z")
    (tmp_path / "in" / "b_link").symlink_to(tmp_path / "elsewhere")
    (tmp_path / "in" / "c_link").symlink_to(tmp_path / "elsewhere")
    (tmp_path / "elsewhere" / "back").symlink_to(tmp_path / "in")
    (tmp_path / "in" / "z" / "up").symlink_to("..")
    paths, counts, reader = looked(tmp_path)
    assert paths == ["b_link/deep/other.avro", "z/own.avro"]
    assert counts == {"linked folder that was entered before": 4}
    assert reader.report()["input_lost"] == 0


def test_a_pattern_for_any_folder_goes_through_each_once_and_matches_as_glob_does(tmp_path: Path) -> None:
    for name in ("a.avro", "x/b.avro", "x/y/c.avro", "x/y/d.dat", ".hidden/e.avro", "z[1]/f.avro"):
        write(tmp_path / "in" / name)
    for pattern in ("**/*.avro", "x/**/*.avro", "**/y/*", "**", "*/**/y/*.avro", "**/x/**/*.avro", "z*/**/*.avro"):
        given = str(tmp_path / "in" / pattern)
        assert {each for each in named(given) if os.path.isfile(each)} == {
            each for each in glob.glob(given, recursive=True) if os.path.isfile(each)
        }, pattern
    for number in range(3):
        (tmp_path / "in" / "x" / f"up{number}").symlink_to("..")
        (tmp_path / "in" / f"loop{number}").symlink_to("x")
    assert looked(tmp_path, tmp_path / "in" / "**" / "*.avro")[0] == ["a.avro", "x/b.avro", "x/y/c.avro", "z[1]/f.avro"]


def test_links_that_lead_nowhere_or_in_a_circle_are_said_and_stop_nothing(tmp_path: Path) -> None:
    write(tmp_path / "in" / "a.avro")
    (tmp_path / "in" / "dangling.avro").symlink_to(tmp_path / "nowhere.avro")
    (tmp_path / "in" / "loop.avro").symlink_to("loop.avro")
    os.mkfifo(tmp_path / "in" / "pipe.avro")
    expected = {"dangling link": 1, "link loop": 1, "neither file nor folder": 1}
    for inputs in ((), (tmp_path / "in" / "*.avro",), tuple((tmp_path / "in").iterdir())):
        paths, counts, reader = looked(tmp_path, *inputs)
        assert (paths, counts, reader.report()["input_lost"]) == (["a.avro"], expected, 0)


def test_a_path_that_exists_is_a_path_whatever_brackets_it_has(tmp_path: Path) -> None:
    night = tmp_path / "in" / "night[1]"
    write(night / "a.avro")
    write(tmp_path / "in" / "night1" / "not_meant.avro")
    write(tmp_path / "in" / "*.avro")
    write(tmp_path / "in" / "b.avro")
    assert looked(tmp_path, night)[0] == ["night[1]/a.avro"]
    assert looked(tmp_path, tmp_path / "in" / "*.avro")[0] == ["*.avro"]
    assert looked(tmp_path, tmp_path / "in" / "[b].avro")[0] == ["b.avro"]


@pytest.mark.parametrize("name", ["nowhere", "no[pq]", "*.avro"])
def test_an_input_that_names_nothing_is_an_error_unless_it_is_waited_for(
    tmp_path: Path, name: str, caplog: pytest.LogCaptureFixture
) -> None:
    told = "does not exist" if name == "nowhere" else "matches nothing"
    with pytest.raises(NoInput, match=told):
        source(tmp_path / "spool", tmp_path / name).check()
    reader = source(tmp_path / "spool", tmp_path / name, waits=True)
    reader.check()
    assert (reader.plan(10), f"{told} yet; waiting for it" in caplog.text) == ([], True)
    write(tmp_path / {"nowhere": "nowhere", "no[pq]": "nop", "*.avro": "a.avro"}[name])
    assert total(reader.plan(10)) == 1


def test_a_file_that_vanishes_between_look_and_opening_is_nothing_to_say_of(tmp_path: Path) -> None:
    write(tmp_path / "in" / "a.avro")
    gone = write(tmp_path / "in" / "b.avro")
    reader = source(tmp_path / "spool", tmp_path / "in", tasks=1)
    assert total(reader.plan(1)) == 1
    look = reader._unread

    def vanishing() -> Iterator[str]:
        for path in look():
            gone.unlink()
            yield path

    reader._unread = vanishing  # type: ignore[method-assign]
    assert (reader.plan(10), reader.report()["passed_over"]) == ([], {})


def test_companions_in_archives_follow_the_rules_of_folders(tmp_path: Path) -> None:
    members = {
        "night/a.avro": ONE,
        "night/._a.avro": b"\0\5\x16\7",
        "README": b"read me",
        "night/a.md5": b"0" * 32,
        "../../etc/b.avro": ONE,
        "/c": ONE,
        "junk.bin": b"junk",
        "packet.avro.gz": gzip.compress(ONE),
        "_d.json": ONE,
    }
    for name, gz in (("n.tar", False), ("n.tar.gz", True)):
        write(tmp_path / "in" / name, archive(members, gz=gz))
        reader = source(tmp_path / "spool", tmp_path / "in" / name)
        planned = reader.plan(100)
        read = entries(planned, tmp_path / "again")
        wanted = ["night/a.avro", "../../etc/b.avro", "/c", "junk.bin", "packet.avro.gz", "_d.json"]
        assert read == [(f"{tmp_path}/in/{name}!{member}", index) for index, member in enumerate(wanted)]
        assert total(planned) == 6
        assert reader.passed_over().counts == {"hidden or temporary": 1, "no ending": 1, ".md5": 1}


def test_a_look_at_many_known_files_costs_one_stat_each(tmp_path: Path) -> None:
    one = write(tmp_path / "one")
    (tmp_path / "in").mkdir()
    for number in range(2000):
        (tmp_path / "in" / f"{number}.avro").hardlink_to(one)
    reader = source(tmp_path / "spool", tmp_path / "in")
    assert total(reader.plan(10_000)) == 2000
    started = time.perf_counter()
    assert reader.plan(10) == []
    assert time.perf_counter() - started < 1.0
