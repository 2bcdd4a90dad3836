"""Made-up alerts in the common view, for the contract suite and for trying a module: seeded, no survey's data.

They look like alerts (types, units, ranges, history, cutouts) and are no simulation of the sky.
"""

import gzip
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from science_modules.common.cutouts import STAMPS
from science_modules.common.fits import BLOCK, CARD
from science_modules.common.photometry import magnitude_error, magnitude_of_flux
from science_modules.common.view import view_schema

MJD = 60000.0

# Name: type and range of the values; a range whose ends are equal is a constant.
_ZTF_CANDIDATE: dict[str, tuple[pa.DataType, float, float]] = {
    **{name: (pa.float64(), low, high) for name, low, high in (
        ("jd", 2460000.5, 2460001.5), ("ra", 0, 360), ("dec", -30, 90), ("jdstarthist", 2459900, 2460000),
        ("jdendhist", 2460000.5, 2460001.5), ("scorr", 5, 40),
    )},
    **{name: (pa.int32(), low, high) for name, low, high in (
        ("fid", 1, 3), ("programid", 1, 1), ("nneg", 0, 9), ("nbad", 0, 1), ("ndethist", 1, 60),
        ("ncovhist", 50, 2000), ("nmtchps", 0, 40), ("rcid", 0, 63), ("field", 200, 1800),
    )},
    **{name: (pa.float32(), low, high) for name, low, high in (
        ("diffmaglim", 18, 21), ("magpsf", 15, 20.5), ("sigmapsf", 0.02, 0.25), ("chipsf", 0.5, 5),
        ("magap", 15, 20.5), ("sigmagap", 0.02, 0.4), ("distnr", 0, 20), ("magnr", 14, 22), ("sigmagnr", 0.01, 0.3),
        ("chinr", 0.3, 3), ("sharpnr", -0.5, 0.5), ("sky", -1, 1), ("magdiff", -0.5, 0.5), ("fwhm", 1.2, 5),
        ("classtar", 0, 1), ("mindtoedge", 10, 1500), ("magfromlim", 0, 5), ("seeratio", 0.5, 2), ("aimage", 0.5, 2),
        ("bimage", 0.4, 1.5), ("elong", 1, 2), ("rb", 0.2, 1), ("ssdistnr", -999, -999), ("ssmagnr", -999, -999),
        ("sumrat", 0.3, 1), ("magapbig", 15, 20.5), ("sgmag1", 15, 23), ("srmag1", 15, 22), ("simag1", 15, 22),
        ("szmag1", 15, 22), ("sgscore1", 0, 1), ("distpsnr1", 0, 20), ("sgscore2", 0, 1), ("distpsnr2", 5, 25),
        ("sgscore3", 0, 1), ("distpsnr3", 8, 30), ("dsnrms", 0, 20), ("ssnrms", 0, 20), ("dsdiff", -10, 10),
        ("magzpsci", 25, 27), ("clrcoeff", -0.2, 0.2), ("clrcounc", 1e-6, 1e-4), ("neargaia", 0, 90),
        ("neargaiabright", 0, 90), ("maggaia", 12, 20), ("maggaiabright", 10, 14), ("exptime", 30, 30),
        ("drb", 0, 1),
    )},
}  # fmt: skip
_LSST_CANDIDATE: dict[str, tuple[pa.DataType, float, float]] = {
    name: (pa.float32(), low, high) for name, low, high in (
        ("reliability", 0, 1), ("snr", 5, 50), ("extendedness", 0, 1), ("psfFlux", -5e4, 5e4), ("psfFluxErr", 100, 900),
        ("psfChi2", 100, 4000), ("apFlux", -5e4, 5e4), ("scienceFlux", 0, 9e4), ("templateFlux", 0, 9e4),
        ("trailLength", 0, 3), ("ixx", 0.1, 0.5), ("iyy", 0.1, 0.5), ("ixy", -0.1, 0.1), ("ixxPSF", 0.1, 0.5),
        ("iyyPSF", 0.1, 0.5), ("ixyPSF", -0.1, 0.1), ("dipoleLength", 0, 2),
    )
}  # fmt: skip


@dataclass(frozen=True)
class _Look:
    """What the alerts of a survey look like: bands, candidate fields and those that are the same in each alert, cutouts."""

    bands: tuple[str, ...]
    candidate: Mapping[str, tuple[pa.DataType, float, float]]
    same: Mapping[str, tuple[pa.DataType, Any]]
    shape: tuple[int, int]
    zipped: bool


