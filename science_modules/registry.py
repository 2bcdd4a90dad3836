"""The science modules by name: a module's name is the name of its folder.

Folders are looked for in this package and in the directories of $STRIX_MODULE_PATH, so that a module can be added
without touching the package. An installed version has a folder of its own, `stamp_v2_1_0`; a line of `promoted.yaml` in
such a directory makes it answer as `stamp`. Importing this imports no module and no heavy library.
"""

import difflib
import importlib
import os
import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from hashlib import sha256
from pathlib import Path
from typing import Any

import science_modules
from science_modules.common.contract import ScienceModule
from science_modules.common.options import OptionError
from science_modules.common.promotions import FILE, PromotionError, promotions
from science_modules.common.view import CUTOUTS, VIEW_NAMES

RESERVED = ("common", "golden", "registry", "suite")  # names in this package that are no modules
_VERSIONED = re.compile(r"([a-z]\w*)@(\d+(?:\.\d+)*)")
_VERSION_FOLDER = re.compile(r"([a-z]\w*)_v\d+(?:_\d+)*")
_VIEW_INPUTS = (*VIEW_NAMES, *(column.name for column in CUTOUTS), "light_curve", "cutouts", "candidate")


class UnknownModule(LookupError):
    """No folder of that name holds a science module."""


class ResolveError(ValueError):
    """The modules of a job do not fit together."""


def folders() -> dict[str, Path]:
    """Every module's folder by the module's name, in alphabetical order.

    Raises
    ------
    ResolveError
        If two directories hold a module of the same name.
    """
    found: dict[str, Path] = {}
    for directory in (Path(science_modules.__file__).parent, *_external()):
        for path in sorted(directory.iterdir()):
            if not (path / "__init__.py").is_file() or path.name in RESERVED:
                continue
            if path.name in found:
                raise ResolveError(f"module {path.name!r} is both in {found[path.name]} and in {path}")
            found[path.name] = path
    return dict(sorted(found.items()))


def names() -> list[str]:
    """The names of all modules, in alphabetical order."""
    return list(folders())


def folder_name(name: str) -> str:
    """The folder of a module's version that was installed beside it: `stamp@2.1.0` is `stamp_v2_1_0`; other names stay.

    Parameters
    ----------
    name : str
        As a person or a configuration writes it.
    """
    found = _VERSIONED.fullmatch(name)
    return f"{found[1]}_v{found[2].replace('.', '_')}" if found else name


def get(name: str) -> ScienceModule:
    """The declaration of a module, of its promoted version if it has one.

    Parameters
    ----------
    name : str
        The name of its folder, or `NAME@VERSION`.

    Raises
    ------
    UnknownModule
        If there is none of that name; says the nearest one.
    ResolveError
        If the folder holds no MODULE of its own name, or a version is promoted that cannot stand for its module.
    """
    name = folder_name(name)
    answering = _promoted().get(name)
    if answering is None:
        return declared(name)
    module, version = declared(name), declared(answering)
    if version.outputs != module.outputs:
        names = [[each.name for each in one.outputs] for one in (module, version)]
        raise ResolveError(f"{FILE} promotes {answering}, which gives {names[1]}; {name} gives {names[0]}")
    return replace(version, name=name)


def declared(name: str) -> ScienceModule:
    """The declaration in a module's own folder, whatever is promoted.

    Parameters
    ----------
    name : str
        The name of its folder.

    Raises
    ------
    UnknownModule, ResolveError
        As `get`.
    """
    known = folders()
    if name not in known:
        raise UnknownModule(f"no science module {name!r}{_nearest(name, known)}; there are {list(known)}")
    parent = str(known[name].parent)
    if parent not in science_modules.__path__:
        science_modules.__path__.append(parent)  # makes science_modules.<name> importable, here and when unpickled
        importlib.invalidate_caches()
    module = getattr(importlib.import_module(f"science_modules.{name}"), "MODULE", None)
    if not isinstance(module, ScienceModule) or module.name != name:
        found = module.name if isinstance(module, ScienceModule) else type(module).__name__
        raise ResolveError(f"{known[name]} wants a MODULE named {name!r}, has {found!r}")
    return module


def base_of(name: str) -> str | None:
    """The module that an installed version is of: `stamp` for `stamp_v2_1_0`; None for what is no version.

    Parameters
    ----------
    name : str
        The name of its folder.
    """
    found = _VERSION_FOLDER.fullmatch(name)
    return found[1] if found and found[1] in folders() else None


def folder_of(name: str) -> Path:
    """The folder of what answers under a name: the module's, or its promoted version's.

    Parameters
    ----------
    name : str
        The name of a folder, or `NAME@VERSION`.
    """
    name = folder_name(name)
    return folders()[_promoted().get(name, name)]


def _promoted() -> dict[str, str]:
    """By module, the folder of its promoted version. Every line has to hold: one passed over would be a silent mistake."""
    try:
        told = promotions(tuple(_external()))
    except PromotionError as error:
        raise ResolveError(str(error)) from None
    found = {name: folder_name(f"{name}@{version}") for name, version in told.items()}
    known = folders() if found else {}
    for name, folder in found.items():
        if absent := [each for each in (name, folder) if each not in known]:
            there = [each for each in known if base_of(each) == name] or "none"
            raise ResolveError(
                f"{FILE} promotes {name}: {told[name]}, there is no module {' or '.join(absent)}; versions of {name}"
                f" that are installed: {there}"
            )
    return found


