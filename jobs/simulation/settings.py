"""What a YAML file says of a simulation: the mix of classes, depth and cadence of the survey, faults of the stream."""

from collections.abc import Mapping
from dataclasses import dataclass, field, fields, replace
from numbers import Real
from pathlib import Path
from typing import Any, get_args

from jobs.common.plain_yaml import NotPlain, read_plain_yaml
from jobs.simulation.classes import CLASSES
from jobs.simulation.load import FaultRates
from jobs.simulation.mix import Mix, Shares

_MOST_BYTES = 100_000


@dataclass(frozen=True)
class Settings:
    """A simulation.

    Attributes
    ----------
    mix : str or tuple
        "natural", "balanced", or shares of classes.
    depth : float
        How much deeper the survey's images are than they are [mag].
    cadence : float
        Share of the survey's exposures that are taken, above 0, up to 1.
    faults : FaultRates
        Of a stream.
    """

    mix: Mix | Shares = "natural"
    depth: float = 0.0
    cadence: float = 1.0
    faults: FaultRates = field(default_factory=FaultRates)


AS_IT_IS = Settings()


def read_settings(path: Path | None, usual: Settings = AS_IT_IS) -> Settings:
    """The settings in a file.

    Parameters
    ----------
    path : pathlib.Path, optional
        YAML with `mix`, `depth`, `cadence`, `faults`, each if wanted; no file is an empty one.
    usual : Settings
        What holds for what the file does not name; as in the survey if not given.

    Raises
    ------
    ValueError
        If it cannot be read or says something else; the message names the file.
    """
    if path is None:
        return usual
    try:
        given = read_plain_yaml(path, _MOST_BYTES) or {}
        _check_names(given, "a key", [each.name for each in fields(Settings)])
        found: dict[str, Any] = {name: _READ[name](value) for name, value in given.items()}
    except (OSError, NotPlain, ValueError) as error:
        raise ValueError(f"{path}: {error}") from None
    return replace(usual, **found)


def _check_names(given: Any, what: str, known: list[str]) -> None:
    if not isinstance(given, Mapping):
        raise ValueError(f"wanted names and values, found {given!r}")
    unknown = [str(name) for name in given if name not in known]
    if unknown:
        raise ValueError(f"{', '.join(unknown)} is not {what}; there are {', '.join(known)}")


def _mix(value: Any) -> Mix | Shares:
    if value in get_args(Mix):
        return value  # type: ignore[no-any-return]
    if isinstance(value, str):
        raise ValueError(f"mix is {' or '.join(get_args(Mix))} or shares of classes, found {value!r}")
    _check_names(value, "a class", [kind.name for kind in CLASSES])
    found = tuple(sorted((name, _number(name, share)) for name, share in value.items()))
    if not found or min(share for _, share in found) < 0 or not sum(share for _, share in found) > 0:
        raise ValueError(f"shares of classes are 0 or more, and one of them is more; found {dict(found)}")
    return found


def _number(name: str, value: Any) -> float:
    if not isinstance(value, Real) or isinstance(value, bool):
        raise ValueError(f"{name} is a number, found {value!r}")
    return float(value)


def _faults(value: Any) -> FaultRates:
    _check_names(value, "a fault", [each.name for each in fields(FaultRates)])
    return FaultRates(**{name: _number(name, share) for name, share in value.items()})


_READ = {
    "mix": _mix,
    "depth": lambda value: _number("depth", value),
    "cadence": lambda value: _number("cadence", value),
    "faults": _faults,
}
