"""Row keys sort as what they stand for does, and nothing's key is the beginning of another's."""

import math
import struct

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from jobs.store import keys

FLOATS = st.floats(allow_nan=False)
INTS = st.integers(-(2**63), 2**63 - 1)


@given(st.lists(INTS, min_size=1))
def test_integers_sort_as_numbers_and_come_back(values: list[int]) -> None:
    encoded = keys.numbers(np.array(values, np.int64))
    assert [keys.number_of(each, int) for each in encoded] == values
    assert [value for _, value in sorted(zip(encoded, values, strict=True))] == sorted(values)
    assert {len(each) for each in encoded} == {8}


@given(st.lists(FLOATS, min_size=1))
def test_floats_sort_as_numbers_and_come_back_to_the_bit(values: list[float]) -> None:
    encoded = keys.numbers(np.array(values, np.float64))
    back = [keys.number_of(each, float) for each in encoded]
    assert [struct.pack(">d", each) for each in back] == [struct.pack(">d", each) for each in values]
    ordered = [value for _, value in sorted(zip(encoded, values, strict=True))]
    assert ordered == sorted(values)


def test_a_time_that_is_not_known_sorts_behind_all() -> None:
    last, first = keys.numbers(np.array([math.nan, math.inf]))
    assert last > first


@given(st.lists(FLOATS, min_size=2))
def test_reversed_numbers_sort_the_largest_first(values: list[float]) -> None:
    encoded = keys.reversed_numbers(np.array(values, np.float64))
    assert [value for _, value in sorted(zip(encoded, values, strict=True), key=lambda both: both[0])] == sorted(
        values, reverse=True
    ) or len({math.copysign(1, value) for value in values if value == 0}) > 1


def test_the_alerts_of_an_object_lie_between_its_key_and_the_next() -> None:
    one, longer = keys.object_key("ztf", "ZTF18a"), keys.object_key("ztf", "ZTF18aa")
    assert not longer.startswith(one) and not one.startswith(longer)
    mjd, ids = np.array([60000.5, 60000.25, 60000.5]), np.array([7, 8, -9])
    first, second, third = keys.alert_keys([one] * 3, mjd, ids)
    assert one < second < third < first < keys.after(one)
    assert first == one + keys.numbers(mjd)[0] + keys.numbers(ids)[0]


def test_two_surveys_share_no_key() -> None:
    assert keys.object_key("ztf", "313") != keys.object_key("lsst", "313")
    (number,) = keys.numbers(np.array([313]))
    assert keys.index_key("ztf", number) != keys.index_key("lsst", number)


def test_a_name_with_a_zero_byte_is_refused() -> None:
    with pytest.raises(ValueError, match=r"cannot hold a zero byte: 'a\\x00b'"):
        keys.object_key("ztf", "a\0b")


def test_what_comes_after_a_prefix() -> None:
    assert keys.after(b"ab") == b"ac"
    assert keys.after(b"a\xff\xff") == b"b"


def test_salts_spread_ids_that_end_alike_evenly() -> None:
    ids = np.arange(4000, dtype=np.int64) * 15 * 2**10 - 10**18
    counts = np.bincount([salt[0] for salt in keys.salts_of(ids, 4)])
    assert len(counts) == 4 and counts.min() > 900


def test_keys_of_the_sky_sort_by_pixel_within_a_salt() -> None:
    pixels = np.array([2**58 + 5, 3, 2**58 + 4], np.int64)
    encoded = keys.sky_keys(pixels, ["ztf"] * 3, np.array([1, 1, 1]))
    assert [int.from_bytes(each[1:9], "big") for each in sorted(encoded)] == [3, 2**58 + 4, 2**58 + 5]
    assert {each[:1] for each in encoded} == {keys.salts_of(np.array([1]), 4)[0]}


def test_a_key_of_a_list_is_the_same_wherever_it_is_made() -> None:
    key = keys.latest_key(keys.latest_prefix("filter", "kn"), b"\x02", b"m" * 8, "ztf", b"i" * 8)
    assert key == b"filter\x00kn\x00\x02" + b"m" * 8 + b"ztf\x00" + b"i" * 8
