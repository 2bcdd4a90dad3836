"""A data release through the modules: light curves per second, CPU of each, memory for a hundred times as many, a dense field."""

import shutil
import tempfile
import time
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq
from numpy.typing import NDArray
from pyspark.sql import SparkSession

from jobs.bench.inputs import Bench
from jobs.bench.numbers import Number, repeated
from jobs.bench.processes import Watch
from jobs.bench.scratch import empty_folder
from jobs.config.reprocess import ReprocessConfig
from jobs.launcher.reprocess import Reprocessed, reprocess
from jobs.releases.formats.ztf_dr import BAD_EPOCH, COLUMNS
from jobs.spark.session import session_for

GROWTH = 100  # times more light curves must not take more memory
DENSER = 10  # times more light curves in one field must not make a partition of it slow
_APART_ARCSEC = 7.0  # between the light curves that lie over one another in it
_LEAST_EPOCHS = 21
_SIMULATED_EPOCHS = 300  # of a star, half of them in g and half in r
_ROWS_OF_A_FILE = 10_000


def rate(bench: Bench) -> list[Number]:
    """Stars and points per second of a whole run, planning included, workers warm; CPU per star of each kind of process.

    Parameters
    ----------
    bench : Bench
        `real`: files of ZTF's data releases, of which light curves with more than 20 good epochs are taken, again and again
        under new names and at other places; without, stars of 300 epochs in g and r are simulated.
    """
    with session_for("bench") as spark, empty_folder() as folder:
        release = _release(bench, folder / "release")
        return repeated(lambda: _measured(bench, spark, release, folder), bench.repeats)


def memory(bench: Bench) -> list[Number]:
    """The peak of all processes' memory, for the light curves asked for and for a hundred times as many.

    Parameters
    ----------
    bench : Bench
        As of `rate`.
    """
    numbers = []
    for alerts in (bench.alerts, GROWTH * bench.alerts):
        with session_for("bench") as spark, empty_folder() as folder:
            release = _release(replace(bench, alerts=alerts), folder / "release")
            with Watch(memory=True) as watch:
                _run(bench, spark, release, folder / "out")
        use = watch.use
        numbers.append(Number(f"peak, {alerts} light curves", "MiB", (use.peak_mib,)))
        numbers += [Number(f"  of that {kind}", "MiB", (size,)) for kind, size in sorted(use.peak_by_kind.items())]
    return numbers


def dense(bench: Bench) -> list[Number]:
    """How long the slowest partition takes beside the median one, where one field has ten times the light curves of the others.

    Parameters
    ----------
    bench : Bench
        As of `rate`; enough for more partitions than two.
    """
    with session_for("bench") as spark, empty_folder() as folder:
        release = _release(bench, folder / "release", DENSER)
        return repeated(lambda: _uneven(bench, spark, release, folder), bench.repeats)


def _uneven(bench: Bench, spark: SparkSession, release: Path, folder: Path) -> dict[tuple[str, str], float]:
    output = Path(tempfile.mkdtemp(dir=folder))
    outcome = _run(bench, spark, release, output)
    shutil.rmtree(output)
    took = [each["seconds"] for each in outcome.records.values()]
    stars = [each["stars"] for each in outcome.records.values()]
    middle = float(np.median(took))
    return {
        ("light curves", ""): float(sum(stars)),
        ("partitions", ""): float(len(took)),
        ("light curves of the fullest partition", ""): float(max(stars)),
        ("a partition, median", "s"): middle,
        ("the slowest one", "s"): max(took),
        ("the slowest one, of the median", ""): max(took) / middle,
    }


def _measured(bench: Bench, spark: SparkSession, release: Path, folder: Path) -> dict[tuple[str, str], float]:
    output = Path(tempfile.mkdtemp(dir=folder))
    with Watch() as watch:
        started = time.perf_counter()
        outcome = _run(bench, spark, release, output)
        wall = time.perf_counter() - started
    shutil.rmtree(output)
    records = outcome.records.values()
    stars, points = (sum(each[name] for each in records) for name in ("stars", "points"))
    weights = [each.weight for each in outcome.plan.partitions]
    answered = {name: sum(each["modules"][name].get("answered", 0) for each in records) for name in bench.modules}
    return {
        ("rate", "stars/s"): stars / wall,
        ("rate, points", "points/s"): points / wall,
        ("points of a star", ""): points / stars,
        **{(f"answered by {name}", "%"): 100 * count / stars for name, count in answered.items()},
        ("partitions", ""): len(weights),
        ("heaviest partition, of the median", ""): max(weights) / float(np.median(weights)),
        **{(f"CPU, {kind}", "us/star"): cpu / stars * 1e6 for kind, cpu in watch.use.cpu_s.items()},
        ("CPU, all processes", "us/star"): watch.use.cpu / stars * 1e6,
    }


