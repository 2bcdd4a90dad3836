"""What `strix listen` says at its end."""

import pytest

from jobs.cli.listen import _Screen, _told


@pytest.mark.parametrize(("count", "said"), [(0, "0 messages"), (1, "1 message"), (1200, "1,200 messages")])
def test_messages_are_counted_in_words(count: int, said: str) -> None:
    assert _told(count, 0, None) == said


@pytest.mark.parametrize(("count", "said"), [(1, "1 match"), (2, "2 matches")])
def test_the_live_table_counts_matches(count: int, said: str) -> None:
    screen = _Screen("table", saving=False)
    screen.count = count
    assert screen._table().title == said
