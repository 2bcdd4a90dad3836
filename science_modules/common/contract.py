"""The contract of a science module: a frozen declaration and a pure function."""

import sys
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from functools import cached_property
from hashlib import sha256
from typing import TYPE_CHECKING, Any

import pyarrow as pa

from science_modules.common.options import Number, Option, OptionError

if TYPE_CHECKING:
    import pandas as pd

    from science_modules.common.alert_batch import AlertBatch

TYPES: dict[str, pa.DataType] = {
    "float64": pa.float64(),
    "float32": pa.float32(),
    "int64": pa.int64(),
    "int32": pa.int32(),
    "bool": pa.bool_(),
    "string": pa.string(),
    "list<string>": pa.list_(pa.string()),
    "list<float32>": pa.list_(pa.float32()),
    "list<float64>": pa.list_(pa.float64()),
}

_RESERVED = ("version", "error")

# In the metadata of an output's column: low values stand out.
LOWEST_FIRST = {"first": "lowest"}

Artefacts = Mapping[str, bytes]
Load = Callable[..., Any]
Run = Callable[["AlertBatch", Any], "pd.DataFrame"]


@dataclass(frozen=True)
class Field:
    """One output of a module: name, type (a key of TYPES), unit, description.

    Parameters
    ----------
    name, type, unit, description : str
    lowest_first : bool
        Low values stand out, as a place of which 1 is the best: sorted by it, alerts begin with the lowest.
    """

    name: str
    type: str
    unit: str
    description: str
    lowest_first: bool = False

    @cached_property
    def arrow(self) -> pa.Field:
        """The Arrow field, with unit, description and what comes first, if that is the lowest, as metadata."""
        metadata = {"unit": self.unit, "description": self.description}
        return pa.field(self.name, TYPES[self.type], metadata=metadata | (LOWEST_FIRST if self.lowest_first else {}))


@dataclass(frozen=True)
class Original:
    """The published file that an artefact is made from, where it is not loaded as published.

    Parameters
    ----------
    name, sha256, url : str
        File name, hex digest and where it is published.
    convert : callable
        `convert(published bytes) -> artefact bytes`; deterministic, so that both digests can be declared.
    """

    name: str
    sha256: str
    url: str
    convert: Callable[[bytes], bytes]


@dataclass(frozen=True)
class Artefact:
    """A trained data file that a module needs.

    Parameters
    ----------
    name : str
        File name, in the module's folder or under `<models>/<module>/`.
    sha256 : str
        Hex digest, checked at load.
    source, licence : str
        Where it comes from, and under which licence.
    original : Original, optional
        The published file that it is converted from (`strix models add`).
    """

    name: str
    sha256: str
    source: str
    licence: str
    original: Original | None = None


@dataclass(frozen=True)
class ScienceModule:
    """What a science module declares.

    Parameters
    ----------
    name, version : str
        Name is the folder's name and the struct column's name; version is semantic: outputs are only added
        within a major version.
    inputs : tuple of str
        Columns of the common view; `light_curve` (all lc_ columns), `cutouts` (all three), `candidate`
        (or `candidate.<field>`), or `<other module>.<output>`.
    outputs : tuple of Field
    run : callable
        `run(batch, state) -> pandas.DataFrame`: one row per alert, in order, one column per output and, where
        an alert has no answer, the reason in a column `error` (None otherwise). Pure.
    source : str
        The paper or page that defines the quantity.
    load : callable, optional
        `load(artefacts, **options) -> state`, once per Python worker; `artefacts` maps a name to verified bytes.
    artefacts : tuple of Artefact
    surveys : tuple of str
        Alerts of other surveys are NULL with the reason `not applicable: survey <name>`; empty: it serves every survey.
    optional_inputs : tuple of str
        Like inputs, but a module that is not in the job is no error: the column is simply absent.
    rows_at_once : int
        Of a slow module: no more alerts than these in one call, so that the time that a job gives a step is for these.
    options : tuple of Option
        What a user can set; `load` takes each by name.
    given : tuple of (str, float or int)
        What was set to another value than the default, by name of the option: see `with_options`.

    Raises
    ------
    ValueError
        If the name is no identifier, an output is named twice or `version` or `error`, or a type is unknown.
    """

    name: str
    version: str
    inputs: tuple[str, ...]
    outputs: tuple[Field, ...]
    run: Run
    source: str
    load: Load | None = None
    artefacts: tuple[Artefact, ...] = ()
    surveys: tuple[str, ...] = ()
    optional_inputs: tuple[str, ...] = ()
    rows_at_once: int = sys.maxsize
    options: tuple[Option, ...] = ()
    given: tuple[tuple[str, Number], ...] = ()

    def __post_init__(self) -> None:
        names = [output.name for output in self.outputs]
        wrong = [name for name in (self.name, *names) if not name.isidentifier()]
        wrong += [name for name in names if names.count(name) > 1 or name in _RESERVED]
        if wrong or not names:
            raise ValueError(f"{self.name}: wants outputs of different names, none of {_RESERVED}; has {names}")
        unknown = [output.type for output in self.outputs if output.type not in TYPES]
        if unknown:
            raise ValueError(f"{self.name}: types {unknown} are not among {sorted(TYPES)}")
        if self.options and self.load is None:
            raise ValueError(f"{self.name}: wants a load that takes its options, has none")

    def with_options(self, told: Mapping[str, object]) -> "ScienceModule":
        """The module as it answers with some options set; its version then says which: `1.0.0 fmax=72`.

        Parameters
        ----------
        told : mapping of str to object
            Numbers or their texts, by name of the option. A default that is told again changes nothing.

        Raises
        ------
        OptionError
            For an option that it does not have, or a value that one does not take.
        """
        known = {option.name: option for option in self.options}
        for name in told:
            if name not in known:
                has = ", ".join(known) or "none"
                raise OptionError(f"{self.name} has no option {name!r}; its options: {has}")
        values = {name: option.value_of(told[name], self.name) for name, option in known.items() if name in told}
        given = tuple((name, value) for name, value in values.items() if value != known[name].default)
        marks = [f"{name}={str(value).removesuffix('.0')}" for name, value in given]
        return replace(self, version=" ".join([self.version, *marks]), given=given)

    @property
    def settings(self) -> dict[str, Number]:
        """Every option's value, by name, as `load` takes them."""
        return {option.name: option.default for option in self.options} | dict(self.given)

    @property
    def artefact_hash(self) -> str:
        """sha256 over the digests of the artefacts, in order."""
        return sha256("".join(artefact.sha256 for artefact in self.artefacts).encode()).hexdigest()

    @cached_property
    def arrow_type(self) -> pa.StructType:
        """The struct column that this module becomes: its outputs, `version` and `error`."""
        version = pa.field("version", pa.string(), metadata={"unit": "", "description": "version of the module"})
        error = pa.field("error", pa.string(), metadata={"unit": "", "description": "why there is no answer"})
        return pa.struct([*(output.arrow for output in self.outputs), version, error])
