"""PySpark's worker daemon, warmed before it forks: every worker starts with the libraries and the compiled decoder.

Spark starts it by name (`spark.python.daemon.module`). Nothing here may start a thread or write to stdout: threads do
not outlive a fork, and on stdout the daemon tells the JVM its port. So no network is loaded here; each worker does
that.
"""

import contextlib
import ctypes
import gc
import importlib

# What a worker's first batch would otherwise load: 2 s per worker on a quiet core.
HEAVY = (
    "onnxruntime",
    "pandas",
    "pyarrow.compute",
    "pyarrow.parquet",
    "pyarrow.dataset",
    "jobs.pipeline.batch.stage",
    "pyspark.worker",  # since 4.2 PySpark loads it behind the fork, in every worker
)


# glibc's mallopt: parameters by number (malloc.h).
TRIM_THRESHOLD, MMAP_THRESHOLD = -1, -3
KEPT_BYTES = 256 * 2**20
LARGEST_KEPT = 32 * 2**20


def keep_memory() -> None:
    """Let malloc keep what was freed.

    Every pass wants the same tens of MiB of pixels, and the kernel clears each page that it gives out (8 % of a
    worker's time). Without glibc nothing is changed.
    """
    with contextlib.suppress(OSError, AttributeError, TypeError):
        libc = ctypes.CDLL(None)
        libc.mallopt(MMAP_THRESHOLD, LARGEST_KEPT)
        libc.mallopt(TRIM_THRESHOLD, KEPT_BYTES)


def warm() -> None:
    """Load and compile what every worker needs, and keep the garbage collector from walking over it ever after."""
    keep_memory()
    for name in HEAVY:
        importlib.import_module(name)
    from jobs.pipeline.decode.compiled import warm_up

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
