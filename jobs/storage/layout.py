"""Where things are in an output directory."""

import os
from dataclasses import dataclass
from pathlib import Path

from jobs.storage.data_files import files_of_night, files_of_table, nights

TABLES = ("raw", "science", "cutouts", "quarantine")
UNKNOWN_NIGHT = "unknown"


@dataclass(frozen=True)
class Layout:
    """The paths of one output directory.

    Tables are `<table>/night=<YYYYMMDD>/<stream>-<batch>-<part>.parquet`; names that begin with `_` are not data.
    """

    root: Path

    @classmethod
    def of(cls, directory: str | Path) -> "Layout":
        """The output in a directory as a person names it; its root is absolute, links in it are not followed.

        Parameters
        ----------
        directory : str or pathlib.Path
            It need not exist.
        """
        return cls(Path(os.path.abspath(directory)))

    @property
    def staging(self) -> Path:
        """What is not committed; nobody reads it."""
        return self.root / "_staging"

    def batch_staging(self, stream: str, batch: int) -> Path:
        """The staged files of one batch.

        Parameters
        ----------
        stream : str
            Its id.
        batch : int
            Its number in the stream.
        """
        return self.staging / f"{stream}-{batch:09d}"

    @property
    def artefacts(self) -> Path:
        """The artefacts of a running job's modules, for its tasks."""
        return self.staging / "artefacts"

    @property
    def query(self) -> Path:
        """What a running job's driver and its query's planner tell one another."""
        return self.staging / "query"

    @property
    def ledger(self) -> Path:
        """One folder per stream, one file per batch."""
        return self.root / "ledger"

    @property
    def release_plan(self) -> Path:
        """How `strix reprocess` reads a data release; the records of its partitions lie beside it."""
        return self.root / "_reprocess" / "plan.json"

    @property
    def is_release(self) -> bool:
        """Whether stars of a data release are here, not alerts."""
        return self.release_plan.is_file()

    def stream_ledger(self, stream: str) -> Path:
        """The ledger of one stream.

        Parameters
        ----------
        stream : str
            Its id.
        """
        return self.ledger / f"stream={stream}"

    @property
    def lock(self) -> Path:
        """Held by the one writer."""
        return self.root / "_lock"

    @property
    def status(self) -> Path:
        """What the job did last, for people and monitors."""
        return self.root / "status.json"

    def checkpoint(self, job: str) -> Path:
        """Where a job's stream id is kept unless the configuration names another place.

        Parameters
        ----------
        job : str
            Its name.
        """
        return self.root / "_checkpoints" / job

    def log(self, job: str) -> Path:
        """The log file of a job.

        Parameters
        ----------
        job : str
            Its name.
        """
        return self.root / "_logs" / f"{job}.log"

    def table(self, name: str) -> Path:
        """The folder of one table.

        Parameters
        ----------
        name : str
            One of TABLES.
        """
        return self.root / name

    def nights(self, table: str) -> list[str]:
        """The nights that a table has, ascending, `unknown` last.

        Parameters
        ----------
        table : str
            Its name; one that is not there has none.
        """
        return nights(self.table(table))

    def files(self, table: str, night: str | int | None = None) -> list[Path]:
        """The data files of a night of a table, by name; without a night those of all, nights ascending.

        Parameters
        ----------
        table : str
            Its name; one that is not there has no files.
        night : str or int, optional
            YYYYMMDD or `unknown`.
        """
        folder = self.table(table)
        return files_of_table(folder) if night is None else files_of_night(folder, night)

    def nights_in_words(self, table: str) -> str:
        """How many nights a table has, from when to when; empty if it has none.

        Parameters
        ----------
        table : str
            Its name.
        """
        there = self.nights(table)
        return f"{len(there)} nights, {there[0]} to {there[-1]}" if there else ""

    def published(self, table: str, night: str, stream: str, batch: int, part: int) -> Path:
        """The final name of a data file.

        Parameters
        ----------
        table : str
            Its name.
        night : str
            YYYYMMDD or `unknown`.
        stream : str
            Id of the stream that writes it.
        batch : int
            Its number in the stream.
        part : int
            From 0: a batch has several files of a table and night.
        """
        return self.table(table) / f"night={night}" / f"{stream}-{batch:09d}-{part:04d}.parquet"


def batch_of(name: str) -> tuple[str, int]:
    """Stream and batch of a data file that a batch wrote, from its name.

    Parameters
    ----------
    name : str
        As `Layout.published` makes it, with or without folders.

    Raises
    ------
    ValueError
        If it is none of those.
    """
    stream, batch, _ = Path(name).stem.rsplit("-", 2)
    return stream, int(batch)
