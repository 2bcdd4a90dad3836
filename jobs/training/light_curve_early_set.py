"""What the classifier of young light curves is trained on: pieces of three to five points in the statistics of lc_features."""

from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pandas as pd
import pyarrow as pa
from numpy.typing import NDArray

from jobs.training.light_curve_pieces import BOTH, DIFFERENCE, FEW, Cut, pieces, table, whole, with_nuclei
from jobs.training.light_curve_sources import Light, labelled, packets, simulated
from jobs.training.seeds import seed_of
from science_modules.common.alert_batch import AlertBatch
from science_modules.lc_features import load, run
from science_modules.light_curve_class_early import LEAST_POINTS
from science_modules.light_curve_class_early.columns import FEATURES, NAMES

MOST_POINTS = 5  # in the band that has more
TIMES = 3  # pieces of an object, each somewhere else
WHOLE = "whole"

# What an example holds beside its keys: how it was cut, in which form; detections of the band that has more; the features.
COLUMNS = pa.schema(
    [
        pa.field("cut", pa.string()),
        pa.field("form", pa.string()),
        pa.field("n_best", pa.int32()),
        pa.field("features", pa.list_(pa.float32(), len(FEATURES))),
    ]
)


def of_simulated(path: str, seed: int) -> Iterator[pa.Table]:
    """Pieces of simulated light curves.

    Parameters
    ----------
    path : str
        A file of `strix simulate lightcurves`.
    seed : int
        Of the cuts.

    Yields
    ------
    pyarrow.Table
        Keys and COLUMNS.
    """
    file = Path(path)
    rng = np.random.default_rng(seed_of(seed, "early", file.parent.parent.name, file.name))
    yield from _cut(with_nuclei(simulated(file), rng), FEW, rng)


def of_packets(path: str, seed: int) -> Iterator[pa.Table]:
    """Pieces of real light curves in packets, and those that are whole no longer.

    Parameters
    ----------
    path : str
        A file or directory of packets, or a Parquet file of alerts that came without cutouts.
    seed : int
        Of the cuts.

    Yields
    ------
    pyarrow.Table
        Keys and COLUMNS.
    """
    yield from _real(packets(path), BOTH, path, seed)


def of_labelled(path: str, seed: int) -> Iterator[pa.Table]:
    """Pieces of real light curves, and those that are whole no longer.

    Parameters
    ----------
    path : str
        Of a Parquet file in long format.
    seed : int
        Of the cuts.

    Yields
    ------
    pyarrow.Table
        Keys and COLUMNS.
    """
    yield from _real(labelled(Path(path)), DIFFERENCE, path, seed)


def _real(light: Light, form: str, path: str, seed: int) -> Iterator[pa.Table]:
    rng = np.random.default_rng(seed_of(seed, "early", Path(path).name))
    yield from _cut(light, Cut(FEW.name, FEW.days, {form: 1.0}), rng)
    yield _examples(light, WHOLE, *whole(light, form))


def _cut(light: Light, cut: Cut, rng: np.random.Generator) -> Iterator[pa.Table]:
    for _ in range(TIMES):
        yield _examples(light, cut.name, *pieces(light, cut, rng))


def _examples(light: Light, cut: str, points: pd.DataFrame, form: NDArray[np.object_]) -> pa.Table:
    found = run(AlertBatch(table(points, form)), load({}))
    most = found[["n_g", "n_r"]].max(axis=1).to_numpy()
    own = (most >= LEAST_POINTS) & (most <= MOST_POINTS)
    rows = found.loc[own, list(NAMES)].to_numpy(np.float32)
    return pa.table(
        {
            "survey": pa.array(["ztf"] * len(rows), pa.string()),
            "object_id": pa.array(light.names[own].tolist(), pa.string()),
            "simulated": pa.array([light.simulated] * len(rows), pa.bool_()),
            "cut": pa.array([cut] * len(rows), pa.string()),
            "form": pa.array(form[own], pa.string()),
            "n_best": pa.array(most[own], pa.int32()),
            "features": pa.FixedSizeListArray.from_arrays(pa.array(rows.ravel()), len(NAMES)),
        }
    )
