"""The `candidate` column of tables that hold alerts of several surveys: one type for all, each survey's own within it.

A field keeps its name. Where an earlier survey publishes a field of that name with a type that cannot hold the values,
the later survey's is stored as `<survey>_<name>`: what the earlier surveys' files have does not change when one is
added.
"""

from functools import cache

import pyarrow as pa

from jobs.pipeline.surveys import SURVEYS
from jobs.pipeline.surveys.survey import Survey


@cache
def candidate_type() -> pa.StructType:
    """The per-alert fields of all surveys, so that every file has one schema."""
    return pa.struct(list(_layout()[0].values()))


def stored_names(survey: Survey) -> dict[str, str]:
    """For each field of the survey's own `candidate`, its name in the common one.

    Parameters
    ----------
    survey : Survey
        One of SURVEYS.

    Returns
    -------
    dict of str to str
        In the order of the survey's fields.
    """
    return _layout()[1][survey.name]


def to_common(own: pa.StructArray, survey: Survey) -> pa.StructArray:
    """A survey's own `candidate` as the common type; the fields of other surveys are NULL.

    Parameters
    ----------
    own : pyarrow.StructArray, length n
        Of type `survey.candidate`.
    survey : Survey
        One of SURVEYS.

    Returns
    -------
    pyarrow.StructArray, length n
        Of type `candidate_type()`.
    """
    positions = {stored: place for place, stored in enumerate(stored_names(survey).values())}
    children = [
        _as(own.field(positions[field.name]), field.type) if field.name in positions else pa.nulls(len(own), field.type)
        for field in candidate_type()
    ]
    return pa.StructArray.from_arrays(children, fields=list(candidate_type()), mask=own.is_null())


def to_own(common: pa.StructArray, survey: Survey) -> pa.StructArray:
    """The common `candidate` of a survey's alerts as the survey's own type.

    Parameters
    ----------
    common : pyarrow.StructArray, length n
        Of type `candidate_type()`; rows of this survey alone.
    survey : Survey
        One of SURVEYS.

    Returns
    -------
    pyarrow.StructArray, length n
        Of type `survey.candidate`.
    """
    stored = stored_names(survey)
    children = [_as(common.field(stored[field.name]), field.type) for field in survey.candidate]
    return pa.StructArray.from_arrays(children, fields=list(survey.candidate), mask=common.is_null())


@cache
def _layout() -> tuple[dict[str, pa.Field], dict[str, dict[str, str]]]:
    """The common fields by name, and per survey the common name of each of its own."""
    fields: dict[str, pa.Field] = {}
    names: dict[str, dict[str, str]] = {}
    for survey in SURVEYS:
        names[survey.name] = {}
        for field in survey.candidate:
            known = fields.get(field.name)
            stored = field.name if known is None or _holds(known.type, field.type) else f"{survey.name}_{field.name}"
            fields.setdefault(stored, field.with_name(stored))
            names[survey.name][field.name] = stored
    return fields, names


def _holds(wide: pa.DataType, narrow: pa.DataType) -> bool:
    """Whether every value of one type is one of the other, bit for bit."""
    held = {pa.float64(): (pa.float32(), pa.int32()), pa.int64(): (pa.int32(),)}
    return wide == narrow or narrow in held.get(wide, ())


def _as(array: pa.Array, type_: pa.DataType) -> pa.Array:
    return array if array.type == type_ else array.cast(type_)
