"""The objects that a model was trained on, as hashes in a file beside it: what tells a test from memory."""

from dataclasses import dataclass
from hashlib import blake2b
from pathlib import Path
from typing import Self

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

from science_modules.common.plain_arrays import PlainArrays

FILE = "trained_on.npz"
_NULL_IS_TEXT = {"null_handling": "replace", "null_replacement": "None"}


@dataclass(frozen=True)
class TrainedOn(PlainArrays):
    """Objects of a training.

    Attributes
    ----------
    objects : numpy.ndarray of uint64, shape (n_objects,)
        Hashes of their names, ascending; 8 bytes an object. Of a million objects held against a million others, one is taken
        for another with a chance of 5e-8.
    """

    objects: NDArray[np.uint64]

    @classmethod
    def of(cls, names: pa.ChunkedArray) -> Self:
        """Those of the names, each once.

        Parameters
        ----------
        names : pyarrow.ChunkedArray of str
            As `object_names` gives them.
        """
        return cls(np.unique(_hashes(names)))

    @classmethod
    def beside(cls, folder: Path) -> Self | None:
        """Those of the model in a folder; None if it has no such file.

        Parameters
        ----------
        folder : pathlib.Path
            Of a module, or one that `strix train` left.
        """
        path = folder / FILE
        return cls.from_bytes(path.read_bytes()) if path.is_file() else None

    def knows(self, names: pa.ChunkedArray) -> NDArray[np.bool_]:
        """Whether each was trained on, shape (n,).

        Parameters
        ----------
        names : pyarrow.ChunkedArray of str, length n
            As `object_names` gives them.
        """
        return np.isin(_hashes(names), self.objects)


def object_names(rows: pa.Table) -> pa.ChunkedArray:
    """A name for the object of each row, `ztf/ZTF18aaaaaaa`; an alert without an object is one by itself.

    Parameters
    ----------
    rows : pyarrow.Table
        With survey, object_id, alert_id.
    """
    survey, named, alert = (rows[name].cast(pa.string()) for name in ("survey", "object_id", "alert_id"))
    named = pc.if_else(pc.equal(named, ""), pa.scalar(None, pa.string()), named)
    by_alert = pc.binary_join_element_wise("alert", alert, " ", **_NULL_IS_TEXT)
    return pc.binary_join_element_wise(survey, pc.coalesce(named, by_alert), "/")


def _hashes(names: pa.ChunkedArray) -> NDArray[np.uint64]:
    coded = names.combine_chunks().dictionary_encode()
    each = np.array([_hash(name) for name in coded.dictionary.to_pylist()], np.uint64)
    return each[np.asarray(coded.indices.to_numpy(), np.int64)]


def _hash(name: str) -> int:
    """The same on every machine; Python's own hash is not."""
    return int.from_bytes(blake2b(name.encode(), digest_size=8).digest(), "little")
