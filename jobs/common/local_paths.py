"""Paths of the command line and of configurations: POSIX paths, and nothing that only looks like one.

`s3a://bucket/x` is a relative path to Python: a job would write to a folder called `s3a:` and end with 0.
"""

import argparse
import re
from pathlib import Path
from urllib.parse import unquote

_SCHEME = re.compile(r"([A-Za-z][A-Za-z0-9+.-]*):/")
# With one slash, as shells and Path leave it, only a name that is known to be a scheme is one.
# fmt: off
_KNOWN = frozenset({
    "s3", "s3a", "s3n", "hdfs", "webhdfs", "viewfs", "gs", "gcs", "abfs", "abfss", "wasb", "wasbs", "adl",
    "dbfs", "oss", "cosn", "swift", "o3fs", "ofs", "alluxio", "http", "https", "ftp", "sftp", "root", "file",
})
# fmt: on


class NoLocalPath(ValueError, argparse.ArgumentTypeError):
    """A path that names a store Strix does not read or write; argparse shows the message as it is."""


def local_path(text: str | Path) -> Path:
    """The path that a text names; `file:///x` is `/x`.

    Parameters
    ----------
    text : str or pathlib.Path
        As a person gave it; it need not exist.

    Raises
    ------
    NoLocalPath
        For any other scheme; says what works.
    """
    return Path(local_name(text))


def local_name(text: str | Path, what: str = "") -> str:
    """`local_path` as text, for patterns and for paths whose last slash means something.

    Parameters
    ----------
    text : str or pathlib.Path
        As a person gave it.
    what : str
        The option that the message names.
    """
    name = str(text)
    found = _SCHEME.match(name)
    scheme = found.group(1).lower() if found else ""
    if not found or not (name[found.end() : found.end() + 1] == "/" or scheme in _KNOWN):
        return name
    rest = name[found.end() - 1 :]
    host, slash, below = rest[2:].partition("/") if rest.startswith("//") else ("", "/", rest[1:])
    if scheme == "file" and slash and host in ("", "localhost"):
        return unquote(f"/{below.lstrip('/')}")
    label = f"{what} is {name}: " if what else f"{name}: "
    raise NoLocalPath(
        f"{label}Strix needs a POSIX file system, and {scheme}: names none: an object store"
        " has no atomic rename. Give a path that driver and executors share (a local disk, NFS, Lustre, CephFS, a mount of"
        " that store), for instance /data/night; file:///data/night works, too"
    )
