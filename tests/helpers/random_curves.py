"""Light curves of one band as flat arrays, made of random numbers: for tests that need many shapes and no truth."""

from itertools import pairwise

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]
FlatCurves = tuple[Floats, Floats, Floats, NDArray[np.int64]]


def random_curves(sizes: list[int], seed: int = 1, days: float = 300.0) -> FlatCurves:
    """Time [d], magnitude, error and offsets of groups of the given sizes; a slow wave and noise."""
    rng = np.random.default_rng(seed)
    time = np.concatenate([np.sort(59000 + rng.uniform(0, days, n)) for n in sizes])
    err = rng.uniform(0.02, 0.15, len(time))
    wave = np.repeat(rng.uniform(0.05, 0.6, len(sizes)), sizes)
    mag = 19 + wave * np.sin(2 * np.pi * time / 87.3) + rng.normal(0, err)
    return time, mag, err, np.concatenate([[0], np.cumsum(sizes)]).astype(np.int64)


def groups(curves: FlatCurves) -> list[FlatCurves]:
    """Each group alone."""
    time, mag, err, offsets = curves
    owns = [slice(low, high) for low, high in pairwise(offsets)]
    return [(time[own], mag[own], err[own], np.array([0, own.stop - own.start])) for own in owns]
