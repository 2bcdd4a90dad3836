"""When objects are observed, and what is known of them then: flat arrays over all visits of a block of objects."""

from dataclasses import dataclass, fields
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]

BANDS = "ugrizy"


@dataclass(frozen=True)
class Epochs:
    """Times and bands of n objects, object after object, each ascending in time; m epochs in all.

    Attributes
    ----------
    start : numpy.ndarray of int64, shape (n + 1,)
        Where each object's epochs begin; the last entry is m.
    mjd : numpy.ndarray of float64, shape (m,)
        Mid-exposure [MJD TAI].
    band : numpy.ndarray of int64, shape (m,)
        Place in BANDS.
    """

    start: Ints
    mjd: Floats
    band: Ints

    @cached_property
    def object(self) -> Ints:
        """The object of each epoch, from 0, shape (m,)."""
        return np.repeat(np.arange(len(self.start) - 1), np.diff(self.start))

    def of_objects(self, values: NDArray) -> NDArray:  # type: ignore[type-arg]  # any dtype
        """A value per object as a value per epoch.

        Parameters
        ----------
        values : numpy.ndarray, shape (n,) or (n, k)

        Returns
        -------
        numpy.ndarray, shape (m,) or (m, k)
        """
        return values[self.object]


@dataclass(frozen=True)
class Conditions:
    """What the sky and the telescope were like at each epoch.

    Attributes
    ----------
    limit : numpy.ndarray, shape (m,)
        5-sigma limit of the difference image for a point source [AB mag].
    zero_point : numpy.ndarray, shape (m,)
        Magnitude of 1 DN; of 1 nJy for a survey that calibrates its pixels.
    fwhm : numpy.ndarray, shape (m,)
        Seeing [arcsec].
    exposure : numpy.ndarray, shape (m,)
        Exposure time [s].
    field, detector : numpy.ndarray of int64, shape (m,)
        Pointing, and readout channel or detector.
    """

    limit: Floats
    zero_point: Floats
    fwhm: Floats
    exposure: Floats
    field: Ints
    detector: Ints


def in_visits(epochs: Epochs, conditions: Conditions, which: NDArray[np.bool_]) -> tuple[Epochs, Conditions]:
    """Some of the epochs.

    Parameters
    ----------
    epochs : Epochs
    conditions : Conditions
        Of the epochs.
    which : numpy.ndarray of bool, shape (m,)
    """
    many = np.bincount(epochs.object[which], minlength=len(epochs.start) - 1)
    start = np.concatenate([[0], np.cumsum(many)]).astype(np.int64)
    chosen = {each.name: getattr(conditions, each.name)[which] for each in fields(Conditions)}
    return Epochs(start, epochs.mjd[which], epochs.band[which]), Conditions(**chosen)
