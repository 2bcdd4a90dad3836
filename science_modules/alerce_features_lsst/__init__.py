"""The features of ALeRCE's light-curve classifier for Rubin: six bands, all of them together, one period, five colours."""

from collections.abc import Callable

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from science_modules.alerce_features_lsst.registry import COUNTS, beside, fields
from science_modules.common.alert_batch import AlertBatch
from science_modules.common.contract import Artefacts, ScienceModule
from science_modules.common.curve_features.curves import Curves, curves_in
from science_modules.common.view import BANDS

Floats = NDArray[np.float64]
Features = Callable[[Curves], dict[str, Floats]]

LEAST_POINTS = 6  # in all bands together
TOO_FEW = f"too few points: less than {LEAST_POINTS} usable detections in all bands together"


def load(artefacts: Artefacts) -> Features:
    """What computes the features, compiled (or read from numba's cache) here and not on the first alert.

    Parameters
    ----------
    artefacts : mapping of str to bytes
        Not used: the module has none.
    """
    from science_modules.alerce_features_lsst.computing import of_curves

    of_curves(_one_object())
    return of_curves


def run(batch: AlertBatch, features: Features) -> pd.DataFrame:
    """One row per alert: the features, the numbers of detections they are made of, `error`.

    Parameters
    ----------
    batch : AlertBatch
        With the module's inputs.
    features : callable
        What `load` gives: `computing.of_curves`.
    """
    found = curves_in(batch, BANDS)
    enough = eligible(found)
    values = features(found.select(enough))
    blocks = [_block(values, enough, type_) for type_ in ("float32", "float64")]
    counts = pd.DataFrame(found.counts.astype(np.int32), columns=list(COUNTS))
    few = np.where(enough, np.array(None, object), np.array(TOO_FEW, object))
    return pd.concat([*blocks, counts, pd.DataFrame({"error": few})], axis=1)


def eligible(found: Curves) -> NDArray[np.bool_]:
    """Objects with enough detections, shape (n,).

    Parameters
    ----------
    found : Curves
        Of n objects in six bands.
    """
    return np.asarray(found.counts.sum(axis=1) >= LEAST_POINTS)


def _block(values: dict[str, Floats], rows: NDArray[np.bool_], type_: str) -> pd.DataFrame:
    """The columns of one type; what overflows has no answer."""
    names = [field.name for field in fields() if field.type == type_]
    block = np.full((len(names), len(rows)), np.nan, dtype=type_)
    with np.errstate(over="ignore"):
        for row, name in enumerate(names):
            block[row, rows] = values[name]
    block[~np.isfinite(block)] = np.nan
    return pd.DataFrame(block.T, columns=names)


def _one_object() -> Curves:
    """Twelve points in every band: enough for a period to be looked for."""
    time = np.tile(np.arange(12.0), len(BANDS))
    of_points = {name: 20 + np.sin(time) for name in ("mag", "diff_mag")} | {
        name: np.full(len(time), 0.1) for name in ("err", "diff_err", "sign", "real_bogus")
    }
    return Curves(
        offsets=12 * np.arange(len(BANDS) + 1),
        time=time,
        **of_points,
        limit_offsets=np.zeros(len(BANDS) + 1, np.int64),
        limit_time=np.empty(0),
        limit_mag=np.empty(0),
        corrected=np.ones(1, bool),
        n_bands=len(BANDS),
    )


MODULE = ScienceModule(
    name="alerce_features_lsst",
    version="1.0.1",
    inputs=("light_curve", "corrected"),
    outputs=(*fields(), *beside()),
    run=run,
    load=load,
    surveys=("lsst",),
    source="Sanchez-Saez et al. 2021, AJ 161, 141",
    rows_at_once=256,
)
