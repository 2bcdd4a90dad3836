"""A night of simulated packets of all classes: `strix simulate night --survey lsst --alerts 20000 --seed 7 --output DIR`."""

import argparse
from collections.abc import Sequence
from typing import get_args

from jobs.cli.console import pour, show_progress
from jobs.cli.dates import date_of
from jobs.cli.frame import OK, Options, verb
from jobs.cli.simulate_settings import add_config, settings_of
from jobs.common.counting import counted
from jobs.common.local_paths import local_path
from jobs.simulation import Layout
from jobs.simulation.lsst.maker import deep_maker
from jobs.simulation.lsst.maker import maker_of as lsst
from jobs.simulation.maker import Maker
from jobs.simulation.mix import Mix
from jobs.simulation.settings import Settings
from jobs.simulation.sky_night import simulate_night
from jobs.simulation.visits import SURVEYS
from jobs.simulation.visits.altered import altered
from jobs.simulation.ztf.maker import maker_of as ztf
from jobs.simulation.ztf.schemas import Version


def parser() -> Options:
    """The options of the verb."""
    options = Options(prog="strix simulate night", description=__doc__)
    options.add_argument("--output", type=local_path, required=True, help="a new or empty directory")
    options.add_argument("--survey", choices=sorted(SURVEYS), default="ztf", help="default ztf")
    options.add_argument("--alerts", type=int, default=2000, help="how many; default 2000")
    options.add_argument("--seed", type=int, default=0, help="0 to 99999; another seed, another sky")
    options.add_argument(
        "--date", type=date_of, help="the night, YYYYMMDD; if not given, a clear one in 2024, of LSST in 2026"
    )
    options.add_argument(
        "--mix",
        choices=get_args(Mix),
        help="natural: as a night of ZTF; balanced: the five stamp classes (SN, VS, AGN, asteroid, bogus) alike; "
        "default natural",
    )
    add_config(options)
    options.add_argument(
        "--history", type=int, metavar="N", help="LSST: objects of deep fields with N detections before; 1000: 400 kB"
    )
    options.add_argument("--schema", choices=get_args(Version), help="ZTF: default 3.3; 4.02 has forced photometry")
    options.add_argument("--layout", choices=get_args(Layout), default="containers")
    options.add_argument("--per-file", type=int, default=100, help="packets per container")
    options.add_argument("--workers", type=int, help="processes; as many as cores if not given")
    return options


@verb("strix simulate night")
def main(argv: Sequence[str]) -> int:
    """Write the night and say what is in it.

    Parameters
    ----------
    argv : sequence of str
        The arguments after `night`.
    """
    given = parser().parse_args(argv)
    settings = settings_of(given)
    counts = simulate_night(
        _maker(given, settings), given.output, given.alerts, given.seed, given.date, settings.mix, given.layout, given.per_file,
        given.workers, tell=_tell,
    )  # fmt: skip
    classes = ", ".join(f"{count} {name}" for name, count in counts.most_common())
    pour(f"{sum(counts.values())} simulated alerts in {given.output}: {classes}\n")
    return OK


def _maker(given: argparse.Namespace, settings: Settings) -> Maker:
    survey = altered(SURVEYS[given.survey], settings.depth, settings.cadence)
    if given.schema is not None:
        if given.survey != "ztf" or given.history is not None:
            raise ValueError(f"--schema is of --survey ztf; got {given.schema} of {given.survey}")
        return ztf(given.schema, survey)
    if given.history is None:
        return ztf(survey=survey) if given.survey == "ztf" else lsst(survey)
    if given.survey != "lsst" or given.history < 1:
        raise ValueError(f"--history is 1 or more, and of --survey lsst; got {given.history} of {given.survey}")
    return deep_maker(given.history)


def _tell(made: int) -> None:
    show_progress(counted(made, "alert"))
