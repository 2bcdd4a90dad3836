"""When and how deep the survey looked: a field's visits in the month up to tonight."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]

NIGHT = 20240210
JD_OF_NIGHT = 2460350.5  # 2024-02-10 00:00 UTC
JD_OF_NIGHT_ID_ZERO = 2457754.5  # ZTF counts nights from 2017-01-01


@dataclass(frozen=True)
class Visits:
    """Exposures of one field, ascending in time; those of tonight that make an alert are the last.

    Attributes
    ----------
    jd : numpy.ndarray, shape (n,)
        Start of the exposure, UTC.
    fid : numpy.ndarray of int, shape (n,)
        1 = g, 2 = r.
    limit : numpy.ndarray, shape (n,)
        5-sigma limit of the difference image [mag].
    zero_point : numpy.ndarray, shape (n,)
        Magnitude of 1 DN.
    fwhm : numpy.ndarray, shape (n,)
        Seeing [px].
    """

    jd: Floats
    fid: Ints
    limit: Floats
    zero_point: Floats
    fwhm: Floats

    def __len__(self) -> int:
        return len(self.jd)


def tonight(rng: np.random.Generator) -> float:
    """The start of one of tonight's exposures, JD UTC: February nights at Palomar last from 2.5 to 13.5 h UT.

    Parameters
    ----------
    rng : numpy.random.Generator
    """
    return float(JD_OF_NIGHT + rng.uniform(2.7, 12.9) / 24)


def visits(last_jd: float, n_tonight: int, has_past: bool, rng: np.random.Generator) -> Visits:
    """The visits of a field over 30 days: every two or three nights, often in both bands an hour apart.

    Parameters
    ----------
    last_jd : float
        Start of the last exposure [JD UTC].
    n_tonight : int
        1, or 2 for a pair an hour apart in both bands.
    has_past : bool
        False for a field that is observed for the first time in a month.
    rng : numpy.random.Generator
    """
    nights_ago = np.cumsum(np.maximum(np.round(rng.lognormal(np.log(2.2), 0.6, 30)), 1))
    nights_ago = nights_ago[nights_ago < 30] if has_past else nights_ago[:0]
    start = last_jd - nights_ago[::-1] + rng.uniform(-0.06, 0.02, len(nights_ago))
    n_per_night = np.append(1 + (rng.uniform(size=len(start)) < 0.6), n_tonight)
    second = np.arange(n_per_night.sum()) - np.repeat(np.cumsum(n_per_night) - n_per_night, n_per_night)
    gap = rng.uniform(0.02, 0.05, len(n_per_night))
    begin = np.append(start, last_jd - (n_tonight - 1) * gap[-1])
    jd = np.repeat(begin, n_per_night) + second * np.repeat(gap, n_per_night)
    first_band = rng.integers(0, 2, len(n_per_night))
    fid = 1 + (np.repeat(first_band, n_per_night) + second) % 2
    return _with_weather(np.round(jd, 7), fid, np.repeat(np.arange(len(n_per_night)), n_per_night), rng)


def _with_weather(jd: Floats, fid: Ints, night: Ints, rng: np.random.Generator) -> Visits:
    n = len(jd)
    depth = rng.normal(20.25, 0.5, night[-1] + 1)[night] + rng.normal(0, 0.15, n)
    zero_point = np.where(fid == 1, 26.3, 26.2) + rng.normal(0, 0.08, n)
    fwhm = np.clip(rng.lognormal(np.log(2.05), 0.18, n), 1.6, 4.0)
    return Visits(jd, fid, np.clip(depth, 17.0, 21.3), zero_point, fwhm)
