"""The data source that Spark calls to write: format "strix_hbase", for batch and for streams.

Any DataFrame with the keys of the common view goes into the tables of the store, from the executors. Every put depends on
its row alone, so a task that Spark runs twice, or a batch that is written again after a crash, changes nothing.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING

from pyspark.sql.datasource import (
    DataSource,
    DataSourceArrowWriter,
    DataSourceStreamArrowWriter,
    WriterCommitMessage,
)
from pyspark.sql.types import StructType

from jobs.spark.options import OptionProblem, message_first

if TYPE_CHECKING:
    import pyarrow as pa

    from jobs.store.settings import StoreSettings

KEYS = {"survey": "string", "alert_id": "bigint", "object_id": "string", "mjd": "double"}


class HBaseSource(DataSource):
    """The tables of a store as a place to write alerts to.

    Parameters
    ----------
    options : dict of str to str
        host, port and namespace, as the section `hbase` of a job.

    Raises
    ------
    OptionProblem
        For options that cannot be.
    """

    @message_first()
    def __init__(self, options: dict[str, str]) -> None:
        super().__init__(options)
        self.settings = _settings(options)

    @classmethod
    def name(cls) -> str:
        """The format's name."""
        return "strix_hbase"

    @message_first()
    def writer(self, schema: StructType, overwrite: bool) -> "BatchWriter":
        """For `df.write`.

        Parameters
        ----------
        schema : pyspark.sql.types.StructType
            Of the DataFrame; it has to have KEYS.
        overwrite : bool
            Refused: an alert replaces itself, and the store is never emptied by writing to it.
        """
        if overwrite:
            raise OptionProblem("strix_hbase wants mode('append'): an alert replaces itself; overwrite is not possible")
        _require_keys(schema)
        return BatchWriter(self.settings)

    @message_first()
    def streamWriter(self, schema: StructType, overwrite: bool) -> "StreamWriter":  # noqa: N802 - Spark's name
        """For `df.writeStream`.

        Parameters
        ----------
        schema : pyspark.sql.types.StructType
            Of the DataFrame; it has to have KEYS.
        overwrite : bool
            Of output mode complete; refused.
        """
        if overwrite:
            raise OptionProblem("strix_hbase wants outputMode('append'), found complete")
        _require_keys(schema)
        return StreamWriter(self.settings)


@dataclass
class Written(WriterCommitMessage):
    """How many alerts a task has written."""

    alerts: int


class _Writer:
    """Writes the rows of each task.

    Parameters
    ----------
    settings : StoreSettings
        Pickled with the writer.
    """

    def __init__(self, settings: "StoreSettings") -> None:
        self.settings = settings

    def write(self, iterator: Iterator["pa.RecordBatch"]) -> Written:
        """Write the rows of a task.

        Parameters
        ----------
        iterator : iterator of pyarrow.RecordBatch
        """
        from jobs.store.rows import AlertRows
        from jobs.store.writing import StoreWriter

        writer = StoreWriter(self.settings.address, self.settings.namespace)
        return Written(sum(writer.write(AlertRows(batch))["alerts"] for batch in iterator if len(batch)))


class BatchWriter(_Writer, DataSourceArrowWriter):
    """Writes a DataFrame."""


class StreamWriter(_Writer, DataSourceStreamArrowWriter):
    """Writes the micro-batches of a stream."""


def _settings(options: Mapping[str, str]) -> "StoreSettings":
    from jobs.store.settings import settings_of

    own = {key: value for key, value in options.items() if key not in ("path", "checkpointlocation")}
    if "path" in options:
        raise OptionProblem(f"strix_hbase has no path, found {options['path']!r}; name host, port and namespace")
    try:
        return settings_of(own)
    except ValueError as problem:
        raise OptionProblem(str(problem)) from None


def _require_keys(schema: StructType) -> None:
    found = {field.name: field.dataType.simpleString() for field in schema.fields}
    wrong = [f"{name} {kind}" for name, kind in KEYS.items() if found.get(name) != kind]
    if wrong:
        had = ", ".join(f"{name} {kind}" for name, kind in found.items())
        raise OptionProblem(f"strix_hbase wants the columns {', '.join(wrong)}, found {had[:300]}")
