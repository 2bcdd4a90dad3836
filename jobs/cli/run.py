"""Running a job from the command line: `strix night`, `spark-submit jobs/night.py`."""

import argparse
from collections.abc import Mapping, Sequence
from typing import Any

from jobs.audit.check import check_ledger
from jobs.audit.gaps import Gap
from jobs.cli import again
from jobs.cli.console import complain, say
from jobs.cli.frame import OK, UNBALANCED, Options, verb
from jobs.common.counting import counted
from jobs.common.job import Job
from jobs.config import add_options, load, overrides
from jobs.launcher.run import Outcome, run_job
from jobs.ledger.streams import StreamLedger
from jobs.ledger.volumes import Wanted
from jobs.pipeline.sources.files.names import HIDDEN
from jobs.pipeline.sources.files.passed_over import LOSSES
from jobs.streaming.last_words import tell

# Records of so many batches are held for the closing table.
MOST_BATCHES = 2000


def parser(job: Job) -> argparse.ArgumentParser:
    """The options of a job.

    Parameters
    ----------
    job : Job
        One that rescores has the options of `--again`, too.
    """
    options = Options(
        prog=f"strix {job.name}",
        description=f"{job.name}: {job.doc}.",
        epilog="exit code: 0 every packet is accounted for, 1 some are not or some of the input could not be read,"
        " 2 configuration, 3 environment, 4 output in use,"
        " 5 the job stopped on failures",
    )
    if job.rescores:
        again.add_options(options)
    add_options(options)
    return options


@verb("strix")
def main(job: Job, arguments: list[str] | None = None) -> int:
    """Run a job and print its closing table.

    Parameters
    ----------
    job : Job
        Which.
    arguments : list of str, optional
        As typed behind `strix <job>`; `sys.argv[1:]` if not given.

    Returns
    -------
    int
        0 only if every packet of the run is accounted for and all of the input could be read.
    """
    given = parser(job).parse_args(arguments)
    if job.rescores and again.is_asked(given):
        return again.run(given)
    return close(job, run_job(job, load(given.config, overrides(given))))


def close(job: Job, outcome: Outcome) -> int:
    """Print the closing table of a run and check the ledger of what it wrote.

    Parameters
    ----------
    job : Job
        The one that ran.
    outcome : Outcome
        As `run_job` gives it.

    Returns
    -------
    int
        UNBALANCED if a batch of the run does not add up or some of the input could not be read, else OK.
    """
    from jobs.cli.report import print_outcome

    ledger = StreamLedger(outcome.layout, outcome.stream)
    batches = ledger.next_batch()
    first = batches - outcome.status.batches
    checked = check_ledger(outcome.layout, since={outcome.stream: first})
    # With nothing new to read, the table is of what the stream has read before.
    since = first if outcome.status.batches else 0
    if batches - since > MOST_BATCHES:
        say(
            f"{job.name}: {counted(batches - since, 'batch', 'batches')}; the table is of the last {MOST_BATCHES:,},"
            " `strix ledger show` has all"
        )
        since = batches - MOST_BATCHES
    print_outcome(job, outcome, list(ledger.records(Wanted(since=since))), outcome.status.rate.whole_run())
    if checked.gaps:
        outcome.status.fail(
            f"some packets are not accounted for: {counted(len(checked.gaps), 'gap')} in the ledger,"
            f" the first: {checked.gaps[0]}"
        )
        tell(outcome.status)
    return max(say_gaps(checked.gaps), say_passed_over(outcome.status.more()))


def say_passed_over(told: Mapping[str, Any]) -> int:
    """What a source passed over, a line of stderr for each reason; the exit code.

    Hidden and temporary files are in the table and in `status.json` alone: their names say that they are not data.

    Parameters
    ----------
    told : mapping
        What the source reports for `status.json`: `passed_over`, `passed_over_examples`, `input_lost`; any may be absent.
    """
    counts = {reason: count for reason, count in told.get("passed_over", {}).items() if reason != HIDDEN}
    examples = told.get("passed_over_examples", {})
    for reason, count in sorted(counts.items(), key=lambda each: (each[0] not in LOSSES, each[0])):
        more = ", ..." if count > len(examples[reason]) else ""
        complain(f"strix: passed over {count} x {reason}: {', '.join(examples[reason])}{more}")
    if told.get("input_lost"):
        complain("strix: not all of the input could be read; make it readable and start the job again")
    return UNBALANCED if told.get("input_lost") else OK


def say_gaps(gaps: Sequence[Gap]) -> int:
    """Each gap of a ledger on a line of stderr; the exit code.

    Parameters
    ----------
    gaps : sequence of Gap
        As `check_ledger` finds them.
    """
    for gap in gaps:
        complain(f"ledger: {gap}")
    return UNBALANCED if gaps else OK
