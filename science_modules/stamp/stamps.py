"""The three stamps of an alert as planes of one size, placed by the source, and the crop that the published network sees."""

import numpy as np
from numpy.typing import NDArray

from science_modules.common.alert_batch import AlertBatch
from science_modules.common.cutouts import STAMPS
from science_modules.common.fits import Image
from science_modules.common.rings import CENTRE, SIZE

CROP = 21  # what the network of Carrasco-Davis et al. 2021 sees

Planes = NDArray[np.float32]


def planes(batch: AlertBatch) -> Planes:
    """Science, template and difference of every alert, the source in the middle.

    Parameters
    ----------
    batch : AlertBatch
        With the cutouts; `candidate.xpos` and `candidate.ypos`, where on its quadrant the source is [px, from 1], say
        on which side a cut stamp lacks: at the end if they are unknown, as the published networks take it.

    Returns
    -------
    numpy.ndarray of float32, shape (n, 3, 63, 63)
        As received, NaN where nothing was. A stamp that the edge of a CCD cut is padded on that side, a larger one
        is cropped about its middle; an alert without a stamp is NaN.
    """
    out = np.full((len(batch), len(STAMPS), SIZE, SIZE), np.nan, np.float32)
    before = np.stack([_lacking(batch, "candidate.ypos"), _lacking(batch, "candidate.xpos")], axis=1)
    for channel, stamp in enumerate(STAMPS):
        for row, image in enumerate(batch.stamps.images[stamp]):
            if image is None:
                continue
            if image.shape == (SIZE, SIZE):
                out[row, channel] = image
            else:
                _place(image, before[row], out[row, channel])
    return out


def _lacking(batch: AlertBatch, name: str) -> NDArray[np.int_]:
    """How many pixels of a stamp about the source lie before the first of the quadrant, along one axis."""
    at = np.asarray(batch[name], np.float64)
    return np.nan_to_num(np.clip(CENTRE - np.round(at - 1), 0, CENTRE)).astype(int)


def _place(image: Image, before: NDArray[np.int_], out: Planes) -> None:
    """Put an image of another size where its source is in the middle of `out`."""
    targets, sources = [], []
    for length, lacking in zip(image.shape, before, strict=True):
        start = min(int(lacking), SIZE - length) if length < SIZE else 0
        cut = max((length - SIZE) // 2, 0)
        sources.append(slice(cut, cut + SIZE))
        targets.append(slice(start, start + min(length, SIZE)))
    out[tuple(targets)] = image[tuple(sources)]


def crops(images: Planes) -> Planes:
    """The central 21 x 21 pixels, each channel scaled to 0 to 1 over its finite pixels, the others 0.

    Parameters
    ----------
    images : numpy.ndarray of float32, shape (n, 3, 63, 63)
        As `planes` gives them.

    Returns
    -------
    numpy.ndarray of float32, shape (n, 21, 21, 3)
        The layout of the published network. A constant channel is 0.
    """
    first = CENTRE - CROP // 2
    part = images[:, :, first : first + CROP, first : first + CROP]
    finite = np.isfinite(part)
    low = np.where(finite, part, np.inf).min(axis=(2, 3), keepdims=True)
    high = np.where(finite, part, -np.inf).max(axis=(2, 3), keepdims=True)
    with np.errstate(invalid="ignore", divide="ignore", over="ignore"):
        scaled = (part - low) / (high - low)
    return np.ascontiguousarray(np.moveaxis(np.where(np.isfinite(scaled), scaled, 0), 1, 3), np.float32)
