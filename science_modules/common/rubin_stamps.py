"""Rubin's three stamps as planes of one size and one scale, the source in the middle, its difference positive."""

import numpy as np
from numpy.typing import NDArray

from science_modules.common.alert_batch import AlertBatch
from science_modules.common.cutouts import STAMPS
from science_modules.common.fits import Image
from science_modules.common.rings import SIZE

BINNED = 2  # pixels of 0.2 arcsec to one of 0.4: seeing is then 2.5 to 3.5 px wide, near to what it is in ZTF's stamps
_CANVAS = BINNED * SIZE
_SOURCE = BINNED * (SIZE // 2)  # first pixel of the middle bin
_BORDER = 3  # width of the frame of which the noise is taken [bins]
_LEAST = 20  # values that say what the noise is

Floats = NDArray[np.float64]
Planes = NDArray[np.float32]


def planes(batch: AlertBatch) -> Planes:
    """Science, template and difference of every alert in pixels of 0.4 arcsec, the source in the middle one.

    Parameters
    ----------
    batch : AlertBatch
        With the cutouts and `is_positive`: the difference of a source that faded is turned over; `candidate.x` and
        `candidate.y`, where on its detector the source is [px], say which pixel is in the middle.

    Returns
    -------
    numpy.ndarray of float32, shape (n, 3, 63, 63)
        Mean of 2 x 2 pixels; NaN where one lacks. An alert without a stamp is NaN.
    """
    out = np.full((len(batch), len(STAMPS), SIZE, SIZE), np.nan, np.float32)
    at = np.stack([np.asarray(batch[f"candidate.{axis}"], np.float64) for axis in "yx"], axis=1)
    for channel, stamp in enumerate(STAMPS):
        for row, image in enumerate(batch.stamps.images[stamp]):
            if image is not None:
                out[row, channel] = _binned(image, at[row])
    faded = np.asarray(batch["is_positive"], np.float64) == 0
    out[faded, STAMPS.index("difference")] *= -1
    return out


def _binned(image: Image, at: Floats) -> Planes:
    """An image about its source, which is at such a row and column of the detector [px]."""
    canvas = np.full((_CANVAS, _CANVAS), np.nan, np.float32)
    targets, sources = [], []
    for length, place in zip(image.shape, at.tolist(), strict=True):
        start = _SOURCE - _pixel_of_source(length, place)
        low, high = max(start, 0), min(start + length, _CANVAS)
        targets.append(slice(low, high))
        sources.append(slice(low - start, high - start))
    canvas[tuple(targets)] = image[tuple(sources)]
    pairs = canvas[::BINNED] + canvas[1::BINNED]
    return np.asarray((pairs[:, ::BINNED] + pairs[:, 1::BINNED]) / BINNED**2, np.float32)


def _pixel_of_source(length: int, at: float) -> int:
    """The pixel behind whose centre the source lies, by less than one: 168 of 168 real stamps are cut so.

    A stamp of an even number of pixels begins that many halves before the pixel that holds `at`, one of an odd number is
    about the nearest pixel.
    """
    is_behind = np.isfinite(at) and at - np.rint(at) >= 0
    return length // 2 - 1 + int(length % 2 == 1 and is_behind)


def levels(images: Planes) -> Floats:
    """What is no light, and the noise, of each plane: 0, and the scatter along the border of the difference.

    Rubin subtracts the sky, and all three stamps are in nJy: one noise for the three keeps their light comparable.

    Parameters
    ----------
    images : numpy.ndarray of float32, shape (n, 3, 63, 63)
        As `planes` gives them.

    Returns
    -------
    numpy.ndarray of float64, shape (n, 3, 2)
        NaN noise where there is nothing to measure.
    """
    out = np.zeros((len(images), len(STAMPS), 2))
    out[:, :, 1] = np.array([_noise(each) for each in images[:, STAMPS.index("difference")]], np.float64)[:, None]
    return out


def _noise(image: Planes) -> float:
    """Half the way from the 16th to the 84th percentile of the frame; of a flat one a thousandth of the largest value."""
    finite = np.isfinite(image)
    rows, cols = np.flatnonzero(finite.any(axis=1)), np.flatnonzero(finite.any(axis=0))
    if not len(rows):
        return np.nan
    part = image[rows[0] : rows[-1] + 1, cols[0] : cols[-1] + 1].astype(np.float64)
    inside = np.zeros(part.shape, bool)
    inside[_BORDER:-_BORDER, _BORDER:-_BORDER] = True
    frame = np.sort(part[~inside & np.isfinite(part)])
    if len(frame) < _LEAST:
        return np.nan
    noise = (frame[len(frame) * 84 // 100] - frame[len(frame) * 16 // 100]) / 2
    largest = float(np.nanmax(np.abs(part)))
    return float(noise) if noise > 0 else largest / 1000 if largest > 0 else np.nan
