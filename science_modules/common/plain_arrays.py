"""A model that is arrays, as a file from which nothing is executed."""

import io
from dataclasses import fields
from typing import Any, Self

import numpy as np


class PlainArrays:
    """Base of a dataclass whose fields are NumPy arrays of plain types."""

    def to_bytes(self) -> bytes:
        """The arrays as a compressed .npz file; the same arrays give the same bytes."""
        stream = io.BytesIO()
        np.savez_compressed(stream, **{field.name: getattr(self, field.name) for field in _fields(type(self))})
        return stream.getvalue()

    @classmethod
    def from_bytes(cls, data: bytes) -> Self:
        """Read a file; nothing in it is executed.

        Parameters
        ----------
        data : bytes
            As `to_bytes` gives it.

        Raises
        ------
        KeyError, ValueError
            If an array is absent, or the file is no .npz of plain arrays.
        """
        with np.load(io.BytesIO(data), allow_pickle=False) as arrays:
            return cls(**{field.name: arrays[field.name] for field in _fields(cls)})


def _fields(kind: Any) -> Any:
    return fields(kind)
