"""The light curves in a batch of Rubin packets: every point of every alert, flat, checked, unique and in time order."""

from dataclasses import dataclass, fields

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

from jobs.pipeline.surveys.history import as_lists, best_per_group, floats, letters, offsets_of
from jobs.pipeline.surveys.lsst_fields import UNSOUND_FLAGS
from science_modules.common.photometry import flux_of_magnitude
from science_modules.common.view import BANDS, LC_KINDS

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]
Bools = NDArray[np.bool_]
Fields = dict[str, pa.Array]

DETECTION, FORCED, UPPER_LIMIT = (LC_KINDS.index(kind) for kind in ("detection", "forced", "upper_limit"))

MJD_2016 = 57388.0 + 36 / 86400  # 2016-01-01 00:00 UTC in TAI; TAI - UTC was 36 s
_TOLERANCE_DAYS = 1e-6  # 0.09 s: a history point this much later than its alert is the same exposure
_LIMIT_MAGS = (10.0, 26.0)  # a 5-sigma limit outside is no limit
_NO_EXPOSURE = -(2**62)


@dataclass(frozen=True)
class Points:
    """Points of light curves, one entry each, shape (n_points,).

    Attributes
    ----------
    owner : numpy.ndarray of int64
        Row of the alert.
    kind : numpy.ndarray of int64
        Index into view.LC_KINDS.
    band : numpy.ndarray of int64
        Index into view.BANDS; -1 if the packet names another or none.
    exposure, identity : numpy.ndarray of int64
        Visit (ccdVisit of a limit) and the point's own id.
    mjd, flux, flux_err, flux_total, flux_total_err, real_bogus : numpy.ndarray of float64
        TAI; nJy; NaN is NULL.
    current : numpy.ndarray of bool
        The alert's own measurement.
    flag : numpy.ndarray of int64
        Bit k is set if lsst_fields.UNSOUND_FLAGS[k] speaks against the flux; 0 for a sound one.
    """

    owner: Ints
    kind: Ints
    band: Ints
    exposure: Ints
    identity: Ints
    mjd: Floats
    flux: Floats
    flux_err: Floats
    flux_total: Floats
    flux_total_err: Floats
    real_bogus: Floats
    current: Bools
    flag: Ints

    @property
    def flagged(self) -> Bools:
        """Points that the survey flags as unsound."""
        return np.asarray(self.flag != 0)

    def __len__(self) -> int:
        return len(self.owner)

    def take(self, index: Ints | Bools) -> "Points":
        """The points at these positions, or where a mask is true."""
        return Points(**{field.name: getattr(self, field.name)[index] for field in fields(self)})


def children(records: pa.StructArray) -> Fields:
    """The fields of a struct column by name, NULL where the struct is."""
    return dict(zip((field.name for field in records.type), records.flatten(), strict=True))


def numbers(array: pa.Array) -> Floats:
    """Any numeric Arrow array as float64; NULL and what is not finite are NaN."""
    values = np.asarray(pc.cast(array, pa.float64()).to_numpy(zero_copy_only=False))
    return np.where(np.isfinite(values), values, np.nan)


def errors(array: pa.Array) -> Floats:
    """Any numeric Arrow array of errors as float64; what is not positive is NaN, like NULL."""
    values = numbers(array)
    return np.where(values > 0, values, np.nan)


def scores(array: pa.Array) -> Floats:
    """Any numeric Arrow array of scores as float64; what is not between 0 and 1 is NaN, like NULL."""
    values = numbers(array)
    return np.where((values >= 0) & (values <= 1), values, np.nan)


def band_codes(bands: pa.Array) -> Ints:
    """Filter letters as indices into view.BANDS; -1 for anything else."""
    codes = pc.fill_null(pc.index_in(bands, value_set=pa.array(BANDS)), -1)
    return np.asarray(codes.to_numpy(zero_copy_only=False), dtype=np.int64)


