"""Tables in the common view for tests: from real packets, or made of a few points."""

from collections.abc import Mapping, Sequence
from typing import Any

import pyarrow as pa

from jobs.pipeline.surveys.ztf import ZTF
from science_modules.common.view import LIGHT_CURVE

NOW_MJD = 62000.0
Point = tuple[float, str, float | None, float]  # mjd, band, flux, flux_err


def ztf_view(packets: Sequence[Mapping[str, Any]]) -> pa.Table:
    """Real ZTF packets in the common view."""
    return ZTF.view(pa.array(list(packets), type=ZTF.packet_type), [""] * len(packets), NOW_MJD).table


def light_curves(curves: Sequence[Sequence[Point]], **lists: Any) -> dict[str, pa.Array]:
    """The lc_ columns of alerts with these points; detections unless `lc_kind` says otherwise."""
    given = {
        "lc_mjd": [[p[0] for p in curve] for curve in curves],
        "lc_band": [[p[1] for p in curve] for curve in curves],
        "lc_kind": [["detection"] * len(curve) for curve in curves],
        "lc_flux": [[p[2] for p in curve] for curve in curves],
        "lc_flux_err": [[p[3] for p in curve] for curve in curves],
    } | lists
    empty = [[None] * len(curve) for curve in curves]
    return {column.name: pa.array(given.get(column.name, empty), column.type) for column in LIGHT_CURVE}
