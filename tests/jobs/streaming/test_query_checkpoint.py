"""Spark's checkpoint against the ledger: which micro-batch is of which plan, and when it is thrown away."""

from pathlib import Path

import pytest

from jobs.streaming.checkpoint import Checkpoint


def written(folder: Path, offsets: dict[int, int], commits: tuple[int, ...]) -> Checkpoint:
    """A checkpoint as Spark 4 writes it: the end of each micro-batch, and which were committed."""
    for log in ("offsets", "commits"):
        (folder / log).mkdir(parents=True)
    for number, end in offsets.items():
        (folder / "offsets" / str(number)).write_text(f'v1\n{{"batchWatermarkMs":0}}\n{{"plan": {end}}}')
        (folder / "offsets" / f".{number}.crc").write_bytes(b"crc")
    for number in commits:
        (folder / "commits" / str(number)).write_text('v1\n{"nextBatchWatermarkMs":0}')
    return Checkpoint(folder)


def test_a_micro_batch_is_of_the_plan_before_its_end(tmp_path: Path) -> None:
    notes = written(tmp_path, {7: 12, 8: 13}, (7,))
    assert (notes.plan_of(7), notes.plan_of(8)) == (11, 12)
    with pytest.raises(FileNotFoundError):
        notes.plan_of(9)


@pytest.mark.parametrize(
    ("offsets", "commits", "first_open", "agrees"),
    [
        ({}, (), 5, True),  # a new one begins at the first open batch
        ({0: 1, 1: 2}, (0, 1), 2, True),
        ({0: 1, 1: 2}, (0,), 1, True),  # killed within batch 1
        ({0: 1, 1: 2}, (0,), 2, True),  # killed behind its close, before Spark noted it
        ({0: 1, 1: 2}, (0, 1), 1, False),
        ({0: 1, 1: 2}, (0, 1), 3, False),
        ({0: 1, 1: 2}, (0,), 0, False),
        ({0: 1, 1: 2}, (0,), 3, False),
        ({}, (0,), 0, False),
    ],
)
def test_a_checkpoint_agrees_with_the_ledger_or_says_what_it_knows(
    tmp_path: Path, offsets: dict[int, int], commits: tuple[int, ...], first_open: int, agrees: bool
) -> None:
    told = written(tmp_path, offsets, commits).disagrees(first_open)
    assert (told == "") == agrees, told
    if offsets and not agrees:
        assert told.endswith(f"the ledger's first open batch is {first_open}")


@pytest.mark.parametrize("content", ["", "v1\n{}\n", "v1\n{}\nnull", 'v1\n{}\n{"plan": "x"}', "v1\n{}\n{"])
def test_a_damaged_one_is_said_to_be_so_and_removed(tmp_path: Path, content: str) -> None:
    notes = written(tmp_path / "query", {0: 1}, ())
    (tmp_path / "query" / "offsets" / "0").write_text(content)
    assert notes.disagrees(0).startswith("it cannot be read (")
    notes.remove()
    assert notes.disagrees(0) == ""
    assert not notes.folder.exists()


def test_what_a_killed_jvm_had_half_written_goes_and_the_rest_stays(tmp_path: Path) -> None:
    notes = written(tmp_path, {0: 1}, (0,))
    for log in ("offsets", "commits"):
        (tmp_path / log / ".1.565e2ade-f9c3-4355-afd0-f71828b32c0b.tmp").write_text("v1")
    before = {path for path in tmp_path.rglob("*") if not path.name.endswith(".tmp")}
    notes.remove_halves()
    assert set(tmp_path.rglob("*")) == before
    assert notes.disagrees(1) == ""
