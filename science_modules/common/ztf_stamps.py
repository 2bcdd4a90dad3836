"""The three stamps of a ZTF alert as planes of one size, placed by the source; the noise of their borders."""

import numpy as np
from numpy.typing import NDArray

from science_modules.common.alert_batch import AlertBatch
from science_modules.common.cutouts import STAMPS
from science_modules.common.fits import Image
from science_modules.common.rings import CENTRE, SIZE

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


def levels(images: Planes) -> NDArray[np.float64]:
    """Middle and noise of each stamp's border, shape (n, 3, 2).

    Parameters
    ----------
    images : numpy.ndarray of float32, shape (n, 3, 63, 63)
        NaN where nothing is.
    """
    from science_modules.common.stamp_border import border  # compiled: not for those who ask only what a module gives

    flat = np.ascontiguousarray(images).reshape(-1, *images.shape[2:])
    return np.array([border(image) for image in flat], np.float64).reshape(*images.shape[:2], 2)
