"""Small simulated releases, as files of ZTF's data releases are, and runs over them without Spark."""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
from small_outputs import LocalSpark

from jobs.config.reprocess import ReprocessConfig
from jobs.launcher.reprocess import Reprocessed, reprocess

FILTER_OF = {"g": 1, "r": 2, "i": 3}
TYPES = {
    "objectid": pa.int64(),
    "filterid": pa.uint8(),
    "fieldid": pa.int16(),
    "rcid": pa.uint8(),
    "objra": pa.float64(),
    "objdec": pa.float64(),
    "nepochs": pa.int64(),
    "hmjd": pa.list_(pa.float32()),
    "mag": pa.list_(pa.float32()),
    "magerr": pa.list_(pa.float32()),
    "clrcoeff": pa.list_(pa.float32()),
    "catflags": pa.list_(pa.uint16()),
}


def row(
    number: int, ra: float, dec: float, field: int = 500, rcid: int = 3, band: str = "g", epochs: int = 8
) -> dict[str, Any]:
    """An object: times, magnitudes and errors are functions of its number."""
    rng = np.random.default_rng(number)
    mag = 18.0 + rng.normal(0, 0.2, epochs)
    return {
        "objectid": number,
        "filterid": FILTER_OF[band],
        "fieldid": field,
        "rcid": rcid,
        "objra": ra,
        "objdec": dec,
        "nepochs": epochs,
        "hmjd": np.sort(rng.uniform(58300, 59300, epochs)).astype(np.float32).tolist(),
        "mag": mag.tolist(),
        "magerr": rng.uniform(0.02, 0.1, epochs).tolist(),
        "clrcoeff": [-0.05] * epochs,
        "catflags": [0] * epochs,
    }


def write(path: Path, rows: Sequence[Mapping[str, Any]], types: Mapping[str, pa.DataType] = TYPES) -> Path:
    """A file of a release."""
    path.parent.mkdir(parents=True, exist_ok=True)
    columns = {name: pa.array([each[name] for each in rows], kind) for name, kind in types.items()}
    pq.write_table(pa.table(columns), path)
    return path


def sky(n: int, seed: int = 1) -> list[tuple[float, float]]:
    """n places in a square of a degree, none closer than 5 arcsec to another."""
    rng = np.random.default_rng(seed)
    grid = rng.choice(600 * 600, n, replace=False)  # a place in each cell of 6 arcsec; 0.5 arcsec about its middle
    ra, dec = 150.0 + (grid % 600) / 600, 2.0 + (grid // 600) / 600
    return [(float(a), float(d)) for a, d in zip(ra, dec, strict=True)]


def run(output: Path, *inputs: Path, modules: Sequence[str] = ("lc_features",), **keys: Any) -> Reprocessed:
    """A run without Spark."""
    told = {"input": tuple(map(str, inputs)), "output": str(output), "modules": tuple(modules), **keys}
    return reprocess(ReprocessConfig().but(**told), LocalSpark())  # type: ignore[arg-type]


def stars_of(output: Path) -> pa.Table:
    """The science table of a run, in the order of names."""
    files = sorted((output / "science" / "night=unknown").glob("*.parquet"))
    return pa.concat_tables(pq.read_table(file) for file in files).sort_by("object_id")


def refused_of(output: Path) -> list[tuple[str, str]]:
    """Object (empty for a whole file) and reason of what was refused."""
    files = sorted((output / "quarantine" / "night=unknown").glob("*.parquet"))
    rows = [each for file in files for each in pq.read_table(file).to_pylist()]
    return sorted((each["object_id"] or "", each["reason"]) for each in rows)
