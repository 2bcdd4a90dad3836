"""A first night of ZTF packets on disk: alerts 0 to n - 1 of a seed."""

import io
from collections import Counter
from pathlib import Path
from typing import Any

import fastavro

from jobs.simulation.avro_datums import SYNC_MARKER
from jobs.simulation.sky_night import Layout, simulate_night
from jobs.simulation.ztf.maker import MAKER
from jobs.simulation.ztf.schemas import SCHEMAS

_PARSED = fastavro.parse_schema(SCHEMAS["3.3"])
_ALONE = 1000  # a process of its own costs more than so many alerts gain by it


def simulate(output: Path, n: int, seed: int, layout: Layout = "containers", per_file: int = 100) -> Counter[str]:
    """Write a night of simulated ZTF 3.3 packets, alerts 0 to n - 1 of a seed, and the true classes beside them.

    Parameters
    ----------
    output : Path
        Directory to write; made if absent. The truth goes to `_truth/truth.parquet`.
    n : int
        Number of alerts.
    seed : int
        0 to 99,999. Alert i of a seed is the same alert whatever n and layout are: that of `packets.packet`.
    layout : str
        "files": `<candid>.avro`, a packet each; "containers": `simulated_<night>_<k>.avro`, several packets each;
        "tar.gz": `ztf_simulated_<night>.tar.gz`, an archive of the files. Packets lie in the order of their times.
    per_file : int
        Packets per container.

    Returns
    -------
    Counter
        Alerts per true class.

    Raises
    ------
    ValueError
        If n, seed, layout or per_file is out of range.
    FileExistsError
        If the directory holds something already: two simulations must not mix.
    """
    workers = 1 if n < _ALONE else None
    return simulate_night(MAKER, output, n, seed, layout=layout, per_file=per_file, workers=workers)


def container(records: list[dict[str, Any]]) -> bytes:
    """An Avro container of packets, uncompressed as the survey's are, the same bytes every time.

    Parameters
    ----------
    records : list of dict
        Packets as `packets.packet` gives them.
    """
    buffer = io.BytesIO()
    fastavro.writer(buffer, _PARSED, records, sync_marker=SYNC_MARKER)
    return buffer.getvalue()
