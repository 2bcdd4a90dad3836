"""Alerts as a Spark data source: `spark.read.format("strix")` and `spark.readStream.format("strix")`.

`options` reads what a user asks for, `files` and `topics` plan what is to be read between two offsets, `rows` decodes
it into rows, `source` is what Spark calls. See docs/spark.md.
"""

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from pyspark.sql import SparkSession


def register(session: "SparkSession") -> None:
    """Make the formats "strix" and "strix_hbase" known to a session whose Python does not list our `pyspark_...` packages.

    Spark finds an installed Strix by itself; an editable install (`pip install -e`) outside of its checkout it does not
    find.

    Parameters
    ----------
    session : SparkSession
        The user's.
    """
    from jobs.spark.hbase_sink import HBaseSource
    from jobs.spark.source import StrixSource

    session.dataSource.register(StrixSource)
    session.dataSource.register(HBaseSource)
