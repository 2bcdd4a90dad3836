"""Time the period search, and its spectrum against nifty-ls where that is installed.

    python tests/benchmarks/bench_period.py [--objects 60] [--points 300] [--days 900] [--highest 24]

Made-up sinusoids in two bands, looked at once a night; CPU time of one process. Both spectra are compared: one band, since
nifty-ls has no mean per band under one sinusoid.
"""

import argparse
import time
from collections.abc import Callable
from itertools import pairwise
from typing import Any

import numpy as np

from science_modules.common.fourier_sums import spreading
from science_modules.period.curves import Curve
from science_modules.period.search import search
from science_modules.period.spectrum import spectrum


def curve(rng: np.random.Generator, n: int, days: float, n_bands: int) -> Curve:
    """A sinusoid of 0.2 to 1 day with errors of a tenth of its amplitude, band after band."""
    nights = rng.integers(0, int(days), (n_bands, n // n_bands)) + rng.uniform(0.1, 0.45, (n_bands, n // n_bands))
    time_of = np.sort(nights, axis=1).ravel()
    flux = np.sin(2 * np.pi * time_of / rng.uniform(0.2, 1.0)) + 0.1 * rng.normal(size=len(time_of))
    starts = np.arange(0, len(time_of) + 1, n // n_bands)
    centred = np.concatenate([flux[low:high] - flux[low:high].mean() for low, high in pairwise(starts)])
    ones = np.ones(n_bands)
    return Curve(
        starts, np.arange(n_bands, dtype=np.int8), time_of - time_of.min(), centred, np.full(len(flux), 50.0), ones
    )


def milliseconds(call: Callable[[], Any], repeats: int = 15) -> float:
    """Median CPU time of a call."""
    call()
    taken = []
    for _ in range(repeats):
        before = time.process_time()
        call()
        taken.append(time.process_time() - before)
    return 1e3 * float(np.median(taken))


def main() -> None:
    """Print both times."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    for name, default in (("objects", 60), ("points", 300), ("days", 900.0), ("highest", 24.0)):
        parser.add_argument(f"--{name}", type=type(default), default=default)
    options = parser.parse_args()
    rng, how = np.random.default_rng(0), spreading()
    objects = [curve(rng, options.points, options.days, 2) for _ in range(options.objects)]
    search(objects[0], options.highest, how)
    before = time.process_time()
    for each in objects:
        search(each, options.highest, how)
    each_ms = 1e3 * (time.process_time() - before) / len(objects)
    print(f"search: {each_ms:.1f} ms, {1e3 / each_ms:.1f} objects/s")
    print(f"spectrum, two bands: {milliseconds(lambda: spectrum(objects[0], options.highest, how)):.1f} ms")
    against_nifty(curve(rng, options.points, options.days, 1), options.highest)


def against_nifty(one: Curve, highest: float) -> None:
    """The same spectrum by both, if nifty-ls is there."""
    try:
        import nifty_ls
    except ImportError:
        print("nifty-ls is not installed: pip install nifty-ls==1.1.0")
        return
    how = spreading()
    ours = spectrum(one, highest, how)
    low, n = ours.first * ours.step, len(ours.power)

    def theirs() -> Any:
        high = low + (n - 1) * ours.step
        return nifty_ls.lombscargle(one.time, one.flux, one.weight**-0.5, fmin=low, fmax=high, Nf=n, nthreads=1).power

    difference = np.abs(theirs() - ours.power).max()
    print(f"spectrum, one band: {milliseconds(lambda: spectrum(one, highest, how)):.1f} ms")
    print(f"nifty-ls, one band: {milliseconds(theirs):.1f} ms; largest difference {difference:.1e}")


if __name__ == "__main__":
    main()
