"""The one table of labels: a row for each time that somebody called an object or an alert something."""

from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq

from jobs.storage.writing import replace_table
from science_modules.common.view import Column

_STR = pa.string()
_COLUMNS = (
    Column("survey", _STR, "", "survey"),
    Column("object_id", _STR, "", "object, as in the common view; NULL where only the alert is known"),
    Column("alert_id", pa.int64(), "", "alert, where the label is of one alert only; NULL: of all of the object's"),
    Column("class", _STR, "", "name of class_names.py: a leaf, or a coarse class where no more is known"),
    Column("source", _STR, "", "catalogue, list or program that the label comes from"),
    Column("who", _STR, "", "who gave it: a file, a paper, a person; NULL where the file does not say"),
    Column("when", pa.timestamp("us", "UTC"), "", "when it was given; NULL where the file does not say"),
    Column("weight", pa.float64(), "", "weight in training, 1 if nothing is known"),
)
SCHEMA = pa.schema([column.field for column in _COLUMNS])


def write(table: pa.Table, path: Path) -> None:
    """Write a table of labels as Parquet.

    Parameters
    ----------
    table : pyarrow.Table
        Of SCHEMA.
    path : pathlib.Path
    """
    replace_table(path, table.select(SCHEMA.names).cast(SCHEMA))


def read(path: Path) -> pa.Table:
    """A table of labels that Strix wrote.

    Parameters
    ----------
    path : pathlib.Path

    Raises
    ------
    ValueError
        If it lacks columns of SCHEMA.
    """
    file = pq.ParquetFile(path)
    absent = [name for name in SCHEMA.names if name not in file.schema_arrow.names]
    if absent:
        raise ValueError(f"{path} is no table of labels: it lacks {absent}, it has {file.schema_arrow.names}")
    return file.read(columns=SCHEMA.names).cast(SCHEMA)
