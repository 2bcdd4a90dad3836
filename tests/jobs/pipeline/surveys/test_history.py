"""One point per group, against a loop over the groups."""

import numpy as np
import pytest

from jobs.pipeline.surveys.history import best_per_group


def by_a_loop(group: tuple[np.ndarray, ...], preference: tuple[np.ndarray, ...]) -> list[int]:
    best: dict[tuple[float, ...], int] = {}
    for place in range(len(group[0])):
        key = tuple(float(each[place]) for each in reversed(group))
        rank = [np.inf if np.isnan(each[place]) else float(each[place]) for each in preference]
        other = best.get(key)
        if other is None or rank < [np.inf if np.isnan(each[other]) else float(each[other]) for each in preference]:
            best[key] = place
    return [best[key] for key in sorted(best)]


@pytest.mark.parametrize("n", [0, 1, 2, 3, 50, 400])
@pytest.mark.parametrize("n_groups", [1, 3, 1000])
def test_the_preferred_point_of_each_group_is_kept_in_order_of_the_groups(n: int, n_groups: int) -> None:
    rng = np.random.default_rng(n + n_groups)
    group = (rng.integers(0, n_groups, n), rng.integers(0, 3, n))
    score = np.where(rng.random(n) < 0.3, np.nan, rng.integers(0, 4, n) / 4)
    preference = (rng.random(n) < 0.8, -score, rng.integers(0, 3, n))
    assert best_per_group(group, preference).tolist() == by_a_loop(group, preference)