_LOOKS = {
    "ztf": _Look(
        bands=("g", "r", "i"),
        candidate=_ZTF_CANDIDATE,
        same={
            "isdiffpos": (pa.string(), "t"),
            "ssnamenr": (pa.string(), "null"),
            "xpos": (pa.float32(), 1500.0),
            "ypos": (pa.float32(), 1500.0),
        },
        shape=(63, 63),
        zipped=True,
    ),
    "lsst": _Look(
        bands=("u", "g", "r", "i", "z", "y"),
        candidate=_LSST_CANDIDATE,
        same={
            "isNegative": (pa.bool_(), False),
            "psfNdata": (pa.int32(), 1681),
            "x": (pa.float32(), 1500.2),
            "y": (pa.float32(), 900.7),
        },
        shape=(31, 31),
        zipped=False,
    ),
}
SURVEYS = tuple(_LOOKS)
# Of a survey that is not known here: what the common view says, no field of its own.
_ANY = _Look(bands=("g", "r"), candidate={}, same={"name": (pa.string(), "any")}, shape=(31, 31), zipped=True)


def _look(survey: str) -> _Look:
    return _LOOKS.get(survey, _ANY)


def schema(survey: str) -> pa.Schema:
    """The schema of the common view with a survey's most used candidate fields.

    Parameters
    ----------
    survey : str
        ztf, lsst, or any other: those have no candidate fields that mean anything.
    """
    look = _look(survey)
    drawn = [(name, type_) for name, (type_, _, _) in look.candidate.items()]
    return view_schema(pa.struct([*drawn, *((name, type_) for name, (type_, _) in look.same.items())]))


def examples(n: int, survey: str = "ztf", seed: int = 0) -> pa.Table:
    """n made-up alerts of a survey.

    Parameters
    ----------
    n : int
        How many.
    survey : str
        ztf, lsst, or any other: those have no candidate fields that mean anything.
    seed : int
        The same seed gives the same alerts.

    Returns
    -------
    pyarrow.Table
        The common view with cutouts, `candidate` and `provenance` (NULL). Light curves of 3 to 60 points in all the
        survey's bands: detections, forced points and upper limits.
    """
    rng = np.random.default_rng(seed)
    return table([_alert(rng, survey, number) for number in range(n)], survey)


def table(alerts: Sequence[Mapping[str, Any]], survey: str = "ztf") -> pa.Table:
    """A table in the common view of alerts given as dicts.

    Parameters
    ----------
    alerts : sequence of mapping
        Values by column; what one lacks is NULL, what is no column is left out.
    survey : str
        Of all of them; says which candidate fields there are.
    """
    wanted = schema(survey)
    return pa.table([pa.array([a.get(f.name) for a in alerts], f.type) for f in wanted], schema=wanted)


def fits_stamp(image: NDArray[np.floating[Any]], zipped: bool = True) -> bytes:
    """A cutout as a survey sends it: a FITS file with one float32 image.

    Parameters
    ----------
    image : numpy.ndarray of float, shape (height, width)
        Its pixels.
    zipped : bool
        Whether the file is gzipped.
    """
    height, width = image.shape
    cards = ("SIMPLE  =                    T", f"BITPIX  = {-32:20d}", f"NAXIS   = {2:20d}",
             f"NAXIS1  = {width:20d}", f"NAXIS2  = {height:20d}", "END")  # fmt: skip
    header = "".join(card.ljust(CARD) for card in cards).ljust(BLOCK).encode()
    pixels = np.ascontiguousarray(image, dtype=">f4").tobytes()
    raw = header + pixels + bytes(-len(pixels) % BLOCK)
    return gzip.compress(raw, compresslevel=1, mtime=0) if zipped else raw


def point_source(
    shape: tuple[int, int], peak: float, fwhm: float, sky: float = 0.0, at: Sequence[float] = (0.0, 0.0)
) -> NDArray[np.float64]:
    """A Gaussian point source in a cutout.

    Parameters
    ----------
    shape : (int, int)
        Height and width [px].
    peak, sky : float
        Brightest value of the source, and what lies under it everywhere.
    fwhm : float
        Full width at half maximum [px].
    at : sequence of float
        Where the source is: so far down and right of the middle [px].
    """
    y, x = (np.arange(size) - (size - 1) / 2 - shift for size, shift in zip(shape, at, strict=True))
    radius2 = y[:, None] ** 2 + x[None, :] ** 2
    return np.asarray(sky + peak * np.exp(-4 * np.log(2) * radius2 / fwhm**2), dtype=np.float64)


