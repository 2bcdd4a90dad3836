"""A few thousand random and mutated datums; fuzz_decode.py runs as many as one likes, with a limit on memory."""

from collections import Counter

import pytest
from avro_fuzz import fuzz_random_schema

from jobs.pipeline.decode.compiled import layout


@pytest.mark.parametrize("first", range(0, 400, 100))
def test_random_and_mutated_datums_are_read_as_fastavro_reads_them(first: int, monkeypatch: pytest.MonkeyPatch) -> None:
    """In front of forbidden pages: a byte too far would kill the tests."""
    monkeypatch.setattr(layout, "memory", layout.memory)  # put back after the fuzz has put its own there
    tally: Counter[str] = Counter()
    for seed in range(first, first + 100):
        tally += fuzz_random_schema(seed, 4, 10, True)
    # So that it says something: not all mutations are refused, and not all are accepted.
    assert tally["intact"] == 400
    assert tally["accepted"] > 450
    assert min(tally[reason] for reason in ("truncated", "bad_datum", "trailing_bytes", "stricter")) > 50
