"""What Spark finds by itself: it looks for packages called `pyspark_...` and registers their `DefaultSource`.

With it `spark.read.format("strix")` works wherever Strix is installed, without an import.
"""

from jobs.spark.source import StrixSource as DefaultSource

__all__ = ["DefaultSource"]
