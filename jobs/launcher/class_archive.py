"""The run whose classes are archived (`jobs.spark.class_archive`), in a process of its own."""

import sys
import tempfile
from pathlib import Path
from typing import Any

from jobs.config import load
from jobs.launcher.run import run_job
from jobs.simulation import simulate
from jobs.spark.class_archive import QUIET, RUN_TIMEOUT_S
from jobs.spark.session import JAVA_OPTIONS, build_session, local_java_options

_FILTER = "description: any\nowner: strix\nwhere: mag < 30 AND is_positive\nannotations: {brightness: mag}\n"


def _train(archive: str) -> None:
    """A night with all that a job does in the JVM; the JVM writes the archive when it ends."""

    conf = {JAVA_OPTIONS: f"{local_java_options()} -XX:ArchiveClassesAtExit={archive} {' '.join(QUIET)}"}
    session = build_session("archive", "local", conf=conf)
    with tempfile.TemporaryDirectory() as directory:
        folder = Path(directory)
        simulate(folder / "packets", 200, seed=1)
        (folder / "any.yaml").write_text(_FILTER)
        given = {"input": [str(folder / "packets")], "filters": str(folder / "any.yaml"), "settle_s": 0.0}
        config = load(None, {**given, "output": str(folder / "night"), "modules": ["stetson_k", "lc_features"]})
        run_job("night", config, session)
    gateway: Any = session.sparkContext._gateway
    session.stop()
    gateway.proc.stdin.close()  # what PySpark's JVM waits for
    gateway.proc.wait(RUN_TIMEOUT_S)


if __name__ == "__main__":
    _train(sys.argv[1])
