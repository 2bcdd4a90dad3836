"""The columns that a filter may name: the common view, the survey's own fields, the outputs of the job's modules."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import pyarrow as pa

from jobs.pipeline.filters.kinds import Kind, kind_of
from jobs.pipeline.filters.problems import Lacking, Refused, nearest
from jobs.pipeline.filters.singles import PUBLISHED_AS_FLOAT32
from jobs.pipeline.surveys import SURVEYS
from jobs.pipeline.surveys.candidate import candidate_type, stored_names
from science_modules import registry
from science_modules.common.artefacts import missing
from science_modules.common.contract import ScienceModule
from science_modules.common.view import LIGHT_CURVE, SCALARS

# Booleans whose NULL is an answer of its own, met in ordinary packets: a filter has to say what it means by it.
TRI_STATE = {
    "is_known_sso": "not compared with the known Solar-system objects",
    "corrected": "the packet names no reference source",
    "dubious": "the packet names no reference source",
    "stellar": "the packet names no reference source",
}

_NO_FORCED_FLUX = -99999
_IDS = (pa.int64(),)


@dataclass(frozen=True)
class Column:
    """A column that filters can read.

    Attributes
    ----------
    name : str
        As a filter writes it: `mag`, `candidate.ssdistnr`, `acai.acai_h`.
    kind : Kind
    unit, description : str
    null_means : str
        For a tri-state column: what its NULL says; empty for the others.
    single : bool
        Whether its values, or elements, are published as float32.
    """

    name: str
    kind: Kind
    unit: str = ""
    description: str = ""
    null_means: str = ""
    single: bool = False


class Catalogue:
    """All columns of a job.

    Parameters
    ----------
    modules : iterable of str or ScienceModule
        The science modules of the job.
    """

    def __init__(self, modules: Iterable[str | ScienceModule]) -> None:
        self.modules = tuple(registry.get(each) if isinstance(each, str) else each for each in modules)

    @cached_property
    def columns(self) -> dict[str, Column]:
        """Columns by name."""
        fields = {column.name: column.field for column in SCALARS + LIGHT_CURVE}
        fields |= {f"candidate.{field.name}": field for field in candidate_type()}
        for module in self.modules:
            fields |= {f"{module.name}.{field.name}": field for field in module.arrow_type}
        return {name: column for name, field in fields.items() if (column := _column(name, field))}

    def find(self, name: str) -> Column:
        """The column of this name.

        Parameters
        ----------
        name : str
            As a filter writes it: `mag`, `candidate.ssdistnr`, `acai.acai_h`.

        Raises
        ------
        Refused
            If there is none; says which is near, or which module the job lacks.
        """
        if name in self.columns:
            return self.columns[name]
        giver = name.partition(".")[0]
        job = [module.name for module in self.modules]
        if "." in name and giver in registry.folders() and giver not in job:
            lacking = Lacking(giver, ", ".join(job) or "none", _remedy(giver))
            raise Refused(f"{name} needs {lacking.told}", lacking=lacking)
        raise Refused(f"unknown column {name}{nearest(name, self.columns)}")


def _remedy(module: str) -> str:
    """How a job gets a module: its published weights, where they lack, or its name in the job's list."""
    wanting = any(each.original is not None for each in missing(registry.get(module)))
    return f"its weights are not here: strix models add {module}" if wanting else f"add {module} to it"


def _column(name: str, field: pa.Field) -> Column | None:
    kind = kind_of(field.type)
    if kind is None:
        return None
    said = {key.decode(): value.decode() for key, value in (field.metadata or {}).items()}
    single = name in PUBLISHED_AS_FLOAT32 or pa.float32() in (field.type, getattr(field.type, "value_type", None))
    return Column(name, kind, said.get("unit", ""), said.get("description", ""), TRI_STATE.get(name, ""), single)


def sentinels(field: str) -> Mapping[str, tuple[Any, ...]]:
    """Per survey, the published values of `candidate.<field>` that mean "no value".

    Parameters
    ----------
    field : str
        Name in the stored struct `candidate`, without the prefix.

    Returns
    -------
    mapping of str to tuple
        By the survey's name; a survey without the field is not in it.
    """
    found: dict[str, tuple[Any, ...]] = {}
    for survey in SURVEYS:
        for own, stored in stored_names(survey).items():
            if stored == field:
                found[survey.name] = tuple(survey.sentinels.get(own, ())) + _everywhere(
                    survey.candidate.field(own).type
                )
    return found


def _everywhere(type_: pa.DataType) -> tuple[Any, ...]:
    """Sentinels of any field of a type; an id may be any integer."""
    if pa.types.is_string(type_):
        return ("null",)
    return (
        (_NO_FORCED_FLUX,)
        if kind_of(type_) is not None and not pa.types.is_boolean(type_) and type_ not in _IDS
        else ()
    )
