"""What Rubin's light-curve classifier is trained on: pieces of light curves in the features that the module reads."""

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import numpy as np
import pandas as pd
import pyarrow as pa
from numpy.typing import NDArray

from jobs.training.light_curve_lsst_sources import elasticc, simulated, with_nuclei
from jobs.training.light_curve_pieces import BOTH, DIFFERENCE, Cut, pieces, table, whole
from jobs.training.light_curve_sources import Light
from jobs.training.seeds import seed_of
from science_modules.alerce_features_lsst import LEAST_POINTS
from science_modules.alerce_features_lsst.computing import of_curves
from science_modules.common.alert_batch import AlertBatch
from science_modules.common.curve_features.curves import curves_in
from science_modules.common.view import BANDS
from science_modules.light_curve_class_lsst.columns import NAMES

OURS, ELASTICC = "ours", "elasticc"
WHOLE = "whole"
# A packet has a year of detections; with an archive's history there are more.
PACKET = Cut("packet", (20, 365), {DIFFERENCE: 0.5, BOTH: 0.5}, most=400)
YEARS = Cut("years", (365, 1100), {DIFFERENCE: 0.4, BOTH: 0.6}, most=400)
CUTS = (PACKET, YEARS)
_AT_ONCE = 256

# What an example holds beside its keys: whose simulation it is of, how it was cut, in which form; detections in all bands; the
# features that the forests may read, NaN where there are none.
COLUMNS = pa.schema(
    [
        pa.field("origin", pa.string()),
        pa.field("cut", pa.string()),
        pa.field("form", pa.string()),
        pa.field("n_points", pa.int32()),
        pa.field("features", pa.list_(pa.float32(), len(NAMES))),
    ]
)


def of_simulated(path: str, seed: int) -> Iterator[pa.Table]:
    """Pieces of light curves of our simulator, of each object one of either kind, if it has enough points.

    Parameters
    ----------
    path : str
        A file of `strix simulate lightcurves --survey lsst`.
    seed : int
        Of the cuts.

    Yields
    ------
    pyarrow.Table
        Keys and COLUMNS.
    """
    file = Path(path)
    rng = np.random.default_rng(seed_of(seed, "lsst", file.parent.parent.name, file.name))
    light = with_nuclei(simulated(file), rng)
    kind = rng.integers(len(CUTS), size=len(light))[light.points["owner"]]
    for number, cut in enumerate(CUTS):
        some = replace(light, points=light.points[kind == number])
        yield _examples(some, OURS, cut.name, *pieces(some, cut, rng))


def of_elasticc(path: str) -> Iterator[pa.Table]:
    """Whole light curves of ELAsTiCC, with their labels.

    Parameters
    ----------
    path : str
        A Parquet file in long format.

    Yields
    ------
    pyarrow.Table
        Keys and COLUMNS.
    """
    light, label = elasticc(Path(path))
    examples = _examples(light, ELASTICC, WHOLE, *whole(light, DIFFERENCE))
    of_object = dict(zip(light.names, label, strict=True))
    labels = pa.array([of_object[name] for name in examples["object_id"].to_pylist()], pa.string())
    yield examples.append_column("label", labels).append_column("source", pa.array([ELASTICC] * len(examples)))


def _examples(light: Light, origin: str, cut: str, points: pd.DataFrame, form: NDArray[np.object_]) -> pa.Table:
    """Examples of the objects that have enough points."""
    counts = np.bincount(points["owner"], minlength=len(light))
    enough = counts >= LEAST_POINTS
    own = points[enough[points["owner"].to_numpy()]]
    own = own.assign(owner=(np.cumsum(enough) - 1)[own["owner"].to_numpy()])
    n = int(enough.sum())
    return pa.table(
        {
            "survey": pa.array(["lsst"] * n, pa.string()),
            "object_id": pa.array(light.names[enough].tolist(), pa.string()),
            "simulated": pa.array([light.simulated] * n, pa.bool_()),
            "origin": pa.array([origin] * n, pa.string()),
            "cut": pa.array([cut] * n, pa.string()),
            "form": pa.array(form[enough], pa.string()),
            "n_points": pa.array(counts[enough], pa.int32()),
            "features": _features(own, form[enough]),
        }
    )


def _features(points: pd.DataFrame, form: NDArray[np.object_]) -> pa.Array:
    """The features of pieces as the module reads them."""
    owner = points["owner"].to_numpy()
    blocks = [np.empty((0, len(NAMES)), np.float32)]
    for start in range(0, len(form), _AT_ONCE):
        own = points[(owner >= start) & (owner < start + _AT_ONCE)]
        blocks.append(_block(own.assign(owner=own["owner"] - start), form[start : start + _AT_ONCE]))
    return pa.FixedSizeListArray.from_arrays(pa.array(np.concatenate(blocks).ravel()), len(NAMES))


def _block(points: pd.DataFrame, form: NDArray[np.object_]) -> NDArray[np.float32]:
    values = of_curves(curves_in(AlertBatch(table(points, form)), BANDS))
    with np.errstate(over="ignore"):
        rows = np.column_stack([values[name] for name in NAMES]).astype(np.float32)
    rows[~np.isfinite(rows)] = np.nan
    return rows
