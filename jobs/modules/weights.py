"""Adding the weights that others published: verified, converted, written where the modules look for them."""

import urllib.error
import urllib.request
from pathlib import Path

from jobs.storage.writing import replace_bytes
from science_modules.common import artefacts
from science_modules.common.artefacts import ArtefactError, default_directory, find, missing
from science_modules.common.contract import Artefact, Original, ScienceModule

__all__ = ["ArtefactError", "add", "default_directory", "find", "missing"]

TIMEOUT_S = 60


def add(module: ScienceModule, source: str | Path | None = None, models: Path | None = None) -> list[Path]:
    """Make a module's artefacts from the published files (`strix models add`).

    Parameters
    ----------
    module : ScienceModule
    source : str or pathlib.Path, optional
        A directory (its files, or those in its sub-directory of the module's name) or a URL under which the
        published files lie; the URL that each artefact declares if not given.
    models : pathlib.Path, optional
        The models directory; `default_directory()` if not given.

    Returns
    -------
    list of pathlib.Path
        The files written, `<models>/<module>/<artefact>`.

    Raises
    ------
    ArtefactError
        If a file is nowhere, or it or what is made of it has another sha256 than declared. Nothing is written then.
    """
    made = {entry.name: _made(module, entry, source) for entry in module.artefacts if entry.original is not None}
    folder = (models or default_directory()) / module.name
    return [_write(folder / name, data) for name, data in made.items()]


def _made(module: ScienceModule, artefact: Artefact, source: str | Path | None) -> bytes:
    original = artefact.original
    assert original is not None
    where, data = _published(module, original, source)
    published = artefacts.verified(data, original.sha256, where)
    converted = original.convert(published)
    return artefacts.verified(converted, artefact.sha256, f"{artefact.name}, made of {where}")


def _published(module: ScienceModule, original: Original, source: str | Path | None) -> tuple[str, bytes]:
    """Where the published file was found, and its bytes."""
    if source is None:
        return original.url, _fetched(module, original, original.url)
    if str(source).startswith(("http://", "https://")):
        url = f"{str(source).rstrip('/')}/{original.name}"
        return url, _fetched(module, original, url)
    places = [Path(source) / original.name, Path(source) / module.name / original.name]
    for path in places:
        if path.is_file():
            return str(path), path.read_bytes()
    raise _absent(module, original, " and ".join(map(str, places)))


def _fetched(module: ScienceModule, original: Original, url: str) -> bytes:
    try:
        with urllib.request.urlopen(url, timeout=TIMEOUT_S) as reply:  # noqa: S310 - http or https, checked by the sha256
            return bytes(reply.read())
    except (urllib.error.URLError, OSError) as error:
        raise _absent(module, original, f"{url} ({error})") from error


def _absent(module: ScienceModule, original: Original, looked: str) -> ArtefactError:
    how = f"get it from {original.url}, then: strix models add {module.name} --from DIRECTORY"
    return ArtefactError(f"{module.name} wants {original.name}, looked for at {looked}; {how}")


def _write(path: Path, data: bytes) -> Path:
    replace_bytes(path, data)
    return path
