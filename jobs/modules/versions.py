"""Versions of a model side by side: what `strix train` left, as a module of its own beside the one it was trained for."""

import json
import platform
import shutil
from hashlib import sha256
from importlib import metadata
from pathlib import Path
from typing import Any

from jobs.modules import trained_on
from jobs.modules.scaffold import ScaffoldError
from jobs.storage.writing import replace_bytes, replace_file
from science_modules import registry
from science_modules.common.artefacts import ArtefactError, default_directory
from science_modules.suite.cases import Case
from science_modules.suite.golden_answers import answers_of

RECORD = "training.json"
GOLDEN = "golden.json"
_RUNTIME = ("numpy", "pandas", "pyarrow", "numba", "onnxruntime")
_COPIED = ("README.md", RECORD)
_COPIED_IF_THERE = (trained_on.FILE,)  # a training before 2026-11-29 left none
# It has a function of its own, so that its artefacts are looked for beside it.
_CODE = '''"""{name} {version}, as `strix train` left it; its card is README.md, all that it came of is training.json."""

from dataclasses import replace
from typing import Any

import pandas as pd

from science_modules import registry
from science_modules.common.alert_batch import AlertBatch
from science_modules.common.contract import Artefact

_TRAINED_AS = registry.declared("{name}")


def run(batch: AlertBatch, state: Any) -> pd.DataFrame:
    """What the module that it was trained for makes of these artefacts."""
    return _TRAINED_AS.run(batch, state)


MODULE = replace(
    _TRAINED_AS,
    name="{folder}",
    version="{version}",
    run=run,
    surveys={surveys},
    artefacts=(
{artefacts}
    ),
)
'''
_ARTEFACT = """        Artefact(
            name="{name}",
            sha256="{digest}",
            source="strix train {module}, see training.json",
            licence="as its training data's",
        ),"""


def is_training(source: str | Path) -> bool:
    """Whether a folder is one that `strix train` left.

    Parameters
    ----------
    source : str or pathlib.Path
        A path or a URL.
    """
    return Path(source).is_dir() and (Path(source) / RECORD).is_file()


def install(source: Path, into: Path, name: str | None = None) -> Path:
    """Make a module of a trained model, `<into>/<name>_v<version>`; the same model, wherever it is installed, is left as it is.

    Parameters
    ----------
    source : pathlib.Path
        A folder that `strix train` left.
    into : pathlib.Path
        A directory of modules, to be named in $STRIX_MODULE_PATH.
    name : str, optional
        The module that it should be of.

    Returns
    -------
    pathlib.Path
        The module's folder.

    Raises
    ------
    ArtefactError
        If a file is absent or is not the one of training.json, or the module cannot be loaded with it.
    ScaffoldError
        If it is of another module, or another model of its name and version is there: in `into`, in a directory of
        $STRIX_MODULE_PATH, or as the module itself.
    """
    record = json.loads((source / RECORD).read_text(encoding="utf-8"))
    module, version = record["name"], record["version"]
    if name not in (None, module):
        raise ScaffoldError(f"{source} is a model of {module}, {name} is wanted")
    artefacts = _verified(source, record)
    state = _loaded(module, artefacts)
    folder = into / registry.folder_name(f"{module}@{version}")
    there = folder if (folder / "__init__.py").is_file() else model_of(module, version)
    if there is not None:
        _same(there, record)
        if there.name == folder.name:
            return there
    replace_file(folder / GOLDEN, _golden(record, state))
    _write(source, folder, record, artefacts)
    return folder


def model_of(name: str, version: str) -> Path | None:
    """The folder of the model that has this name and version already; None if there is none.

    Parameters
    ----------
    name : str
        Of a module; there may be none of it.
    version : str
    """
    known = registry.folders()
    if (installed := registry.folder_name(f"{name}@{version}")) in known:
        return known[installed]
    return known[name] if name in known and registry.declared(name).version == version else None


def _verified(source: Path, record: dict[str, Any]) -> dict[str, bytes]:
    found = {}
    for name, digest in record["artefacts"].items():
        path = source / name
        if not path.is_file():
            raise ArtefactError(f"{source / RECORD} names {name}, {path} is not there")
        content = path.read_bytes()
        if sha256(content).hexdigest() != digest:
            raise ArtefactError(f"{path}: {RECORD} says sha256 {digest}, found {sha256(content).hexdigest()}")
        found[name] = content
    return found


def _loaded(name: str, artefacts: dict[str, bytes]) -> Any:
    module = registry.declared(name)
    if module.load is None:
        raise ArtefactError(f"{name} loads no artefacts, this model has {', '.join(artefacts)}")
    try:
        return module.load(artefacts, **module.settings)
    except (ValueError, KeyError) as error:
        raise ArtefactError(f"{name} {module.version} cannot load {', '.join(artefacts)}: {error}") from None


def _golden(record: dict[str, Any], state: Any) -> str:
    """The answers of this model here and now, to the alerts of its module's golden.json: what a changed library would change."""
    module = registry.declared(record["name"])
    case = Case(module, registry.folders()[module.name], default_directory())
    libraries = ", ".join(f"{name} {metadata.version(name)}" for name in _RUNTIME)
    made_with = f"Python {platform.python_version()}, {libraries}, {platform.machine()}"
    how = f"{module.name} {record['version']} itself when it was installed: {made_with}"
    return json.dumps(answers_of(case, state, how), indent=1) + "\n"


def _same(folder: Path, record: dict[str, Any]) -> None:
    there = _digests(folder)
    if there != record["artefacts"]:
        raise ScaffoldError(
            f"{folder} holds another model of version {record['version']}: {there}, new is {record['artefacts']};"
            " give the new one a number of its own: the same training again with --set version=NUMBER keeps what is done"
        )


def _digests(folder: Path) -> dict[str, str]:
    """Of what a training left, those of its record; else those that the module declares."""
    path = folder / RECORD
    if path.is_file():
        return dict(json.loads(path.read_text(encoding="utf-8"))["artefacts"])
    return {each.name: each.sha256 for each in registry.declared(folder.name).artefacts}


def _write(source: Path, folder: Path, record: dict[str, Any], artefacts: dict[str, bytes]) -> None:
    """The code last: without it the folder is no module."""
    for name, content in artefacts.items():
        replace_bytes(folder / name, content)
    for name in (*_COPIED, *(each for each in _COPIED_IF_THERE if (source / each).is_file())):
        shutil.copyfile(source / name, folder / name)
    if (source / "plots").is_dir():
        shutil.copytree(source / "plots", folder / "plots", dirs_exist_ok=True)
    digests = record["artefacts"].items()
    told = [_ARTEFACT.format(name=name, digest=digest, module=record["name"]) for name, digest in digests]
    text = _CODE.format(
        name=record["name"], version=record["version"], folder=folder.name, surveys=tuple(record["surveys"]),
        artefacts="\n".join(told),
    )  # fmt: skip
    replace_file(folder / "__init__.py", text)
