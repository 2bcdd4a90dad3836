"""What a killed listener leaves, and what its folder's names mean: no broker, no Spark."""

import json
from pathlib import Path

import pytest

from jobs.listen.files import Saver
from jobs.listen.folder import SaveFolder
from jobs.listen.messages import ReceivedMessage

TOPIC = "strix.ztf.some"


def received(offset: int, foreign: str = "", partition: int = 0) -> ReceivedMessage:
    record = {"survey": "ztf", "alert_id": str(offset), "object_id": "ZTF18aaaaaaa"}
    return ReceivedMessage(TOPIC, partition, offset, None, {} if foreign else record, None, foreign, None, b"{}")


def folder(directory: Path, topic_id: str = "one") -> SaveFolder:
    return SaveFolder(directory, lambda _: topic_id)


def saver(of: SaveFolder, again: bool = False) -> Saver:
    return Saver(of, "json", lambda *_: "", again=again)


def offsets(directory: Path) -> tuple[list[int], list[int]]:
    """Offsets of matches and of foreign messages in whole files."""
    read = {
        kind: [json.loads(line) for path in sorted(directory.glob(f"*/[0-9]*.{kind}")) for line in path.open()]
        for kind in ("json", "foreign.jsonl")
    }
    return sorted(int(row["alert_id"]) for row in read["json"]), sorted(row["offset"] for row in read["foreign.jsonl"])


@pytest.mark.parametrize("killed_at", range(1, 6))
def test_a_kill_between_any_two_renames_loses_nothing_and_doubles_nothing(
    killed_at: int, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    import os

    replace = os.replace

    messages = [received(offset, "noise" if offset % 3 == 0 else "") for offset in range(1, 13)]
    calls = iter(range(1, 100))

    def dying(*paths: Path) -> None:
        if next(calls) == killed_at:
            raise KeyboardInterrupt
        replace(*paths)

    with folder(tmp_path) as first, monkeypatch.context() as patch:
        patch.setattr(os, "replace", dying)
        with pytest.raises(KeyboardInterrupt):
            _save(saver(first), messages, 0)
    with folder(tmp_path) as second:
        _save(saver(second), messages, second.behind(TOPIC, 0) or 0)
    assert offsets(tmp_path) == ([1, 2, 4, 5, 7, 8, 10, 11], [3, 6, 9, 12])
    assert [path.name for path in tmp_path.glob("*/.*")] == []


def _save(into: Saver, messages: list[ReceivedMessage], start: int) -> None:
    for number, each in enumerate(each for each in messages if each.offset >= start):
        into.add(each)
        if number % 6 == 5:
            into.write()
    into.write()


def test_again_fills_what_is_missing_and_an_offset_that_comes_twice_otherwise_is_an_error(tmp_path: Path) -> None:
    with folder(tmp_path) as own:
        first = saver(own)
        for offset in (3, 4, 5):
            first.add(received(offset))
        first.write()
        assert own.behind(TOPIC, 0) == 6 and own.behind(TOPIC, 1) is None
        with pytest.raises(ValueError, match="made again"):
            first.add(received(4))
    with folder(tmp_path) as own:
        second = saver(own, again=True)
        assert [second.add(received(offset)) for offset in range(8)] == [True] * 3 + [False] * 3 + [True] * 2
        second.write()
        assert second.held_before == 3
    assert offsets(tmp_path) == (list(range(8)), [])
    names = sorted(path.name for path in (tmp_path / TOPIC).glob("[0-9]*"))
    assert [name.replace("0" * 19, "") for name in names] == ["0-0-2.json", "0-3-5.json", "0-6-7.json"]


def test_one_listener_saves_to_a_folder_and_one_topic_of_a_name(tmp_path: Path) -> None:
    with folder(tmp_path) as own:
        own.behind(TOPIC, 0)
        with pytest.raises(ValueError, match="another listener saves"):
            folder(tmp_path).__enter__()
    with folder(tmp_path, "two") as own, pytest.raises(ValueError, match="it was one, it is two"):
        own.behind(TOPIC, 0)
    with folder(tmp_path, "") as own:  # brokers before 2.8 have no ids
        assert own.behind(TOPIC, 0) is None


def test_files_that_an_earlier_version_doubled_are_read_as_one_span(tmp_path: Path) -> None:
    (tmp_path / TOPIC).mkdir()
    for name in ("0-0-4", "0-0-11", "0-12-19", "1-5-5"):
        partition, first, last = map(int, name.split("-"))
        (tmp_path / TOPIC / f"{partition}-{first:020d}-{last:020d}.json").write_text("")
    with folder(tmp_path) as own:
        assert (own.behind(TOPIC, 0), own.behind(TOPIC, 1)) == (20, 6)
        assert own.holds(TOPIC, 0, 19) and own.holds(TOPIC, 1, 5) and not own.holds(TOPIC, 1, 4)
