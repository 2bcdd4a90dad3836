"""What a training is told: the frame's keys, and those that the trainable declares, from one YAML file."""

import dataclasses
import re
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from jobs.common.local_paths import local_path
from jobs.common.plain_yaml import NotPlain, plain_yaml, read_plain_yaml
from jobs.common.typed_names import did_you_mean

MAX_BYTES = 262_144


@dataclass(frozen=True)
class TrainingConfig:
    """Keys of `conf/training/NAME.yaml`.

    Attributes
    ----------
    output : str
        Folder of the run: examples, split, checkpoints, and `model/`, what `strix models add --from` takes.
    data, settings : mapping
        What examples are made of, and how the model is fitted: the trainable's own keys.
    labels : tuple of str
        Files of labels, of any kind that `jobs.labels` reads.
    level : str
        `leaf` for the finest classes that labels tell, `coarse` for SN, VS, AGN, asteroid, bogus.
    seed : int
        Of the split and of every fit.
    folds : int
        Parts of the cross-validation; 0 for none.
    validation, test : float
        Shares of the objects, 0 to 1. Test objects are in no fold and no fit.
    radius_arcsec : float
        No two objects so near to each other are on two sides of the split.
    master : str
        Where examples are made: a Spark master, or `none` for this process.
    version : str
        Of the model, such as 2.1.0; empty for the trainable's own. It is what `strix models add` installs it as.
    note : str
        For the card: what its reader should know about the data.
    """

    output: str = "data/training"
    data: Mapping[str, Any] = dataclasses.field(default_factory=dict)
    settings: Mapping[str, Any] = dataclasses.field(default_factory=dict)
    labels: tuple[str, ...] = ()
    level: str = "coarse"
    seed: int = 20260101
    folds: int = 5
    validation: float = 0.1
    test: float = 0.2
    radius_arcsec: float = 3.0
    master: str = "none"
    version: str = ""
    note: str = ""

    @property
    def folder(self) -> Path:
        """The run's."""
        return local_path(self.output).absolute()

    def __post_init__(self) -> None:
        if self.version and not re.fullmatch(r"\d+(\.\d+)*", self.version):
            raise ValueError(f"version is {self.version!r}, it should be numbers like 2.1.0")
        if self.level not in ("leaf", "coarse"):
            raise ValueError(f"level is {self.level!r}, it can be leaf, coarse")
        if not (self.test >= 0 and self.validation >= 0 and self.test + self.validation < 1):
            raise ValueError(f"test {self.test} and validation {self.validation} should leave objects to train on")
        if self.folds < 0 or self.folds == 1:
            raise ValueError(f"folds is {self.folds}, it can be 0 (none) or at least 2")


def load(
    path: Path | None, changes: Mapping[str, str] | None = None, defaults: Mapping[str, Any] | None = None
) -> TrainingConfig:
    """Read a training's YAML file.

    Parameters
    ----------
    path : pathlib.Path or None
        None for the defaults.
    changes : mapping of str to str, optional
        Values in YAML by key, for instance `{"data.nights": "[20240101, 20240131]"}`; they win over the file.
    defaults : mapping, optional
        Of the trainable, where the file says nothing.

    Raises
    ------
    ValueError
        For a file that is no plain YAML mapping, an unknown key, a value of another type.
    """
    content = dict(defaults or {}) | (_read(path) if path else {})
    for name, text in (changes or {}).items():
        section, _, key = name.rpartition(".")
        if section:
            content[section] = {**(content.get(section) or {}), key: plain_yaml(text.encode())}
        else:
            content[key] = _typed(key, text)
    config: TrainingConfig = filled(TrainingConfig, content, "the configuration")
    return config


def _typed(key: str, text: str) -> Any:
    """A value as it was typed: version=2.1 is text, which YAML takes for a number."""
    value = plain_yaml(text.encode())
    wants_text = isinstance(getattr(TrainingConfig, key, None), str)
    return text.strip() if wants_text and isinstance(value, int | float) else value


def filled(kind: Any, content: Mapping[str, Any], where: str) -> Any:
    """A frozen dataclass with values of a mapping; lists become tuples.

    Parameters
    ----------
    kind : type
        A dataclass whose fields have defaults.
    content : mapping
        Values by name of the field.
    where : str
        What messages call the mapping.

    Raises
    ------
    ValueError
        For an unknown name (says the nearest) or a value of another type than the default's.
    """
    fields = {field.name: field for field in dataclasses.fields(kind)}
    default = kind()
    values = {}
    for name, value in content.items():
        if name not in fields:
            raise ValueError(f"{where}: no key {name!r}{did_you_mean(name, fields)}; it can have {', '.join(fields)}")
        values[name] = _of_type(name, value, getattr(default, name), where)
    return kind(**values)


def _of_type(name: str, value: Any, default: Any, where: str) -> Any:
    if isinstance(value, list):
        value = tuple(value)
    if isinstance(default, float) and isinstance(value, int) and not isinstance(value, bool):
        value = float(value)
    if isinstance(default, tuple) and isinstance(value, str):
        value = (value,)
    wanted = Mapping if isinstance(default, Mapping) else type(default)
    if default is not None and (not isinstance(value, wanted) or isinstance(value, bool) != isinstance(default, bool)):
        quotes = "; put it in quotes" if wanted is str else ""
        raise ValueError(
            f"{where}: {name} is {value!r}, it should be a {wanted.__name__.lower()} like {default!r}{quotes}"
        )
    return value


def _read(path: Path) -> dict[str, Any]:
    try:
        content = read_plain_yaml(path, MAX_BYTES) or {}
    except NotPlain as problem:
        raise ValueError(f"{path} is no plain YAML: {problem}") from None
    if not isinstance(content, dict):
        raise ValueError(f"{path} should hold `key: value` lines, it holds a {type(content).__name__}")
    return content
