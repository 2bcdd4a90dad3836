"""Every photometric point of a batch of ZTF packets: the alerts, their history, their forced photometry."""

from dataclasses import dataclass

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

from jobs.common.times import MJD_ZERO, utc_to_tai
from jobs.pipeline.surveys.fields import child, errors, history, integers, magnitudes, numbers, scores
from jobs.pipeline.surveys.light_curve import SAME_EXPOSURE
from jobs.pipeline.surveys.points import (
    DETECTION,
    FORCED,
    NOT_SAID,
    UPPER_LIMIT,
    Bools,
    Floats,
    Ints,
    Points,
    no_values,
)
from jobs.pipeline.surveys.ztf_reference import reference_of, totals
from science_modules.common.photometry import error_of_limit, flux_error, flux_of_magnitude

BANDS = ("g", "r", "i")  # fid 1, 2, 3
PUBLIC_PROGRAM = 1  # `programid`: 0 engineering, 1 public, 2 partnership, 3 Caltech
USUAL_EXPTIME = 30.0  # s
_SECONDS = 86400.0
_PIXEL_ARCSEC = 1.01
# Codes of `procstatus` under which a forced flux is sound (ZTF forced-photometry service, Masci et al. 2023,
# arXiv:2305.16279, and its user guide): 0, no warning; 57, no reference source within 5 arcsec, which speaks of the
# reference alone. Of the others 56 (bad pixels under the PSF) leaves a flux that may be anything; 61 (off the image or
# at its edge) and 55 leave none: -99999 in all 172 of 324 real points.
SOUND_PROCSTATUS = frozenset({"0", "57"})
_NO_FORCED_FLUX = -99999
_POSITIVE, _NEGATIVE = ["t", "true", "1"], ["f", "false", "0"]


@dataclass(frozen=True)
class Exposures:
    """The alerts' own exposures, shape (n,): start (JD UTC) and length [s]."""

    jd: Floats
    exptime: Floats

    def midpoints(self, jd: Floats, exptime: Floats, owner: Ints) -> Floats:
        """Mid-exposure, MJD TAI [d], of points.

        Parameters
        ----------
        jd : numpy.ndarray of float64, shape (n_points,)
            When each began, JD UTC [d].
        exptime : numpy.ndarray of float64, shape (n_points,)
            How long it lasted [s]; not asked where the point is of the alert's own exposure.
        owner : numpy.ndarray of int64, shape (n_points,)
            Row of its alert.

        Returns
        -------
        numpy.ndarray of float64, shape (n_points,)
        """
        same = np.abs(jd - self.jd[owner]) <= SAME_EXPOSURE
        length = np.where(same, self.exptime[owner], exptime)
        return utc_to_tai(jd - MJD_ZERO + length / (2 * _SECONDS))


def exposures_of(candidate: pa.StructArray) -> Exposures:
    """The exposures of the alerts; 30 s where the packet says no length.

    Parameters
    ----------
    candidate : pyarrow.StructArray, length n
        Of type ztf_fields.CANDIDATE.
    """
    return Exposures(numbers(child(candidate, "jd")), _exposure_times(candidate))


def points_of(packets: pa.StructArray, exposures: Exposures) -> Points:
    """The alerts, the rows of `prv_candidates` and those of `fp_hists` (schema 4): PSF fluxes at the alert's position.

    `prv_candidates` has detections and upper limits, and forced photometry in the archive's schema 3.5.

    Parameters
    ----------
    packets : pyarrow.StructArray, length n
        Of type ztf_fields.PACKET.
    exposures : Exposures
        Of the same alerts.
    """
    rows, owner = history(child(packets, "prv_candidates"))
    is_forced = pc.is_valid(child(rows, "forcediffimflux"))
    return Points.concatenate(
        _magnitude_points(*_where(rows, owner, pc.invert(is_forced)), exposures, is_alert=False),
        _forced_points(*_where(rows, owner, is_forced), exposures),
        _forced_points(*history(child(packets, "fp_hists")), exposures),
        _magnitude_points(child(packets, "candidate"), np.arange(len(packets)), exposures, is_alert=True),
    )


def _where(rows: pa.StructArray, owner: Ints, mask: pa.BooleanArray) -> tuple[pa.StructArray, Ints]:
    return (rows, owner) if mask.true_count == len(mask) else (rows.filter(mask), owner[np.asarray(mask)])


def signs(isdiffpos: pa.Array) -> Floats:
    """+1 for 't', 'true', '1'; -1 for 'f', 'false', '0'; else NaN.

    Parameters
    ----------
    isdiffpos : pyarrow.StringArray, length n
        Upper or lower case.

    Returns
    -------
    numpy.ndarray of float64, shape (n,)
    """
    text = pc.utf8_lower(isdiffpos)
    positive, negative = (
        pc.is_in(text, value_set=pa.array(values)).to_numpy(zero_copy_only=False) for values in (_POSITIVE, _NEGATIVE)
    )
    return np.select([positive, negative], [1.0, -1.0], np.nan)


