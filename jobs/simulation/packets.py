"""One simulated alert as a packet, ready for Avro."""

from typing import Any

from jobs.simulation.catalogues import candidate
from jobs.simulation.measurements import Columns, history_columns
from jobs.simulation.objects import draw_object, object_of_alert
from jobs.simulation.schema import HISTORY_NAMES
from jobs.simulation.stamps import fits_bytes, stamps

PUBLISHER = "Strix simulator (SIMULATED)"
_HISTORY_DAYS = 30.0
_STAMP_NAMES = {"cutoutScience": "sci", "cutoutTemplate": "ref", "cutoutDifference": "scimref"}


def packet(seed: int, number: int) -> tuple[dict[str, Any], str]:
    """A simulated ZTF 3.3 packet and the true class of its object.

    Parameters
    ----------
    seed : int
        0 to 99,999.
    number : int
        Number of the alert, 0 to 99,999,999. The same seed and number give the same packet on one machine and
        NumPy version.

    Returns
    -------
    packet : dict
        A record of schema.SCHEMA.
    kind : str
        A key of night_classes.SHARES.

    Raises
    ------
    ValueError
        If seed or number is out of range.
    """
    object_number, from_end = object_of_alert(number)
    simulated = draw_object(seed, object_number)
    visit = len(simulated.visits) - 1 - from_end
    columns = history_columns(simulated)
    candid = simulated.candid(visit)
    triplet = zip(_STAMP_NAMES.items(), stamps(simulated, visit), strict=True)
    return {
        "schemavsn": "3.3",
        "publisher": PUBLISHER,
        "objectId": simulated.object_id,
        "candid": candid,
        "candidate": candidate(simulated, columns, visit),
        "prv_candidates": _history(columns, visit),
        **{
            name: {"fileName": f"candid{candid}_{suffix}.fits.gz", "stampData": fits_bytes(stamp)}
            for (name, suffix), stamp in triplet
        },
    }, simulated.kind


def _history(columns: Columns, visit: int) -> list[dict[str, Any]] | None:
    """The visits of the 30 days before; null if there were none."""
    rows = zip(*(columns[name][:visit] for name in HISTORY_NAMES), strict=True)
    history = [dict(zip(HISTORY_NAMES, row, strict=True)) for row in rows]
    recent = [row for row in history if row["jd"] > columns["jd"][visit] - _HISTORY_DAYS]
    return recent or None
