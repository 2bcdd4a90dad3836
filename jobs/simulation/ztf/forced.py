"""Forced photometry as packets of 4.02 have it: of every visit of the history, detected or not."""

import numpy as np

from jobs.simulation.visits.chance import uniform
from jobs.simulation.ztf.alerted import PIXEL_ARCSEC, Alerted
from jobs.simulation.ztf.exposures import Columns
from jobs.simulation.ztf.scenes import Ints
from jobs.simulation.ztf.schemas import FORCED_NAMES
from science_modules.common.photometry import AB_ZERO_NJY, error_of_limit, flux_ratio

MISSING = -99999.0
_FAILED_SHARE = 0.3  # no source of the reference nearby, or too close to an edge; 165 of 324 real ones
_FAILED, _SOUND = b"61", b"0"
_SKY_PER_VARIANCE = 1 / 0.32
_REFERENCE = ("distnr", "ranr", "decnr", "magnr", "sigmagnr", "chinr", "sharpnr")


def forced_columns(alerted: Alerted, exposures: Columns, reference: Columns, wanted: Ints, owner: Ints) -> Columns:
    """Columns of k visits of the histories.

    Parameters
    ----------
    alerted : Alerted
    exposures : dict of str to numpy.ndarray, shape (m,)
    reference : dict of str to numpy.ndarray, shape (n,)
        As modules `exposures` and `candidates` give them.
    wanted, owner : numpy.ndarray of int64, shape (k,)
        Visit, and the alert whose history it is in.

    Returns
    -------
    dict of str to numpy.ndarray, shape (k,)
        In the order of the schema; distances are in arcsec here, pixels in candidates.
    """
    curves = alerted.curves
    second = np.round(curves.epochs.mjd * 86400).astype(np.int64)
    number = curves.epochs.of_objects(curves.population.number)
    failed = (uniform(curves.population.block.seed, "forced fails", number, second) < _FAILED_SHARE)[wanted]
    per_dn = flux_ratio(AB_ZERO_NJY - curves.conditions.zero_point)
    noise = error_of_limit(curves.conditions.limit - curves.conditions.zero_point, 0.0) / 7.5
    fid = np.array([0, 1, 2, 3, 0, 0])[curves.epochs.band]
    of_visit = {
        **exposures,
        "rfid": exposures["field"] * 1_000_000 + 120_000 + fid * 100 + exposures["rcid"],
        "sciinpseeing": curves.conditions.fwhm / PIXEL_ARCSEC,
        "scibckgnd": noise**2 * _SKY_PER_VARIANCE,
        "scisigpix": noise,
        "adpctdif1": 0.065 + 0.01 * np.sin(second),
        "adpctdif2": 0.068 + 0.01 * np.cos(second),
    }
    known = {name: of_visit[name][wanted] for name in FORCED_NAMES if name in of_visit}
    measured = {"forcediffimflux": curves.flux * per_dn, "forcediffimfluxunc": curves.flux_err * per_dn}
    flux = {name: np.where(failed, MISSING, values[wanted]) for name, values in measured.items()}
    nearest = {name: np.where(failed, MISSING, reference[name][owner]) for name in _REFERENCE}
    nearest["distnr"] = np.where(failed, MISSING, reference["distnr"][owner] * PIXEL_ARCSEC)
    status = {"procstatus": np.where(failed, _FAILED, _SOUND)}
    columns = {**known, **flux, **status, **nearest}
    return {name: columns[name] for name in FORCED_NAMES}
