"""A grid of fields over the sky, in rows of equal declination, numbered from the south pole."""

from dataclasses import dataclass
from functools import cached_property

import numpy as np

from jobs.simulation.epochs import Floats, Ints


@dataclass(frozen=True)
class Grid:
    """Fields of equal size.

    Attributes
    ----------
    side : float
        Of a field [deg]; rows are this high at most.
    """

    side: float

    @property
    def _rows(self) -> int:
        return int(np.ceil(180 / self.side))

    @cached_property
    def _columns(self) -> Ints:
        """Fields in each row, shape (rows,)."""
        middle = -90 + (np.arange(self._rows) + 0.5) * 180 / self._rows
        return np.maximum(np.ceil(360 * np.cos(np.radians(middle)) / self.side), 1).astype(np.int64)

    def place(self, ra: Floats, dec: Floats) -> tuple[Ints, Floats, Floats]:
        """The field of positions, and where in it they lie.

        Parameters
        ----------
        ra, dec : numpy.ndarray, shape (n,)
            ICRS [deg].

        Returns
        -------
        field : numpy.ndarray of int64, shape (n,)
            From 1.
        x, y : numpy.ndarray, shape (n,)
            East and north from the field's corner, as a part of its side: 0 to 1, 1 excluded.
        """
        row_place = np.clip((dec + 90) / 180 * self._rows, 0, np.nextafter(self._rows, 0))
        row = row_place.astype(np.int64)
        column_place = (ra % 360) / 360 * self._columns[row]
        column = np.minimum(column_place.astype(np.int64), self._columns[row] - 1)
        field = 1 + self._first[row] + column
        return field, np.clip(column_place - column, 0, np.nextafter(1, 0)), row_place - row

    def centre(self, field: Ints) -> tuple[Floats, Floats]:
        """Right ascension and declination of the middle of fields [deg].

        Parameters
        ----------
        field : numpy.ndarray of int64, shape (n,)
            From 1.
        """
        row = np.searchsorted(self._first, field - 1, side="right") - 1
        ra = (field - 1 - self._first[row] + 0.5) / self._columns[row] * 360
        return ra, -90 + (row + 0.5) * 180 / self._rows

    @property
    def fields(self) -> int:
        """How many there are."""
        return int(np.sum(self._columns))

    @cached_property
    def _first(self) -> Ints:
        return np.concatenate([[0], np.cumsum(self._columns)[:-1]])
