"""Compilation with numba: cached on disk where a folder can be written, without a cache where none can.

`numba.njit(cache=True)` raises at import on a machine without a writable cache folder, and its cache does not see that
a function called from another file has changed. So the folder is chosen here, and its name has the hash of all source
files.
"""

import hashlib
import os
import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, TypeVar, cast

import numba

Function = TypeVar("Function", bound=Callable[..., Any])

config: Any = numba.config

HERE = Path(__file__).parent


def inlined(function: Function) -> Function:
    """Compile a function into those that call it.

    Parameters
    ----------
    function : callable
        Called from compiled code only.
    """
    return cast(Function, numba.njit(nogil=True, error_model="numpy", forceinline=True)(function))


def called(function: Function) -> Function:
    """Compile a function that others call; for what is rare or long.

    Parameters
    ----------
    function : callable
        Called from compiled code.
    """
    return cast(Function, numba.njit(nogil=True, error_model="numpy")(function))


def entry(function: Function) -> Function:
    """Compile a function that Python calls, from the disk cache if there is one.

    Parameters
    ----------
    function : callable
        Called from Python.
    """
    folder = cache_folder()
    if folder is None:
        return called(function)
    with _caching_in(folder):
        return cast(Function, numba.njit(nogil=True, error_model="numpy", cache=True)(function))


def cache_folder() -> Path | None:
    """Where compiled code is kept: in $NUMBA_CACHE_DIR, beside the source, in the user's or the system's cache folder.

    The first of them that can be written; None if none can, or if the source is not in files (a zip).
    """
    if not Path(__file__).is_file():
        return None
    user = Path(os.environ.get("XDG_CACHE_HOME") or os.path.expanduser("~/.cache"))
    given = [Path(config.CACHE_DIR)] if config.CACHE_DIR else []
    folders = (folder / f"avro-{_source_hash()}" for folder in (*given, HERE / "__pycache__", user / "numba"))
    return next((folder for folder in folders if _is_writable(folder)), None)


def _source_hash() -> str:
    sources = (path.read_bytes() for path in sorted(HERE.glob("*.py")))
    return hashlib.sha256(b"\0".join(sources)).hexdigest()[:12]


def _is_writable(folder: Path) -> bool:
    try:
        folder.mkdir(parents=True, exist_ok=True)
        tempfile.TemporaryFile(dir=folder).close()
    except OSError:
        return False
    return True


@contextmanager
def _caching_in(folder: Path) -> Iterator[None]:
    """Numba reads its cache folder from its config when a function is decorated."""
    before = config.CACHE_DIR
    config.CACHE_DIR = str(folder)
    try:
        yield
    finally:
        config.CACHE_DIR = before
