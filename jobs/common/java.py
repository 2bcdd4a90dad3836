"""The Java that Spark, Kafka and Ivy run on, and what is said where the environment lacks something."""

import os
import re
import shutil
import subprocess
from pathlib import Path

JAVA_VERSIONS = (17, 21)
HOW_TO_GET_JAVA = "install OpenJDK 17 or 21 (Debian: apt-get install openjdk-17-jre-headless) or set JAVA_HOME to one"


class EnvironmentProblem(RuntimeError):
    """Something outside Strix is missing or does not fit; the message says how to get it."""


def find_java() -> tuple[str, int]:
    """The `java` that Spark will use, and its major version.

    Raises
    ------
    EnvironmentProblem
        If there is none, or it is not 17 or 21.
    """
    home = os.environ.get("JAVA_HOME")
    found = shutil.which("java", path=str(Path(home) / "bin")) if home else shutil.which("java")
    if not found:
        raise EnvironmentProblem(f"no java found ({'in JAVA_HOME' if home else 'on the PATH'}); {HOW_TO_GET_JAVA}")
    # In a group of its own: a Ctrl-C of the terminal is for the job, not for what it asks.
    command = [found, "-version"]
    answer = subprocess.run(command, capture_output=True, text=True, check=False, process_group=0)
    match = re.search(r'version "(?:1\.)?(\d+)', answer.stderr + answer.stdout)
    version = int(match.group(1)) if match else 0
    if version not in JAVA_VERSIONS:
        raise EnvironmentProblem(f"{found} is Java {version}, Spark 4.3 needs 17 or 21; {HOW_TO_GET_JAVA}")
    return found, version
