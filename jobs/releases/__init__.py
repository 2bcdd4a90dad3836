"""Data releases in the common view: readers, plan, partitions. `jobs.launcher.reprocess` runs them on Spark."""
