"""`strix <verb>`: every job and look-up from one command; a verb's code is loaded when it is called."""

import importlib
import sys
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from jobs.cli.console import complain, pour
from jobs.common.job import Job, all_jobs
from jobs.common.search_path import SearchPathProblem
from jobs.common.typed_names import did_you_mean

INTERRUPTED = 130
Main = Callable[[list[str]], int]


@dataclass(frozen=True)
class Verb:
    """A verb of the command line: what it does, and the module whose `main(arguments)` does it."""

    does: str
    module: str
    job: Job | None = None

    def main(self) -> Main:
        """The function that does it."""
        main = importlib.import_module(self.module).main
        return (lambda arguments: int(main(self.job, arguments))) if self.job else main


VERBS = {
    **{job.name: Verb(job.doc, job.command, job if job.streams else None) for job in all_jobs()},
    "train": Verb("a model from labelled data, with its card", "jobs.cli.train"),
    "simulate": Verb("write a simulated night of packets", "jobs.cli.simulate"),
    "get": Verb("look up objects, alerts, positions and lists in HBase or an archive", "jobs.cli.get"),
    "show": Verb("one alert or object as a picture and in words", "jobs.cli.show"),
    "scores": Verb("the objects with the highest scores, as a table, CSV, JSON or VOTable", "jobs.cli.scores"),
    "evaluate": Verb("how good a classifier is on labelled alerts, on one page", "jobs.cli.evaluate"),
    "compare": Verb("two runs, output by output: what changed, by how much", "jobs.cli.compare"),
    "sheet": Verb("a contact sheet of the alerts that stand out", "jobs.cli.sheet"),
    "report": Verb("a night on one page, readable offline", "jobs.cli.report_page"),
    "columns": Verb("what every column means, with type and unit", "jobs.cli.columns"),
    "export": Verb("alerts as one flat file: FITS, VOTable, CSV, Parquet or ECSV", "jobs.cli.export"),
    "module": Verb("list, show or begin a science module", "jobs.cli.module"),
    "models": Verb("add published weights", "jobs.cli.models"),
    "ledger": Verb("check that every alert is accounted for", "jobs.cli.ledger"),
    "quarantine": Verb("list, show or replay what was refused", "jobs.cli.quarantine"),
    "compact": Verb("merge the small files of closed nights", "jobs.cli.compact"),
    "prune": Verb("remove packets and stamps of old nights", "jobs.cli.prune"),
    "listen": Verb("show or save the matches of a filter's topic as they arrive", "jobs.cli.listen"),
    "replay": Verb("feed packets from files into a topic, as a survey's broker would", "jobs.cli.replay"),
    "services": Verb("start and stop a real Kafka on this machine, make topics", "jobs.cli.services"),
    "store": Verb("the tables in HBase: make, check, fill from an archive, verify, expire", "jobs.cli.store"),
    "stream": Verb("how a stream does; move it to other offsets", "jobs.cli.stream"),
    "filter": Verb("check, try, list or begin a filter", "jobs.cli.filter"),
    "bench": Verb("measure where the time goes on this machine", "jobs.cli.bench"),
    "doctor": Verb("check everything that a job needs", "jobs.cli.doctor"),
}


def usage() -> str:
    """The verbs, one line each."""
    lines = [f"  {name:<12}{verb.does}" for name, verb in VERBS.items()]
    return "\n".join(["usage: strix VERB ...; `strix VERB --help` says more", "", *lines, ""])


def main(arguments: Sequence[str] | None = None) -> int:
    """Run a verb; 2 for one that does not exist.

    Parameters
    ----------
    arguments : sequence of str, optional
        The verb and what stands behind it; `sys.argv[1:]` if not given.
    """
    given = list(sys.argv[1:] if arguments is None else arguments)
    if not given or given[0] in ("-h", "--help", "help"):
        pour(usage())
        return 0 if given else 2
    if given[0] not in VERBS:
        hint = did_you_mean(given[0], VERBS)
        complain(f"strix: no verb {given[0]!r}{hint}; the verbs are {', '.join(VERBS)}")
        return 2
    try:
        return VERBS[given[0]].main()(given[1:])
    except SearchPathProblem as problem:  # of $STRIX_SURVEY_PATH, which is read where the surveys are listed
        complain(f"strix: {problem}")
        return 2
    except KeyboardInterrupt:  # Ctrl-C where nothing needs an orderly end
        complain("strix: interrupted")
        return INTERRUPTED


if __name__ == "__main__":
    sys.exit(main())
