"""How far a fit is, and how long it will still take."""

import json
from pathlib import Path

import pytest

from jobs.training.progress import Progress, in_words


def test_time_left_is_by_the_steps_that_this_process_told(tmp_path: Path) -> None:
    now, told = [100.0], []
    progress = Progress("fold-1", tmp_path / "progress.json", told.append, clock=lambda: now[0])
    now[0] = 130.0
    progress(4, 10, loss=0.25)  # the first after a restart
    now[0] = 160.0
    progress(5, 10)
    progress(10, 10)
    assert told == ["fold-1: 4 of 10, loss 0.25", "fold-1: 5 of 10, 2 min left", "fold-1: 10 of 10"]
    kept = json.loads((tmp_path / "progress.json").read_text())
    assert (kept["work"], kept["done"], kept["total"]) == ("fold-1", 10, 10)


@pytest.mark.parametrize(("seconds", "words"), [(40, "40 s"), (720, "12 min"), (12_600, "3.5 h")])
def test_times_are_told_as_people_say_them(seconds: float, words: str) -> None:
    assert in_words(seconds) == words
