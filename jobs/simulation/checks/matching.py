"""A simulated sample like the real one in what selection decides: brightness, how often it was seen, band and season."""

import numpy as np
import pandas as pd
from numpy.typing import NDArray


def matched(real: pd.DataFrame, simulated: pd.DataFrame, each: int = 1) -> NDArray[np.intp]:
    """For each real alert the most similar simulated ones that no other real alert has.

    Parameters
    ----------
    real, simulated : pandas.DataFrame
        With `ndethist`, `magpsf`, `fid` and `jd`; n real and m simulated alerts.
    each : int
        So many simulated alerts to a real one: all real alerts have one before any has two.

    Returns
    -------
    numpy.ndarray of int, shape (min(each * n, m),)
        Rows of the simulated alerts.

    Notes
    -----
    Distance: 1 mag counts as much as a factor e in ndethist, as a third of another band, and as two months of the year. Real
    alerts choose in the order of their rows.
    """
    free = _place(simulated)
    chosen: list[int] = []
    for place in np.tile(_place(real), (each, 1))[: len(simulated)]:
        best = int(np.argmin(np.sum((free - place) ** 2, axis=1)))
        chosen.append(best)
        free[best] = np.inf
    return np.array(chosen, dtype=np.intp)


def _place(alerts: pd.DataFrame) -> NDArray[np.float64]:
    ndethist, mag, band, jd = (alerts[name].to_numpy(float) for name in ("ndethist", "magpsf", "fid", "jd"))
    year = 2 * np.pi * jd / 365.25
    return np.column_stack([np.log1p(ndethist), mag, 3 * band, np.cos(year), np.sin(year)])
