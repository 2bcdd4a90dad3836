"""Detections and exposures of real alerts and their histories that the simulator's numbers are measured on."""

from collections.abc import Iterator
from hashlib import sha256
from pathlib import Path
from typing import Any

import fastavro
import pandas as pd
import pyarrow.parquet as pq

from jobs.simulation.checks.halves import of_half
from jobs.simulation.checks.night_alerts import LEAST_REAL_BOGUS

_NO_CUTOUTS = "ztf_alerts_no_cutouts/ztf_alerts_no_cutouts.parquet"
_MOST = 8  # rows of an object: some have hundreds
_CLASSES = ("SN", "VS", "AGN", "asteroid", "bogus")


def real_detections(directory: Path) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Rows of real objects, none of them of the half that the simulator is checked on.

    Parameters
    ----------
    directory : Path
        With `ztf_alerts/*.avro`, `ztf_index.parquet`, and, if it is there, _NO_CUTOUTS.

    Returns
    -------
    detections : pandas.DataFrame
        Fields of candidates and, where histories have them, of detections in histories, with `kind`; at most eight of an
        object, by a hash.
    exposures : pandas.DataFrame
        Fields of all visits in histories and alerts, each exposure of a readout channel once.
    """
    index = pq.read_table(directory / "ztf_index.parquet", columns=["candid", "objectId", "class5", "drb"]).to_pandas()
    bogus = index["class5"].isna() & (index["drb"] < LEAST_REAL_BOGUS)
    kinds = dict(zip(index["candid"], index["class5"].mask(bogus, "bogus").fillna(""), strict=True))
    checked = set(index["objectId"][of_half(index["objectId"].tolist(), "check")])
    rows = [*_with_cutouts(directory / "ztf_alerts", kinds), *_without(directory / _NO_CUTOUTS)]
    table = pd.DataFrame([row for row in rows if row["object"] not in checked])
    seen = table[table["magpsf"].notna() & table["kind"].isin(_CLASSES)]
    exposures = table[table["magzpsci"] > 0].drop_duplicates("pid").reset_index(drop=True)  # 0 where nothing was known
    return seen.groupby("object").head(_MOST).reset_index(drop=True), exposures


def _with_cutouts(directory: Path, kinds: dict[int, str]) -> Iterator[dict[str, Any]]:
    for path in sorted(directory.glob("*.avro")):
        with path.open("rb") as stream:
            for packet in fastavro.reader(stream):
                yield from _rows(packet, kinds[packet["candid"]])  # type: ignore[index, call-overload]


def _without(path: Path) -> Iterator[dict[str, Any]]:
    if path.exists():
        for packet in pq.read_table(path).to_pylist():
            yield from _rows({**packet, "prv_candidates": None}, packet["class5"] or "")


def _rows(packet: Any, kind: str) -> Iterator[dict[str, Any]]:
    """The alert first, then its history in the order of a hash."""
    own = {"object": packet["objectId"], "kind": kind}
    yield {**packet["candidate"], **own}
    history = packet["prv_candidates"] or []
    for row in sorted(history, key=lambda row: sha256(str(row["pid"]).encode()).digest()):
        yield {**row, **own}
