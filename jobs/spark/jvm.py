"""Starting Spark's JVM: in a group of its own, and without the line that each says of an incubator module."""

import os
import threading
from collections.abc import Mapping

from pyspark import SparkConf, SparkContext
from pyspark.java_gateway import launch_gateway

# The JVM writes it before it reads any setting of logs, and has no option against it. Spark itself asks for the module.
_NOISE = b"WARNING: Using incubator modules: jdk.incubator.vector"
_STDERR = 2


def start_jvm(settings: Mapping[str, str]) -> None:
    """Start the JVM that PySpark will use; nothing to do where it runs already, or where spark-submit has started it.

    What it says on stderr is passed on line by line, but for that one. A SIGTERM for the driver's process group
    (`timeout`, a supervisor) does not reach it: the driver, which finishes the batch in hand, needs it until then. It
    ends with the driver, whose end closes its stdin.

    Parameters
    ----------
    settings : mapping of str to str
        Spark's configuration; it has the heap and the Java options of the driver.
    """
    if SparkContext._gateway is not None or "PYSPARK_GATEWAY_PORT" in os.environ:
        return
    reading, writing = os.pipe()
    conf = SparkConf().setAll(list(settings.items()))
    try:
        gateway = launch_gateway(conf, {"stderr": writing, "process_group": 0})  # type: ignore[no-untyped-call]
    finally:
        os.close(writing)
        threading.Thread(target=_pass_on, args=(reading,), name="stderr of Spark's JVM", daemon=True).start()
    SparkContext._ensure_initialized(gateway=gateway)


def _pass_on(reading: int) -> None:
    """Copy lines to stderr until the JVM is gone.

    By the file's number: a file object that a thread reads when Python ends would abort it.
    """
    begun = b""
    while piece := os.read(reading, 65_536):
        *lines, begun = (begun + piece).split(b"\n")
        for line in lines:
            if line != _NOISE:
                os.write(_STDERR, line + b"\n")
    os.write(_STDERR, begun)
    os.close(reading)