def _run(bench: Bench, spark: SparkSession, release: Path, output: Path) -> Reprocessed:
    told = {"input": (str(release),), "output": str(output), "modules": bench.modules, "models": bench.models}
    return reprocess(ReprocessConfig().but(**told, missing_models="skip"), spark)


def _release(bench: Bench, folder: Path, denser: int = 1) -> Path:
    """Files with so many light curves; the first field holds those of so many others."""
    folder.mkdir(parents=True)
    base = _real(bench) if bench.real else _simulated()
    per_tile = len(pc.unique(base["objra"]))
    for tile in range(-(-bench.alerts // per_tile)):
        left = bench.alerts - tile * per_tile
        whole = base if left >= per_tile else base.filter(pc.less(base["star"], left))
        table = _moved(whole, tile, max(tile - denser + 1, 0), min(tile, denser - 1))
        for start in range(0, table.num_rows, _ROWS_OF_A_FILE):
            pq.write_table(table.slice(start, _ROWS_OF_A_FILE), folder / f"{tile:05d}_{start:07d}.parquet")
    return folder


def _real(bench: Bench) -> pa.Table:
    """Light curves with more than 20 good epochs; those of each file 30 degrees north of the file before."""
    tables = []
    for number, path in enumerate(bench.files_of_release()):
        table = pq.read_table(path, columns=list(COLUMNS)).combine_chunks()
        flags = table["catflags"].combine_chunks()
        owner = np.repeat(np.arange(table.num_rows), pc.list_value_length(flags).to_numpy())
        good = np.asarray(flags.flatten().to_numpy(), dtype=np.int64) & BAD_EPOCH == 0
        kept = np.bincount(owner[good], minlength=table.num_rows) >= _LEAST_EPOCHS
        table = table.filter(pa.array(kept))
        place = table.column_names.index("objdec")
        dec = table["objdec"].cast(pa.float64())
        tables.append(table.set_column(place, "objdec", pc.add(dec, 30.0 * number)))
    table = pa.concat_tables(tables)
    return table.append_column("star", pa.array(range(table.num_rows)))


def _simulated() -> pa.Table:
    """A thousand stars, each a row in g and one in r at the same place."""
    rng, n, half = np.random.default_rng(5), 1000, _SIMULATED_EPOCHS // 2
    ra, dec = 20.0 + rng.permutation(n) / n, rng.permutation(n) / n
    rows = []
    for band in (1, 2):
        lists: dict[str, NDArray[Any]] = {
            "hmjd": np.sort(rng.uniform(58300, 59300, (n, half)), axis=1).astype(np.float32),
            "mag": (18 + rng.normal(0, 0.2, (n, half))).astype(np.float32),
            "magerr": rng.uniform(0.02, 0.1, (n, half)).astype(np.float32),
            "catflags": np.zeros((n, half), np.uint16),
        }
        scalars = {
            "objectid": np.arange(n) + 10**6 * band,
            "filterid": np.full(n, band, np.uint8),
            "fieldid": np.full(n, 500, np.int16),
            "rcid": np.full(n, 3, np.uint8),
            "objra": ra,
            "objdec": dec,
            "star": np.arange(n),
        }
        columns = {name: pa.array(list(each)) for name, each in lists.items()}
        rows.append(pa.table({**{name: pa.array(each) for name, each in scalars.items()}, **columns}))
    return pa.concat_tables(rows)


def _moved(base: pa.Table, tile: int, field: int, layer: int) -> pa.Table:
    """The same light curves under other names, in a field beside those before, a little north of others in it."""
    ra = np.mod(np.asarray(base["objra"].to_numpy(), dtype=np.float64) + 1.3 * field, 360.0)
    dec = np.asarray(base["objdec"].to_numpy(), dtype=np.float64) + layer * _APART_ARCSEC / 3600
    names = pc.add(base["objectid"], pa.scalar(tile * 10**15, pa.int64()))
    for name, column in (("objra", pa.array(ra)), ("objdec", pa.array(dec)), ("objectid", names)):
        base = base.set_column(base.column_names.index(name), name, column)
    return base.drop_columns(["star"])
