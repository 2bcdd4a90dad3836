"""What Spark finds by itself, as `pyspark_strix`: `df.write.format("strix_hbase")` works wherever Strix is installed."""

from jobs.spark.hbase_sink import HBaseSource as DefaultSource

__all__ = ["DefaultSource"]
