"""CPU of the features of alerce_features: all of them for light curves of 60 and 300 points, each group, each closed form."""

import importlib
import inspect
import time
from collections.abc import Callable, Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray

from jobs.bench.inputs import Bench
from jobs.bench.numbers import Number, repeated
from science_modules.alerce_features.computing import STEPS, of_curves
from science_modules.alerce_features.curves import LETTERS, Curves
from science_modules.alerce_features.registry import FEATURES, Feature
from science_modules.common.curve_features.moments import moments

Floats = NDArray[np.float64]

# CPU of alercebroker/lc_classifier 72fb640 in batches, on real light curves.
PUBLISHED = Number("ALeRCE's code, real light curves", "ms/object", (120.0,))
SMALL, LARGE = (60, 300.0), (300, 1000.0)  # points in g and r, days
_ONE_CURVE = ("distribution", "sequence", "moments", "closed_forms")
_CALLS = 2000


def features(bench: Bench) -> list[Number]:
    """Milliseconds per object of everything; microseconds of each group and, its call included, of each closed form per curve.

    Parameters
    ----------
    bench : Bench
        `alerts`: how many light curves of 60 points; of those with 300 a fifth.
    """
    small, large = made_up(bench.alerts, *SMALL), made_up(max(bench.alerts // 5, 1), *LARGE)
    measured = repeated(lambda: _of_groups(small, large) | _of_closed_forms(small), bench.repeats)
    return [measured[0], measured[1], PUBLISHED, *measured[2:]]


def made_up(n: int, points: int, days: float) -> Curves:
    """Light curves of stars with periods of half a day, of as many points in g as in r, and ten limits in each.

    Parameters
    ----------
    n : int
        How many stars.
    points : int
        Of each.
    days : float
        That they span.
    """
    rng, per_band = np.random.default_rng(0), points // len(LETTERS)
    times = np.sort(rng.uniform(0, days, (n, len(LETTERS), per_band)))
    period = rng.uniform(0.4, 0.7, (n, 1, 1))
    mag = (18 + 0.3 * np.sin(2 * np.pi * times / period) + rng.normal(0, 0.05, times.shape)).ravel()
    limits = np.sort(rng.uniform(-30, days, (n, len(LETTERS), 10))).ravel()
    return Curves(
        offsets=np.arange(len(LETTERS) * n + 1) * per_band,
        time=(times - times.min(axis=(1, 2), keepdims=True)).ravel(),
        mag=mag,
        diff_mag=mag,
        limit_offsets=np.arange(len(LETTERS) * n + 1) * 10,
        limit_time=limits,
        limit_mag=np.full(limits.size, 20.5),
        corrected=np.full(n, True),
        n_bands=len(LETTERS),
        **{name: np.full(mag.size, value) for name, value in _CONSTANT.items()},
    )


_CONSTANT = {"err": 0.05, "diff_err": 0.05, "sign": 1.0, "real_bogus": 0.9}


def _of_groups(small: Curves, large: Curves) -> dict[tuple[str, str], float]:
    spent: dict[tuple[str, str], float] = {}
    for curves, (points, _) in ((small, SMALL), (large, LARGE)):
        spent[f"all features, {points} points", "ms/object"] = _cpu(of_curves, curves) / len(curves) * 1e3
    values: dict[str, Floats] = {}
    for name, step in STEPS.items():
        began = time.process_time()
        values |= step(small, values)
        spent[f"  {name}", "us/object"] = (time.process_time() - began) / len(small) * 1e6
    return spent


def _of_closed_forms(curves: Curves) -> dict[tuple[str, str], float]:
    """One curve again and again."""
    given = _arguments(curves)
    spent = {}
    for feature in FEATURES:
        if feature.function.partition(".")[0] in _ONE_CURVE:
            function, arguments = _called(feature, given)
            spent[f"  {feature.name}", "us/curve"] = _cpu(_repeat, function, arguments) / _CALLS * 1e6
    return spent


def _arguments(curves: Curves) -> Mapping[str, Any]:
    """What a one-curve function may ask for, by the parameter's name: the first curve's."""
    own = slice(curves.offsets[0], curves.offsets[1])
    mag = curves.mag[own]
    mean, sigma = moments(mag)
    given = {"time": curves.time[own], "mag": mag, "err": curves.err[own], "sign": curves.sign[own]}
    return given | {"ordered": np.sort(mag), "mean": mean, "sigma": sigma}


def _called(feature: Feature, given: Mapping[str, Any]) -> tuple[Callable[..., Any], list[Any]]:
    file, _, name = feature.function.partition(".")
    function = getattr(importlib.import_module(f"science_modules.common.curve_features.{file}"), name)
    return function, [given[parameter] for parameter in inspect.signature(function).parameters]


def _repeat(function: Callable[..., Any], arguments: list[Any]) -> None:
    for _ in range(_CALLS):
        function(*arguments)


def _cpu(work: Callable[..., object], *arguments: Any) -> float:
    began = time.process_time()
    work(*arguments)
    return time.process_time() - began
