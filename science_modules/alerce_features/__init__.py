"""The 152 features of ALeRCE's light-curve classifier: statistics and fits of g and r, period, colours, limits, metadata."""

from collections.abc import Callable
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from science_modules.alerce_features.allwise import ALLWISE, is_matched
from science_modules.alerce_features.curves import LEAST_POINTS, Curves, curves
from science_modules.alerce_features.registry import BESIDE, fields
from science_modules.common.alert_batch import AlertBatch
from science_modules.common.contract import Artefacts, ScienceModule

Floats = NDArray[np.float64]
Features = Callable[[AlertBatch, Curves], dict[str, Floats]]

TOO_FEW = f"too few points: neither g nor r has {LEAST_POINTS} usable detections"
NO_INFRARED = "not cross-matched: no module allwise in the job"
NO_SOURCE = "no magnitudes: allwise names no source with W1 and W2"


def load(artefacts: Artefacts) -> Features:
    """What computes the features, compiled (or read from numba's cache) here and not on the first alert.

    Parameters
    ----------
    artefacts : mapping of str to bytes
        Not used: the module has none.
    """
    from science_modules.alerce_features.computing import features, of_curves

    of_curves(_two_curves())
    return features


def run(batch: AlertBatch, features: Features) -> pd.DataFrame:
    """One row per alert: the features, the numbers of detections they are made of, `error`.

    Parameters
    ----------
    batch : AlertBatch
        With the module's inputs.
    features : callable
        What `load` gives: `computing.features`.
    """
    found = curves(batch)
    values = features(batch, found)
    blocks = [_block(values, found.eligible, type_) for type_ in ("float32", "float64")]
    return pd.concat([*blocks, _beside(batch, found)], axis=1)


def _block(values: dict[str, Floats], eligible: NDArray[np.bool_], type_: str) -> pd.DataFrame:
    """The columns of one type; what overflows has no answer."""
    names = [field.name for field in fields() if field.type == type_]
    block = np.full((len(names), len(eligible)), np.nan, dtype=type_)
    with np.errstate(over="ignore"):
        for row, name in enumerate(names):
            block[row, eligible] = values[name]
    block[~np.isfinite(block)] = np.nan
    return pd.DataFrame(block.T, columns=names)


def _beside(batch: AlertBatch, found: Curves) -> pd.DataFrame:
    def where(mask: NDArray[np.bool_], reason: str) -> NDArray[Any]:
        return np.where(mask, np.array(reason, object), np.array(None, object))

    counts = found.counts.astype(np.int32)
    without, why = np.ones(len(found), bool), NO_INFRARED
    if is_matched(batch):
        without, why = np.isnan(batch[ALLWISE[0]] - batch[ALLWISE[1]]), NO_SOURCE
    return pd.DataFrame(
        {
            "n_det_1": counts[:, 0],
            "n_det_2": counts[:, 1],
            "infrared_error": where(found.eligible & without, why),
            "error": where(~found.eligible, TOO_FEW),
        }
    )


def _two_curves() -> Curves:
    """Twelve points and a limit in g and in r: enough for a period to be looked for."""
    time = np.arange(24.0) % 12
    of_points = {name: 20 + np.sin(time) for name in ("mag", "diff_mag")} | {
        name: np.full(24, 0.1) for name in ("err", "diff_err", "sign", "real_bogus")
    }
    return Curves(
        offsets=np.array([0, 12, 24]),
        time=time,
        **of_points,
        limit_offsets=np.arange(3),
        limit_time=np.array([-1.0, 1.0]),
        limit_mag=np.full(2, 20.0),
        corrected=np.ones(1, bool),
    )


MODULE = ScienceModule(
    name="alerce_features",
    version="1.1.1",
    inputs=("light_curve", "corrected", "gal_b", "gal_l"),
    outputs=(*fields(), *BESIDE),
    run=run,
    load=load,
    source="Sanchez-Saez et al. 2021, AJ 161, 141",
    optional_inputs=("candidate.sgscore1", *ALLWISE),
    rows_at_once=256,  # a star with 300 points takes 17 ms, one with 6,000 0.3 s
)
