"""What a module says of itself: declaration, model card, artefacts; and what importing it imports."""

import os
import subprocess
import sys
from pathlib import Path

import science_modules
from science_modules import registry
from science_modules.common import artefacts
from science_modules.suite.cases import Case

HEAVY = ("pyspark", "tensorflow", "keras", "torch", "onnxruntime", "onnx", "h5py", "sklearn", "astropy", "coniferest",
         "light_curve", "polars", "duckdb", "matplotlib")  # fmt: skip
SECTIONS = ("## Trained on, tested on", "## When not to trust it")


def check_declaration(case: Case) -> None:
    """Version, source and every output's description are there; the inputs exist.

    Parameters
    ----------
    case : Case
        The module to check.
    """
    module = case.module
    assert module.version.count(".") == 2, f"version wants x.y.z, has {module.version!r}"
    assert module.source.strip(), "source is empty: which paper or page defines the quantity?"
    bare = [field.name for field in module.outputs if not field.description.strip()]
    assert not bare, f"outputs without a description: {bare}"
    mute = [option.name for option in module.options if not option.help.strip()]
    assert not mute, f"options without help: {mute}"
    needed = {name.partition(".")[0] for name in module.inputs} & set(registry.names())
    registry.resolve([*sorted(_closure(needed)), module.name])


def check_documentation(case: Case) -> None:
    """README.md is a model card: it names every output and option, what it was trained and tested on, when not to trust it.

    The card of an installed version says what was measured; its module's card beside it says the rest.

    Parameters
    ----------
    case : Case
        The module to check.
    """
    path = case.folder / "README.md"
    assert path.is_file(), f"no model card: {path}"
    text = path.read_text(encoding="utf-8")
    if base := registry.base_of(case.folder.name):
        text += (registry.folders()[base] / "README.md").read_text(encoding="utf-8")
    unnamed = [field.name for field in case.module.outputs if f"`{field.name}" not in text]
    assert not unnamed, f"{path} does not name the outputs {unnamed}"
    unnamed = [option.name for option in case.module.options if f"`{option.name}`" not in text]
    assert not unnamed, f"{path} does not name the options {unnamed}"
    absent = [section for section in SECTIONS if section not in text]
    assert not absent, f"{path} lacks the sections {absent}"


def check_artefacts(case: Case) -> None:
    """Every artefact has source, licence and sha256, and the files are the ones that were declared.

    Parameters
    ----------
    case : Case
        The module to check.
    """
    for artefact in case.module.artefacts:
        assert artefact.source and artefact.licence, f"{artefact.name}: no source or no licence"
        digests = [artefact.sha256] + ([artefact.original.sha256] if artefact.original else [])
        assert all(len(digest) == 64 for digest in digests), f"{artefact.name}: sha256 wants 64 hex digits"
    artefacts.find(case.module, case.models)


def check_imports(case: Case) -> None:
    """Importing the module imports neither Spark nor a heavy library, nor `jobs`, nor another module than a version's own.

    Parameters
    ----------
    case : Case
        The module to check.
    """
    own = (case.module.name, case.folder.name, registry.base_of(case.folder.name))
    others = [f"science_modules.{name}" for name in registry.names() if name not in own]
    code = (
        f"import sys; from science_modules import registry; registry.get({case.module.name!r});"
        f"print(*[name for name in {[*HEAVY, 'jobs', *others]!r} if name in sys.modules])"
    )
    command = [sys.executable, "-c", code]
    root = str(Path(science_modules.__file__).parents[1])
    environment = os.environ | {"PYTHONPATH": os.pathsep.join([root, os.environ.get("PYTHONPATH", "")])}
    done = subprocess.run(command, capture_output=True, text=True, check=False, timeout=60, env=environment)
    assert done.returncode == 0, done.stderr
    assert not done.stdout.strip(), f"importing {case.module.name} imports {done.stdout.strip()}"


def _closure(names: set[str]) -> set[str]:
    """The modules of these names and all that they need."""
    needed = {given.partition(".")[0] for name in names for given in registry.get(name).inputs} & set(registry.names())
    return names if needed <= names else _closure(names | needed)
