"""`strix simulate lightcurves --survey ztf --classes sn_ia,rr_lyrae_ab --n 2000 --output DIR`: light curves to train on.

Objects of each class as the survey would see them: their light curves in the common view, the truth, and labels."""

import os
import time
from collections.abc import Callable
from typing import get_args

import numpy as np

from jobs.cli.console import complain, say
from jobs.cli.frame import OK, Options, verb
from jobs.cli.simulate_settings import add_config, settings_of
from jobs.common.counting import counted
from jobs.common.local_paths import local_path
from jobs.simulation.classes import CLASSES
from jobs.simulation.light_curve_survey import FIRST, Plan, class_names, simulate_light_curves
from jobs.simulation.mix import Mix
from jobs.simulation.settings import Settings

_EVERY = 5.0  # [s]


def parser() -> Options:
    """The options of the verb."""
    names = ", ".join(kind.name for kind in CLASSES)
    options = Options(prog="strix simulate lightcurves", description=__doc__, epilog=f"classes: {names}")
    options.add_argument("--survey", choices=sorted(FIRST), default="ztf", help="default ztf")
    options.add_argument(
        "--classes",
        default="all",
        metavar="NAMES",
        help="with commas between; default all that the mix names; of a config's mix only the shares of these hold",
    )
    options.add_argument(
        "--n",
        type=int,
        default=1000,
        help="objects drawn of a class; of a mix in the mean: in all N times the classes that have a share in it; default 1000",
    )
    options.add_argument("--years", type=float, default=2.0, help="simulated time; default 2")
    options.add_argument("--first", type=float, metavar="MJD", help="its begin; default 2020, of LSST 2026")
    options.add_argument("--seed", type=int, default=0, help="0 to 99999; the same seed, the same files")
    options.add_argument("--output", type=local_path, required=True, metavar="DIR", help="a new or empty directory")
    options.add_argument(
        "--mix",
        choices=get_args(Mix),
        help="balanced: as many of each of the classes below; natural: as a night's alerts; default balanced",
    )
    add_config(options)
    options.add_argument("--least", type=int, default=1, metavar="N", help="detections for a light curve; default 1")
    options.add_argument(
        "--forced", action="store_true", help="forced measurements, too, for ZTF; LSST always has them"
    )
    options.add_argument(
        "--faint", type=float, metavar="MAG", help="faintest maximum of a transient; default by survey"
    )
    options.add_argument("--tasks", type=int, default=os.cpu_count() or 1, help="processes; default all cores")
    return options


@verb("strix simulate lightcurves")
def main(arguments: list[str]) -> int:
    """Do what the command line says; the code that the process ends with.

    Parameters
    ----------
    arguments : list of str
        As typed behind `strix simulate lightcurves`.
    """
    given = parser().parse_args(arguments)
    if min(given.n, given.tasks, given.least) < 1 or given.years <= 0:
        raise ValueError("--n, --tasks and --least are 1 or more, --years more than 0")
    settings = settings_of(given, usual=Settings(mix="balanced"))
    plan = Plan(
        given.survey, class_names(given.classes), given.n, given.seed,
        FIRST[given.survey] if given.first is None else given.first, given.years,
        settings.mix, given.least, given.forced, given.faint, settings.depth, settings.cadence,
    )  # fmt: skip
    _tell_unused(plan)
    begin = time.monotonic()
    truth = simulate_light_curves(plan, given.output, given.tasks, _progress())
    seconds = time.monotonic() - begin
    seen = int(np.sum(np.asarray(truth["n_detections"]) >= plan.least))
    say(
        f"{counted(truth.num_rows, 'object')}, {seen:,} with a light curve, in {seconds:.1f} s "
        f"({60 * truth.num_rows / seconds:,.0f} a minute): {given.output}"
    )
    return OK


def _tell_unused(plan: Plan) -> None:
    """What of a mix does not hold beside classes that were typed."""
    if isinstance(plan.mix, str) or len(plan.classes) == len(CLASSES):
        return
    shared = {name for name, share in plan.mix if share > 0}
    typed = set(plan.classes)
    if left_out := sorted(shared - typed):
        complain(f"strix simulate lightcurves: not in --classes, so not used of the mix: {', '.join(left_out)}")
    if without := sorted(typed - shared):
        complain(f"strix simulate lightcurves: without a share in the mix, so none is drawn: {', '.join(without)}")


def _progress() -> Callable[[int, int], None]:
    last = [time.monotonic()]

    def told(done: int, total: int) -> None:
        if time.monotonic() - last[0] >= _EVERY:
            last[0] = time.monotonic()
            complain(f"strix simulate lightcurves: {done:,} of {total:,} objects")

    return told
