"""Which night an alert belongs to, as its survey names nights."""

from dataclasses import dataclass
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from jobs.common.times import Floats, night_of_utc_date, tai_to_utc


@dataclass(frozen=True)
class NightRule:
    """A night is named after the UTC date of an exposure's start or middle, shifted by so many days.

    Parameters
    ----------
    of : str
        `start` (then the adapter gives `Read.start_utc`) or `middle`.
    shift_days : float
        -0.5: a night that runs over 0 h UTC has the name of its evening.
    """

    of: Literal["start", "middle"] = "middle"
    shift_days: float = 0.0

    def nights(self, middle: Floats, start: Floats | None = None) -> NDArray[np.int32]:
        """Nights as integers YYYYMMDD; 0, which no night is called, where there is no time.

        Parameters
        ----------
        middle : numpy.ndarray of float64, shape (n,)
            Mid-exposure, MJD TAI.
        start : numpy.ndarray of float64, shape (n,), or None
            Start of the exposure, MJD UTC.

        Raises
        ------
        ValueError
            If the rule asks for a start, and there is none.
        """
        if self.of == "middle":
            return night_of_utc_date(tai_to_utc(middle) + self.shift_days)
        if start is None:
            raise ValueError("nights are named after the start of an exposure: wants Read.start_utc, found None")
        return night_of_utc_date(start + self.shift_days)