def resolve(names: Sequence[str], options: Mapping[str, object] | None = None) -> list[ScienceModule]:
    """The modules of a job in the order in which they can run.

    A module comes after those whose outputs it reads, otherwise the given order stays.

    Parameters
    ----------
    names : sequence of str
        All modules of the job: what one reads of another, the other has to be named for. `NAME@VERSION` is an installed version.
    options : mapping of str to object, optional
        Options that are set, as `period.fmax` to a number or its text.

    Raises
    ------
    UnknownModule, ResolveError, OptionError
        For an unknown or repeated name, an input that nothing gives, modules that wait for one another, or an option of
        a module that does not run, that a module does not have, or of another value than it takes.
    """
    names = [folder_name(name) for name in names]
    repeated = sorted({name for name in names if names.count(name) > 1})
    if repeated:
        raise ResolveError(f"modules named twice: {repeated}")
    told = _by_module(options or {}, names)
    modules = {name: get(name).with_options(told.get(name, {})) for name in names}
    needs = {module.name: _needs(module, modules) for module in modules.values()}
    return [modules[name] for name in _ordered(needs)]


def _by_module(options: Mapping[str, object], names: Sequence[str]) -> dict[str, dict[str, object]]:
    told: dict[str, dict[str, object]] = {}
    for key, value in options.items():
        module, dot, name = key.partition(".")
        if not dot or module not in names:
            raise OptionError(f"an option is MODULE.NAME of {', '.join(names) or 'a module'}, found {key!r}")
        told.setdefault(module, {})[name] = value
    return told


def source_hash(name: str) -> str:
    """sha256 over a module's version and the files of its folder: whether two machines run the same code.

    Of an installed version, and of a module whose version is promoted, over the files of both folders.

    Parameters
    ----------
    name : str
        The module's.
    """
    digest = sha256(get(name).version.encode())
    answering = folder_of(name).name
    for folder in filter(None, (answering, base_of(answering))):
        _add_files(digest, folders()[folder])
    return digest.hexdigest()


def _add_files(digest: Any, folder: Path) -> None:
    for path in sorted(folder.rglob("*")):
        if path.is_file() and "__pycache__" not in path.parts:
            digest.update(path.relative_to(folder).as_posix().encode() + b"\0" + path.read_bytes() + b"\0")


def columns_of(inputs: Iterable[str]) -> set[str]:
    """The columns of a table that inputs name: `light_curve` is all lc_ columns, `braai.p_real` the column braai.

    Parameters
    ----------
    inputs : iterable of str
        As `ScienceModule.inputs`.
    """
    groups = {
        "light_curve": [name for name in VIEW_NAMES if name.startswith("lc_")],
        "cutouts": [column.name for column in CUTOUTS],
    }
    return {column for name in inputs for column in groups.get(name, [name.partition(".")[0]])}


def _external() -> list[Path]:
    """The directories of $STRIX_MODULE_PATH; one that is absent is an error, not a module that silently lacks."""
    given = [Path(part).resolve() for part in os.environ.get("STRIX_MODULE_PATH", "").split(os.pathsep) if part]
    for path in given:
        if not path.is_dir():
            told = f"STRIX_MODULE_PATH names {path}, which is no directory"
            raise ResolveError(f"{told}; make it, or take it out of STRIX_MODULE_PATH")
    return given


def _nearest(name: str, known: Iterable[str]) -> str:
    near = difflib.get_close_matches(name, list(known), n=1)
    return f" (did you mean {near[0]}?)" if near else ""


def _needs(module: ScienceModule, modules: dict[str, ScienceModule]) -> set[str]:
    """The modules of the job that this one reads; refuses inputs that nothing gives."""
    needs = set()
    for name in module.inputs + module.optional_inputs:
        giver, _, output = name.partition(".")
        if giver in _VIEW_INPUTS:
            continue
        if giver not in modules:
            if name in module.inputs:
                raise ResolveError(_gap(module, name, giver))
            continue
        if output not in [field.name for field in modules[giver].outputs]:
            given = [field.name for field in modules[giver].outputs]
            raise ResolveError(f"{module.name} wants {name}, {giver} gives {given}")
        needs.add(giver)
    return needs


def _gap(module: ScienceModule, name: str, giver: str) -> str:
    if giver in folders():
        return f"{module.name} wants {name}: add {giver} to the job's modules"
    return f"{module.name} wants {name}: no column of the common view and no module{_nearest(name, _VIEW_INPUTS)}"


def _ordered(needs: dict[str, set[str]]) -> list[str]:
    done: list[str] = []
    while len(done) < len(needs):
        ready = [name for name in needs if name not in done and needs[name] <= set(done)]
        if not ready:
            waiting = {name: sorted(needs[name] - set(done)) for name in needs if name not in done}
            raise ResolveError(f"modules that wait for one another: {waiting}")
        done.append(ready[0])
    return done
