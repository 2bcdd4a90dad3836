"""Colours of AllWISE as objects of each class have them, drawn for training: nothing here is cross-matched.

Half of the examples of every class are left without, so that it is no sign of a class that no cross-match ran, and the trees know
what to say without one.
"""

from collections.abc import Mapping, Sequence

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from jobs.training.seeds import seed_of
from science_modules.common.light_curve_classes import BRANCH_OF, LEAVES

COLOURS = ("W1_W2", "W2_W3")
KNOWN, KNOWN_W3 = 0.5, 0.7  # share of the examples with W1 and W2; of these with W3, too

# Mean and scatter of W1 - W2 and of W2 - W3 [Vega mag]. Nuclei and young stars as those classes have them in the training set of
# Sanchez-Saez et al. 2021, AJ 161, 141; a supernova has its host's; a star none but for long-period variables' dust.
_STAR = ((0.0, 0.05), (0.1, 0.2))
_HOST = ((0.15, 0.2), (3.0, 0.5))
_OF_CLASS: Mapping[str, tuple[tuple[float, float], tuple[float, float]]] = {
    "lpv": ((0.2, 0.18), (0.3, 0.3)),
    "qso": ((1.02, 0.2), (2.66, 0.4)),
    "agn": ((0.4, 0.25), (2.9, 0.6)),
    "blazar": ((0.8, 0.2), (2.3, 0.4)),
    "yso": ((0.8, 0.4), (2.2, 0.5)),
}
OF_CLASS = {leaf: _OF_CLASS.get(leaf, _HOST if BRANCH_OF[leaf] == "transient" else _STAR) for leaf in LEAVES}


def with_colours(
    x: NDArray[np.float32], names: Sequence[str], examples: pa.Table, seed: int, known: float = KNOWN
) -> NDArray[np.float32]:
    """The features with drawn colours in the columns of COLOURS; as they are where there are no such columns.

    Parameters
    ----------
    x : numpy.ndarray of float32, shape (n, n_features)
    names : sequence of str
        Of the columns, as `alerce_features.W1_W2`.
    examples : pyarrow.Table
        With label, one of LEAVES, and object_id: pieces of an object have one colour.
    seed : int
    known : float
        Share of the examples that have one.
    """
    columns = [at for at, name in enumerate(names) if name.rpartition(".")[2] in COLOURS]
    if len(columns) < len(COLOURS):
        return x
    rng = np.random.default_rng(seed_of(seed, "infrared"))
    _, owner = np.unique(np.array(examples["object_id"].to_pylist(), object).astype(str), return_inverse=True)
    drawn = rng.normal(size=(owner.max(initial=0) + 1, len(COLOURS)))[owner]
    of_class = np.array([OF_CLASS[label] for label in examples["label"].to_pylist()]).reshape(-1, len(COLOURS), 2)
    colours = of_class[:, :, 0] + of_class[:, :, 1] * drawn
    colours[rng.random(len(x)) >= known] = np.nan
    colours[rng.random(len(x)) >= KNOWN_W3, 1] = np.nan
    x = x.copy()
    x[:, columns] = colours
    return x
