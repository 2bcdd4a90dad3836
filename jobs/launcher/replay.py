"""Replaying what was refused: entries of quarantine through the job that refused them, in a stream of their own."""

from collections.abc import Sequence

from pyspark.sql import SparkSession

from jobs.config import JobConfig
from jobs.launcher.run import Outcome, run_job
from jobs.ledger.quarantine import Entry
from jobs.pipeline.sources.archive.quarantine_entries import QuarantineSource
from jobs.storage.layout import Layout


def replay(
    chosen: Sequence[Entry], config: JobConfig, modules_given: bool = False, spark: SparkSession | None = None
) -> list[Outcome]:
    """Read entries again and write what can be read now to the tables of the job that refused them.

    An entry is read again once in its life; what fails again is refused again, as an entry of its own with the origin
    `quarantine:<id>`. The entries themselves stay as they are.

    Parameters
    ----------
    chosen : sequence of Entry
        Entries that were replayed before are left out.
    config : JobConfig
        Of the job that refused them; its output is the output that holds them.
    modules_given : bool
        Whether `config` names the modules; otherwise those of the batch that refused an entry run again.
    spark : SparkSession, optional
        A session to run in; one of its own is started, and stopped at the end, otherwise.

    Returns
    -------
    list of Outcome
        One per kind of batch (job and tables) that refused the entries; usually one.

    Raises
    ------
    What run_job raises.
    """
    layout = Layout.of(config.tables.output)
    tasks = config.spark.tasks_per_batch
    groups: dict[tuple[str, tuple[str, ...], tuple[str, ...]], list[Entry]] = {}
    for entry in chosen:
        if not entry.replayed:
            modules = config.science.modules if modules_given else entry.modules
            groups.setdefault((entry.job, entry.tables, modules), []).append(entry)
    return [
        run_job(job, _config(config, layout, job, tables, modules), spark, QuarantineSource(layout, own, tasks))
        for (job, tables, modules), own in groups.items()
    ]


def _config(
    config: JobConfig, layout: Layout, job: str, tables: tuple[str, ...], modules: tuple[str, ...]
) -> JobConfig:
    """The job's configuration with a stream of the replays' own, the tables that the batch wrote, and an end."""
    checkpoint = str(layout.checkpoint(f"replay-{job}"))
    given = config.but(checkpoint=checkpoint, append=True, trigger="available_now", input=(), topics=())
    return given.but(raw="raw" in tables, cutouts="cutouts" in tables, modules=modules)
