"""What is true of the simulated objects: a row each, seen or not."""

from typing import Any

import numpy as np
import pyarrow as pa

from jobs.simulation.epochs import Ints
from jobs.simulation.light_curves import LightCurves
from jobs.simulation.tables.light_curve_table import identifiers
from jobs.simulation.visits.survey import Survey
from science_modules.common.view import Column

_F64, _I32, _STR = pa.float64(), pa.int32(), pa.string()
_COLUMNS = (
    Column("survey", _STR, "", "survey that was simulated"),
    Column("object_id", _STR, "", "object, as in the common view"),
    Column("class", _STR, "", "name of the simulator's class"),
    Column("leaf", _STR, "", "leaf of the taxonomy of ALeRCE's light-curve classifier"),
    Column("branch", _STR, "", "transient, stochastic, periodic, moving or bogus"),
    Column("stamp_class", _STR, "", "class of the stamp classifier"),
    Column("counterpart", _STR, "", "what the reference image shows there: star, host, nucleus, quasar or none"),
    Column("ra", _F64, "deg", "right ascension, ICRS"),
    Column("dec", _F64, "deg", "declination, ICRS"),
    Column("ebv", _F64, "mag", "Galactic reddening E(B-V)"),
    Column("redshift", _F64, "", "redshift"),
    Column("t0", _F64, "d", "time of maximum, MJD TAI"),
    Column("period", _F64, "d", "period"),
    Column("peak_mag", _F64, "mag", "r magnitude at maximum, before extinction"),
    Column("mean_mag", _F64, "mag", "r magnitude of the mean flux, before extinction"),
    Column("n_visits", _I32, "", "visits in the simulated time"),
    Column("n_detections", _I32, "", "detections among them"),
    Column("max_snr", _F64, "", "largest true |difference flux| / error; NULL without a visit"),
    Column("parameters", pa.map_(_STR, _F64), "", "all that was drawn of the class's parameters, by name"),
)
SCHEMA = pa.schema([column.field for column in _COLUMNS])
_DRAWN = ("redshift", "t0", "period", "peak_mag", "mean_mag")


def truth_table(curves: LightCurves, survey: Survey) -> pa.Table:
    """A row per object of a block.

    Parameters
    ----------
    curves : LightCurves
        Of n objects.
    survey : Survey

    Returns
    -------
    pyarrow.Table, n rows
        Of SCHEMA; NULL where a class has no such number.
    """
    population, n = curves.population, len(curves.population.number)
    kind = population.kind
    single = {name: values for name, values in population.parameters.items() if values.ndim == 1}
    named = {name: getattr(kind, name) for name in ("leaf", "branch", "stamp_class", "counterpart")}
    columns: dict[str, Any] = {
        **{name: [word] * n for name, word in {"survey": survey.name, "class": kind.name, **named}.items()},
        "object_id": identifiers(curves, survey),
        **{name: getattr(population, name) for name in ("ra", "dec", "ebv")},
        **{name: pa.array(single[name], from_pandas=True) if name in single else pa.nulls(n, _F64) for name in _DRAWN},
        "n_visits": np.diff(curves.epochs.start),
        "n_detections": detections(curves),
        "max_snr": _largest(curves),
        "parameters": _maps(single, n),
    }
    return pa.Table.from_arrays([pa.array(columns[f.name]).cast(f.type) for f in SCHEMA], schema=SCHEMA)


def detections(curves: LightCurves) -> Ints:
    """How often each object is detected, shape (n,).

    Parameters
    ----------
    curves : LightCurves
        Of n objects.
    """
    owner = curves.epochs.object[curves.detected]
    return np.bincount(owner, minlength=len(curves.population.number))


def _largest(curves: LightCurves) -> pa.Array:
    largest = np.full(len(curves.population.number), -np.inf)
    np.maximum.at(largest, curves.epochs.object, np.abs(curves.true) / curves.flux_err)
    return pa.array(largest, mask=~np.isfinite(largest))


def _maps(single: dict[str, Any], n: int) -> pa.Array:
    names = sorted(single)
    offsets = pa.array(np.arange(n + 1) * len(names), pa.int32())
    values = np.stack([single[name].astype(np.float64) for name in names], axis=1).ravel() if names else np.zeros(0)
    return pa.MapArray.from_arrays(offsets, pa.array(names * n, _STR), pa.array(values, from_pandas=True))
