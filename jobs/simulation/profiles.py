"""Round light profiles as sums of Gaussians, so that blurring adds variances and an image is one matrix product."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]

_LEAST_SHARE = 5e-4


@dataclass(frozen=True)
class Mixture:
    """A round profile: Gaussians with shares of the flux (sum 1) and variances [px^2], both of shape (n_gaussians,)."""

    share: Floats
    variance: Floats

    def blurred(self, other: "Mixture") -> "Mixture":
        """The convolution with another profile; Gaussians of less than 0.05 % of the flux are dropped.

        Parameters
        ----------
        other : Mixture
            The seeing, for a galaxy.
        """
        share = np.multiply.outer(self.share, other.share).ravel()
        return _mixture(share, np.add.outer(self.variance, other.variance).ravel())


def _mixture(share: Floats, variance: Floats) -> Mixture:
    """A mixture without the Gaussians that nobody would see; they would cost as much as the others."""
    seen = share > _LEAST_SHARE * share.sum()
    return Mixture(share[seen] / share[seen].sum(), variance[seen])


def moffat(fwhm: float) -> Mixture:
    """A Moffat profile with beta = 3, a seeing disc with its wings.

    Parameters
    ----------
    fwhm : float
        Full width at half maximum [px].

    Notes
    -----
    (1 + r^2/a^2)^-3 is the integral of t^2 exp(-t) exp(-t r^2/a^2) / 2 over t > 0: summed over steps in ln t it is a
    sum of Gaussians of variance a^2 / 2t. True to 1 % out to 3 a, where the profile is at 0.1 % of its peak.
    """
    rate = np.exp(np.linspace(-2.8, 2.0, 7))
    scale = fwhm / 2 / np.sqrt(2 ** (1 / 3) - 1)
    return _mixture(rate**2 * np.exp(-rate), scale**2 / (2 * rate))


def exponential(half_light_radius: float) -> Mixture:
    """An exponential disc seen face on.

    Parameters
    ----------
    half_light_radius : float
        Radius that holds half of the light [px].

    Notes
    -----
    exp(-kr) is the integral of k / (2 sqrt(pi)) s^-3/2 exp(-k^2/4s) exp(-s r^2) over s > 0, summed here over steps
    in ln s. k = 1.678 / half-light radius.
    """
    k = 1.6783469900166605 / half_light_radius
    inverse = k**2 / 6 * np.exp(np.linspace(-2.7, 5.4, 10))
    share = inverse**-1.5 * np.exp(-(k**2) / (4 * inverse))
    return _mixture(share, 1 / (2 * inverse))


def image(side: int, flux: Floats, row: Floats, col: Floats, profile: Mixture) -> Floats:
    """Sources of one profile on a square of pixels.

    Parameters
    ----------
    side : int
        Pixels along an edge.
    flux, row, col : numpy.ndarray, shape (n_sources,)
        Total flux, and position [px] where (0, 0) is the centre of the first pixel.
    profile : Mixture

    Returns
    -------
    numpy.ndarray, shape (side, side)
        Surface brightness at the pixels' centres, in units of `flux` per pixel.
    """
    peak = np.multiply.outer(flux, profile.share / (2 * np.pi * profile.variance))
    down, across = (_bells(side, row, profile.variance), _bells(side, col, profile.variance))
    across *= peak.reshape(-1, 1)
    return np.asarray(down.T @ across)


def _bells(side: int, centre: Floats, variance: Floats) -> Floats:
    squared = (np.arange(side) - centre[:, None, None]) ** 2
    return np.asarray(np.exp(squared / (-2 * variance[:, None])).reshape(-1, side))
