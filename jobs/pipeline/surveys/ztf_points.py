"""Every photometric point of a batch of ZTF packets, flat: the alerts, their history, their forced photometry."""

from dataclasses import dataclass, fields, replace

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

from jobs.pipeline.surveys.times import MJD_ZERO, utc_to_tai
from science_modules.common.photometry import error_of_limit, flux_error, flux_of_magnitude
from science_modules.common.view import BANDS, LC_KINDS

Floats = NDArray[np.float64]
Flags = NDArray[np.bool_]

FIRST_JD = 2457388.5  # 2016-01-01: no ZTF exposure is older
SAME_EXPOSURE = 1e-6  # d, 0.09 s; no two exposures of the real packets are closer than 26 s, and jd has 7 decimals
DETECTION, FORCED, UPPER_LIMIT = (LC_KINDS.index(kind) for kind in ("detection", "forced", "upper_limit"))

_BAND_OF_FID = np.array([-1, BANDS.index("g"), BANDS.index("r"), BANDS.index("i")], dtype=np.int8)
_PIXEL_ARCSEC = 1.01
USUAL_EXPTIME = 30.0  # s
_SECONDS = 86400.0
# Codes of `procstatus` under which a forced flux is sound (ZTF forced-photometry service, Masci et al. 2023,
# arXiv:2305.16279, and its user guide): 0, no warning; 57, no reference source within 5 arcsec, which speaks of the
# reference alone. Of the others 56 (bad pixels under the PSF) leaves a flux that may be anything; 61 (off the image or
# at its edge) and 55 leave none: -99999 in all 172 of 324 real points.
SOUND_PROCSTATUS = frozenset({"0", "57"})
PUBLIC_PROGRAM = 1  # `programid`: 0 engineering, 1 public, 2 partnership, 3 Caltech
NOT_SAID = -1
_POSITIVE, _NEGATIVE = pa.array(["t", "true", "1"]), pa.array(["f", "false", "0"])


@dataclass(frozen=True)
class Points:
    """n points, in no order.

    Attributes
    ----------
    owner : numpy.ndarray of int64
        Row of the packet.
    is_alert : numpy.ndarray of bool
        The alert itself, not its history.
    kind, band : numpy.ndarray of int8
        Index into view.LC_KINDS and view.BANDS; -1 for no band.
    jd, exptime : numpy.ndarray of float64
        UTC start of the exposure, and its length [s].
    flux, flux_err, limit_err : numpy.ndarray of float64
        Signed difference flux and its error [nJy]; NaN where unusable.
    distance : numpy.ndarray of float64
        To the nearest source of the reference image [ZTF pixels, 1.01 arcsec]; negative if there is none.
    reference, reference_err : numpy.ndarray of float64
        Flux of that source [nJy].
    real_bogus : numpy.ndarray of float64
        `rb`, the one score that ZTF gives for history too.
    candid : numpy.ndarray of int64
        0 where there is none.
    flag : numpy.ndarray of object
        The survey's words against the measurement; None for a sound one.
    public : numpy.ndarray of int8
        1 if the survey shows the point to everybody, 0 if not, NOT_SAID.
    """

    owner: NDArray[np.int64]
    is_alert: Flags
    kind: NDArray[np.int8]
    band: NDArray[np.int8]
    jd: Floats
    exptime: Floats
    flux: Floats
    flux_err: Floats
    distance: Floats
    reference: Floats
    reference_err: Floats
    real_bogus: Floats
    candid: NDArray[np.int64]
    flag: NDArray[np.object_]
    public: NDArray[np.int8]

    @property
    def flagged(self) -> Flags:
        """Points that the survey flags as unsound."""
        return self.flag.astype(np.bool_)

    @property
    def mjd(self) -> Floats:
        """Middle of the exposure, MJD TAI."""
        return midpoint(self.jd, self.exptime)

    def take(self, which: NDArray[np.int64] | Flags) -> "Points":
        """Some of the points, by index or mask."""
        return replace(self, **{field.name: getattr(self, field.name)[which] for field in fields(self)})

    @staticmethod
    def concatenate(*parts: "Points") -> "Points":
        """All points of several sets."""
        names = [field.name for field in fields(Points)]
        return Points(**{name: np.concatenate([getattr(part, name) for part in parts]) for name in names})