def without_points(alerts: pa.Table) -> pa.Table:
    """The same alerts with empty light curves.

    Parameters
    ----------
    alerts : pyarrow.Table
        In the common view.
    """
    return _with_light_curves(alerts, slice(0, 0))


def with_one_point(alerts: pa.Table) -> pa.Table:
    """The same alerts with one point each.

    Parameters
    ----------
    alerts : pyarrow.Table
        In the common view.
    """
    return _with_light_curves(alerts, slice(0, 1))


def with_nan(alerts: pa.Table) -> pa.Table:
    """The same alerts, every float NaN: candidate fields, scalars and the fluxes of the light curves.

    Parameters
    ----------
    alerts : pyarrow.Table
        In the common view.
    """
    spared = ("survey", "alert_id", "object_id", "band", "lc_mjd", "lc_band", "lc_kind")
    columns = [c if f.name in spared else _nan(c.combine_chunks()) for f, c in zip(alerts.schema, alerts, strict=True)]
    return pa.table(columns, schema=alerts.schema)


def with_nulls(alerts: pa.Table) -> pa.Table:
    """The same alerts with NULL wherever the common view allows it.

    Parameters
    ----------
    alerts : pyarrow.Table
        In the common view.
    """
    kept = ("survey", "alert_id", "object_id")
    columns = [
        column if field.name in kept else _empty(field.type, len(alerts))
        for field, column in zip(alerts.schema, alerts, strict=True)
    ]
    return pa.table(columns, schema=alerts.schema)


def with_cutouts(alerts: pa.Table, stamp: bytes | None) -> pa.Table:
    """The same alerts, all three cutouts these bytes.

    Parameters
    ----------
    alerts : pyarrow.Table
        In the common view.
    stamp : bytes or None
        None: the cutouts are missing.
    """
    for name in (f"cutout_{stamp_name}" for stamp_name in STAMPS):
        at = alerts.schema.get_field_index(name)
        alerts = alerts.set_column(at, alerts.schema.field(name), pa.array([stamp] * len(alerts), pa.binary()))
    return alerts


def _alert(rng: np.random.Generator, survey: str, number: int) -> dict[str, Any]:
    band = str(rng.choice(_look(survey).bands))
    points = _points(rng, survey, band)
    current = int(np.flatnonzero(np.array(points["lc_kind"]) == "detection")[-1])
    flux, flux_err = points["lc_flux"][current], points["lc_flux_err"][current]
    detections = [f for f, kind in zip(points["lc_flux"], points["lc_kind"], strict=True) if kind == "detection"]
    first = points["lc_mjd"][points["lc_kind"].index("detection")]
    mag, total = float(magnitude_of_flux(abs(flux))), float(rng.uniform(1e4, 1e6))
    scalars = {
        "survey": survey, "alert_id": 10_000 + number, "object_id": f"{survey.upper()}{number:09d}",
        "ra": rng.uniform(0, 360), "dec": rng.uniform(-30, 60), "gal_l": rng.uniform(0, 360),
        "gal_b": rng.uniform(-90, 90), "ecl_lat": rng.uniform(-90, 90), "mjd": MJD, "night": 20230225, "band": band,
        "flux": flux, "flux_err": flux_err, "mag": mag, "mag_err": float(magnitude_error(flux, flux_err)),
        "is_positive": flux > 0, "flux_total": total, "flux_total_err": flux_err, "flux_total_err_point": flux_err,
        "corrected": True, "dubious": False, "stellar": bool(rng.random() < 0.5), "real_bogus": rng.random(),
        "quality_ok": bool(rng.random() < 0.9), "n_detections": len(detections),
        "n_positive": sum(f > 0 for f in detections), "n_detections_survey": len(detections) + int(rng.integers(9)),
        "first_detection_mjd": first, "age_days": MJD - first, "last_limit_mjd": MJD - 40.0,
        "is_known_sso": bool(rng.random() < 0.1), "is_simulated": True, "n_bad_history": 0,
        "n_flagged_points": points["lc_flag"].count("made up"), "is_public": True,
    }  # fmt: skip
    return scalars | points | _stamps(rng, survey) | {"candidate": _candidate(rng, survey)}


