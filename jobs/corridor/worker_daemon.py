"""PySpark's worker daemon, warmed before it forks: every worker starts with the libraries and the compiled decoder.

Spark starts it by name (`spark.python.daemon.module`). Nothing here may start a thread or write to stdout: threads do not
outlive a fork, and on stdout the daemon tells the JVM its port. So no network is loaded here; each worker does that.
"""

import gc
import importlib

# What a worker's first batch would otherwise load: 2 s per worker on a quiet core.
HEAVY = ("onnxruntime", "pandas", "pyarrow.compute", "pyarrow.parquet", "pyarrow.dataset", "jobs.corridor.stage")


def warm() -> None:
    """Load and compile what every worker needs, and keep the garbage collector from walking over it ever after."""
    for name in HEAVY:
        importlib.import_module(name)
    from jobs.corridor.decode.compiled import warm_up

    warm_up()
    gc.collect()
    gc.freeze()


def main() -> None:
    """Warm up, then be PySpark's daemon."""
    warm()
    from pyspark import daemon

    daemon.manager()


if __name__ == "__main__":
    main()
