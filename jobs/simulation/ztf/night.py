"""A night of simulated ZTF packets of all classes, in the order of their times."""

import io
import os
import tarfile
from collections import Counter
from collections.abc import Callable, Iterator
from concurrent.futures import ProcessPoolExecutor
from datetime import datetime
from gzip import GzipFile
from multiprocessing import get_context
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any, get_args

import pyarrow as pa
import pyarrow.parquet as pq

from jobs.simulation.blocks import MAX_SEED
from jobs.simulation.night import TRUTH, Layout
from jobs.simulation.ztf.encoding import container
from jobs.simulation.ztf.making import alerts_of_class
from jobs.simulation.ztf.mix import Mix, counts

NIGHT = 20240210
_TRUTH_SCHEMA = pa.schema(
    [("alert_id", pa.int64()), ("object_id", pa.string()), ("class", pa.string()), ("stamp_class", pa.string())]
    + [("leaf", pa.string()), ("true_flux", pa.float64()), ("snr", pa.float64()), ("ebv", pa.float64())]
    + [(name, pa.float64()) for name in ("redshift", "t0", "period", "mean_mag", "peak_mag")]
)
Tell = Callable[[int], None]
_Entry = tuple[float, int, Path, int, int]  # time, candid, where the packet is spooled, from, bytes


def simulate_night(
    output: Path,
    alerts: int,
    seed: int,
    date: int = NIGHT,
    mix: Mix = "natural",
    layout: Layout = "containers",
    per_file: int = 100,
    workers: int | None = None,
    tell: Tell | None = None,
) -> Counter[str]:
    """Write a night of packets and the truth beside them.

    Parameters
    ----------
    output : Path
        Directory to write; made if absent. The truth goes to `_truth/truth.parquet`.
    alerts : int
        How many; a class of which too few are seen has fewer.
    seed : int
        0 to 99,999. The same seed, number, date and mix give the same bytes, whatever the number of workers.
    date : int
        The night, YYYYMMDD in UTC.
    mix : str
        "natural" or "balanced".
    layout : str
        "files", "containers" or "tar.gz", as `night.simulate` writes them.
    per_file : int
        Packets per container.
    workers : int, optional
        Processes; as many as there are cores if not given.
    tell : callable, optional
        Told the number of alerts made so far.

    Returns
    -------
    Counter
        Alerts per class.

    Raises
    ------
    ValueError
        If a number is out of range.
    FileExistsError
        If the directory holds something already.
    """
    if alerts < 0 or per_file < 1 or layout not in get_args(Layout) or not 0 <= seed <= MAX_SEED:
        raise ValueError(
            f"alerts >= 0, per_file >= 1, layout of {get_args(Layout)}, seed 0 to {MAX_SEED};"
            f" got {alerts}, {per_file}, {layout!r}, {seed}"
        )
    if output.is_dir() and any(output.iterdir()):
        raise FileExistsError(f"{output} is not empty; simulate into a new directory")
    (output / TRUTH).parent.mkdir(parents=True)
    with TemporaryDirectory(dir=output / "_truth") as spool:
        entries, truth = _spooled(
            Path(spool), (seed, mjd_of(date)), counts(alerts, mix), workers or os.cpu_count() or 1, tell
        )
        _write(output, entries, layout, per_file, date)
    pq.write_table(pa.Table.from_pylist(truth, schema=_TRUTH_SCHEMA), output / TRUTH)
    return Counter(row["class"] for row in truth)


def mjd_of(date: int) -> float:
    """The beginning of a UTC date [MJD].

    Parameters
    ----------
    date : int
        YYYYMMDD.
    """
    year, month, day = date // 10_000, date // 100 % 100, date % 100
    return float((datetime(year, month, day) - datetime(1858, 11, 17)).days)


def _spooled(
    spool: Path, sky: tuple[int, float], wanted: list[int], workers: int, tell: Tell | None
) -> tuple[list[_Entry], list[dict[str, Any]]]:
    """Alerts of all classes, made beside each other; entries and truth in the order of time."""
    tasks = [(spool / f"{place}", sky, place, number) for place, number in enumerate(wanted) if number]
    tasks.sort(key=lambda task: -task[3])  # the longest first
    made: list[tuple[_Entry, dict[str, Any]]] = []
    for part in _each(tasks, workers):
        made += part
        if tell:
            tell(len(made))
    made.sort(key=lambda pair: pair[0][:2])
    return [entry for entry, _ in made], [row for _, row in made]


def _each(tasks: list[Any], workers: int) -> Iterator[list[tuple[_Entry, dict[str, Any]]]]:
    if workers == 1 or len(tasks) < 2:
        yield from map(_spool_class, tasks)
        return
    with ProcessPoolExecutor(workers, mp_context=get_context("spawn")) as pool:
        yield from pool.map(_spool_class, tasks)


def _spool_class(task: tuple[Path, tuple[int, float], int, int]) -> list[tuple[_Entry, dict[str, Any]]]:
    path, (seed, night), place, wanted = task
    made = []
    with path.open("wb") as file:
        for alert in alerts_of_class(seed, place, wanted, night):
            made.append(((alert.jd, alert.candid, path, file.tell(), len(alert.data)), alert.truth))
            file.write(alert.data)
    return made


def _write(output: Path, entries: list[_Entry], layout: Layout, per_file: int, date: int) -> None:
    if layout == "containers":
        for i in range(0, len(entries), per_file):
            data = [_packet(entry) for entry in entries[i : i + per_file]]
            (output / f"simulated_{date}_{i // per_file:05d}.avro").write_bytes(container("3.3", data))
    elif layout == "files":
        for entry in entries:
            (output / f"{entry[1]}.avro").write_bytes(container("3.3", [_packet(entry)]))
    else:
        _write_archive(output / f"ztf_simulated_{date}.tar.gz", entries)


def _packet(entry: _Entry) -> bytes:
    _, _, path, start, size = entry
    with path.open("rb") as file:
        file.seek(start)
        return file.read(size)


def _write_archive(path: Path, entries: list[_Entry]) -> None:
    # Level 1, because the cutouts are gzipped already; no time and no name in the header, so that bytes repeat.
    with (
        path.open("wb") as file,
        GzipFile("", "wb", compresslevel=1, fileobj=file, mtime=0) as inflated,
        tarfile.open(fileobj=inflated, mode="w|") as archive,
    ):
        for entry in entries:
            content = container("3.3", [_packet(entry)])
            member = tarfile.TarInfo(f"{entry[1]}.avro")
            member.size = len(content)
            archive.addfile(member, io.BytesIO(content))
