"""No object and no neighbour is on two sides of a split, wherever on the sky."""

import itertools
from typing import Any

import numpy as np
import pytest
from astropy import units
from astropy.coordinates import SkyCoord
from numpy.typing import NDArray

from jobs.training.splitting import TEST, TRAIN, VALIDATION, groups, split

ARCSEC = 1 / 3600


def grouped(*places: tuple[str, float, float], radius: float = 3.0) -> list[int]:
    names, ra, dec = zip(*places, strict=True)
    return groups(np.array(names, object), np.array(ra), np.array(dec), radius).tolist()


def test_neighbours_are_one_group_and_others_are_not() -> None:
    assert grouped(("a", 10, 20), ("b", 10, 20 + 2.9 * ARCSEC), ("c", 10, 20 + 9 * ARCSEC)) == [0, 0, 1]


def test_a_chain_of_neighbours_is_one_group() -> None:
    chain = [(f"o{i:02}", 50.0, -30 + i * 2.5 * ARCSEC) for i in range(40)]
    assert set(grouped(*chain)) == {0}
    broken = [place for i, place in enumerate(chain) if i not in (20, 21)]
    assert grouped(*broken) == [0] * 20 + [1] * 18


@pytest.mark.parametrize("dec", [0.0, 60.0, -89.9])
def test_right_ascension_has_no_seam(dec: float) -> None:
    step = 1.4 * ARCSEC / np.cos(np.radians(dec))
    assert grouped(("a", 360 - step, dec), ("b", step, dec), ("c", 180, dec)) == [0, 0, 1]


def test_across_a_pole_neighbours_are_far_apart_in_right_ascension() -> None:
    near, far = 90 - 1.4 * ARCSEC, 90 - 6 * ARCSEC
    assert grouped(("a", 0, near), ("b", 180, near), ("c", 90, -near), ("d", 270, -near)) == [0, 0, 1, 1]
    assert grouped(("a", 0, far), ("b", 180, far)) == [0, 1]


def test_alerts_of_one_object_are_one_group_wherever_they_lie_and_join_its_neighbours() -> None:
    places = [("mover", 10.0, 0.0), ("mover", 11.0, 0.0), ("star", 11.0, 1 * ARCSEC), ("other", 12.0, 0.0)]
    assert grouped(*places) == [0, 0, 0, 1]


def test_what_has_no_place_is_joined_by_its_name_alone() -> None:
    assert grouped(("a", np.nan, np.nan), ("b", np.nan, np.nan), ("a", 10.0, 10.0)) == [0, 1, 0]


def test_nothing_is_in_no_group() -> None:
    empty = np.array([])
    assert len(groups(empty.astype(object), empty, empty)) == 0
    nothing = np.array([], np.int64)
    assert len(split(nothing, empty.astype(object), empty.astype(object), 1).part) == 0


def crowded(n: int, seed: int) -> dict[str, Any]:
    """A field in which many stars have neighbours, and a pole."""
    rng = np.random.default_rng(seed)
    half = n // 2
    ra = np.concatenate([rng.uniform(-0.01, 0.01, half) % 360, rng.uniform(0, 360, n - half)])
    dec = np.concatenate([rng.uniform(-0.01, 0.01, half), 90 - np.abs(rng.normal(0, 0.006, n - half))])
    names = np.array([f"o{i % (n - 20)}" for i in range(n)], object)
    return {"objects": names, "ra": ra, "dec": dec}


def slow_groups(objects: NDArray[np.object_], ra: Any, dec: Any, radius: float) -> list[set[int]]:
    """All pairs, as astropy measures them, merged one by one."""
    places = SkyCoord(ra, dec, unit="deg")
    near = places[:, None].separation(places[None, :]) < radius * units.arcsec
    found = [{i} for i in range(len(ra))]
    for i, j in itertools.combinations(range(len(ra)), 2):
        if objects[i] == objects[j] or near[i, j]:
            one, other = (next(each for each in found if k in each) for k in (i, j))
            if one is not other:
                found.remove(other)
                one |= other
    return found


def test_groups_hold_all_that_a_slow_search_joins() -> None:
    sky = crowded(150, 5)
    group = groups(**sky)
    slow = slow_groups(**sky, radius=3.0)
    assert 40 < len(slow) < 130  # the field is as crowded as the test wants it
    assert all(len(set(group[sorted(each)])) == 1 for each in slow)
    # and hardly more: the cubes reach 1.8 arcsec farther at most
    assert len(set(group.tolist())) >= len(slow_groups(**sky, radius=3.0 + 1.8))


def dealt(sky: dict[str, Any], strata: NDArray[np.object_], seed: int = 7, **how: Any) -> Any:
    return split(groups(**sky), sky["objects"], strata, seed, **how)


def test_the_order_of_the_rows_changes_nothing() -> None:
    sky, strata = crowded(600, 1), np.array(["SN", "VS", "AGN"] * 200, object)
    order = np.random.default_rng(3).permutation(600)
    one = dealt(sky, strata)
    other = dealt({name: values[order] for name, values in sky.items()}, strata[order])
    assert one.part[order].tolist() == other.part.tolist()
    assert one.fold[order].tolist() == other.fold.tolist()
    assert one.group[order].tolist() == other.group.tolist()


def test_no_group_is_on_two_sides() -> None:
    sky = crowded(600, 2)
    found = dealt(sky, np.array(["SN", "VS"] * 300, object))
    for group in np.unique(found.group):
        assert len(set(found.part[found.group == group])) == 1
        assert len(set(found.fold[found.group == group])) == 1


def spread(n: int) -> dict[str, Any]:
    names = np.array([f"o{i}" for i in range(n)], object)
    return {"objects": names, "ra": np.linspace(0, 359, n), "dec": np.linspace(-80, 80, n)}


def test_each_class_has_its_shares() -> None:
    strata = np.array(["SN"] * 100 + ["VS"] * 1000, object)
    found = dealt(spread(1100), strata, folds=5, validation=0.1, test=0.2)
    for name, n in (("SN", 100), ("VS", 1000)):
        own = found.part[strata == name]
        assert [int((own == part).sum()) for part in (TRAIN, VALIDATION, TEST)] == [0.7 * n, 0.1 * n, 0.2 * n]
        folds = found.fold[(strata == name) & (found.part != TEST)]
        assert np.bincount(folds, minlength=5).tolist() == [0.16 * n] * 5
    assert (found.fold[found.part == TEST] == -1).all()


def test_another_seed_is_another_split_and_the_same_seed_the_same() -> None:
    strata = np.array(["SN"] * 300, object)
    one, same, other = (dealt(spread(300), strata, seed).part for seed in (1, 1, 2))
    assert (one == same).all()
    assert 0.2 < np.mean(one != other) < 0.7


def test_ten_thousand_alerts_of_one_star_are_cheap() -> None:
    n, rng = 10_000, np.random.default_rng(1)
    ra, dec = 10 + rng.normal(0, 0.1 * ARCSEC, n), 20 + rng.normal(0, 0.1 * ARCSEC, n)
    assert set(groups(np.array(["star"] * n, object), ra, dec).tolist()) == {0}
