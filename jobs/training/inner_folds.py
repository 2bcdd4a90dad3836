"""The folds of a fit in itself, by object and place as everywhere: what it is calibrated by."""

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from jobs.training.seeds import seed_of
from jobs.training.splitting import groups, split


def inner_folds(examples: pa.Table, folds: int, seed: int) -> NDArray[np.int64]:
    """The fold of each example, 0 to folds - 1, shape (n,).

    Parameters
    ----------
    examples : pyarrow.Table
        KEYS of a fit's examples.
    folds : int
        At least 2.
    seed : int
        Of the fit.
    """
    rows = examples.select(["survey", "object_id", "label", "simulated"]).to_pylist()
    names = np.array([f"{row['survey']}/{row['object_id']}" for row in rows], object)
    strata = np.array([f"{row['label']}/{row['simulated']}" for row in rows], object)
    ra, dec = (examples[name].to_numpy().astype(np.float64) for name in ("ra", "dec"))
    own = seed_of(seed, "temperature")
    return split(groups(names, ra, dec), names, strata, own, folds=folds, validation=0, test=0).fold
