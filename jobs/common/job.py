"""What a job is: which sources it reads, which tables it writes, whether it scores alerts and publishes matches.

A job is declared in a file of its own at the top of `jobs` as `JOB`; command line, parser, replay, page and tables read it
from there, so that a new job is one file.
"""

import importlib
from dataclasses import dataclass
from functools import cache
from pathlib import Path

# Kinds of sources, as `jobs.launcher.sources` makes them from a configuration.
FILES, TOPICS, INGESTED, RAW_FILES = "files", "topics", "ingested", "raw_files"
RELEASE = "release"  # read by `jobs.launcher.reprocess`, partition by partition of the sky
_ALL = ("raw", "science", "cutouts")


@dataclass(frozen=True)
class Job:
    """A job's declaration.

    Attributes
    ----------
    name : str
        Its verb, and its file's name.
    doc : str
        What it does, in half a sentence.
    sources : tuple of str
        Kinds of sources that it can read; the first that fits the configuration is taken.
    tables : tuple of str
        Of raw, science, cutouts; `raw: false` and `cutouts: false` leave theirs out where `optional` has them.
    optional : tuple of str
        Tables that a configuration may leave out.
    science : bool
        Whether modules run, and filters with them.
    follows : str
        The job whose output it reads, if that is what it does.
    rescores : bool
        Whether `--again` scores nights in place.
    streams : bool
        Whether it is a query over packets, batch after batch (`jobs.cli.run`); else its verb is a file of its own.
    """

    name: str
    doc: str
    sources: tuple[str, ...]
    tables: tuple[str, ...]
    optional: tuple[str, ...] = ()
    science: bool = True
    follows: str = ""
    rescores: bool = False
    streams: bool = True

    @property
    def command(self) -> str:
        """The module whose `main` is its verb."""
        return "jobs.cli.run" if self.streams else f"jobs.cli.{self.name}"


def job_of(name: str) -> Job:
    """The declaration of a job.

    Parameters
    ----------
    name : str
        Such as `night`.

    Raises
    ------
    LookupError
        If there is no such job.
    """
    if name not in _declared():
        raise LookupError(f"no job {name!r}; the jobs are {', '.join(_declared())}")
    job = importlib.import_module(f"jobs.{name}").JOB
    assert isinstance(job, Job)
    return job


def all_jobs() -> list[Job]:
    """Every declared job, those that others follow first."""
    return sorted(map(job_of, _declared()), key=lambda each: (bool(each.follows), each.tables != _ALL, each.name))


@cache
def _declared() -> list[str]:
    """Files at the top of `jobs` that declare a job; others there are read for their text alone, not imported."""
    files = sorted(Path(__file__).parents[1].glob("*.py"))
    return [path.stem for path in files if "\nJOB = Job(" in path.read_text(encoding="utf-8")]
