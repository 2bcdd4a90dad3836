"""Running a job from the command line: `strix night`, `spark-submit jobs/night.py`."""

import argparse
import sys

from py4j.protocol import Py4JError
from pyspark.errors import PySparkException
from rich.console import Console

from jobs.config import ConfigError, add_options, load, overrides
from jobs.corridor.batch import TooManyFailures
from jobs.corridor.ledger import LedgerError, StreamLedger
from jobs.corridor.ledger_check import check_ledger
from jobs.corridor.lock import OutputInUse
from jobs.corridor.sources.ranges import InputChanged, ServiceAway, ServiceRefused
from jobs.job import run_job
from jobs.models import ArtefactError
from jobs.session import EnvironmentProblem
from science_modules.registry import ResolveError, UnknownModule

OK, UNBALANCED, USAGE, ENVIRONMENT, IN_USE, FAILED = 0, 1, 2, 3, 4, 5

DESCRIPTIONS = {
    "night": "packets to raw, science and cutouts in one pass",
    "ingest": "packets to raw and ledger",
    "enrich": "raw packets to science, following the ledger of ingest",
}


def parser(job: str) -> argparse.ArgumentParser:
    """The options of a job."""
    options = argparse.ArgumentParser(
        prog=f"strix {job}",
        description=f"{job}: {DESCRIPTIONS[job]}.",
        epilog="exit code: 0 the ledger balances, 1 it does not, 2 configuration, 3 environment, 4 output in use,"
        " 5 the job stopped on failures",
    )
    add_options(options)
    return options


def main(job: str, arguments: list[str] | None = None) -> int:
    """Run a job and print its closing table.

    Returns
    -------
    int
        0 only if the ledger of what the run wrote balances.
    """
    given = parser(job).parse_args(arguments)
    try:
        return _run(job, given)
    except (ConfigError, UnknownModule, ResolveError) as error:
        return _say(error, USAGE)
    except OutputInUse as error:
        return _say(error, IN_USE)
    except (EnvironmentProblem, LedgerError, ArtefactError, InputChanged, ServiceAway, ServiceRefused) as error:
        return _say(error, ENVIRONMENT)
    except TooManyFailures as error:
        return _say(error, FAILED)
    except (PySparkException, Py4JError, ConnectionError) as error:
        return _say(f"Spark gave up, the batch in hand is not sealed; start the job again to go on\n{error}", FAILED)
    except ValueError as error:
        return _say(error, USAGE)


def _run(job: str, given: argparse.Namespace) -> int:
    from jobs.cli.report import print_outcome

    config = load(given.config, overrides(given))
    outcome = run_job(job, config)
    ledger = StreamLedger(outcome.layout, outcome.stream)
    first = len(ledger.sealed()) - outcome.status.batches
    checked = check_ledger(outcome.layout, since={outcome.stream: first})
    # With nothing new to read, the table is of all that the stream has read before.
    records = [ledger.read(batch) for batch in ledger.sealed()[first if outcome.status.batches else 0 :]]
    print_outcome(job, outcome, records, outcome.status.rate())
    for gap in checked.gaps:
        Console(stderr=True).print(f"[red]ledger:[/red] {gap}", highlight=False)
    return UNBALANCED if checked.gaps else OK


def _say(error: BaseException | str, code: int) -> int:
    sys.stderr.write(f"strix: {error}\n")
    return code
