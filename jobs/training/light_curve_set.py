"""What the light-curve classifier is trained on: pieces of light curves in the features that the module reads."""

from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pandas as pd
import pyarrow as pa
from numpy.typing import NDArray

from jobs.labels.class_names import NAMES as NAMES_OF_CLASSES
from jobs.training.light_curve_infrared import COLOURS
from jobs.training.light_curve_pieces import BOTH, CUTS, DIFFERENCE, TOTAL, pieces, table, whole, with_nuclei
from jobs.training.light_curve_sources import Light, labelled, packets, simulated
from jobs.training.seeds import seed_of
from science_modules.alerce_features import MODULE
from science_modules.alerce_features.colours import INFRARED
from science_modules.alerce_features.computing import of_curves
from science_modules.alerce_features.curves import LEAST_POINTS, curves
from science_modules.alerce_features.limits import NAMES as LIMITS
from science_modules.alerce_features.registry import fields
from science_modules.common.alert_batch import AlertBatch

# What is kept from the forests. Colours of g or r with AllWISE's magnitudes: of classes only W1 - W2 and W2 - W3 are known.
# Limits, real-bogus and star-galaxy scores and places: light curves of most real supernovae come without, so that their
# absence alone would tell the class.
# MaxSlope: of two exposures within minutes, which the simulated cadence has not, it is noise over a short time.
LEFT_OUT = frozenset(
    (
        *(set(INFRARED) - set(COLOURS)), *(f"{name}_{band}" for name in (*LIMITS, "MaxSlope") for band in (1, 2)),
        "rb", "sgscore1", "gal_b", "gal_l",
    )
)  # fmt: skip
NAMES = tuple(field.name for field in fields() if field.name not in LEFT_OUT)
FEATURES = tuple(f"{MODULE.name}.{name}" for name in NAMES)  # as the module declares them
WHOLE = "whole"
_AT_ONCE = 256
_CLASS_OF = {name: name.lower().translate(str.maketrans("/-", "__")) for name in NAMES_OF_CLASSES} | {"E": "eclipsing"}

# What an example holds beside its keys: how it was cut, in which form; detections of the band that has more, time between the
# first and the last [d]; the features that the forests may read, NaN where there are none.
COLUMNS = pa.schema(
    [
        pa.field("cut", pa.string()),
        pa.field("form", pa.string()),
        pa.field("n_best", pa.int32()),
        pa.field("days", pa.float64()),
        pa.field("features", pa.list_(pa.float32(), len(NAMES))),
    ]
)


def of_simulated(path: str, seed: int) -> Iterator[pa.Table]:
    """Pieces of simulated light curves: one of each object, long where a short one has too few points.

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
    rng = np.random.default_rng(seed_of(seed, file.parent.parent.name, file.name))
    light = with_nuclei(simulated(file), rng)
    for cut, share in CUTS:
        tried = light.only(rng.random(len(light)) < share)
        examples = examples_of(tried, cut.name, *pieces(tried, cut, rng))
        yield examples
        light = light.only(~light.names.isin(examples["object_id"].to_pylist()).to_numpy())


def of_packets(path: str) -> Iterator[pa.Table]:
    """Real light curves in packets, the source itself beside the difference where the reference shows it.

    Parameters
    ----------
    path : str
        A file or directory of packets, or a Parquet file of alerts that came without cutouts.

    Yields
    ------
    pyarrow.Table
        Keys and COLUMNS.
    """
    light = packets(path)
    yield examples_of(light, WHOLE, *whole(light, BOTH))


def of_labelled(path: str) -> Iterator[pa.Table]:
    """Whole real light curves.

    Parameters
    ----------
    path : str
        Of a Parquet file in long format.

    Yields
    ------
    pyarrow.Table
        Keys and COLUMNS.
    """
    light = labelled(Path(path))
    yield examples_of(light, WHOLE, *whole(light, TOTAL if light.points["flux"].isna().all() else DIFFERENCE))


def examples_of(
    light: Light, cut: str, points: pd.DataFrame, form: NDArray[np.object_], least: int = LEAST_POINTS
) -> pa.Table:
    """Examples of the objects that have enough points.

    Parameters
    ----------
    light : Light
        Of n objects.
    cut : str
        How they were cut.
    points : pandas.DataFrame
        What is left of the light curves.
    form : numpy.ndarray of str, shape (n,)
    least : int
        Points in g or in r.
    """
    per_band = points.groupby(["owner", "band"]).size().unstack(fill_value=0)
    most = per_band.max(axis=1).reindex(range(len(light)), fill_value=0).to_numpy()
    enough = most >= least
    own = points[enough[points["owner"].to_numpy()]]
    own = own.assign(owner=(np.cumsum(enough) - 1)[own["owner"].to_numpy()])
    n = int(enough.sum())
    return pa.table(
        {
            "survey": pa.array(["ztf"] * n, pa.string()),
            "object_id": pa.array(light.names[enough].tolist(), pa.string()),
            "simulated": pa.array([light.simulated] * n, pa.bool_()),
            "cut": pa.array([cut] * n, pa.string()),
            "form": pa.array(form[enough], pa.string()),
            "n_best": pa.array(most[enough], pa.int32()),
            "days": pa.array(own.groupby("owner")["mjd"].agg(np.ptp).to_numpy(), pa.float64()),
            "features": features(own, form[enough]),
        }
    )


def features(points: pd.DataFrame, form: NDArray[np.object_]) -> pa.Array:
    """The features of pieces as the module reads them.

    Parameters
    ----------
    points : pandas.DataFrame
        As Light's.
    form : numpy.ndarray of str, shape (n,)
        Of each object's piece.
    """
    owner = points["owner"].to_numpy()
    blocks = [np.empty((0, len(NAMES)), np.float32)]
    for start in range(0, len(form), _AT_ONCE):
        own = points[(owner >= start) & (owner < start + _AT_ONCE)]
        blocks.append(_block(own.assign(owner=own["owner"] - start), form[start : start + _AT_ONCE]))
    return pa.FixedSizeListArray.from_arrays(pa.array(np.concatenate(blocks).ravel()), len(NAMES))


def _block(points: pd.DataFrame, form: NDArray[np.object_]) -> NDArray[np.float32]:
    values = of_curves(curves(AlertBatch(table(points, form))))
    unknown = np.full(len(form), np.nan)  # colours with AllWISE, which no light curve tells
    with np.errstate(over="ignore"):
        rows = np.column_stack([values.get(name, unknown) for name in NAMES]).astype(np.float32)
    rows[~np.isfinite(rows)] = np.nan
    return rows


def matrix(examples: pa.Table) -> NDArray[np.float32]:
    """The features of examples, shape (n, n_features).

    Parameters
    ----------
    examples : pyarrow.Table
        With COLUMNS.
    """
    flat = examples["features"].combine_chunks().flatten().to_numpy(zero_copy_only=False)
    return np.asarray(flat, np.float32).reshape(examples.num_rows, examples.schema.field("features").type.list_size)


def in_lower_case(examples: pa.Table) -> pa.Table:
    """Labels of `jobs.labels` as the module calls its classes: SNIa is snia, CV/Nova is cv_nova, E is eclipsing.

    Parameters
    ----------
    examples : pyarrow.Table
        With a label.
    """
    names = [_CLASS_OF.get(label, label) for label in examples["label"].to_pylist()]
    place = examples.column_names.index("label")
    return examples.set_column(place, "label", pa.array(names, pa.string()))
