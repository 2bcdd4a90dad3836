"""A few plain numbers of an alert's three cutouts, for whoever compares cutouts without looking at them."""

import warnings

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from science_modules.common.cutouts import SIZE, Stamps

Floats = NDArray[np.float64]

_PERCENTILES = (1, 16, 50, 84, 99)
_RADII_PX = (2.0, 4.0, 8.0)


def stamp_numbers(stamps: Stamps) -> pd.DataFrame:
    """Levels, noise, its grain, the centre and the wings of each cutout; NaN for one that is not 63 x 63.

    Parameters
    ----------
    stamps : Stamps
    """
    columns: dict[str, Floats] = {}
    for name, images in stamps.images.items():
        whole = np.full((len(images), SIZE, SIZE), np.nan)
        for row, image in enumerate(images):
            if image is not None and image.shape == (SIZE, SIZE):
                whole[row] = image
        columns |= {f"{name}_{number}": values for number, values in _of_images(whole).items()}
    return pd.DataFrame(columns)


def _of_images(images: Floats) -> dict[str, Floats]:
    flat = images.reshape(len(images), -1)
    with warnings.catch_warnings(), np.errstate(all="ignore"):
        warnings.simplefilter("ignore", RuntimeWarning)  # what is all NaN has NaN
        levels = _percentiles(flat)
        noise = (levels[3] - levels[1]) / 2
        numbers = {"level": levels[2], "noise": noise}
        for percentile, level in zip(_PERCENTILES, levels, strict=True):
            numbers[f"p{percentile}"] = (level - levels[2]) / noise
        steps = np.diff(images, axis=2)
        numbers["grain"] = _robust(steps.reshape(len(images), -1)) / noise
        numbers["coarse_grain"] = _robust((images[:, :, 3:] - images[:, :, :-3]).reshape(len(images), -1)) / noise
        numbers |= {f"within_{radius:g}": _within(images, radius, levels[2]) / noise for radius in _RADII_PX}
    return numbers


def _percentiles(flat: Floats) -> Floats:
    return np.array(
        [np.nanpercentile(row, _PERCENTILES) if np.isfinite(row).any() else np.full(5, np.nan) for row in flat]
    ).T


def _robust(flat: Floats) -> Floats:
    levels = _percentiles(flat)
    return np.asarray((levels[3] - levels[1]) / 2)


def _within(images: Floats, radius: float, level: Floats) -> Floats:
    down, across = np.indices((SIZE, SIZE)) - SIZE // 2
    return np.asarray(np.nanmean(images[:, np.hypot(down, across) <= radius], axis=1) - level)