def _points(rng: np.random.Generator, survey: str, band: str) -> dict[str, list[Any]]:
    n = int(rng.integers(3, 61))
    kinds = rng.choice(["detection", "forced", "upper_limit"], n, p=[0.6, 0.25, 0.15]).tolist()
    bands = rng.choice(_look(survey).bands, n).tolist()
    kinds[-1], bands[-1] = "detection", band
    flux_err = rng.uniform(300, 3000, n)
    flux = np.abs(rng.normal(0, 3e4, n)) * rng.choice([1, 1, 1, -1], n) + 5 * flux_err
    is_flagged = [i % 10 == 5 and kind == "forced" for i, kind in enumerate(kinds)]
    no_flux = [kind == "upper_limit" or flagged for kind, flagged in zip(kinds, is_flagged, strict=True)]
    total = [None if absent else float(f) + 1e5 for f, absent in zip(flux, no_flux, strict=True)]
    return {
        "lc_mjd": [*(MJD - np.sort(rng.uniform(0.5, 30, n - 1))[::-1]).tolist(), MJD],
        "lc_band": bands,
        "lc_kind": kinds,
        "lc_flux": [None if absent else float(f) for f, absent in zip(flux, no_flux, strict=True)],
        "lc_flux_err": flux_err.tolist(),
        "lc_flux_total": total,
        "lc_flux_total_err": [None if absent else float(e) for e, absent in zip(flux_err, no_flux, strict=True)],
        "lc_flux_total_err_point": [None if absent else float(e) for e, absent in zip(flux_err, no_flux, strict=True)],
        "lc_corrected": [not absent for absent in no_flux],
        "lc_dubious": [False] * n,
        "lc_real_bogus": [float(rng.random()) if kind == "detection" else None for kind in kinds],
        "lc_flag": ["made up" if flagged else None for flagged in is_flagged],
        "lc_flux_flagged": [float(f) if flagged else None for f, flagged in zip(flux, is_flagged, strict=True)],
        "lc_public": [True] * n,
    }


def _stamps(rng: np.random.Generator, survey: str) -> dict[str, bytes]:
    shape = _look(survey).shape
    peak, fwhm, sky = rng.uniform(20, 500), rng.uniform(2, 4), rng.uniform(0, 300)
    template = point_source(shape, rng.uniform(0, 500), rng.uniform(2, 8), sky)
    difference = point_source(shape, peak, fwhm)
    images = {"science": template + difference, "template": template, "difference": difference}
    noisy = {stamp: image + rng.normal(0, 5, shape) for stamp, image in images.items()}
    return {f"cutout_{stamp}": fits_stamp(image, zipped=_look(survey).zipped) for stamp, image in noisy.items()}


def _candidate(rng: np.random.Generator, survey: str) -> dict[str, Any]:
    values: dict[str, Any] = {}
    for name, (type_, low, high) in _look(survey).candidate.items():
        value = rng.uniform(low, high)
        values[name] = round(value) if pa.types.is_integer(type_) else float(value)
    return values | {name: value for name, (_, value) in _look(survey).same.items()}


def _with_light_curves(alerts: pa.Table, part: slice) -> pa.Table:
    for at, field in enumerate(alerts.schema):
        if field.name.startswith("lc_"):
            cut = pa.array([points[part] for points in alerts[field.name].to_pylist()], field.type)
            alerts = alerts.set_column(at, field, cut)
    return alerts


def _nan(array: pa.Array) -> pa.Array:
    if pa.types.is_floating(array.type):
        return pa.array(np.full(len(array), np.nan), array.type)
    if pa.types.is_list(array.type):
        return pa.ListArray.from_arrays(array.offsets, _nan(array.values), type=array.type)
    if pa.types.is_struct(array.type):
        children = [_nan(array.field(i)) for i in range(array.type.num_fields)]
        return pa.StructArray.from_arrays(children, fields=list(array.type))
    return array


def _empty(type_: pa.DataType, n: int) -> pa.Array:
    """NULL; a light curve without points, which adapters give as an empty list, and a candidate of NULL fields."""
    if pa.types.is_list(type_):
        return pa.array([[] for _ in range(n)], type_)
    if pa.types.is_struct(type_):
        return pa.array([{} for _ in range(n)], type_)
    return pa.nulls(n, type_)