def light_curve_points(packet: Fields, source: Fields) -> tuple[Points, Ints]:
    """All usable points of a batch: history and the alerts' own measurements.

    Within a kind one point is kept per exposure and band: the alert itself, else a sound one, else the one with the
    highest real-bogus score; a forced point of an exposure with a detection stays. Dropped as impossible: a time before
    2016 or after the alert's, an unknown band, a detection or forced point without a finite flux (whatever its signal
    to noise, it stays otherwise), a limit outside 10 to 26 mag. The alert itself is never dropped.

    Parameters
    ----------
    packet, source : dict of str to pyarrow.Array, shape (n,)
        The fields of lsst_fields.PACKET and of its diaSource.

    Returns
    -------
    points : Points
        Ordered by alert, then time, then kind.
    n_bad : numpy.ndarray of int64, shape (n,)
        History points dropped as impossible; a repeated exposure is not one of them.
    """
    points = _all_points(packet, source)
    possible = _possible(points, numbers(source["midpointMjdTai"]))
    n_bad = np.bincount(points.owner[~possible], minlength=len(source["visit"]))
    good = points.take(possible & ~_is_alert_again(points, _integers(source["diaSourceId"], 0)))
    return good.take(_unique_in_time_order(good)), n_bad.astype(np.int64)


def _all_points(packet: Fields, source: Fields) -> Points:
    current = _read(source, np.arange(len(source["visit"])), DETECTION, current=True)
    detections = _read(*_flat(packet["prvDiaSources"]), DETECTION)
    forced = _read(*_flat(packet["prvDiaForcedSources"]), FORCED, identity="diaForcedSourceId")
    limits = _read(
        *_flat(packet["prvDiaNondetectionLimits"]),
        UPPER_LIMIT,
        exposure="ccdVisitId",
        identity="ccdVisitId",
        flux_err="diaNoise",  # one sigma [nJy], a fifth of the 5-sigma limit
    )
    parts = (current, detections, forced, limits)
    return Points(**{f.name: np.concatenate([getattr(part, f.name) for part in parts]) for f in fields(Points)})


def _flat(lists: pa.ListArray) -> tuple[Fields, Ints]:
    counts = pc.fill_null(pc.list_value_length(lists), 0).to_numpy(zero_copy_only=False)
    return children(lists.flatten()), np.repeat(np.arange(len(lists)), counts)


def _read(
    records: Fields,
    owner: Ints,
    kind: int,
    *,
    exposure: str = "visit",
    identity: str = "diaSourceId",
    flux_err: str = "psfFluxErr",
    current: bool = False,
) -> Points:
    n = len(owner)
    absent = pa.nulls(n, pa.float64())
    return Points(
        owner=owner,
        kind=np.full(n, kind),
        band=band_codes(records["band"]),
        exposure=_integers(records[exposure], _NO_EXPOSURE),
        identity=_integers(records[identity], 0),
        mjd=numbers(records["midpointMjdTai"]),
        flux=numbers(records.get("psfFlux", absent)),
        flux_err=errors(records[flux_err]),
        flux_total=numbers(records.get("scienceFlux", absent)),
        flux_total_err=errors(records.get("scienceFluxErr", absent)),
        real_bogus=scores(records.get("reliability", absent)),
        current=np.full(n, current),
        flag=_unsound(records, n),
    )


def _unsound(records: Fields, n: int) -> Ints:
    bits = np.zeros(n, dtype=np.int64)
    for bit, name in enumerate(UNSOUND_FLAGS):
        if name in records and records[name].true_count:  # hardly ever
            bits |= np.asarray(pc.fill_null(records[name], False)).astype(np.int64) << bit
    return bits


def _words(bits: Ints) -> pa.Array:
    """Names of the flags that are set, NULL where none is."""
    if not bits.any():
        return pa.nulls(len(bits), pa.string())
    masks, codes = np.unique(bits, return_inverse=True)
    names = [
        " ".join(name for bit, name in enumerate(UNSOUND_FLAGS) if mask >> bit & 1) or None for mask in masks.tolist()
    ]
    return pa.array(names, pa.string()).take(pa.array(codes))


def _integers(array: pa.Array, null: int) -> Ints:
    return np.asarray(pc.fill_null(array, null).to_numpy(zero_copy_only=False))


