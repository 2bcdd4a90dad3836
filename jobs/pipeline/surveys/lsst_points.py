"""Every photometric point of a batch of Rubin packets: the alerts, previous and forced sources, limits."""

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from jobs.pipeline.surveys.fields import Fields, band_codes, children, errors, history, integers, numbers, scores
from jobs.pipeline.surveys.lsst_fields import UNSOUND_FLAGS
from jobs.pipeline.surveys.points import DETECTION, FORCED, NO_EXPOSURE, UPPER_LIMIT, Ints, Points, no_values

BANDS = ("u", "g", "r", "i", "z", "y")


def points_of(packet: Fields, source: Fields) -> Points:
    """All points of n packets.

    Parameters
    ----------
    packet, source : dict of str to pyarrow.Array, shape (n,)
        The fields of lsst_fields.PACKET and of its diaSource.
    """
    parts = [_read(source, np.arange(len(source["visit"])), DETECTION, is_alert=True)]
    previous = (("prvDiaSources", DETECTION, "diaSourceId"), ("prvDiaForcedSources", FORCED, "diaForcedSourceId"))
    for name, kind, identity in previous:
        records, owner = history(packet[name])
        parts.append(_read(children(records), owner, kind, identity=identity))
    records, owner = history(packet["prvDiaNondetectionLimits"])
    # diaNoise is one sigma [nJy], a fifth of the 5-sigma limit
    visit = "ccdVisitId"
    parts.append(_read(children(records), owner, UPPER_LIMIT, exposure=visit, identity=visit, flux_err="diaNoise"))
    return Points.concatenate(*parts)


def _read(
    records: Fields,
    owner: Ints,
    kind: int,
    *,
    exposure: str = "visit",
    identity: str = "diaSourceId",
    flux_err: str = "psfFluxErr",
    is_alert: bool = False,
) -> Points:
    n = len(owner)
    absent = pa.nulls(n, pa.float64())
    total_err = errors(records.get("scienceFluxErr", absent))
    flag, words = _unsound(records, n)
    return Points(
        owner=owner,
        is_alert=np.full(n, is_alert),
        kind=np.full(n, kind, dtype=np.int8),
        band=band_codes(records["band"], BANDS),
        mjd=numbers(records["midpointMjdTai"]),
        flux=numbers(records["psfFlux"]) if "psfFlux" in records else no_values(n),
        flux_err=errors(records[flux_err]),
        flux_total=numbers(records.get("scienceFlux", absent)),
        flux_total_err=total_err,
        flux_total_err_point=total_err,  # measured directly: one error serves resolved and unresolved sources
        real_bogus=scores(records.get("reliability", absent)),
        identity=integers(records[identity]),
        exposure=integers(records[exposure], NO_EXPOSURE),
        flag=flag,
        words=words,
    )


def _unsound(records: Fields, n: int) -> tuple[Ints, tuple[str | None, ...]]:
    """Flags and their words: the names of the UNSOUND_FLAGS that are set."""
    bits = np.zeros(n, dtype=np.int64)
    for bit, name in enumerate(UNSOUND_FLAGS):
        if name in records and records[name].true_count:  # hardly ever
            bits |= np.asarray(pc.fill_null(records[name], False)).astype(np.int64) << bit
    masks, codes = np.unique(np.append(0, bits), return_inverse=True) if bits.any() else (np.zeros(1, np.int64), None)
    said = [
        " ".join(name for bit, name in enumerate(UNSOUND_FLAGS) if mask >> bit & 1) or None for mask in masks.tolist()
    ]
    return (bits if codes is None else codes[1:]), tuple(said)
