"""A reader that lists a night while it is swapped sees the old files or the new ones."""

import multiprocessing
import os
from multiprocessing.synchronize import Event
from pathlib import Path

import pytest

from jobs.maintenance import swap

OLD, NEW = frozenset({"a.parquet", "b.parquet", "c.parquet"}), frozenset({"merged.parquet"})


def _fill(folder: Path, names: frozenset[str]) -> Path:
    folder.mkdir(parents=True)
    for name in names:
        (folder / name).touch()
    return folder


def _list(place: str, looks: int, stop: Event, found: "multiprocessing.SimpleQueue[list[frozenset[str]]]") -> None:
    """List the folder as fast as it goes; what was seen."""
    kinds = set()
    for _ in range(looks):
        try:
            kinds.add(frozenset(os.listdir(place)))
        except FileNotFoundError:
            kinds.add(frozenset())
    stop.set()
    found.put(list(kinds))


def seen_while(place: Path, looks: int, ready: Path, aside: Path) -> set[frozenset[str]]:
    """What another process lists while the folder is swapped to and fro."""
    context = multiprocessing.get_context("spawn")
    stop, found = context.Event(), context.SimpleQueue()
    reader = context.Process(target=_list, args=(str(place), looks, stop, found))
    reader.start()
    while not stop.is_set():
        for _ in range(100):
            swap.take_place(place, ready, aside)
            if aside.exists():
                aside.rename(ready)
        assert reader.is_alive() or stop.is_set()
    kinds = set(found.get())
    reader.join()
    return kinds


def test_a_reader_sees_the_old_files_or_the_new_ones_and_never_none(tmp_path: Path) -> None:
    place, ready = _fill(tmp_path / "night=1", OLD), _fill(tmp_path / "work" / "ready", NEW)
    probe, other = tmp_path / "probe", tmp_path / "other"
    probe.mkdir()
    other.mkdir()
    if not swap.exchange(probe, other):
        pytest.skip(f"the file system of {tmp_path} cannot exchange folders in one step")
    assert seen_while(place, 20_000, ready, tmp_path / "aside") == {OLD, NEW}


def test_without_exchange_the_folder_is_swapped_by_two_renames(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    place, ready = _fill(tmp_path / "night=1", OLD), _fill(tmp_path / "work" / "ready", NEW)
    monkeypatch.setattr(swap, "exchange", lambda one, other: False)
    swap.take_place(place, ready, tmp_path / "aside")
    assert set(os.listdir(place)) == NEW
    assert set(os.listdir(tmp_path / "aside")) == OLD
    assert not ready.exists()


def test_what_is_wrong_with_a_folder_is_said(tmp_path: Path) -> None:
    (tmp_path / "there").mkdir()
    with pytest.raises(FileNotFoundError, match="absent"):
        swap.exchange(tmp_path / "there", tmp_path / "absent")
