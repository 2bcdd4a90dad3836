"""What a picture shows of an alert: its facts, its light curve and what every module said."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from jobs.archive.find import NotFound
from jobs.archive.light_curve import first_copies
from jobs.archive.links import links
from jobs.archive.words import iso_utc, sexagesimal
from jobs.common.plain_text import visible
from jobs.pipeline.surveys import survey_of
from science_modules.common.view import VIEW_NAMES

Floats = NDArray[np.float64]
Texts = NDArray[np.str_]


@dataclass(frozen=True)
class Curve:
    """Points of a light curve, shape (n,) each, in order of time; NaN where not known.

    Attributes
    ----------
    mjd : numpy.ndarray of float64
        Mid-exposure, MJD TAI.
    band, kind : numpy.ndarray of str
        Filter letter; detection, forced or upper_limit.
    flux, flux_err, total, total_err : numpy.ndarray of float64
        Signed difference flux and flux of the source itself [nJy].
    """

    mjd: Floats
    band: Texts
    kind: Texts
    flux: Floats
    flux_err: Floats
    total: Floats
    total_err: Floats

    def __len__(self) -> int:
        return len(self.mjd)

    def where(self, mask: NDArray[Any]) -> "Curve":
        """Some of the points.

        Parameters
        ----------
        mask : numpy.ndarray of bool or int
            Which points: a mask of shape (n,), or their indices.
        """
        return Curve(**{name: getattr(self, name)[mask] for name in _COLUMNS})


@dataclass(frozen=True)
class Answer:
    """One output of a module: its value, unit and description."""

    name: str
    value: Any
    unit: str
    description: str

    @property
    def is_score(self) -> bool:
        """A score from 0 to 1."""
        return isinstance(self.value, float) and any(word in self.description for word in ("0 to 1", "sigmoid"))


@dataclass(frozen=True)
class ModuleAnswer:
    """What a module said of an alert.

    Attributes
    ----------
    answers : tuple of Answer
        Empty if it has none; then `reason` says why.
    outputs : int
        How many outputs the module has.
    """

    module: str
    version: str
    answers: tuple[Answer, ...]
    reason: str | None
    outputs: int


@dataclass(frozen=True)
class Alert:
    """An alert as a picture shows it.

    Attributes
    ----------
    facts : mapping
        Scalars of the common view and `candidate`, by name; NULL is None.
    curve : Curve
        Its own packet's light curve, or that of all packets of the object.
    said : sequence of ModuleAnswer
        One entry per science module.
    """

    facts: Mapping[str, Any]
    curve: Curve
    said: Sequence[ModuleAnswer]

    @property
    def key(self) -> tuple[str, int]:
        """Survey and alert id."""
        return self.facts["survey"], self.facts["alert_id"]

    @property
    def is_star(self) -> bool:
        """A star of a data release, which has no alert."""
        return self.facts["alert_id"] is None

    @property
    def survey(self) -> str:
        """The survey's name as people write it."""
        declared = survey_of(self.facts["survey"])
        return declared.title if declared else str(self.facts["survey"])

    @property
    def time(self) -> str:
        """Mid-exposure, ISO UTC."""
        return iso_utc(self.facts["mjd"])

    @property
    def position(self) -> str:
        """Right ascension and declination, sexagesimal."""
        return sexagesimal(self.facts["ra"], self.facts["dec"])

    @property
    def links(self) -> list[tuple[str, str]]:
        """Pages about its object: names and addresses."""
        facts = self.facts
        return links(facts["survey"], facts["object_id"], facts["ra"], facts["dec"], self.simulated)

    @property
    def simulated(self) -> bool:
        """A simulated alert or an injected source."""
        return bool(self.facts["is_simulated"])


_COLUMNS = ("mjd", "band", "kind", "flux", "flux_err", "total", "total_err")
_LISTS = ("lc_mjd", "lc_band", "lc_kind", "lc_flux", "lc_flux_err", "lc_flux_total", "lc_flux_total_err")


