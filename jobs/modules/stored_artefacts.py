"""The modules' artefacts on their way to the tasks: files by hash beside the staged ones, which every executor sees."""

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from jobs.storage.writing import replace_bytes

Content = Mapping[str, Mapping[str, bytes]]


class ArtefactChanged(RuntimeError):
    """A file of an artefact does not hold what its name says."""


@dataclass(frozen=True)
class StoredArtefacts:
    """Gives the artefacts by module and name; each process reads and verifies them once.

    Attributes
    ----------
    folder : str
        It holds a file for each sha256.
    hashes : tuple of (str, str, str)
        Module, name and sha256 of each.
    """

    folder: str
    hashes: tuple[tuple[str, str, str], ...]

    @classmethod
    def store(cls, folder: Path, content: Content) -> "StoredArtefacts":
        """Write artefacts to a folder, where they are not there yet.

        Parameters
        ----------
        folder : pathlib.Path
            Driver and executors must see it.
        content : dict of str to dict of str to bytes
            By module and name of the artefact.
        """
        hashes = []
        for module, files in content.items():
            for name, value in files.items():
                digest = hashlib.sha256(value).hexdigest()
                _write(folder / digest, value)
                hashes.append((module, name, digest))
        return cls(str(folder), tuple(hashes))

    def __call__(self) -> Content:
        """The artefacts.

        Raises
        ------
        ArtefactChanged
            If a file holds something else.
        """
        if self not in _KNOWN:
            content: dict[str, dict[str, bytes]] = {}
            for module, name, digest in self.hashes:
                content.setdefault(module, {})[name] = _verified(Path(self.folder) / digest)
            _KNOWN[self] = content
        return _KNOWN[self]


_KNOWN: dict[StoredArtefacts, Content] = {}


def _write(path: Path, value: bytes) -> None:
    if path.exists() and path.read_bytes() == value:
        return
    replace_bytes(path, value)


def _verified(path: Path) -> bytes:
    value = path.read_bytes()
    found = hashlib.sha256(value).hexdigest()
    if found != path.name:
        raise ArtefactChanged(f"{path} should hold an artefact of this sha256 and holds {found}; start the job again")
    return value
