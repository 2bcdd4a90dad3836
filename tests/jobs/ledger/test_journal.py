"""The journal finds every row of every batch's file again, through any number of changes."""

from hypothesis import given
from hypothesis import strategies as st

from jobs.ledger.journal import COMPACTION, PRUNING, Change, History, StoredFile

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
