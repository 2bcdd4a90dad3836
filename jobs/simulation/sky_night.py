"""A night of simulated packets of all classes, in the order of their times, of any survey that has a Maker."""

import io
import os
import tarfile
from collections import Counter
from collections.abc import Callable, Iterator
from concurrent.futures import Executor, ProcessPoolExecutor, ThreadPoolExecutor
from contextlib import ExitStack, contextmanager
from datetime import datetime, timedelta
from gzip import GzipFile
from multiprocessing import get_context
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any, Literal, get_args

import pyarrow as pa
import pyarrow.parquet as pq

from jobs.simulation.blocks import MAX_SEED
from jobs.simulation.maker import Maker
from jobs.simulation.mix import Mix, Shares

Layout = Literal["files", "containers", "tar.gz"]
TRUTH = "_truth/truth.parquet"  # what begins with _ is not data to any reader
TRUTH_SCHEMA = pa.schema(
    [("alert_id", pa.int64()), ("object_id", pa.string()), ("class", pa.string()), ("stamp_class", pa.string())]
    + [("leaf", pa.string()), ("true_flux", pa.float64()), ("snr", pa.float64()), ("ebv", pa.float64())]
    + [(name, pa.float64()) for name in ("redshift", "t0", "period", "mean_mag", "peak_mag")]
)
Tell = Callable[[int], None]
_Entry = tuple[float, int, Path, int, int]  # time, id, where the packet is spooled, from, bytes
_LONGEST_STORM = 60  # [d]


def simulate_night(
    maker: Maker,
    output: Path,
    alerts: int,
    seed: int,
    date: int | None = None,
    mix: Mix | Shares = "natural",
    layout: Layout = "containers",
    per_file: int = 100,
    workers: int | None = None,
    tell: Tell | None = None,
) -> Counter[str]:
    """Write a night of packets and the truth beside them.

    Parameters
    ----------
    maker : Maker
        The survey's.
    output : Path
        Directory to write; made if absent. The truth goes to `_truth/truth.parquet`.
    alerts : int
        How many, 1 or more; a class of which too few are seen has fewer.
    seed : int
        0 to 99,999. The same seed, number, date and mix give the same bytes, whatever the number of workers.
    date : int, optional
        The night, YYYYMMDD; if not given, the first that is observed, from the maker's on.
    mix : str or tuple
        "natural", "balanced", or shares of classes.
    layout : str
        "files": `<id>.avro`, a packet each; "containers": `simulated_<night>_<k>.avro`, several packets each; "tar.gz":
        `<survey>_simulated_<night>.tar.gz`, an archive of the files.
    per_file : int
        Packets per container.
    workers : int, optional
        Processes, this one among them; as many as there are cores if not given.
    tell : callable, optional
        Told the number of alerts made so far.

    Returns
    -------
    Counter
        Alerts per class.

    Raises
    ------
    ValueError
        If a number is out of range, or the survey did not observe in the night.
    FileExistsError
        If the directory holds something already.
    """
    if (
        min(alerts, per_file, 1 if workers is None else workers) < 1
        or layout not in get_args(Layout)
        or not 0 <= seed <= MAX_SEED
    ):
        raise ValueError(
            f"alerts, per_file and workers are 1 or more, layout is of {get_args(Layout)}, seed 0 to {MAX_SEED};"
            f" got {alerts}, {per_file}, {workers}, {layout!r}, {seed}"
        )
    if output.is_dir() and any(output.iterdir()):
        raise FileExistsError(f"{output} is not empty; simulate into a new directory")
    date = date or first_observed(maker, seed)
    if not maker.is_observed(seed, maker.begin(date)):
        raise ValueError(f"{maker.survey} of seed {seed} does not observe in the night {date}; take another date")
    (output / TRUTH).parent.mkdir(parents=True)
    with TemporaryDirectory(dir=output / "_truth") as spool:
        tasks = [
            (Path(spool) / f"{place}", maker, (seed, maker.begin(date)), place, number)
            for place, number in enumerate(maker.counts(alerts, mix))
            if number
        ]
        workers = workers or os.cpu_count() or 1
        entries, truth = _spooled(tasks, workers, tell)
        # Threads: copies are the system's work, and making a table begins with half a second of loading what it needs
        with ThreadPoolExecutor(workers) as threads:
            table = threads.submit(_write_truth, output / TRUTH, truth)
            _write(threads, output, maker, entries, layout, per_file, date)
            table.result()
    return Counter(row["class"] for row in truth)


