"""Sorted numbers are found as a plain look finds them; ranges on the sky leave out nothing of a circle."""

import numpy as np
import pyarrow as pa
import pytest
from astropy.coordinates import SkyCoord
from hypothesis import given, settings
from hypothesis import strategies as st

from jobs.index import orders
from jobs.index.checked_file import CheckedFile, writing
from jobs.index.orders import Order, hash_of, hashes, write_order, write_sorted
from jobs.index.zones import circle_ranges, zone_keys


@pytest.mark.parametrize("few", [1, 3, 2048])
@settings(max_examples=60, deadline=None)
@given(keys=st.lists(st.integers(-20, 20), max_size=60), low=st.integers(-22, 22), wide=st.integers(0, 5))
def test_rows_of_a_range_are_all_and_only_those(tmp_path_factory, few, keys, low, wide):
    path = tmp_path_factory.mktemp("orders") / "f"
    with pytest.MonkeyPatch.context() as patched:
        patched.setattr(orders, "FEW", few)
        numbers = np.array(keys, np.int64)
        with writing(path, {}) as writer:
            write_order(writer, "x", numbers)
            write_sorted(writer, "s", np.sort(numbers))
        file = CheckedFile(path)
        order, ordered = Order(file, "x", "<i8", len(keys)), Order(file, "s", "<i8", len(keys))
        high = low + wide
        assert sorted(order.rows(low, high)) == [at for at, key in enumerate(keys) if low <= key <= high]
        ends = np.array([low, high + 3]), np.array([high, high + 9])
        wanted = [at for at, key in enumerate(sorted(keys)) if low <= key <= high or high + 3 <= key <= high + 9]
        assert ordered.spans(*ends).tolist() == wanted
        for many in (1, 4, 100):
            least = sorted(keys)[-many:][0] if keys else 0
            assert sorted(order.last(many)) == [at for at, key in enumerate(keys) if key >= least]


def test_hashes_depend_on_the_names_alone():
    names = pa.array(["a", "b", None, "a"])
    others = pa.array(["x", "y", "z", "x"])
    found = hashes(names, others)
    assert found[0] == found[3] == hash_of("a", "x")
    assert found[2] == hash_of("", "z")
    assert len(set(found.tolist())) == 3
    # Parts of the index on disk hold these numbers: if they change, segment.VERSION does.
    assert hash_of("ztf", "ZTF18abc") == 14208688830473048740


@settings(max_examples=300, deadline=None)
@given(
    ra=st.one_of(st.floats(0, 360), st.sampled_from([0.0, 360.0, 1e-9, 359.9999999])),
    dec=st.one_of(st.floats(-90, 90), st.sampled_from([-90.0, 90.0, 89.99, 0.0, -0.1, 0.1])),
    radius_deg=st.one_of(st.floats(1e-6, 5), st.sampled_from([5.0, 1 / 60])),
    seed=st.integers(0, 1000),
)
def test_ranges_hold_every_position_in_a_circle(ra, dec, radius_deg, seed):
    rng, centre = np.random.default_rng(seed), SkyCoord(ra, dec, unit="deg")
    distances = np.concatenate([radius_deg * np.sqrt(rng.random(200)), np.full(100, radius_deg * (1 - 1e-9))])
    there = centre.directional_offset_by(rng.uniform(0, 360, 300) * centre.ra.unit, distances * centre.ra.unit)
    keys = zone_keys(there.ra.deg, there.dec.deg)
    low, high = circle_ranges(ra, dec, radius_deg)
    held = (keys[:, None] >= low) & (keys[:, None] <= high)
    assert held.any(axis=1).all()
    assert (np.sort(low)[1:] > np.sort(high)[:-1]).all()


def test_ranges_of_a_small_circle_are_small():
    low, high = circle_ranges(150.0, 2.05, 1 / 60)
    assert len(low) == 1
    assert (high - low).sum() < 0.04
    low, high = circle_ranges(0.0, 60.0, 1 / 60)
    assert 2 <= len(low) <= 4
    assert (high - low).sum() < 0.15


def test_unknown_positions_are_in_no_range():
    keys = zone_keys(np.array([np.nan, 1.0, 2.0]), np.array([1.0, np.nan, 3.0]))
    assert np.isinf(keys[:2]).all()
    assert np.isfinite(keys[2])
