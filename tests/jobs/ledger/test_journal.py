"""The journal finds every row of every batch's file again, through any number of changes."""

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from jobs.ledger.changes import COMPACTION, PRUNING, Change, StoredFile
from jobs.ledger.history import History
from jobs.ledger.journal import Journal
from jobs.storage.layout import Layout

Rows = dict[str, list[int]]


def _change(number: int, old: list[str], new: list[tuple[str, int]], held: Rows, kind: str = COMPACTION) -> Change:
    parts = tuple(StoredFile(name, len(held[name]), 1) for name in old)
    return Change("raw", "1", number, kind, "", "", True, parts, tuple(StoredFile(name, rows, 1) for name, rows in new))


@st.composite
def _changed(draw: st.DrawFn) -> tuple[Rows, Rows, list[Change]]:
    """Files with numbered rows, merged (or pruned) a few times: first files, files left, changes."""
    sizes = draw(st.lists(st.integers(1, 6), min_size=2, max_size=8))
    starts = [sum(sizes[:place]) for place in range(len(sizes))]
    first = {
        f"batch{place}": list(range(at, at + size)) for place, (at, size) in enumerate(zip(starts, sizes, strict=True))
    }
    held, changes = dict(first), []
    for number in range(draw(st.integers(1, 4))):
        old = draw(st.lists(st.sampled_from(sorted(held)), unique=True, min_size=1)) if held else []
        if not old:
            break
        rows = [row for name in old for row in held[name]]
        cut = draw(st.integers(1, len(rows)))
        new = {f"made{number}-{place}": piece for place, piece in enumerate((rows[:cut], rows[cut:])) if piece}
        pruned = draw(st.integers(0, 5)) == 0
        made = [] if pruned else [(name, len(piece)) for name, piece in new.items()]
        changes.append(_change(number, old, made, held, PRUNING if pruned else COMPACTION))
        held = {name: piece for name, piece in held.items() if name not in old} | ({} if pruned else new)
    return first, held, changes


@given(_changed())
def test_spans_lead_to_the_very_rows_of_a_file(case: tuple[Rows, Rows, list[Change]]) -> None:
    first, held, changes = case
    history = History(changes)
    left = {row for rows in held.values() for row in rows}
    for name, rows in first.items():
        found = [row for span in history.spans(name, 0, len(rows)) for row in held[span.name][span.start : span.stop]]
        assert found == [row for row in rows if row in left]
        assert set(history.successors(name)) >= {each for each, own in held.items() if set(own) & set(rows)}


@given(_changed())
def test_a_file_counts_as_read_only_if_all_its_rows_were(case: tuple[Rows, Rows, list[Change]]) -> None:
    first, held, changes = case
    history = History(changes)
    for read in ([], sorted(first)[:1], sorted(first)):
        known = {row for name in read for row in first[name]}
        for name, rows in held.items():
            if history.covered(name, lambda each, read=read: each in read):
                assert set(rows) <= known
    assert all(history.covered(name, lambda each: each in first) for name in held)
    assert {part.name for part in history.live()} == set(held) - set(first)


def _made(night: str, number: int, state: str = "done") -> Change:
    old = (StoredFile(f"raw/night={night}/s-{number:09d}-0000.parquet", 3, 10),)
    new = (StoredFile(f"raw/night={night}/compact-{number:09d}-0000.parquet", 3, 9),)
    return Change("raw", night, number, COMPACTION, "", "why", True, old, new, state=state)


def _journal(root: Path) -> Journal:
    """25 changes of one night, 3 of another, the last of them not done."""
    journal = Journal(Layout(root))
    for number in range(25):
        journal.write(_made("20240101", number))
    for number in range(3):
        journal.write(_made("20240102", number, "done" if number < 2 else "prepared"))
    return journal


def _told(journal: Journal) -> list[object]:
    numbers = [journal.next_number("raw", night) for night in ("20240101", "20240102", "20240103")]
    histories = [(key, journal.histories().get(key)) for key in journal.changed()]
    changes = [history.changes for _, history in histories if history is not None]
    return [
        journal.changes("raw", "20240101"),
        journal.changes("raw", "20240102"),
        journal.unfinished(),
        numbers,
        changes,
    ]


def test_changes_of_a_night_are_in_one_file_once_there_are_many_and_are_the_same(tmp_path: Path) -> None:
    journal = _journal(tmp_path)
    before = _told(journal)
    assert before[3] == [25, 3, 0]
    journal.roll()
    assert sorted(path.name for path in journal.directory.glob("*.json")) == [
        f"raw-20240102-{number:09d}.json" for number in range(3)
    ]
    assert _told(journal) == before
    journal.roll(most=2)
    assert [path.name for path in journal.directory.glob("*.json")] == ["raw-20240102-000000002.json"]
    assert _told(journal) == before
    journal.write(_made("20240101", 25))
    journal.roll(most=0)
    assert [each.number for each in journal.changes("raw", "20240101")] == list(range(26))


def test_a_kill_while_changes_are_rolled_changes_nothing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    journal = _journal(tmp_path)
    before = _told(journal)

    def killed(_: str) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr("jobs.common.faults.maintenance", killed)
    with pytest.raises(KeyboardInterrupt):
        journal.roll()
    assert (journal.directory / "rolled" / "raw-20240101.jsonl").exists()
    assert _told(journal) == before
    monkeypatch.undo()
    journal.roll()
    assert _told(journal) == before
