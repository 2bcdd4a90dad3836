"""Light curves of known period at the times of a survey, as the period module's batches."""

from collections.abc import Sequence
from typing import Any

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray
from views import light_curves

from jobs.simulation.epochs import BANDS, Epochs
from jobs.simulation.visits import ztf
from science_modules.common.alert_batch import AlertBatch

Floats = NDArray[np.float64]
START = 59200.0


def batch(curves: Sequence[Any], **columns: Any) -> AlertBatch:
    """Total fluxes of corrected alerts; a curve is (mjd, band letters, flux, flux_err)."""
    points = [[(float(t), str(b), None, 1.0) for t, b in zip(mjd, bands, strict=True)] for mjd, bands, _, _ in curves]
    total = {
        "lc_flux_total": [[float(value) for value in flux] for _, _, flux, _ in curves],
        "lc_flux_total_err": [[float(value) for value in error] for _, _, _, error in curves],
    }
    table = {**light_curves(points, **total, **columns), "corrected": pa.array([True] * len(curves), pa.bool_())}
    return AlertBatch(pa.table(table))


def looks(n: int, days: float, seed: int = 1) -> Epochs:
    """ZTF's visits of n places, which have 20 at least, in g and r."""
    rng = np.random.default_rng(seed)
    epochs, _ = ztf.visits(seed, rng.uniform(120, 250, 3 * n), rng.uniform(0, 60, 3 * n), START, START + days)
    parts = [np.arange(low, high) for low, high in zip(epochs.start, epochs.start[1:], strict=False)]
    parts = [part[epochs.band[part] != BANDS.index("i")] for part in parts]
    parts = [part for part in parts if len(part) >= 20][:n]
    chosen = np.concatenate(parts)
    start = np.concatenate([[0], np.cumsum([len(part) for part in parts])])
    return Epochs(start, epochs.mjd[chosen], epochs.band[chosen])


def observed(epochs: Epochs, flux: Floats, relative_error: float, seed: int = 2) -> AlertBatch:
    """What a survey would measure of these fluxes."""
    error = relative_error * np.abs(flux)
    noisy = flux + error * np.random.default_rng(seed).normal(size=len(flux))
    letters = np.array(list(BANDS))[epochs.band]
    own = [slice(low, high) for low, high in zip(epochs.start, epochs.start[1:], strict=False)]
    return batch([(epochs.mjd[each], letters[each], noisy[each], error[each]) for each in own])