def alerts_of(rows: pa.Table) -> list[Alert]:
    """Every row of the science table as an alert.

    Parameters
    ----------
    rows : pyarrow.Table
        Rows of the science table, with its columns by their names.

    Returns
    -------
    list of Alert
        In the order of the rows.
    """
    facts = [name for name in (*VIEW_NAMES, "candidate") if name in rows.column_names and not name.startswith("lc_")]
    curves = [_curve(rows, number) for number in range(rows.num_rows)]
    said = _said(rows)
    return [
        Alert(_shown(values), curve, spoken)
        for values, curve, spoken in zip(rows.select(facts).to_pylist(), curves, said, strict=True)
    ]


def _shown(facts: Mapping[str, Any]) -> dict[str, Any]:
    return {name: visible(value) if isinstance(value, str) else value for name, value in facts.items()}


def merged(alerts: Sequence[Alert], alert_id: int | None = None) -> Alert:
    """One of an object's alerts, with the points of all its packets.

    A point that several packets hold is taken from the newest of them.

    Parameters
    ----------
    alerts : sequence of Alert
        Of one object, in any order; one at least.
    alert_id : int, optional
        Which; the newest if not given.

    Raises
    ------
    LookupError
        If none of them has this id; a star of a data release has none at all.
    """
    newest = sorted(alerts, key=lambda alert: (-alert.facts["mjd"], alert.facts["alert_id"]))
    joined = {name: np.concatenate([getattr(alert.curve, name) for alert in newest]) for name in _COLUMNS}
    packet = np.repeat(np.arange(len(newest)), [len(alert.curve) for alert in newest])
    order = np.lexsort((packet, joined["mjd"]))
    curve = Curve(**{name: values[order] for name, values in joined.items()})
    chosen = newest if alert_id is None else [each for each in newest if each.facts["alert_id"] == alert_id]
    if not chosen:
        last = newest[0].facts
        if newest[0].is_star:
            raise NotFound(
                f"{last['object_id']} is a star of a data release: it has no alert {alert_id}, nor any other"
            )
        raise NotFound(f"object {last['object_id']} has no alert {alert_id}; its newest is {last['alert_id']}")
    if chosen[0].is_star:  # its times are rounded, equal ones are two points
        return Alert(chosen[0].facts, curve, chosen[0].said)
    copies = first_copies(curve.mjd, curve.band, curve.kind, packet[order])
    return Alert(chosen[0].facts, curve.where(copies), chosen[0].said)


def _curve(rows: pa.Table, number: int) -> Curve:
    # A release may be reprocessed without light curves.
    kept = _LISTS[0] in rows.column_names
    values = [rows[name].combine_chunks()[number].values for name in _LISTS] if kept else []
    if not values or values[0] is None:
        values = [pa.array([], type=pa.string() if name in ("lc_band", "lc_kind") else pa.float64()) for name in _LISTS]
    arrays: list[Any] = [
        np.asarray(each.to_pylist(), dtype=np.str_) if pa.types.is_string(each.type) else each.to_numpy(False)
        for each in values
    ]
    return Curve(**dict(zip(_COLUMNS, arrays, strict=True)))


def _said(rows: pa.Table) -> list[list[ModuleAnswer]]:
    names = [field.name for field in rows.schema if pa.types.is_struct(field.type) and _is_module(field.type)]
    columns = [[_one(rows.schema.field(name), value) for value in rows[name].to_pylist()] for name in names]
    return [list(each) for each in zip(*columns, strict=True)] if columns else [[] for _ in range(rows.num_rows)]


def _is_module(type_: pa.StructType) -> bool:
    return {"version", "error"} <= {field.name for field in type_}


def _one(field: pa.Field, value: dict[str, Any] | None) -> ModuleAnswer:
    if value is None:
        return ModuleAnswer(field.name, "", (), "the module did not run", len(field.type))
    answers = tuple(
        Answer(child.name, value[child.name], *_meta(child)) for child in field.type if child.name not in _OWN
    )
    known = any(answer.value is not None for answer in answers)
    reason = value["error"] or (None if known else "no reason given")
    return ModuleAnswer(field.name, value["version"] or "", answers if known else (), reason, len(answers))


_OWN = ("version", "error")


def _meta(field: pa.Field) -> tuple[str, str]:
    metadata = field.metadata or {}
    return metadata.get(b"unit", b"").decode(), metadata.get(b"description", b"").decode()
