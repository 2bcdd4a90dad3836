"""`promoted.yaml`: which installed version answers under its module's plain name, as lines `stamp: 2.1.0`."""

import re
from functools import lru_cache
from pathlib import Path

FILE = "promoted.yaml"
_LINE = re.compile(r"""([a-z]\w*)\s*:\s*["']?(\d+(?:\.\d+)*)["']?""")


class PromotionError(ValueError):
    """A line of promoted.yaml names no version, or two lines name two of one module."""


@lru_cache(maxsize=8)
def promotions(directories: tuple[Path, ...]) -> dict[str, str]:
    """The promoted version of each module that has one; read once, so that a process never changes its mind.

    Parameters
    ----------
    directories : tuple of pathlib.Path
        Those of $STRIX_MODULE_PATH.

    Returns
    -------
    dict of str to str
        Version by the module's name.

    Raises
    ------
    PromotionError
        For a line that is not `NAME: VERSION`, or a module with two versions.
    """
    found: dict[str, str] = {}
    for path in (directory / FILE for directory in directories):
        for name, version in _lines(path):
            if found.setdefault(name, version) != version:
                raise PromotionError(f"{path} promotes {name} {version}, another line promotes {found[name]}")
    return found


def _lines(path: Path) -> list[tuple[str, str]]:
    if not path.is_file():
        return []
    found = []
    for number, text in enumerate(path.read_text(encoding="utf-8").splitlines(), 1):
        line = text.partition("#")[0].strip()
        if line and line != "---":
            told = _LINE.fullmatch(line)
            if told is None:
                raise PromotionError(f"{path}, line {number}: wants NAME: VERSION, as stamp: 2.1.0; has {line!r}")
            found.append((told[1], told[2]))
    return found
