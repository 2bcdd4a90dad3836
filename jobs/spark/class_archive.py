"""An archive of the classes that Spark's JVM loads: mapped, not parsed, they let a job start 3 s sooner.

The JVM checks the archive against its own build and the jars, and does without where they differ. It belongs to the
environment (140 MB under its `share/strix`) and goes with it.
"""

import hashlib
import os
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path

import pyspark

from jobs.storage.writing import replacing

# A quiet machine takes a third of it; where it takes longer, 3 s a start are not worth the wait.
RUN_TIMEOUT_S = 90
QUIET = ("-Xlog:cds=off", "-Xlog:cds+dynamic=off")


def archive_path(java: str) -> Path:
    """Where the archive for a `java` is kept in this environment.

    Parameters
    ----------
    java : str
        Path of the program.
    """
    key = hashlib.sha256(f"{os.path.realpath(java)} {pyspark.__version__}".encode()).hexdigest()[:12]
    return Path(sys.prefix) / "share" / "strix" / f"spark-{key}.jsa"


def jvm_options(java: str) -> Sequence[str]:
    """What tells the JVM to use the archive; nothing where there is none.

    Parameters
    ----------
    java : str
        Path of the program that runs Spark.
    """
    path = archive_path(java)
    return (f"-XX:SharedArchiveFile={path}", *QUIET) if path.exists() else ()


def make_archive(java: str) -> Path:
    """Run a small night in a process of its own and archive what its JVM has loaded.

    Parameters
    ----------
    java : str
        Path of the program that will run Spark.

    Returns
    -------
    pathlib.Path
        The archive, put in place when it is whole.

    Raises
    ------
    OSError
        If the environment cannot be written, or the run fails; the message has its last words.
    """
    path = archive_path(java)
    with replacing(path) as made:
        command = [sys.executable, "-m", "jobs.launcher.class_archive", str(made)]
        try:
            ended = subprocess.run(command, check=False, capture_output=True, text=True, timeout=RUN_TIMEOUT_S)
        except subprocess.TimeoutExpired:
            raise _without(f"the run took more than {RUN_TIMEOUT_S} s") from None
        if ended.returncode or not made.exists():
            raise _without(ended.stderr.strip()[-500:] or "the JVM wrote none")
    return path


def _without(why: str) -> OSError:
    return OSError(
        f"no archive of Spark's classes: {why}; jobs start as before, some 3 s later; `strix doctor --archive` tries again"
    )
