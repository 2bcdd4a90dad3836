"""`strix simulate survey --survey ztf --nights 365 --objects 100000 --seed 7 --output DIR`: nights of the same objects, on Spark.

Histories grow from night to night. DIR/<night> is the input of a night; stopped and started again, it goes on."""

import time
from collections.abc import Callable
from typing import get_args

from jobs.cli.console import complain, say
from jobs.cli.dates import date_of
from jobs.cli.frame import OK, Options, verb
from jobs.cli.simulate_settings import add_config, settings_of
from jobs.common.counting import counted
from jobs.common.local_paths import local_path
from jobs.simulation.mix import Mix
from jobs.simulation.survey.plan import Plan
from jobs.simulation.survey.surveys import NIGHTS


def parser() -> Options:
    """The options of the verb."""
    options = Options(prog="strix simulate survey", description=__doc__)
    options.add_argument("--survey", choices=sorted(NIGHTS), default="ztf", help="default ztf")
    options.add_argument("--nights", type=int, default=365, help="default 365")
    options.add_argument("--date", type=date_of, help="the first night, YYYYMMDD; default 2020, of LSST 2026")
    options.add_argument("--objects", type=int, default=10_000, metavar="N", help="of all classes; default 10000")
    options.add_argument("--seed", type=int, default=0, help="0 to 99999; the same seed, the same files")
    options.add_argument("--output", type=local_path, required=True, metavar="DIR", help="new, or to go on with")
    options.add_argument(
        "--mix",
        choices=get_args(Mix),
        help="of objects: natural, as a night's alerts, or balanced, the five stamp classes alike; default natural",
    )
    add_config(options)
    options.add_argument("--cutouts", choices=("true", "false"), default="true", help="false: packets of a tenth")
    options.add_argument("--master", metavar="URL", help="Spark's; default: all cores here, or spark-submit's")
    options.add_argument("--partitions", type=int, metavar="N", help="tasks; default: one for each bundle of objects")
    return options


@verb("strix simulate survey")
def main(arguments: list[str]) -> int:
    """Do what the command line says; the code that the process ends with.

    Parameters
    ----------
    arguments : list of str
        As typed behind `strix simulate survey`.
    """
    from jobs.launcher.survey_simulation import simulate_survey
    from jobs.spark.session import session_for

    given = parser().parse_args(arguments)
    if given.partitions is not None and given.partitions < 1:
        raise ValueError(f"--partitions is 1 or more, got {given.partitions}")
    survey = NIGHTS[given.survey]
    first = survey.maker.begin(given.date or survey.first_date)
    settings = settings_of(given)
    plan = Plan(
        given.survey, given.objects, given.nights, given.seed, first, settings.mix, given.cutouts == "true",
        settings.depth, settings.cadence,
    )  # fmt: skip
    begin = time.monotonic()
    with session_for("simulate survey", given.master or "local") as spark:
        made = simulate_survey(spark, plan, given.output, given.partitions, _progress(begin))
    classes = ", ".join(f"{count:,} {name}" for name, count in made.alerts.most_common())
    say(f"{counted(made.alerts.total(), 'alert')} of {made.objects:,} objects in {given.output}: {classes}")
    return OK


def _progress(begin: float) -> Callable[[int, int], None]:
    before: list[int] = []  # bundles that an earlier run had done

    def told(done: int, total: int) -> None:
        before.append(done)
        new = done - before[0]
        left = f", {(time.monotonic() - begin) / new * (total - done):,.0f} s left" if new else ""
        complain(f"strix simulate survey: {done:,} of {total:,} bundles{left}")

    return told
