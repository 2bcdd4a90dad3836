"""Models that read a row of numbers per alert (forests, gradient boosting, small networks) as ONNX."""

from collections.abc import Sequence
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from science_modules.common.alert_batch import AlertBatch
from science_modules.common.networks import CHUNK, inference_session
from science_modules.common.reasons import first_reason


class TabularModel:
    """An ONNX model of one float32 input, shape (n, n_features), and an output of shape (n,) or (n, n_values).

    Parameters
    ----------
    onnx : bytes
    features : sequence of str
        What the columns of the input are: columns of the view, `candidate.<field>` or `<module>.<output>`.
    output : str
        Name of the output that is read; scikit-learn's classifiers have their label in another one.
    allow_missing : bool
        Whether the model takes NaN for a feature that is NULL; otherwise such an alert has no answer.

    Raises
    ------
    ValueError
        If the model has another number of features, or no such output; says both.
    """

    def __init__(self, onnx: bytes, features: Sequence[str], output: str, allow_missing: bool = False) -> None:
        self._session = inference_session(onnx)
        self._features = tuple(features)
        self._output = output
        self._allow_missing = allow_missing
        entry = self._session.get_inputs()[0]
        outputs = [each.name for each in self._session.get_outputs()]
        if entry.shape[-1] != len(self._features) or output not in outputs:
            raise ValueError(
                f"the module names {len(self._features)} features and output {output!r}, the model has an input of shape"
                f" {entry.shape} and outputs {outputs}"
            )
        self._input = entry.name

    def __call__(self, batch: AlertBatch, names: Sequence[str]) -> pd.DataFrame:
        """The model's values for every alert.

        Parameters
        ----------
        batch : AlertBatch
        names : sequence of str
            A column per value of the model, in its order.

        Returns
        -------
        pandas.DataFrame
            float32 columns `names` and `error`; an alert that lacks a feature is NaN with `no <feature>`.
        """
        values, error = self._rows(batch)
        known = np.flatnonzero(error == None)  # noqa: E711 - an array of objects
        out = np.full((len(batch), len(names)), np.nan, dtype=np.float32)
        if len(known):
            out[known] = self._scores(values[known], len(names))
        return pd.DataFrame(dict(zip(names, out.T, strict=True))).assign(error=error)

    def _rows(self, batch: AlertBatch) -> tuple[NDArray[np.float32], NDArray[Any]]:
        nothing = np.full(len(batch), np.nan)
        columns = [np.asarray(batch[name], np.float64) if name in batch else nothing for name in self._features]
        values = np.stack(columns, axis=1).astype(np.float32)
        if self._allow_missing:
            return values, np.full(len(batch), None, dtype=object)
        absent = ~np.isfinite(values)
        return values, first_reason(*((absent[:, at], f"no {name}") for at, name in enumerate(self._features)))

    def _scores(self, rows: NDArray[np.float32], n_values: int) -> NDArray[np.float32]:
        """The values of all rows; always CHUNK rows at once, so that the same row gives the same bits."""
        padded = np.zeros((-(-len(rows) // CHUNK) * CHUNK, rows.shape[1]), dtype=np.float32)
        padded[: len(rows)] = rows
        chunks = [
            self._session.run([self._output], {self._input: padded[at : at + CHUNK]})[0]
            for at in range(0, len(padded), CHUNK)
        ]
        found = np.concatenate([chunk.reshape(CHUNK, -1) for chunk in chunks])[: len(rows)]
        if found.shape[1] != n_values:
            raise ValueError(f"the module names {n_values} values, the model gives {found.shape[1]}")
        return np.asarray(found, dtype=np.float32)
