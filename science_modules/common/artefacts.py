"""Trained data files: found beside a module's code or in the models directory, and verified before they are used."""

import inspect
import os
from hashlib import sha256
from pathlib import Path

from science_modules.common.contract import Artefact, ScienceModule


class ArtefactError(RuntimeError):
    """A trained data file is absent, or is not the one that was declared."""


def default_directory() -> Path:
    """The models directory: $STRIX_MODELS, else `models` in the working directory."""
    return Path(os.environ.get("STRIX_MODELS", "models"))


def places(module: ScienceModule, models: Path) -> tuple[Path, Path]:
    """The two folders in which a module's artefacts are looked for: its own, and the one under models.

    Parameters
    ----------
    module : ScienceModule
    models : pathlib.Path
        The models directory.
    """
    return Path(inspect.getfile(module.run)).parent, models / module.name


def find(module: ScienceModule, models: Path | None = None) -> dict[str, bytes]:
    """The verified artefacts of a module, by name.

    Parameters
    ----------
    module : ScienceModule
    models : pathlib.Path, optional
        The models directory; `default_directory()` if not given.

    Raises
    ------
    ArtefactError
        If a file is absent (says where it was looked for and how to get it) or has another sha256.
    """
    where = places(module, models or default_directory())
    return {artefact.name: _read(module, artefact, where) for artefact in module.artefacts}


def missing(module: ScienceModule, models: Path | None = None) -> list[Artefact]:
    """The artefacts of a module that are in neither of its places; contents are not checked.

    Parameters
    ----------
    module : ScienceModule
    models : pathlib.Path, optional
        The models directory; `default_directory()` if not given.
    """
    where = places(module, models or default_directory())
    return [artefact for artefact in module.artefacts if not any((p / artefact.name).is_file() for p in where)]


def verified(data: bytes, digest: str, what: str) -> bytes:
    """The data, if their sha256 is the digest.

    Parameters
    ----------
    data : bytes
        What was read.
    digest : str
        The sha256 that is declared, in hexadecimal.
    what : str
        How an error names the data.

    Raises
    ------
    ArtefactError
        If it is not.
    """
    found = sha256(data).hexdigest()
    if found != digest:
        raise ArtefactError(f"{what}: declares sha256 {digest}, found {found}")
    return data


def _read(module: ScienceModule, artefact: Artefact, where: tuple[Path, ...]) -> bytes:
    for path in (folder / artefact.name for folder in where):
        if path.is_file():
            return verified(path.read_bytes(), artefact.sha256, f"{module.name}: {path}")
    looked = " and ".join(str(folder) for folder in where)
    how = f"strix models add {module.name} [--from PATH|URL]" if artefact.original else f"it is from {artefact.source}"
    raise ArtefactError(f"{module.name} wants {artefact.name}, looked for in {looked}; get it: {how}")
