"""Keys of a configuration: a default, what it means, the values it takes; text from YAML or a command line to its type."""

import dataclasses
import math
from collections.abc import Sequence
from dataclasses import field
from typing import Any

from jobs.common.local_paths import NoLocalPath, local_name

NULLS = ("null", "~")  # as YAML writes it


class ConfigError(ValueError):
    """The configuration says something that Strix cannot do; the message names what it can."""


def key(default: Any, help_: str, choices: Sequence[str] = (), least: float = 0, path: bool = False) -> Any:
    """A configuration key.

    Parameters
    ----------
    default : object
        Its value where it is not given; a type is called for one.
    help_ : str
        What it means, with its unit.
    choices : sequence of str
        The values it takes, if they can be listed.
    least : float
        Of a number, the least that makes sense: with no alerts per batch a job would read nothing, and say that all is read.
    path : bool
        Whether it names a place in the file system.
    """
    metadata = {"help": help_, "choices": tuple(choices), "least": least, "path": path}
    if callable(default):
        return field(default_factory=default, metadata=metadata)
    return field(default=default, metadata=metadata)


def path_key(default: Any, help_: str) -> Any:
    """A key that names a place, or several, in the file system.

    Parameters
    ----------
    default, help_
        As of `key`.
    """
    return key(default, help_, path=True)


@dataclasses.dataclass(frozen=True)
class Section:
    """Keys that belong together; each value is checked when the section is made."""

    def __post_init__(self) -> None:
        for each in dataclasses.fields(self):
            value = getattr(self, each.name)
            if each.metadata["path"]:
                value = _local(each.name, value)
                object.__setattr__(self, each.name, value)
            choices, least = each.metadata["choices"], each.metadata["least"]
            if choices and value not in choices:
                raise ConfigError(f"{each.name} is {value!r}, it can be {', '.join(choices)}")
            if isinstance(value, int | float) and not least <= value < math.inf:
                raise ConfigError(f"{each.name} is {value}, it should be at least {least}")


def _local(name: str, value: Any) -> Any:
    """A path, or several, without the scheme `file:`."""
    try:
        return (
            tuple(local_name(each, name) for each in value)
            if isinstance(value, tuple)
            else value and local_name(value, name)
        )
    except NoLocalPath as problem:
        raise ConfigError(str(problem)) from None


def convert(key: dataclasses.Field[Any], value: Any) -> Any:
    """A value as YAML or a command line gives it, in the key's type.

    Parameters
    ----------
    key : dataclasses.Field
        Of a section.
    value : object
        Text, a number, a list, a mapping or None.

    Raises
    ------
    ConfigError
        For a value of another type; the message says which it should be.
    """
    kind = kind_of(key)
    try:
        if "None" in kind and (value is None or value in NULLS):  # a command line has only text
            return None
        if kind.startswith("tuple"):
            if isinstance(value, dict):
                raise TypeError(value)
            parts = value.split(",") if isinstance(value, str) else list(value)
            return tuple(str(part) for part in parts if str(part))
        if kind == "bool":
            return _boolean(value)
        if kind.startswith("Mapping"):
            return {str(name): str(setting) for name, setting in dict(value).items()}
        if value is None or isinstance(value, list | dict | bool):
            raise TypeError(value)
        return {"float": float, "int": int}.get(kind.removesuffix(" | None"), str)(value)
    except (TypeError, ValueError, OverflowError):
        raise ConfigError(f"{key.name} is {value!r}, it should be {_in_words(kind)}") from None


_WORDS = {
    "int": "a whole number",
    "float": "a number",
    "bool": "true or false",
    "tuple": "a list",
    "Mapping": "KEY: VALUE pairs",
}


def _in_words(kind: str) -> str:
    """What a key wants, in words."""
    return next((words for name, words in _WORDS.items() if kind.startswith(name)), "a text")


def kind_of(key: dataclasses.Field[Any]) -> str:
    """The type of a key in words: bool, int, float, str, `str | None`, tuple[str, ...], Mapping[str, str].

    Parameters
    ----------
    key : dataclasses.Field
        Of a section.
    """
    return key.type.__name__ if key.type in (bool, int, float, str) else str(key.type).replace("collections.abc.", "")


def _boolean(value: Any) -> bool:
    known = {"true": True, "yes": True, "1": True, "false": False, "no": False, "0": False}
    if str(value).lower() not in known:
        raise ValueError(value)
    return known[str(value).lower()]
