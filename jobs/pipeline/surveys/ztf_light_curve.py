"""The light curve in a ZTF packet: history, forced photometry and the alert itself, one point per exposure."""

from dataclasses import dataclass

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from jobs.pipeline.surveys.history import as_lists, best_per_group, flags, floats, letters, numbered_runs, offsets_of
from jobs.pipeline.surveys.ztf_points import (
    DETECTION,
    FIRST_JD,
    NOT_SAID,
    SAME_EXPOSURE,
    UPPER_LIMIT,
    USUAL_EXPTIME,
    Points,
    alert_points,
    forced_points,
    history_points,
    midpoint,
    possible,
    with_exposure_of_alert,
)
from jobs.pipeline.surveys.ztf_reference import Totals, dubious, totals
from science_modules.common.view import BANDS, LC_KINDS

Floats = NDArray[np.float64]
Flags = NDArray[np.bool_]


@dataclass(frozen=True)
class LightCurve:
    """The points of n alerts, sorted by alert, then time, and what is computed of them.

    Attributes
    ----------
    points : Points
        One per (exposure, band) and kind. Of two detections in one exposure the alert itself is kept, else a sound
        one, else the one with the higher `rb`, else the one with the lower `candid`.
    mjd : numpy.ndarray of float64, shape (n_points,)
    total : Totals
    dubious, dubious_known : numpy.ndarray of bool, shape (n_points,)
    alert : numpy.ndarray of int64, shape (n,)
        The point that is the alert itself.
    n_bad : numpy.ndarray of int32, shape (n,)
        History points dropped as impossible.
    """

    points: Points
    mjd: Floats
    total: Totals
    dubious: Flags
    dubious_known: Flags
    alert: NDArray[np.int64]
    n_bad: NDArray[np.int32]

    def __len__(self) -> int:
        return len(self.alert)

    def count(self, mask: Flags) -> NDArray[np.int32]:
        """Points per alert where mask is true, shape (n,)."""
        return np.bincount(self.points.owner[mask], minlength=len(self)).astype(np.int32)

    def last_mjd(self, kind: int) -> Floats:
        """Time of the last point of a kind per alert, shape (n,); NaN where there is none."""
        result = np.full(len(self), np.nan)
        of_kind = self.points.kind == kind
        result[self.points.owner[of_kind]] = self.mjd[of_kind]  # in time order: the last assignment stays
        return result

    def first_mjd(self, kind: int) -> Floats:
        """Time of the first point of a kind per alert, shape (n,); NaN where there is none."""
        result = np.full(len(self), np.nan)
        of_kind = np.flatnonzero(self.points.kind == kind)[::-1]
        result[self.points.owner[of_kind]] = self.mjd[of_kind]
        return result


def light_curve(packets: pa.StructArray) -> LightCurve:
    """The light curves of a batch of ZTF packets."""
    alerts = alert_points(packets)
    history = Points.concatenate(history_points(packets), forced_points(packets))
    good = possible(history, alerts)
    n_bad = np.bincount(history.owner[~good], minlength=len(packets)).astype(np.int32)
    history = with_exposure_of_alert(history.take(good), alerts)
    points = _one_per_exposure(Points.concatenate(history, alerts))
    total = totals(points)
    is_dubious, dubious_known = dubious(points, total)
    return LightCurve(points, points.mjd, total, is_dubious, dubious_known, np.flatnonzero(points.is_alert), n_bad)


def first_detection(curve: LightCurve, jdstarthist: Floats) -> Floats:
    """First detection known to the packet, MJD TAI: `jdstarthist`, the oldest in the packet where that is absent.

    An exposure of the alert's own start is the alert's own, so that the age of a first detection is exactly 0.
    """
    alerts = curve.points.take(curve.alert)
    usable = (jdstarthist >= FIRST_JD) & (jdstarthist <= alerts.jd + SAME_EXPOSURE)
    own = np.abs(jdstarthist - alerts.jd) <= SAME_EXPOSURE
    started = midpoint(jdstarthist, USUAL_EXPTIME)
    return np.where(usable, np.where(own, curve.mjd[curve.alert], started), curve.first_mjd(DETECTION))


def light_curve_columns(curve: LightCurve) -> dict[str, pa.Array]:
    """The lc_ columns of the common view."""
    points, total = curve.points, curve.total
    offsets = offsets_of(points.owner, len(curve))
    flagged = points.flagged
    no_flux = flagged | (points.kind == UPPER_LIMIT)
    values = {
        "lc_mjd": floats(curve.mjd),
        "lc_band": letters(points.band, BANDS),
        "lc_kind": letters(points.kind, LC_KINDS),
        "lc_flux": floats(np.where(no_flux, np.nan, points.flux)),
        "lc_flux_err": floats(points.flux_err),
        "lc_flux_total": floats(np.where(flagged, np.nan, total.flux)),
        "lc_flux_total_err": floats(total.err),
        "lc_flux_total_err_point": floats(total.err_point),
        "lc_corrected": flags(total.corrected, total.corrected_known),
        "lc_dubious": flags(curve.dubious, curve.dubious_known),
        "lc_real_bogus": floats(points.real_bogus),
        "lc_flag": pa.array(points.flag, pa.string()),
        "lc_flux_flagged": floats(np.where(flagged, points.flux, np.nan)),
        "lc_public": flags(points.public == 1, points.public != NOT_SAID),
    }
    return {name: as_lists(offsets, column) for name, column in values.items()}


def _one_per_exposure(points: Points) -> Points:
    dated = np.abs(points.jd) < 1e7  # an alert without a time is refused
    series = (points.owner * len(LC_KINDS) + points.kind) * (len(BANDS) + 1) + points.band
    exposure = numbered_runs(series, np.where(dated, points.jd, 0.0), SAME_EXPOSURE)
    kept = points.take(
        best_per_group((exposure,), (~points.is_alert, points.flagged, -points.real_bogus, points.candid))
    )
    return kept.take(np.lexsort((kept.band, kept.kind, kept.jd, kept.owner)))
