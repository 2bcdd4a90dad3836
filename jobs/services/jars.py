"""The Java archives of a service, resolved once by the Ivy that pyspark brings, into the user's cache."""

import fcntl
import hashlib
import os
import subprocess
from pathlib import Path

import pyspark

from jobs.common.java import EnvironmentProblem, find_java

IVY_FILE = Path(__file__).resolve().parents[2] / "deploy" / "jars" / "ivy.xml"
PATTERN = "[artifact]-[revision](-[classifier]).[ext]"
# A first resolution took 10 to 120 s.
DOWNLOAD_TIMEOUT_S = 900.0


def cache() -> Path:
    """What Strix keeps for this user and can make again: $STRIX_CACHE, else `strix` in the user's cache directory."""
    given = os.environ.get("STRIX_CACHE")
    return Path(given) if given else Path(os.environ.get("XDG_CACHE_HOME", Path.home() / ".cache")) / "strix"


def jars(configuration: str, ivy_file: Path = IVY_FILE) -> Path:
    """The folder with the archives of a configuration of ivy.xml; resolved if it is not complete.

    Parameters
    ----------
    configuration : str
        A `conf` of the file: `broker`.
    ivy_file : pathlib.Path
        Which archives in which versions; another content gets another folder.

    Raises
    ------
    EnvironmentProblem
        If there is no Java or no ivy.xml, or Ivy could not resolve; with what Ivy said.
    """
    if not ivy_file.is_file():
        raise EnvironmentProblem(f"{ivy_file} is not there; services start from a checkout of Strix")
    root = Path(os.environ.get("STRIX_JARS", cache() / "jars"))
    digest = hashlib.sha256(ivy_file.read_bytes()).hexdigest()[:12]
    folder = root / f"{configuration}-{digest}"
    complete = folder / "complete"
    if not complete.exists():
        root.mkdir(parents=True, exist_ok=True)
        with open(root / f".{configuration}.lock", "w", encoding="utf-8") as lock:
            fcntl.flock(lock, fcntl.LOCK_EX)
            if not complete.exists():
                _resolve(configuration, ivy_file, folder)
                complete.touch()
    return folder


def _resolve(configuration: str, ivy_file: Path, folder: Path) -> None:
    java, _ = find_java()
    ivy = next(Path(str(pyspark.__file__)).parent.glob("jars/ivy-*.jar"), None)
    if ivy is None:
        raise EnvironmentProblem(f"pyspark {pyspark.__version__} has no jars/ivy-*.jar; install pyspark from its wheel")
    command = [java, "-jar", str(ivy), "-ivy", str(ivy_file), "-confs", configuration]
    command += ["-retrieve", str(folder / PATTERN), "-warn"]
    done = subprocess.run(command, capture_output=True, text=True, timeout=DOWNLOAD_TIMEOUT_S, check=False)
    if done.returncode or not list(folder.glob("*.jar")):
        said = "\n".join((done.stdout + done.stderr).strip().splitlines()[-15:])
        raise EnvironmentProblem(f"the jars of {configuration} could not be resolved; Ivy said:\n{said}")
