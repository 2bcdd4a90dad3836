"""The Python that Spark starts on this machine: without `pyspark.zip`, which each process would compile anew.

Spark puts its zip before the installed pyspark, and a zip holds no compiled modules: a second of CPU for each of the
five processes that a query begins with. A small script takes it off PYTHONPATH.
"""

import os
import shlex
import sys
from pathlib import Path

import pyspark

from jobs.services.jars import cache

_SCRIPT = """#!/bin/sh
PYTHONPATH=$(printf %s "$PYTHONPATH" | sed 's|[^:]*/pyspark\\.zip:*||g')
export PYTHONPATH
exec {python} "$@"
"""


def worker_python() -> str:
    """The script's path; this Python itself where pyspark is not installed in it, or nothing can be written."""
    own_spark = "SPARK_HOME" not in os.environ and Path(pyspark.__file__).is_file()
    try:
        return _written() if own_spark else sys.executable
    except OSError:
        return sys.executable


def _written() -> str:
    path = cache() / "bin" / f"python-of-{sys.prefix.strip('/').replace('/', '-')}"
    content = _SCRIPT.format(python=shlex.quote(sys.executable))
    if not path.exists() or path.read_text(encoding="utf-8") != content:
        path.parent.mkdir(parents=True, exist_ok=True)
        temporary = path.with_name(f".{path.name}.{os.getpid()}")
        temporary.write_text(content, encoding="utf-8")
        temporary.chmod(0o755)
        temporary.replace(path)
    return str(path)
