"""Packets that cannot be placed: without ids, time or position, or from impossible times."""

from dataclasses import dataclass

import numpy as np
import pyarrow.compute as pc

from jobs.common.times import FIRST_MJD
from jobs.packets.rejections import Refusal
from jobs.pipeline.surveys.points import Floats
from jobs.pipeline.surveys.read import Read


@dataclass(frozen=True)
class PublishedNames:
    """What a survey calls the fields without which an alert cannot be placed."""

    ids: str
    time: str
    position: str = "ra and dec"


def refusals(read: Read, mjd: Floats, names: PublishedNames, now_mjd: float) -> dict[int, Refusal]:
    """The rows to refuse and why; the first reason of no_id, no_time, time_out_of_range, no_position counts.

    Parameters
    ----------
    read : Read
        The n packets.
    mjd : numpy.ndarray of float64, shape (n,)
        Mid-exposure, MJD TAI [d].
    names : PublishedNames
        For the messages.
    now_mjd : float
        When the batch was planned, MJD TAI [d].

    Returns
    -------
    dict of int to Refusal
        By row.
    """
    latest = now_mjd + 1
    no_object = pc.equal(pc.fill_null(read.object_id, ""), "")
    no_id = np.asarray(pc.or_(pc.is_null(read.alert_id), no_object).to_numpy(zero_copy_only=False))
    in_range = (mjd >= FIRST_MJD) & (mjd <= latest)
    on_sky = (read.ra >= 0) & (read.ra <= 360) & (np.abs(read.dec) <= 90)
    span = f"{names.time} from {FIRST_MJD:.5f} to {latest:.5f} MJD TAI at mid-exposure"
    checks = (
        ("no_id", no_id, names.ids, (read.alert_id, read.object_id)),
        ("no_time", ~(read.time > 0), f"a time in {names.time}", (read.time,)),
        ("time_out_of_range", ~in_range, span, (read.time, mjd)),
        ("no_position", ~on_sky, f"{names.position} in 0 to 360 and -90 to 90 deg", (read.ra, read.dec)),
    )
    refused: dict[int, Refusal] = {}
    for reason, mask, wanted, found in checks:
        for row in np.flatnonzero(mask).tolist():
            values = " and ".join(str(array[row]) for array in found)
            refused.setdefault(row, Refusal(reason, f"wants {wanted}, found {values}", "view"))
    return refused
