"""A step that outlasts its time ends its process; one that may last longer does not."""

import time
from functools import partial

from jobs.pipeline.enrichment.isolation import LOADING, Limits, Watchdog, WorkerCrash, bisect


def sleep(watchdog: Watchdog, times: float, seconds: list[float]) -> list[float]:
    watchdog.step("load:slow", times)
    time.sleep(sum(seconds))
    watchdog.step("module:slow")
    return seconds


def test_a_child_that_loads_has_the_time_of_loading() -> None:
    watchdog = Watchdog(Limits(step_s=0.3))
    assert list(bisect(partial(sleep, watchdog, LOADING), [0.6], watchdog)) == [[0.6]]


def test_a_child_whose_step_outlasts_its_time_is_ended_and_says_how_long_it_had() -> None:
    watchdog = Watchdog(Limits(step_s=0.3))
    [(item, crash)] = list(bisect(partial(sleep, watchdog, 1), [30.0], watchdog))
    assert (item, crash) == (30.0, WorkerCrash("load:slow", "took more than 0.3 s"))
    [(_, crash)] = list(bisect(partial(sleep, watchdog, 2), [30.0], watchdog))
    assert crash.how == "took more than 0.6 s"
