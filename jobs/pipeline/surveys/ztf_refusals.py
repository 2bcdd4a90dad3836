"""ZTF packets that cannot be placed: without ids, time or position, or from impossible times."""

from collections.abc import Mapping

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from jobs.packets.rejections import Refusal
from jobs.pipeline.surveys.ztf_points import child, numbers

FIRST_MJD = 57388.0  # 2016-01-01
_WHERE = "view"


def refusals(packets: pa.StructArray, columns: Mapping[str, pa.Array], now_mjd: float) -> dict[int, Refusal]:
    """The rows to refuse and why; the first reason of no_id, no_time, time_out_of_range, no_position counts.

    Parameters
    ----------
    packets : pyarrow.StructArray
        Of type ztf_fields.PACKET.
    columns : mapping of str to pyarrow.Array
        `mjd` of the common view.
    now_mjd : float
        When the batch was planned, MJD TAI.
    """
    candidate = child(packets, "candidate")
    candid, object_id = (child(packets, "candid"), pc.fill_null(child(packets, "objectId"), ""))
    jd, ra, dec = (numbers(candidate, name) for name in ("jd", "ra", "dec"))
    mjd = columns["mjd"].to_numpy(zero_copy_only=False)
    no_id = pc.or_(pc.is_null(candid), pc.equal(object_id, "")).to_numpy(zero_copy_only=False)
    no_time = ~((jd > 0) & np.isfinite(jd))
    out_of_range = ~((mjd >= FIRST_MJD) & (mjd <= now_mjd + 1))
    no_position = ~((ra >= 0) & (ra <= 360) & (np.abs(dec) <= 90))
    refused: dict[int, Refusal] = {}
    for row in np.flatnonzero(no_id | no_time | out_of_range | no_position).tolist():
        if no_id[row]:
            message = f"wants candid and objectId, has {candid[row]} and {object_id[row].as_py()!r}"
            refused[row] = Refusal("no_id", message, _WHERE)
        elif no_time[row]:
            refused[row] = Refusal("no_time", f"wants a Julian date, candidate.jd is {jd[row]}", _WHERE)
        elif out_of_range[row]:
            message = f"wants MJD {FIRST_MJD} to {now_mjd + 1:.5f} TAI, candidate.jd {jd[row]} is {mjd[row]:.5f}"
            refused[row] = Refusal("time_out_of_range", message, _WHERE)
        else:
            message = f"wants 0 <= ra <= 360 and -90 <= dec <= 90, has {ra[row]} and {dec[row]}"
            refused[row] = Refusal("no_position", message, _WHERE)
    return refused
