"""Rates of the simulator: packets of a night with their cutouts, and light curves; CPU of all processes."""

import os
from collections.abc import Callable
from functools import partial
from pathlib import Path
from tempfile import TemporaryDirectory

from jobs.bench.inputs import Bench
from jobs.bench.numbers import Number, repeated, timed
from jobs.bench.packets import SEED
from jobs.simulation.classes import CLASSES
from jobs.simulation.light_curve_survey import FIRST, Plan, simulate_light_curves
from jobs.simulation.sky_night import simulate_night
from jobs.simulation.ztf.maker import MAKER

_YEARS = 2.0


def simulating(bench: Bench) -> list[Number]:
    """Packets a second and light curves a minute on the cores that there are, and CPU of each.

    Parameters
    ----------
    bench : Bench
        `alerts`: packets of ZTF; light curves are of as many objects, all classes alike.
    """
    return repeated(partial(measured, bench.alerts, len(os.sched_getaffinity(0))), bench.repeats)


def measured(alerts: int, workers: int) -> dict[tuple[str, str], float]:
    """One measurement, the start of the processes included.

    Parameters
    ----------
    alerts : int
    workers : int
        Processes.
    """
    each = -(-alerts // len(CLASSES))
    plan = Plan("ztf", tuple(kind.name for kind in CLASSES), each, SEED, FIRST["ztf"], _YEARS)
    with TemporaryDirectory() as directory:
        night, curves = Path(directory) / "night", Path(directory) / "curves"
        seconds, cpu = _spent(lambda: simulate_night(MAKER, night, alerts, SEED, workers=workers))
        curve_seconds, curve_cpu = _spent(lambda: simulate_light_curves(plan, curves, workers, lambda *_: None))
    objects = each * len(CLASSES)
    return {
        ("packets of a night", "packets/s"): alerts / seconds,
        ("CPU of a packet", "ms"): 1e3 * cpu / alerts,
        ("light curves of two years", "per minute"): 60 * objects / curve_seconds,
        ("CPU of a light curve", "ms"): 1e3 * curve_cpu / objects,
    }


def _spent(work: Callable[[], object]) -> tuple[float, float]:
    """Seconds, and seconds of CPU of this process and of those that it started and that ended."""
    before = os.times()
    seconds = timed(work)
    after = os.times()
    return seconds, sum(after[:4]) - sum(before[:4])
