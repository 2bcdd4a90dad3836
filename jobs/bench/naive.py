"""The same work as most brokers' tutorials do it: fastavro, gzip and astropy, keras.predict, scikit-learn.

For comparison only, in one process: every alert a dict, every cutout a FITS file opened by astropy, the six networks
called by `predict` once per batch. It needs the extra `tensorflow` and astropy; without scikit-learn the forest is left
out. The forest sees eight statistics of the detections: less work than the modules do. braai's scores are compared with
the module's.
"""

import gzip
import importlib.util
import io
import time
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import fastavro
import numpy as np
import pandas as pd
from numpy.typing import NDArray

from jobs.bench.inputs import Bench, passes_of
from jobs.bench.numbers import Number, repeated
from science_modules.acai import FEATURES, NETWORKS

HAS_SKLEARN = importlib.util.find_spec("sklearn") is not None
LAST = "statistics and scikit-learn" if HAS_SKLEARN else "statistics (scikit-learn is not installed)"
STAMPS = ("cutoutScience", "cutoutTemplate", "cutoutDifference")
TOLERANCE = 1e-4  # between two implementations of one network, and of the norm of a cutout


def naive(bench: Bench) -> list[Number]:
    """Alerts per second of one process, and its CPU time per alert by step.

    Parameters
    ----------
    bench : Bench

    Raises
    ------
    AssertionError
        If Keras and the module braai do not give the same scores.
    """
    packets = [file.read_bytes() for file in bench.files()]
    networks = _networks(Path(bench.models), bench.model_sources)
    check(bench, packets[0], networks)
    forest = _forest(_records(packets[0]))
    return repeated(lambda: _measured(packets, networks, forest), bench.repeats)


def check(bench: Bench, packets: bytes, networks: Mapping[str, Any]) -> None:
    """Check that braai by Keras gives what the module gives.

    Parameters
    ----------
    bench : Bench
    packets : bytes
        The first container of the bench.
    networks : mapping of str to keras.Model
        By the network's name.

    Raises
    ------
    AssertionError
        If scores differ by more than TOLERANCE.
    """
    records = [dict(record) for record in fastavro.reader(io.BytesIO(packets)) if isinstance(record, dict)]
    scores = _scores(networks, records, _images(records))
    one_pass = bench.one_pass(bench.science())
    theirs = one_pass(passes_of(bench.files()[:1])[0]).alerts
    braai = theirs["braai"].combine_chunks().field("p_real").to_numpy(zero_copy_only=False)
    worst = float(np.nanmax(np.abs(braai[: len(records)] - scores["braai"][:, 0])))
    if worst > TOLERANCE:
        raise AssertionError(f"braai by Keras and by its module differ by {worst}, at most {TOLERANCE} is wanted")


def _measured(packets: Sequence[bytes], networks: Mapping[str, Any], forest: Any) -> dict[tuple[str, str], float]:
    spent = dict.fromkeys(("fastavro", "gzip and astropy", "keras.predict", LAST), 0.0)
    alerts, started = 0, time.perf_counter()
    for content in packets:
        records = _timed(spent, "fastavro", lambda content=content: _records(content))
        images = _timed(spent, "gzip and astropy", lambda records=records: _images(records))
        _timed(spent, "keras.predict", lambda r=records, i=images: _scores(networks, r, i))
        _timed(spent, LAST, lambda records=records: _anomalies(forest, records))
        alerts += len(records)
    rate = {("rate, one process", "alerts/s"): alerts / (time.perf_counter() - started)}
    return rate | {(f"CPU, {what}", "us/alert"): cpu / alerts * 1e6 for what, cpu in spent.items()}


def _timed(spent: dict[str, float], what: str, job: Any) -> Any:
    started = time.process_time()
    answer = job()
    spent[what] += time.process_time() - started
    return answer


def _records(content: bytes) -> list[dict[str, Any]]:
    return [record for record in fastavro.reader(io.BytesIO(content)) if isinstance(record, dict)]


def _images(records: Sequence[Mapping[str, Any]]) -> NDArray[np.float32]:
    from astropy.io import fits

    images = np.full((len(records), 63, 63, 3), 1e-9, np.float32)
    for row, record in enumerate(records):
        for channel, stamp in enumerate(STAMPS):
            with gzip.open(io.BytesIO(record[stamp]["stampData"])) as stream:
                data = np.nan_to_num(fits.open(io.BytesIO(stream.read()))[0].data)
            norm = np.linalg.norm(data)
            images[row, : data.shape[0], : data.shape[1], channel] = data / norm if norm else data
    return images


def _scores(networks: Mapping[str, Any], records: Sequence[Mapping[str, Any]], images: Any) -> dict[str, Any]:
    fields = np.array([[_number(record["candidate"].get(name)) for name in FEATURES] for record in records], np.float32)
    given = {name: [fields, images] if name in NETWORKS else images for name in networks}
    return {name: network.predict(given[name], verbose=0) for name, network in networks.items()}


def _number(value: Any) -> float:
    return -999.0 if value is None else float(value)


def _forest(records: Sequence[Mapping[str, Any]]) -> Any:
    """A forest of 100 trees, trained before anything is timed; None without scikit-learn."""
    if not HAS_SKLEARN:
        return None
    from sklearn.ensemble import IsolationForest

    frame = _frame(records)
    return IsolationForest(n_estimators=100, max_samples=min(64, len(frame)), random_state=0).fit(frame)


def _anomalies(forest: Any, records: Sequence[Mapping[str, Any]]) -> Any:
    frame = _frame(records)
    return frame if forest is None else forest.score_samples(frame)


def _frame(records: Sequence[Mapping[str, Any]]) -> pd.DataFrame:
    return pd.DataFrame([_statistics(record) for record in records]).fillna(0.0)


def _statistics(record: Mapping[str, Any]) -> dict[str, float]:
    points = [record["candidate"], *(record["prv_candidates"] or [])]
    series = pd.Series([each["magpsf"] for each in points if each.get("magpsf") is not None], dtype=float)
    return {
        name: float(getattr(series, name)()) for name in ("mean", "std", "min", "max", "median", "skew", "kurt", "var")
    }


def _networks(directory: Path, sources: Sequence[str]) -> dict[str, Any]:
    """braai and the five ACAI networks in Keras, with the published weights."""
    from jobs.bench.keras_networks import acai, braai

    files = [file for root in (directory, *map(Path, sources)) for file in sorted(root.rglob("*.h5"))]
    found = {file.name.split(".")[0]: file for file in files}
    return {
        "braai": braai(found["braai_d6_m9"].read_bytes()),
        **{name: acai(found[name].read_bytes()) for name in NETWORKS},
    }
