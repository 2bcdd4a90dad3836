"""A night of simulated packets of all classes: `strix simulate night --survey ztf --alerts 20000 --seed 7 --output DIR`."""

from collections.abc import Sequence
from datetime import datetime
from typing import get_args

from jobs.cli.console import pour, show_progress
from jobs.cli.frame import OK, Options, verb
from jobs.common.local_paths import local_path
from jobs.simulation import Layout
from jobs.simulation.ztf.mix import Mix
from jobs.simulation.ztf.night import NIGHT, simulate_night


@verb("strix simulate night")
def main(argv: Sequence[str]) -> int:
    """Write the night and say what is in it.

    Parameters
    ----------
    argv : sequence of str
        The arguments after `night`.
    """
    parser = Options(prog="strix simulate night", description=__doc__)
    parser.add_argument("--output", type=local_path, required=True, help="a new or empty directory")
    parser.add_argument("--survey", choices=("ztf",), default="ztf")
    parser.add_argument("--alerts", type=int, default=2000, help="how many")
    parser.add_argument("--seed", type=int, default=0, help="0 to 99999; another seed, another sky")
    parser.add_argument("--date", type=_date, default=NIGHT, help="the night's UTC date, YYYYMMDD")
    parser.add_argument("--mix", choices=get_args(Mix), default="natural", help="as in the survey, or classes alike")
    parser.add_argument("--layout", choices=get_args(Layout), default="containers")
    parser.add_argument("--per-file", type=int, default=100, help="packets per container")
    parser.add_argument("--workers", type=int, help="processes; as many as cores if not given")
    options = parser.parse_args(argv)
    counts = simulate_night(
        options.output, options.alerts, options.seed, options.date, options.mix, options.layout, options.per_file,
        options.workers, tell=_tell,
    )  # fmt: skip
    classes = ", ".join(f"{count} {name}" for name, count in counts.most_common())
    pour(f"{sum(counts.values())} simulated alerts in {options.output}: {classes}\n")
    return OK


def _date(text: str) -> int:
    datetime.strptime(text, "%Y%m%d")  # ValueError: argparse says so
    return int(text)


def _tell(made: int) -> None:
    show_progress(f"{made} alerts")
