"""What one task of a micro-batch is given: little to pickle, and little to load for the planner that makes it."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING

from pyspark.sql.datasource import InputPartition

from jobs.packets.ranges import Range
from jobs.pipeline.batch.spec import BatchSpec
from jobs.pipeline.sources.tasks import Reader

if TYPE_CHECKING:
    from jobs.pipeline.batch.stage import Stage


@dataclass
class Work(InputPartition):
    """What one task reads, and how it works on it.

    Attributes
    ----------
    run : str
        A uuid of the driver's start.
    directory : str
        The batch's folder under `_staging/`.
    now_mjd : float
        When the batch was planned, MJD TAI.
    environment : mapping
        The driver's programs.
    """

    spec: BatchSpec
    run: str
    directory: str
    now_mjd: float
    reader: Reader
    environment: Mapping[str, str]
    ranges: list[Range]

    def stage(self) -> "Stage":
        """What works on the ranges, in the worker."""
        from jobs.pipeline.batch.stage import Stage
        from jobs.pipeline.enrichment.one_pass import PassOptions

        spec = self.spec
        options = PassOptions(spec.surveys, spec.schemas, spec.modules, self.now_mjd, spec.on_error)
        how = (spec.tables, options, spec.limits, self.reader, spec.artefacts, self.environment)
        return Stage(self.run, self.directory, *how)
