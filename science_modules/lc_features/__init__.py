"""Thirty statistics of the light curve in each band, and colours."""

from collections.abc import Callable
from typing import Any

import numpy as np
import pandas as pd

from science_modules.common.alert_batch import AlertBatch
from science_modules.common.contract import Artefacts, ScienceModule
from science_modules.common.view import BANDS
from science_modules.lc_features.curves import band_curves
from science_modules.lc_features.features import NAMES, fields

Kernel = Callable[..., None]
TOO_FEW = "too few points: no detection has a defined magnitude"


def load(artefacts: Artefacts) -> Kernel:
    """The compiled kernel, compiled (or read from numba's cache) here and not on the first alert.

    Parameters
    ----------
    artefacts : mapping of str to bytes
        Not used: the module has none.
    """
    from science_modules.lc_features.kernels import statistics

    two = np.arange(1.0, 3.0)
    statistics(np.array([0, 2]), two, two, two, np.full((1, len(NAMES)), np.nan))
    return statistics


def run(batch: AlertBatch, kernel: Kernel) -> pd.DataFrame:
    """One row per alert: `<statistic>_<band>`, `n_<band>`, `n_left_out`, the colours, `error`.

    Parameters
    ----------
    batch : AlertBatch
        With the module's inputs.
    kernel : callable
        What `load` gives: `kernels.statistics`.
    """
    curves = band_curves(batch)
    values = np.full((len(batch) * len(BANDS), len(NAMES)), np.nan)
    kernel(curves.starts, curves.mjd, curves.mag, curves.mag_err, values)
    counts = np.diff(curves.starts).reshape(len(batch), len(BANDS))
    return _frame(values.reshape(len(batch), len(BANDS), len(NAMES)), counts, curves.left_out)


def _frame(values: Any, counts: Any, left_out: Any) -> pd.DataFrame:
    names = [output.name for output in MODULE.outputs]
    n_statistics, n_integers = len(BANDS) * len(NAMES), len(BANDS) + 1
    integers = np.column_stack([counts, left_out]).astype(np.int32)
    reasons = np.where(counts.any(axis=1), np.array(None, object), np.array(TOO_FEW, object))
    blocks = [
        pd.DataFrame(_float32(values.reshape(len(counts), n_statistics)), columns=names[:n_statistics]),
        pd.DataFrame(integers, columns=names[n_statistics:][:n_integers]),
        pd.DataFrame(_float32(_colours(values)), columns=names[n_statistics + n_integers :]),
        pd.DataFrame({"error": reasons}),
    ]
    return pd.concat(blocks, axis=1)


def _colours(values: Any) -> Any:
    """Mean g - r, brightest g - r, mean r - i; NaN where a band has no point."""
    mean, brightest = (values[:, :, NAMES.index(name)] for name in ("mean", "brightest"))
    g, r, i = (BANDS.index(band) for band in "gri")
    pairs = mean[:, g] - mean[:, r], brightest[:, g] - brightest[:, r], mean[:, r] - mean[:, i]
    return np.column_stack(pairs)


def _float32(values: Any) -> Any:
    """Seven digits are enough for a statistic; what overflows (a slope between twin times) has no answer."""
    with np.errstate(over="ignore"):
        rounded = values.astype(np.float32)
    rounded[~np.isfinite(rounded)] = np.nan
    return np.asfortranarray(rounded)  # columns contiguous: what pandas and Arrow read


MODULE = ScienceModule(
    name="lc_features",
    version="1.0.0",
    inputs=("light_curve", "corrected"),
    outputs=fields(),
    run=run,
    load=load,
    source="D'Isanto et al. 2016, MNRAS 457, 3119; Kim et al. 2014, A&A 566, A43; Malanchev et al. 2021, MNRAS 502, 5147",
)
