"""Images of stars and galaxies."""

import numpy as np

from jobs.simulation.epochs import Ints
from jobs.simulation.lsst.points import PIXEL_ARCSEC
from jobs.simulation.object_class import Floats
from jobs.simulation.profiles import Mixture, exponential

_GALAXY = exponential(1.0)  # of half-light radius 1


def render(side: int, flux: Floats, rows: Floats, cols: Floats, radius: Floats, disc: Mixture) -> Floats:
    """Stars and galaxies under a seeing disc, as one product of matrices.

    Parameters
    ----------
    side : int
        Pixels along an edge.
    flux, rows, cols, radius : numpy.ndarray, shape (k,)
        Flux [nJy], place from 0 [px], and half-light radius [arcsec], 0 for a star.
    disc : Mixture
        [px].

    Returns
    -------
    numpy.ndarray, shape (side, side)
        [nJy per pixel].
    """
    share, variance, owner = _gaussians(radius / PIXEL_ARCSEC, disc)
    pixels = np.arange(side)
    scale = -0.5 / variance[:, None]
    across = np.exp((pixels - cols[owner, None]) ** 2 * scale) * (flux[owner] * share / (2 * np.pi * variance))[:, None]
    return np.asarray(np.exp((pixels - rows[owner, None]) ** 2 * scale).T @ across)


def _gaussians(radius: Floats, disc: Mixture) -> tuple[Floats, Floats, Ints]:
    """All Gaussians of all sources: share, variance, source."""
    extended = radius > 0
    star, disk = np.flatnonzero(~extended), np.flatnonzero(extended)
    blurred_share = np.multiply.outer(_GALAXY.share, disc.share).ravel()
    widths = np.multiply.outer(radius[disk] ** 2, _GALAXY.variance)
    blurred = np.add.outer(widths, disc.variance).ravel()
    return (
        np.concatenate([np.tile(disc.share, len(star)), np.tile(blurred_share, len(disk))]),
        np.concatenate([np.tile(disc.variance, len(star)), blurred]),
        np.concatenate([np.repeat(star, len(disc.share)), np.repeat(disk, len(blurred_share))]),
    )