def _possible(points: Points, alert_mjd: Floats) -> Bools:
    dated = (points.mjd >= MJD_2016) & (points.mjd <= alert_mjd[points.owner] + _TOLERANCE_DAYS)
    faintest, brightest = map(flux_of_magnitude, reversed(_LIMIT_MAGS))
    limit = 5 * points.flux_err
    limiting = (points.kind == UPPER_LIMIT) & (limit >= faintest) & (limit <= brightest)
    measured = (points.kind != UPPER_LIMIT) & np.isfinite(points.flux)
    possible: Bools = points.current | dated & (points.band >= 0) & (limiting | measured)
    return possible


def _is_alert_again(points: Points, alert_id: Ints) -> Bools:
    same = points.identity == alert_id[points.owner]
    again: Bools = same & (points.kind == DETECTION) & ~points.current
    return again


def _unique_in_time_order(points: Points) -> Ints:
    # No exposure named: nothing says that two points are of the same.
    exposure = np.where(points.exposure == _NO_EXPOSURE, _NO_EXPOSURE - np.arange(len(points)), points.exposure)
    series = (points.owner * len(LC_KINDS) + points.kind) * (len(BANDS) + 1) + points.band  # one integer sorts faster
    best = best_per_group((exposure, series), (~points.current, points.flagged, -points.real_bogus, points.identity))
    kept: Ints = best[np.lexsort((points.mjd[best], points.owner[best]))]
    return kept


def as_columns(points: Points, n: int) -> dict[str, pa.Array]:
    """The lc_ columns of the common view.

    Parameters
    ----------
    points : Points
        In the order of `light_curve_points`.
    n : int
        Number of alerts.

    Returns
    -------
    dict of str to pyarrow.ListArray, shape (n,)
    """
    flagged = points.flagged
    total = np.where(flagged, np.nan, points.flux_total)
    flat = {
        "lc_mjd": floats(points.mjd),
        "lc_band": letters(points.band, BANDS),
        "lc_kind": letters(points.kind, LC_KINDS),
        "lc_flux": floats(np.where(flagged, np.nan, points.flux)),
        "lc_flux_err": floats(points.flux_err),
        "lc_flux_total": floats(total),
        "lc_flux_total_err": floats(points.flux_total_err),
        "lc_flux_total_err_point": floats(points.flux_total_err),
        "lc_corrected": pa.array(np.isfinite(total)),
        "lc_dubious": pa.nulls(len(points), pa.bool_()),
        "lc_real_bogus": floats(points.real_bogus),
        "lc_flag": _words(points.flag),
        "lc_flux_flagged": floats(np.where(flagged, points.flux, np.nan)),
        "lc_public": pa.array(np.ones(len(points), dtype=bool)),
    }
    offsets = offsets_of(points.owner, n)
    return {name: as_lists(offsets, values) for name, values in flat.items()}


@dataclass(frozen=True)
class Summary:
    """What the points of each alert add up to, shape (n,); NaN is NULL.

    Attributes
    ----------
    n_detections, n_positive : numpy.ndarray of int64
        Detections, and those with positive flux, the alert's own included.
    n_flagged : numpy.ndarray of int64
        Points that the survey flags as unsound, the alert's own included.
    first_detection_mjd, last_limit_mjd : numpy.ndarray of float64
        Oldest detection and latest upper limit, MJD TAI.
    """

    n_detections: Ints
    n_positive: Ints
    n_flagged: Ints
    first_detection_mjd: Floats
    last_limit_mjd: Floats


def summarise(points: Points, n: int) -> Summary:
    """Counts and times of the n alerts' points."""
    detected, limiting = points.kind == DETECTION, points.kind == UPPER_LIMIT
    first, last = np.full(n, np.nan), np.full(n, np.nan)
    # In time order, so of several values assigned to one alert the last stays.
    first[points.owner[detected][::-1]] = points.mjd[detected][::-1]
    last[points.owner[limiting]] = points.mjd[limiting]
    return Summary(
        n_detections=np.bincount(points.owner[detected], minlength=n).astype(np.int64),
        n_positive=np.bincount(points.owner[detected & (points.flux > 0)], minlength=n).astype(np.int64),
        n_flagged=np.bincount(points.owner[points.flagged], minlength=n).astype(np.int64),
        first_detection_mjd=first,
        last_limit_mjd=last,
    )
