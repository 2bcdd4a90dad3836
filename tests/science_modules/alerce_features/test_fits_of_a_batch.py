"""A light curve's fitted features are the same bits alone, in a batch, and at another place in it."""

from collections.abc import Callable

import numpy as np
import pytest
from numpy.typing import NDArray
from random_curves import FlatCurves, groups, random_curves

from science_modules.common.curve_features.drw import drw
from science_modules.common.curve_features.folded import folded
from science_modules.common.curve_features.harmonics import harmonics
from science_modules.common.curve_features.irregular_autoregressive import irregular_autoregressive
from science_modules.common.curve_features.mexican_hat import mexican_hat
from science_modules.common.curve_features.multiband_period import multiband_period
from science_modules.common.curve_features.structure_function import structure_function
from science_modules.common.curve_features.supernova_model import supernova_model

Floats = NDArray[np.float64]
Features = dict[str, Floats]


def folded_at_a_period(time: Floats, mag: Floats, _: Floats, offsets: NDArray[np.int64]) -> Features:
    return folded(time, mag, offsets, np.full(len(offsets) - 1, 3.21))


def harmonics_of_a_period(*curves: NDArray[np.generic]) -> Features:
    return harmonics(*curves, np.full(len(curves[-1]) - 1, 3.21))


def period_of_one_band(*curves: NDArray[np.generic]) -> Features:
    return multiband_period(*curves, n_bands=1)


KERNELS: dict[str, Callable[..., Features]] = {
    "drw": drw,
    "folded": folded_at_a_period,
    "harmonics": harmonics_of_a_period,
    "irregular_autoregressive": irregular_autoregressive,
    "mexican_hat": mexican_hat,
    "multiband_period": period_of_one_band,
    "structure_function": structure_function,
    "supernova_model": supernova_model,
}


@pytest.mark.parametrize("name", KERNELS)
def test_splitting_a_batch_changes_nothing(name: str) -> None:
    curves = random_curves([0, 1, 2, 3, 5, 6, 7, 11, 16, 40, 90, 0])
    together = KERNELS[name](*curves)
    for k, alone in enumerate(groups(curves)):
        for feature, value in KERNELS[name](*alone).items():
            assert together[feature].dtype == np.float64
            assert np.array_equal(value, together[feature][k : k + 1], equal_nan=True), (feature, k)


@pytest.mark.parametrize("name", KERNELS)
def test_no_group_and_no_point_is_no_error(name: str) -> None:
    nothing: FlatCurves = (np.empty(0), np.empty(0), np.empty(0), np.zeros(1, np.int64))
    assert all(len(values) == 0 for values in KERNELS[name](*nothing).values())
    one_empty: FlatCurves = (*nothing[:3], np.zeros(2, np.int64))
    assert all(np.isnan(values).all() for values in KERNELS[name](*one_empty).values())
