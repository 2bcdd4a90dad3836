"""`strix reprocess`: a data release through the science modules."""

import shlex
from argparse import Namespace
from collections import Counter
from typing import Any

import pyarrow.parquet as pq
from rich.table import Table

from jobs.cli.console import Console, complain, styled
from jobs.cli.frame import OK, UNBALANCED, Options, verb
from jobs.common.counting import counted
from jobs.config import add_options, overrides
from jobs.config.job_config import load_as
from jobs.config.reprocess import ReprocessConfig
from jobs.launcher.reprocess import Reprocessed, reprocess
from jobs.releases.records import CORRECTED, DONE, LEFT, QUARANTINED, WITHOUT_LIGHT_CURVES

_ANSWERED = "answered"


def parser() -> Options:
    """The options: every key of the configuration."""
    options = Options(
        prog="strix reprocess",
        description="A data release (years of light curves) through the science modules of the stream, by partitions of the"
        " sky. A run that was killed goes on where it was when it is started again.",
        epilog="exit code: 0 all was read, 1 a file or a partition could not be, 2 configuration, 3 environment,"
        " 4 output in use, 5 the run stopped on failures",
    )
    add_options(options, ReprocessConfig)
    options.add_argument("--fmax", metavar="FMAX", help="1/d; short for --options period.fmax=FMAX")
    return options


@verb("strix reprocess")
def main(arguments: list[str] | None = None) -> int:
    """Run it and say what became of the release.

    Parameters
    ----------
    arguments : list of str, optional
        As typed behind `strix reprocess`; `sys.argv[1:]` if not given.

    Returns
    -------
    int
        UNBALANCED if a file or a partition could not be read, else OK.
    """
    given = parser().parse_args(arguments)
    config = load_as(ReprocessConfig, given.config, _overrides(given))
    outcome = reprocess(config, tell=lambda line: complain(f"reprocess: {line}"))
    print_outcome(outcome, Console())
    return say_losses(outcome)


def _overrides(given: Namespace) -> dict[str, Any]:
    told = overrides(given, ReprocessConfig)
    if given.fmax is not None:
        told["options"] = {**told.get("options", {}), "period.fmax": given.fmax}
    return told


def print_outcome(outcome: Reprocessed, out: Console) -> None:
    """The closing table.

    Parameters
    ----------
    outcome : Reprocessed
        What a run gave.
    out : Console
        Where it is printed.
    """
    made = [each for each in outcome.records.values() if each["state"] == DONE]
    stars, told = sum(each["stars"] for each in made), _by_module(made)
    out.print(_table(outcome, made, stars, told))
    for line in _silent(told, stars):
        out.print(styled(line, "bold"), soft_wrap=True)
    for name, problem in outcome.left_out.items():
        out.print(f"{name} was left out: {problem}", soft_wrap=True)
    if made:
        out.print("next:")
    for command in _next(outcome, made):
        out.print(f"  {command}", soft_wrap=True)


def _table(outcome: Reprocessed, made: list[dict[str, Any]], stars: int, told: dict[str, "Counter[str]"]) -> Table:
    table = Table(title="strix reprocess", title_justify="left")
    for name in ("", "count", "told"):
        table.add_column(name, justify="right" if name == "count" else "left")
    before = f"{outcome.done_before:,} by an earlier run" if outcome.done_before else ""
    table.add_row("partitions", f"{len(made):,}", before)
    table.add_row("stars", f"{stars:,}", counted(sum(each["points"] for each in made), "point"))
    for reason, count in sum((Counter(each["refused"]) for each in made), Counter()).most_common():
        table.add_row("refused", f"{count:,}", reason)
    if outcome.plan.asked.get("baseline") is not None:
        table.add_row("baseline", *_baselines(made))
    for module, said in told.items():
        table.add_row(module, f"{said[_ANSWERED]:,}", _ANSWERED)
        for reason, count in _reasons(said)[:3]:
            table.add_row("", f"{count:,}", reason)
    return table


def _reasons(said: "Counter[str]") -> list[tuple[str, int]]:
    """Why a module had no answer, the most frequent reason first."""
    return [(reason, count) for reason, count in said.most_common() if reason != _ANSWERED]


def _silent(told: dict[str, "Counter[str]"], stars: int) -> list[str]:
    """A line for each module that answered nothing."""
    silent = [(name, _reasons(said)) for name, said in told.items() if stars and not said[_ANSWERED]]
    return [
        f"{name} answered nothing: 0 of {counted(stars, 'star')}; most frequent reason: {reasons[0][0]} ({reasons[0][1]:,})"
        for name, reasons in silent
    ]


def _next(outcome: Reprocessed, made: list[dict[str, Any]]) -> list[str]:
    """What to type, of a star that is there; those that show a light curve, if the output has them."""
    output = shlex.quote(str(outcome.run.layout.root))
    found = [f"strix export {output} -o release.parquet"]
    filled = [each["partition"] for each in made if each["stars"]]
    if not filled or outcome.plan.asked.get(WITHOUT_LIGHT_CURVES):
        return found
    file = pq.ParquetFile(outcome.run.table(filled[0]))
    star = next(file.iter_batches(1, columns=["object_id", "ra", "dec"])).to_pylist()[0]
    found.append(f"strix show {shlex.quote(star['object_id'])} --data {output} -o star.png")
    if star["ra"] is not None and star["dec"] is not None:
        found.append(f"strix get cone {star['ra']:.5f} {star['dec']:.5f} 30arcsec --store {output}")
    return found


def _baselines(made: list[dict[str, Any]]) -> tuple[str, str]:
    points = sum((Counter(each["baseline"]) for each in made), Counter())
    told = "points with it subtracted"
    if points[LEFT]:
        told += f"; {points[LEFT]:,} are as they were (release.no_baseline says why)"
    return f"{points[CORRECTED]:,}", told


def _by_module(made: list[dict[str, dict[str, dict[str, int]]]]) -> dict[str, "Counter[str]"]:
    found: dict[str, Counter[str]] = {}
    for each in made:
        for name, told in each["modules"].items():
            found.setdefault(name, Counter()).update(told)
    return found


def say_losses(outcome: Reprocessed) -> int:
    """Files and partitions that could not be read, a line of stderr for each; the exit code.

    Parameters
    ----------
    outcome : Reprocessed
        What a run gave.
    """
    for file in outcome.plan.refused:
        complain(f"reprocess: {file['file']}: {file['reason']}: {file['message']}")
    if not outcome.plan.partitions:
        pixels = ", ".join(outcome.plan.asked["healpix"])
        complain(f"reprocess: the files that can be read have no object{f' in HEALPix {pixels}' if pixels else ''}")
    lost = [each for each in outcome.records.values() if each["state"] == QUARANTINED]
    for each in lost:
        complain(f"reprocess: partition {each['partition']} is quarantined: {each['message']}")
    if lost:
        complain("reprocess: --retry reads quarantined partitions again")
    return UNBALANCED if lost or outcome.plan.refused else OK