def midpoint(jd: Floats, exptime: Floats | float) -> Floats:
    """Middle of an exposure that began at `jd` (UTC), MJD TAI."""
    return utc_to_tai(jd - MJD_ZERO + exptime / (2 * _SECONDS))


def alert_points(packets: pa.StructArray) -> Points:
    """The alerts themselves, one point each, in order."""
    rows = child(packets, "candidate")
    return _magnitude_points(rows, np.arange(len(packets)), is_alert=True)


def history_points(packets: pa.StructArray) -> Points:
    """The rows of `prv_candidates`: detections and upper limits, forced photometry in the archive's schema 3.5."""
    rows, owner = _rows(packets, "prv_candidates")
    points = _magnitude_points(rows, owner, is_alert=False)
    forced = _forced_points(rows, owner)
    is_forced = pc.is_valid(child(rows, "forcediffimflux")).to_numpy(zero_copy_only=False)
    return Points.concatenate(points.take(~is_forced), forced.take(is_forced))


def forced_points(packets: pa.StructArray) -> Points:
    """The rows of `fp_hists` (schema 4): PSF flux measured at the alert's position in every recent exposure."""
    return _forced_points(*_rows(packets, "fp_hists"))


def possible(points: Points, alerts: Points) -> Flags:
    """Which history points can be true: dated, not later than their alert, in a known band, with a usable value.

    A forced flux of -99999, a magnitude that is not finite, a limit outside 10 to 26 mag are not.
    """
    value = np.where(points.kind == UPPER_LIMIT, points.flux_err, points.flux)
    dated = (points.jd >= FIRST_JD) & ~(points.jd > alerts.jd[points.owner] + SAME_EXPOSURE)
    return dated & (points.band >= 0) & np.isfinite(value)


def with_exposure_of_alert(points: Points, alerts: Points) -> Points:
    """Points of the alert's own exposure get its exposure time, which history rows do not carry."""
    same = np.abs(points.jd - alerts.jd[points.owner]) <= SAME_EXPOSURE
    return replace(points, exptime=np.where(same, alerts.exptime[points.owner], points.exptime))


def child(rows: pa.StructArray, name: str) -> pa.Array:
    """A field of records, NULL where the record is."""
    return rows.field(name) if rows.null_count == 0 else pc.struct_field(rows, name)


def numbers(rows: pa.StructArray, name: str) -> Floats:
    """A numeric field as float64, NaN for NULL."""
    values = pc.cast(child(rows, name), pa.float64())
    return np.asarray(values.to_numpy(zero_copy_only=False), dtype=np.float64)


def usable_magnitude(mag: Floats) -> Floats:
    """Magnitudes with NaN for what is none: sentinels (-999, -99999), infinities."""
    return np.where((mag > 0) & (mag < 40), mag, np.nan)


def usable_error(error: Floats) -> Floats:
    """Errors with NaN for what is none: zero, negative (sentinels), infinite."""
    return np.where((error > 0) & np.isfinite(error), error, np.nan)


def usable_score(score: Floats) -> Floats:
    """Scores with NaN for what is not between 0 and 1."""
    return np.where((score >= 0) & (score <= 1), score, np.nan)


def signs(isdiffpos: pa.Array) -> Floats:
    """+1 for 't', 'true', '1'; -1 for 'f', 'false', '0'; else NaN."""
    text = pc.utf8_lower(isdiffpos)
    positive, negative = (
        pc.is_in(text, value_set=values).to_numpy(zero_copy_only=False) for values in (_POSITIVE, _NEGATIVE)
    )
    return np.select([positive, negative], [1.0, -1.0], np.nan)


def procstatus_flags(procstatus: pa.Array) -> NDArray[np.object_]:
    """`procstatus <codes>` where one of the codes is not among SOUND_PROCSTATUS, else None; no code is no complaint."""
    encoded = pc.dictionary_encode(procstatus)
    said = [None if _sound(text) else f"procstatus {text}" for text in encoded.dictionary.to_pylist()]
    codes = np.asarray(pc.fill_null(encoded.indices, len(said)).to_numpy(zero_copy_only=False))
    words: NDArray[np.object_] = np.array([*said, None], dtype=object)[codes]
    return words


def _sound(procstatus: str) -> bool:
    return {code.strip() for code in procstatus.split(",")} <= SOUND_PROCSTATUS | {""}


