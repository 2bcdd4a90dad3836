"""A survey with deeper images or fewer visits differs from itself in just that."""

import pickle

import numpy as np

from jobs.simulation.visits import SURVEYS
from jobs.simulation.visits.altered import altered

RA, DEC = np.array([150.0, 150.1, 210.0]), np.array([20.0, 20.1, 35.0])
SPAN = (60300.0, 60400.0)


def test_every_limit_is_deeper_and_nothing_else_is_changed() -> None:
    epochs, conditions = SURVEYS["ztf"].visits(7, RA, DEC, *SPAN)
    other, deep = altered(SURVEYS["ztf"], 0.8).visits(7, RA, DEC, *SPAN)
    np.testing.assert_array_equal(other.mjd, epochs.mjd)
    np.testing.assert_allclose(deep.limit, conditions.limit + 0.8)
    np.testing.assert_array_equal(deep.fwhm, conditions.fwhm)


def test_a_share_of_the_exposures_is_left_and_neighbours_keep_the_same() -> None:
    for name, span in (("ztf", SPAN), ("lsst", (61100.0, 61300.0))):
        dec = DEC if name == "ztf" else DEC - 40
        whole, _ = SURVEYS[name].visits(7, RA, dec, *span)
        fewer, _ = altered(SURVEYS[name], kept=0.5).visits(7, RA, dec, *span)
        assert set(fewer.mjd.tolist()) < set(whole.mjd.tolist())
        assert 0.3 < len(fewer.mjd) / len(whole.mjd) < 0.7
        first, second = (set(whole.mjd[whole.object == i].tolist()) for i in (0, 1))
        left = [set(fewer.mjd[fewer.object == i].tolist()) for i in (0, 1)]
        assert left[0] & second == left[1] & first


def test_it_counts_fewer_visits_and_travels_to_other_processes() -> None:
    fewer = pickle.loads(pickle.dumps(altered(SURVEYS["ztf"], kept=0.25)))
    mjd = np.full(3, 60400.0)
    whole = SURVEYS["ztf"].earlier(7, RA, DEC, mjd)
    np.testing.assert_array_equal(fewer.earlier(7, RA, DEC, mjd), np.round(0.25 * whole))
    assert altered(SURVEYS["ztf"]) is SURVEYS["ztf"]
