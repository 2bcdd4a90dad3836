"""A simulated survey on Spark: a task makes bundles; what is done stays done."""

import json
import shutil
import threading
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from functools import partial
from pathlib import Path

import pyarrow.parquet as pq
from pyspark.sql import SparkSession

from jobs.labels.table import SCHEMA
from jobs.simulation.survey.bundle import DONE, TRUTH_OF_OBJECTS, WORK, write_bundle
from jobs.simulation.survey.plan import Plan
from jobs.simulation.tables.labels import label_table
from jobs.storage.data_files import files_of_folder
from jobs.storage.lock import OutputLock
from jobs.storage.writing import replacing

PLAN, LABELS = "_truth/simulation.json", "_truth/labels.parquet"
_EVERY_S = 5.0
Told = Callable[[int, int], None]


@dataclass(frozen=True)
class Simulated:
    """What the survey holds.

    Attributes
    ----------
    objects : int
    alerts : collections.Counter
        By class.
    """

    objects: int
    alerts: Counter[str]


def simulate_survey(spark: SparkSession, plan: Plan, output: Path, partitions: int | None, told: Told) -> Simulated:
    """Make what is not done yet of a survey.

    Parameters
    ----------
    spark : SparkSession
    plan : Plan
    output : Path
        New, or of the same plan. `<night>/*.avro`; `_truth/objects/` and `_truth/alerts/` with a Parquet file a bundle;
        `_truth/labels.parquet`, of objects with a detection; every executor must see it under this path.
    partitions : int, optional
        Tasks; a bundle each if not given. The files do not depend on it.
    told : callable
        Called with bundles done and bundles in all, every few seconds.

    Raises
    ------
    FileExistsError
        If the directory holds something else.
    """
    output = output.absolute()
    _claim(plan, output)
    with OutputLock(output / "_lock", "simulate survey"):
        shutil.rmtree(output / WORK, ignore_errors=True)  # of a run that was killed
        left = [bundle for bundle in range(plan.bundles) if not (output / DONE / f"{bundle:05d}.json").exists()]
        if left:
            with _telling(output, plan.bundles, told):
                task = partial(write_bundle, plan, output)
                spark.sparkContext.parallelize(left, partitions or len(left)).foreach(task)
        shutil.rmtree(output / WORK, ignore_errors=True)
        _write_labels(plan, output)
    return _counted(plan, output)


def _claim(plan: Plan, output: Path) -> None:
    wanted = json.dumps(asdict(plan), indent=1) + "\n"
    path = output / PLAN
    if path.exists():
        if path.read_text() != wanted:
            raise FileExistsError(f"{output} holds another simulated survey, {path} says which; name a new directory")
        return
    if output.is_dir() and any(output.iterdir()):
        raise FileExistsError(f"{output} is not empty; simulate into a new directory")
    path.parent.mkdir(parents=True)
    path.write_text(wanted)


@contextmanager
def _telling(output: Path, total: int, told: Told) -> Iterator[None]:
    """Tell every few seconds how many marks there are."""
    over = threading.Event()

    def tell() -> None:
        while not over.wait(_EVERY_S):
            told(sum(1 for _ in (output / DONE).glob("*.json")), total)

    teller = threading.Thread(target=tell, daemon=True)
    teller.start()
    try:
        yield
    finally:
        over.set()
        teller.join()


def _write_labels(plan: Plan, output: Path) -> None:
    """Labels of the objects that were detected, a bundle at a time."""
    with replacing(output / LABELS) as part, pq.ParquetWriter(part, SCHEMA, compression="zstd") as writer:
        for path in files_of_folder(output / TRUTH_OF_OBJECTS):
            truth = pq.read_table(path, filters=[("n_detections", ">", 0)])
            writer.write_table(label_table(truth, plan.seed, "survey"))


def _counted(plan: Plan, output: Path) -> Simulated:
    objects, alerts = 0, Counter[str]()
    for bundle in range(plan.bundles):
        made = json.loads((output / DONE / f"{bundle:05d}.json").read_text())
        objects += made["objects"]
        alerts.update(made["alerts"])
    return Simulated(objects, alerts)
