"""A training with its examples made on Spark, if the configuration names a master."""

from collections.abc import Callable, Sequence
from functools import partial
from typing import Any

from jobs.spark.session import session_for
from jobs.storage.lock import OutputLock
from jobs.training.config import TrainingConfig
from jobs.training.making import in_this_process
from jobs.training.result import Result
from jobs.training.run import train

JOB = "train"
NO_SPARK = "none"


def run_training(name: str, config: TrainingConfig, tell: Callable[[str], None]) -> Result:
    """Train; one training at a time in a folder.

    Parameters
    ----------
    name : str
        Of a trainable.
    config : TrainingConfig
    tell : callable
        Takes a line of progress.

    Raises
    ------
    ValueError, OutputInUse, EnvironmentProblem
        As `jobs.training.run.train`; if another training writes there; if Spark is wanted and there is no Java.
    """
    run_tasks = in_this_process if config.master == NO_SPARK else partial(_on_spark, config.master)
    with OutputLock(config.folder / "_lock", JOB):
        return train(name, config, tell, run_tasks)


def _on_spark(master: str, work: Callable[[tuple[int, str]], Any], pieces: Sequence[tuple[int, str]]) -> None:
    """Parts as tasks: every executor must see the folder of the run and the data under the same paths."""
    with session_for(JOB, master) as spark:
        spark.sparkContext.parallelize(pieces, len(pieces)).foreach(work)