def first_observed(maker: Maker, seed: int) -> int:
    """The first night, from the maker's on, in which the survey observes [YYYYMMDD].

    Parameters
    ----------
    maker : Maker
    seed : int
    """
    start = datetime.strptime(str(maker.first_date), "%Y%m%d")
    dates = (int(f"{start + timedelta(days):%Y%m%d}") for days in range(_LONGEST_STORM))
    return next((date for date in dates if maker.is_observed(seed, maker.begin(date))), maker.first_date)


def mjd_of(date: int) -> float:
    """The beginning of a UTC date [MJD].

    Parameters
    ----------
    date : int
        YYYYMMDD.
    """
    return float((datetime.strptime(str(date), "%Y%m%d") - datetime(1858, 11, 17)).days)


_Task = tuple[Path, Maker, tuple[int, float], int, int]


def _spooled(tasks: list[_Task], workers: int, tell: Tell | None) -> tuple[list[_Entry], list[dict[str, Any]]]:
    """Alerts of all classes, made beside each other; entries and truth in the order of time."""
    tasks.sort(key=lambda task: -task[4])  # the longest first
    made: list[tuple[_Entry, dict[str, Any]]] = []
    for part in _each(tasks, workers):
        made += part
        if tell:
            tell(len(made))
    made.sort(key=lambda pair: pair[0][:2])
    return [entry for entry, _ in made], [row for _, row in made]


def _each(tasks: list[_Task], workers: int) -> Iterator[list[tuple[_Entry, dict[str, Any]]]]:
    if workers == 1 or len(tasks) < 2:
        yield from map(_spool_class, tasks)
        return
    with ProcessPoolExecutor(workers - 1, mp_context=get_context("spawn")) as pool:
        begun = []
        for task, future in [(task, pool.submit(_spool_class, task)) for task in tasks]:
            # This process has everything loaded, while the others begin: it takes what they have not begun
            if future.cancel():
                yield _spool_class(task)
            else:
                begun.append(future)
            while begun and begun[0].done():
                yield begun.pop(0).result()
        yield from (future.result() for future in begun)


def _spool_class(task: _Task) -> list[tuple[_Entry, dict[str, Any]]]:
    path, maker, (seed, night), place, wanted = task
    made = []
    with path.open("wb") as file:
        for alert in maker.alerts_of_class(seed, place, wanted, night):
            made.append(((alert.time, alert.alert_id, path, file.tell(), len(alert.data)), alert.truth))
            file.write(alert.data)
    return made


def _write_truth(path: Path, truth: list[dict[str, Any]]) -> None:
    pq.write_table(pa.Table.from_pylist(truth, schema=TRUTH_SCHEMA), path)


def _write(
    threads: Executor, output: Path, maker: Maker, entries: list[_Entry], layout: Layout, per_file: int, date: int
) -> None:
    with _spools(entries) as packet:

        def write(path: Path, some: list[_Entry]) -> None:
            path.write_bytes(maker.container([packet(entry) for entry in some]))

        if layout == "containers":
            parts = [entries[i : i + per_file] for i in range(0, len(entries), per_file)]
            names = [f"simulated_{date}_{i:05d}.avro" for i in range(len(parts))]
        elif layout == "files":
            parts, names = [[entry] for entry in entries], [_name(entry[1]) for entry in entries]
        else:
            _write_archive(output / f"{maker.survey}_simulated_{date}.tar.gz", maker, entries, packet)
            return
        for _ in threads.map(write, [output / name for name in names], parts):
            pass  # an error of one is raised


def _name(alert_id: int) -> str:
    """A file's; a name that begins with the minus of an id would be an option to every command."""
    return f"{alert_id}.avro".replace("-", "SIM")


@contextmanager
def _spools(entries: list[_Entry]) -> Iterator[Callable[[_Entry], bytes]]:
    """Gives the packets of entries, to several threads at a time."""
    with ExitStack() as stack:
        files = {path: stack.enter_context(path.open("rb")) for path in {entry[2] for entry in entries}}
        yield lambda entry: os.pread(files[entry[2]].fileno(), entry[4], entry[3])


def _write_archive(path: Path, maker: Maker, entries: list[_Entry], packet: Callable[[_Entry], bytes]) -> None:
    # Level 1: half of the bytes are noise; no time and no name in the header, so that bytes repeat.
    with (
        path.open("wb") as file,
        GzipFile("", "wb", compresslevel=1, fileobj=file, mtime=0) as inflated,
        tarfile.open(fileobj=inflated, mode="w|") as archive,
    ):
        for entry in entries:
            content = maker.container([packet(entry)])
            member = tarfile.TarInfo(_name(entry[1]))
            member.size = len(content)
            archive.addfile(member, io.BytesIO(content))