def procstatus_flags(procstatus: pa.Array) -> tuple[Ints, tuple[str | None, ...]]:
    """Flags and their words: `procstatus <codes>` where one is not among SOUND_PROCSTATUS; no code is no complaint.

    Parameters
    ----------
    procstatus : pyarrow.StringArray, length n
        Codes with commas between, or NULL.

    Returns
    -------
    flags : numpy.ndarray of int64, shape (n,)
        Index into `words`; 0 for a sound point.
    words : tuple of str or None
        The first is None.
    """
    encoded = pc.dictionary_encode(procstatus)
    said = [None if _sound(text) else f"procstatus {text}" for text in encoded.dictionary.to_pylist()]
    number = np.array([0, *(place + 1 if word else 0 for place, word in enumerate(said))])
    return number[integers(encoded.indices, -1) + 1], (None, *said)


def _sound(procstatus: str) -> bool:
    return {code.strip() for code in procstatus.split(",")} <= SOUND_PROCSTATUS | {""}


def _magnitude_points(rows: pa.StructArray, owner: Ints, exposures: Exposures, is_alert: bool) -> Points:
    n, detected = len(owner), _is_detection(rows) | is_alert
    flux = flux_of_magnitude(magnitudes(child(rows, "magpsf"))) * signs(child(rows, "isdiffpos"))
    error = flux_error(flux, errors(child(rows, "sigmapsf")))
    flux, distance = np.where(detected, flux, np.nan), np.where(detected, numbers(child(rows, "distnr")), np.nan)
    flux_err = np.where(detected, error, error_of_limit(magnitudes(child(rows, "diffmaglim"))))
    return Points(
        owner=owner,
        is_alert=np.full(n, is_alert),
        kind=np.where(detected, DETECTION, UPPER_LIMIT).astype(np.int8),
        band=_bands(rows),
        mjd=exposures.midpoints(numbers(child(rows, "jd")), _exposure_times(rows), owner),
        flux=flux,
        flux_err=flux_err,
        real_bogus=scores(child(rows, "rb")),
        identity=integers(child(rows, "candid")),
        flag=np.zeros(n, dtype=np.int64),
        public=_public(rows),
        **totals(flux, flux_err, distance, *reference_of(rows)),
    )


def _is_detection(rows: pa.StructArray) -> Bools:
    named = (pc.is_valid(child(rows, name)) for name in ("magpsf", "candid"))
    return np.asarray(pc.or_(*named).to_numpy(zero_copy_only=False))


def _forced_points(rows: pa.StructArray, owner: Ints, exposures: Exposures) -> Points:
    n, njy_per_dn = len(owner), flux_of_magnitude(magnitudes(child(rows, "magzpsci")))
    flux, error = numbers(child(rows, "forcediffimflux")), numbers(child(rows, "forcediffimfluxunc"))
    flux = np.where((flux != _NO_FORCED_FLUX) & (error != _NO_FORCED_FLUX), flux * njy_per_dn, np.nan)
    error = np.where(error > 0, error * njy_per_dn, np.nan)
    distance = numbers(child(rows, "distnr")) / _PIXEL_ARCSEC  # arcsec here, pixels in candidate
    flag, words = procstatus_flags(child(rows, "procstatus"))
    return Points(
        owner=owner,
        is_alert=np.zeros(n, dtype=bool),
        kind=np.full(n, FORCED, dtype=np.int8),
        band=_bands(rows),
        mjd=exposures.midpoints(numbers(child(rows, "jd")), _exposure_times(rows), owner),
        flux=flux,
        flux_err=error,
        real_bogus=no_values(n),
        identity=np.zeros(n, dtype=np.int64),
        flag=flag,
        public=_public(rows),
        words=words,
        **totals(flux, error, distance, *reference_of(rows)),
    )


def _public(rows: pa.StructArray) -> NDArray[np.int8]:
    public = pc.cast(pc.equal(child(rows, "programid"), PUBLIC_PROGRAM), pa.int8())
    return np.asarray(pc.fill_null(public, NOT_SAID).to_numpy(zero_copy_only=False))


def _bands(rows: pa.StructArray) -> NDArray[np.int8]:
    fid = integers(child(rows, "fid"))
    return np.where((fid >= 1) & (fid <= len(BANDS)), fid - 1, -1).astype(np.int8)


def _exposure_times(rows: pa.StructArray) -> Floats:
    exptime = errors(child(rows, "exptime"))
    return np.where(np.isnan(exptime), USUAL_EXPTIME, exptime)
