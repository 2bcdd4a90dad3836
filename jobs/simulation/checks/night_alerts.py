"""Alerts of a night with their classes, one of each object of a class: what the checks of a night look at."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from hashlib import sha256
from itertools import chain
from pathlib import Path
from typing import Any

import fastavro
import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq
from numpy.typing import NDArray

from jobs.simulation.checks.halves import Half, of_half
from science_modules.common.alert_batch import AlertBatch

CLASSES = ("SN", "VS", "AGN", "asteroid", "bogus")
TRUTH = "_truth/truth.parquet"
LEAST_REAL_BOGUS = 0.1  # real alerts below it, without a label, stand for bogus ones
_CUTOUTS = {"science": "cutoutScience", "template": "cutoutTemplate", "difference": "cutoutDifference"}
_SAME_NIGHT_DAYS = 0.6

Packet = Mapping[str, Any]


@dataclass(frozen=True)
class Alerts:
    """Alerts; those of a class are of different objects.

    Attributes
    ----------
    kind : numpy.ndarray of object, shape (n,)
        One of CLASSES, or empty where the class is not known.
    fields : pandas.DataFrame
        The candidates' fields, and from the histories `amplitude` (largest less smallest difference magnitude in the
        alert's band) and `colour` (g - r of the last pair of a night with the same sign); NaN where there is none.
    batch : AlertBatch
        The same alerts with their cutouts.
    """

    kind: NDArray[np.object_]
    fields: pd.DataFrame
    batch: AlertBatch

    def __len__(self) -> int:
        return len(self.kind)

    def select(self, rows: NDArray[np.intp]) -> "Alerts":
        """Some of the alerts.

        Parameters
        ----------
        rows : numpy.ndarray of int, shape (k,)
        """
        fields = self.fields.iloc[rows].reset_index(drop=True)
        return Alerts(self.kind[rows], fields, AlertBatch(self.batch.table.take(pa.array(rows))))


def simulated_alerts(nights: Sequence[Path], most: int = 600) -> Alerts:
    """Simulated nights.

    Parameters
    ----------
    nights : sequence of Path
        Directories that `strix simulate night` wrote as files or containers; real alerts are of many nights, too.
    most : int
        Alerts of a class that are kept, the first by the hash of their ids.
    """
    truth = pd.concat([pq.read_table(night / TRUTH).to_pandas() for night in nights], ignore_index=True)
    kinds = dict(zip(truth["alert_id"].tolist(), truth["stamp_class"].tolist(), strict=True))
    return _alerts(chain.from_iterable(map(_packets, nights)), kinds, most)


def real_alerts(directory: Path, half: Half | None = None) -> Alerts:
    """Real alerts with labels, and those without a label that the survey holds for bogus.

    Parameters
    ----------
    directory : Path
        With `ztf_alerts/*.avro`, and `ztf_index.parquet` (candid, class5, drb).
    half : str, optional
        Those of one half of the objects only.
    """
    index = pq.read_table(directory / "ztf_index.parquet", columns=["candid", "class5", "drb"]).to_pandas()
    bogus = index["class5"].isna() & (index["drb"] < LEAST_REAL_BOGUS)
    kinds = index["class5"].mask(bogus, "bogus").fillna("")
    alerts = _alerts(_packets(directory / "ztf_alerts"), dict(zip(index["candid"].tolist(), kinds, strict=True)), None)
    if half is None:
        return alerts
    return alerts.select(np.flatnonzero(of_half(alerts.batch.table["object_id"].to_pylist(), half)))


def _packets(directory: Path) -> Iterator[Packet]:
    for path in sorted(directory.glob("*.avro")):
        with path.open("rb") as stream:
            yield from fastavro.reader(stream)  # type: ignore[misc]


def _alerts(packets: Iterator[Packet], kinds: Mapping[int, str], most: int | None) -> Alerts:
    chosen = _one_of_each_object(packets, kinds, most)
    kind = np.array([kinds[packet["candid"]] for packet in chosen], dtype=object)
    fields = pd.DataFrame([packet["candidate"] for packet in chosen])
    histories = [_history(packet) for packet in chosen]
    fields["amplitude"] = [_amplitude(history) for history in histories]
    fields["colour"] = [_colour(history) for history in histories]
    return Alerts(kind, fields, AlertBatch(_table(chosen)))


def _one_of_each_object(packets: Iterator[Packet], kinds: Mapping[int, str], most: int | None) -> list[Packet]:
    """By the hash of its id, so that the choice depends on nothing else; at most so many of a class."""
    kept: dict[str, dict[str, tuple[bytes, Packet]]] = {}
    for packet in packets:
        rank = sha256(str(packet["candid"]).encode()).digest()
        of_kind = kept.setdefault(kinds.get(packet["candid"], ""), {})
        if packet["objectId"] not in of_kind or rank < of_kind[packet["objectId"]][0]:
            of_kind[packet["objectId"]] = (rank, packet)
        if most is not None and len(of_kind) > most:
            del of_kind[max(of_kind, key=lambda name: of_kind[name][0])]
    return [packet for kind in sorted(kept) for _, packet in sorted(kept[kind].values(), key=lambda pair: pair[0])]


def _history(packet: Packet) -> NDArray[np.float64]:
    """Time [d], filter, magnitude and sign (1 or 0) of the detections, the alert's own last, shape (4, n)."""
    rows = [row for row in packet["prv_candidates"] or [] if row["magpsf"] is not None]
    # pid has the time; in 107 of the real alerts the histories' jd was overwritten
    numbers = [
        (row["pid"] / 1e9, row["fid"], row["magpsf"], row["isdiffpos"] in "t1") for row in [*rows, packet["candidate"]]
    ]
    return np.array(numbers, dtype=np.float64).T


def _amplitude(history: NDArray[np.float64]) -> float:
    _, band, mag, positive = history
    own = mag[(band == band[-1]) & (positive == positive[-1])]
    return float(np.ptp(own)) if len(own) > 1 else np.nan


def _colour(history: NDArray[np.float64]) -> float:
    time, band, mag, positive = history
    g, r = np.flatnonzero(band == 1), np.flatnonzero(band == 2)
    near = np.abs(time[g][:, None] - time[r]) < _SAME_NIGHT_DAYS
    i, j = np.nonzero(near & (positive[g][:, None] == positive[r]))
    return float(mag[g[i[-1]]] - mag[r[j[-1]]]) if len(i) else np.nan


def _table(packets: Sequence[Packet]) -> pa.Table:
    names = [name for name, value in packets[0]["candidate"].items() if not isinstance(value, str)] if packets else []
    columns: dict[str, Any] = {
        "survey": ["ztf"] * len(packets),
        "alert_id": [packet["candid"] for packet in packets],
        "object_id": [packet["objectId"] for packet in packets],
        "candidate": [{name: packet["candidate"][name] for name in names} for packet in packets],
    }
    for stamp, name in _CUTOUTS.items():
        columns[f"cutout_{stamp}"] = [packet[name]["stampData"] for packet in packets]
    return pa.table(columns)
