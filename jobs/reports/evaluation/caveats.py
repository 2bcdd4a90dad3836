"""What has to be said before a number: that it is memory and not skill, and that the alerts are not of the sky."""

import json
from collections.abc import Sequence
from dataclasses import dataclass
from hashlib import sha256
from pathlib import Path
from typing import Any

import pyarrow as pa

from jobs.common.counting import counted
from jobs.modules.trained_on import TrainedOn, object_names
from jobs.modules.versions import RECORD
from science_modules import registry

CARD = "README.md"


@dataclass(frozen=True)
class Memory:
    """What a model saw in its training of the objects that it is measured on.

    Attributes
    ----------
    name : str
        Of the module's column.
    objects : int
        That it is measured on.
    seen : int or None
        How many of them it was trained on. None: no file beside it says it.
    label_files : list of str
        If no file says it: those of the label files whose very bytes its training.json names.
    card : pathlib.Path or None
        Its README.md, which says in words what it was trained on.
    """

    name: str
    objects: int
    seen: int | None
    label_files: list[str]
    card: Path | None

    def as_dict(self) -> dict[str, Any]:
        """Counts, as JSON writes them; `trained_on` is None where nothing says it."""
        return {"objects": self.objects, "trained_on": self.seen, "label_files_of_its_training": self.label_files}

    @property
    def remembers(self) -> bool:
        """Whether it was trained on some of them."""
        return bool(self.seen or self.label_files)

    @property
    def is_unknown(self) -> bool:
        """Whether nothing says what it was trained on."""
        return self.seen is None and not self.label_files

    @property
    def words(self) -> str:
        """The same in a sentence; where the card is, is not in it."""
        if self.label_files:
            return f"TRAINED WITH THESE LABELS: {', '.join(self.label_files)}, by the training.json of {self.name}"
        if self.seen is None:
            return f"NOT KNOWN WHETHER THIS IS A TEST: no file beside {self.name} says which objects it was trained on"
        if self.seen:
            return f"TRAINED ON THESE: {self.seen:,} of {counted(self.objects, 'object')} were in the training of {self.name}"
        return f"none of {counted(self.objects, 'object')} was in the training of {self.name}"


def memory_of(name: str, rows: pa.Table, label_files: Sequence[Path]) -> Memory:
    """What a model saw of the objects that it is measured on.

    Parameters
    ----------
    name : str
        Of the module's column.
    rows : pyarrow.Table
        survey, object_id, alert_id of the alerts that are counted.
    label_files : sequence of pathlib.Path
        That gave their labels.
    """
    names, known = pa.chunked_array([object_names(rows).unique()]), trained_on(name)
    seen = None if known is None else int(known.knows(names).sum())
    same = _of_the_record(name, label_files) if known is None else []
    return Memory(name, len(names), seen, same, card_of(name))


def trained_on(name: str) -> TrainedOn | None:
    """The objects that a model was trained on; None if nothing beside it says it.

    Parameters
    ----------
    name : str
        Of the module's column.
    """
    folder = _folder(name)
    return None if folder is None else TrainedOn.beside(folder)


def card_of(name: str) -> Path | None:
    """The card of a module, which says what it was trained on; None if it has none here.

    Parameters
    ----------
    name : str
        Of the module's column.
    """
    folder = _folder(name)
    return folder / CARD if folder is not None and (folder / CARD).is_file() else None


def simulated_in_words(simulated: int, alerts: int) -> str:
    """That alerts are not of the sky; empty if all are.

    Parameters
    ----------
    simulated, alerts : int
        How many of how many.
    """
    return f"SIMULATED: {simulated:,} of {alerts:,} alerts are simulated or injected" if simulated else ""


def _folder(name: str) -> Path | None:
    """Of what answers under a name, perhaps a promoted version; None if it is not installed here."""
    return registry.folder_of(name) if name in registry.folders() else None


def _of_the_record(name: str, label_files: Sequence[Path]) -> list[str]:
    """Label files whose sha256 is in the record of a training that kept no objects, as those before 2026-11-29."""
    folder = _folder(name)
    if folder is None or not (folder / RECORD).is_file():
        return []
    known = set(json.loads((folder / RECORD).read_text(encoding="utf-8")).get("files", {}).values())
    return [str(path) for path in label_files if sha256(path.read_bytes()).hexdigest() in known]
