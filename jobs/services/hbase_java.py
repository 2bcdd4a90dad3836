"""How a Java process with HBase's classes is started: the servers of this machine, and a client of any HBase."""

import os
from pathlib import Path

from jobs.common.java import find_java
from jobs.services.jars import jars

SETTINGS = Path(__file__).resolve().parents[2] / "deploy" / "hbase"
# What HBase does by reflection; Java 17 forbids it unless it is named.
_OPENED = ("java.lang", "java.lang.reflect", "java.nio", "sun.nio.ch", "java.util", "java.util.concurrent")


def class_path(*before: Path) -> str:
    """The archives of HBase, resolved if they are not here yet.

    Parameters
    ----------
    *before : pathlib.Path
        Folders that are looked into first.

    Raises
    ------
    EnvironmentProblem
        If they cannot be resolved.
    """
    return os.pathsep.join([*map(str, before), str(jars("hbase") / "*")])


def options(heap_mb: int) -> list[str]:
    """The options that each Java process with HBase's classes has.

    Parameters
    ----------
    heap_mb : int
        The most that its objects may take [MB].
    """
    opened = [f"--add-opens=java.base/{each}=ALL-UNNAMED" for each in _OPENED]
    # Its file in /tmp stays there after a kill.
    quiet = ["-XX:-UsePerfData", f"-Dlog4j.configuration=file:{SETTINGS / 'log4j.properties'}"]
    return [f"-Xmx{heap_mb}m", *quiet, *opened, "--add-exports=java.base/jdk.internal.misc=ALL-UNNAMED"]


def java(heap_mb: int) -> list[str]:
    """The beginning of a command line: java and its options.

    Parameters
    ----------
    heap_mb : int
        The most that its objects may take [MB].

    Raises
    ------
    EnvironmentProblem
        Without a Java that fits.
    """
    return [find_java()[0], *options(heap_mb)]