def _public(rows: pa.StructArray) -> NDArray[np.int8]:
    program = child(rows, "programid")
    public = pc.cast(pc.equal(program, PUBLIC_PROGRAM), pa.int8())
    return np.asarray(pc.fill_null(public, NOT_SAID).to_numpy(zero_copy_only=False))


def _rows(packets: pa.StructArray, name: str) -> tuple[pa.StructArray, NDArray[np.int64]]:
    lists = child(packets, name)
    owner = pc.list_parent_indices(lists).to_numpy(zero_copy_only=False)
    return pc.list_flatten(lists), owner.astype(np.int64)


def _bands(rows: pa.StructArray) -> NDArray[np.int8]:
    fid = pc.fill_null(child(rows, "fid"), 0).to_numpy(zero_copy_only=False)
    return np.asarray(_BAND_OF_FID[np.where((fid >= 1) & (fid <= 3), fid, 0)])


def _exposure_times(rows: pa.StructArray) -> Floats:
    exptime = numbers(rows, "exptime")
    return np.where((exptime > 0) & np.isfinite(exptime), exptime, USUAL_EXPTIME)


def _reference(rows: pa.StructArray) -> tuple[Floats, Floats]:
    flux = flux_of_magnitude(usable_magnitude(numbers(rows, "magnr")))
    return flux, flux_error(flux, usable_error(numbers(rows, "sigmagnr")))


def _magnitude_points(rows: pa.StructArray, owner: NDArray[np.int64], is_alert: bool) -> Points:
    detected = _is_detection(rows) | is_alert
    flux = flux_of_magnitude(usable_magnitude(numbers(rows, "magpsf"))) * signs(child(rows, "isdiffpos"))
    error = flux_error(flux, usable_error(numbers(rows, "sigmapsf")))
    reference, reference_err = _reference(rows)
    return Points(
        owner=owner,
        is_alert=np.full(len(owner), is_alert),
        kind=np.where(detected, DETECTION, UPPER_LIMIT).astype(np.int8),
        band=_bands(rows),
        jd=numbers(rows, "jd"),
        exptime=_exposure_times(rows),
        flux=np.where(detected, flux, np.nan),
        flux_err=np.where(detected, error, _limit_error(rows)),
        distance=np.where(detected, numbers(rows, "distnr"), np.nan),
        reference=reference,
        reference_err=reference_err,
        real_bogus=usable_score(numbers(rows, "rb")),
        candid=pc.fill_null(child(rows, "candid"), 0).to_numpy(zero_copy_only=False),
        flag=np.full(len(owner), None, dtype=object),
        public=_public(rows),
    )


def _is_detection(rows: pa.StructArray) -> Flags:
    named = (pc.is_valid(child(rows, name)) for name in ("magpsf", "candid"))
    return np.asarray(pc.or_(*named).to_numpy(zero_copy_only=False))


def _limit_error(rows: pa.StructArray) -> Floats:
    limit = numbers(rows, "diffmaglim")  # 5 sigma
    return error_of_limit(np.where((limit >= 10) & (limit <= 26), limit, np.nan))


def _forced_points(rows: pa.StructArray, owner: NDArray[np.int64]) -> Points:
    njy_per_dn = flux_of_magnitude(usable_magnitude(numbers(rows, "magzpsci")))
    flux, error = (numbers(rows, "forcediffimflux"), usable_error(numbers(rows, "forcediffimfluxunc")))
    reference, reference_err = _reference(rows)
    return Points(
        owner=owner,
        is_alert=np.zeros(len(owner), dtype=bool),
        kind=np.full(len(owner), FORCED, dtype=np.int8),
        band=_bands(rows),
        jd=numbers(rows, "jd"),
        exptime=_exposure_times(rows),
        flux=np.where(np.isfinite(error) & (flux != -99999), flux * njy_per_dn, np.nan),
        flux_err=error * njy_per_dn,
        distance=numbers(rows, "distnr") / _PIXEL_ARCSEC,  # arcsec here, pixels in candidate
        reference=reference,
        reference_err=reference_err,
        real_bogus=np.full(len(owner), np.nan),
        candid=np.zeros(len(owner), dtype=np.int64),
        flag=procstatus_flags(child(rows, "procstatus")),
        public=_public(rows),
    )
