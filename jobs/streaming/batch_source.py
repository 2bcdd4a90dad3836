"""The second row kind of Strix's data source: one row per task, the manifest of the files that it has staged.

Spark makes it in a process of its own and pickles it: what is heavy is imported where it is used. For jobs only; alerts
as rows are `jobs.spark.source`.
"""

import os
import sys
from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING, Any

from pyspark.sql.datasource import DataSource, DataSourceStreamReader, InputPartition
from pyspark.sql.types import StructType

if TYPE_CHECKING:
    import pyarrow as pa

    from jobs.streaming.planning import Planner

FORMAT = "strix_batches"
FOLDER, MODULES = "folder", "modules"


class BatchSource(DataSource):
    """The batches of a stream; option `folder` is where the driver and the planner exchange what they know, `modules`
    names the science modules."""

    @classmethod
    def name(cls) -> str:
        """The format's name."""
        return FORMAT

    def schema(self) -> str:
        """One row per task: `staging.manifest_schema` in Spark's words, for a process that loads nothing else."""
        seconds = ", ".join(f"{module}: double" for module in self.options[MODULES].split())
        taken = f", seconds struct<{seconds}>" if seconds else ""
        return f"manifest string, ids binary, read bigint, decoded bigint, quarantined bigint{taken}"

    def streamReader(self, schema: StructType) -> "BatchStream":  # noqa: N802 - Spark's name
        """For `spark.readStream`.

        Parameters
        ----------
        schema : pyspark.sql.types.StructType
            Not used: it is the source's own.
        """
        del schema
        return BatchStream(self.options[FOLDER])


class BatchStream(DataSourceStreamReader):
    """One plan of the ledger per micro-batch; an offset is the number of a plan.

    Parameters
    ----------
    folder : str
        Of the exchange between driver and planner.
    """

    def __init__(self, folder: str) -> None:
        self.folder = folder
        self._planner: Planner | None = None

    def initialOffset(self) -> dict[str, Any]:  # noqa: N802 - Spark's name
        """The first batch that is not closed."""
        return {"plan": self._plans().position}

    def latestOffset(self, start: Any = None, limit: Any = None) -> dict[str, Any]:  # noqa: N802 - Spark's name
        """The end of the next batch, planned now unless it was before; the same offset if there is nothing to read.

        The ledger says where the stream is; Spark 4.1 calls this without arguments.

        Parameters
        ----------
        start, limit : any
            Not used.
        """
        del start, limit
        plans = self._plans()
        offset = {"plan": plans.advance()}
        if plans.ended and _is_planner():
            # Spark may have closed the connection before this is written: PySpark would say so in a page of its own.
            os.dup2(os.open(os.devnull, os.O_WRONLY), 2)
        return offset

    def partitions(self, start: dict[str, Any], end: dict[str, Any]) -> Sequence[InputPartition]:
        """The tasks of a batch.

        Parameters
        ----------
        start, end : dict
            Offsets, as `latestOffset` gave them.

        Returns
        -------
        sequence of Work
            None if the batch is sealed.
        """
        return self._plans().works(start["plan"], end["plan"])

    def commit(self, end: dict[str, Any]) -> None:
        """Nothing: it comes one batch late, and never for the last.

        Parameters
        ----------
        end : dict
            Not used.
        """

    def read(self, partition: InputPartition) -> "Iterator[pa.RecordBatch]":
        """In a task: read, decode, enrich, and write staged files.

        Parameters
        ----------
        partition : Work
            One of `partitions`.

        Yields
        ------
        pyarrow.RecordBatch
            The task's manifest, one row.
        """
        from jobs.streaming.work import Work

        assert isinstance(partition, Work)
        yield from partition.stage()(partition.ranges)

    def _plans(self) -> "Planner":
        if self._planner is None:
            from jobs.streaming.planning import log_to_driver, of_folder

            if _is_planner():
                log_to_driver(self.folder)
            self._planner = of_folder(self.folder)
        return self._planner


def _is_planner() -> bool:
    """Whether this is the process that Spark starts for a query's source; tests ask the source in their own."""
    spec = getattr(sys.modules["__main__"], "__spec__", None)
    return spec is not None and spec.name.endswith("python_streaming_source_runner")
