"""Whether a model knows the answers: what its record says that it was trained on."""

import json
from collections.abc import Sequence
from hashlib import sha256
from pathlib import Path

from jobs.modules.versions import RECORD
from science_modules import registry

CARD = "README.md"


def memory_of(name: str, labels: Sequence[Path]) -> list[str]:
    """The label files among those that a model was trained with, by their sha256; none if it left no record.

    Parameters
    ----------
    name : str
        Of the module's column.
    labels : sequence of pathlib.Path
        Label files.
    """
    folder = registry.folders().get(name)
    if folder is None or not (folder / RECORD).is_file():
        return []
    known = set(json.loads((folder / RECORD).read_text(encoding="utf-8")).get("files", {}).values())
    return [str(path) for path in labels if sha256(path.read_bytes()).hexdigest() in known]


def card_of(name: str) -> Path | None:
    """The card of a module, which says what it was trained on; None if it has none here.

    Parameters
    ----------
    name : str
        Of the module's column.
    """
    folder = registry.folders().get(name)
    return folder / CARD if folder is not None and (folder / CARD).is_file() else None
