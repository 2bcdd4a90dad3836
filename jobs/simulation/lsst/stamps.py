"""The three cutouts of a Rubin alert.

Template: what stands there. Science: the same under the visit's seeing, and the difference flux on top. Difference: that
flux, signed, with the noise of both. The PSF's fit to the difference gives the packet's psfFlux to within its error, that
to the template templateFlux. Simplified: seeing discs and galaxies are round, pixels' noise is independent.
"""

from dataclasses import dataclass

import numpy as np

from jobs.simulation import artefacts
from jobs.simulation.epochs import Ints
from jobs.simulation.lsst.fits import fits_bytes, pixel_matrix, sky_cards
from jobs.simulation.lsst.points import PIXEL_ARCSEC, Points
from jobs.simulation.lsst.scenes import Scene
from jobs.simulation.object_class import Floats
from jobs.simulation.profiles import Mixture, exponential, moffat

LEAST_SIDE = 30
_PSF_SIDE, _TEMPLATE_PSF_SIDE = 41, 55
# Variance of the light's own noise [nJy^2 per nJy]: 30 s with an instrumental zero point of 28.2 mag (1 electron/s).
_SHOT = 0.64
_TEMPLATE_NOISE = 0.15  # of a template's pixel per that of a visit: 0.1 to 0.2 in real cutouts
_GALAXY = exponential(1.0)  # of half-light radius 1
_MISMATCH = 0.002  # of a steady source's light that is left in a difference
_ORIGINS = {"dipole": "dipole", "cosmic_ray": "cosmic_ray", "bad_column": "bad_column", "subtraction": "ring"}


@dataclass(frozen=True)
class Frame:
    """Where a cutout lies.

    Attributes
    ----------
    side : int
        Pixels along an edge.
    row, col : float
        The detection in it, from 0 [px].
    matrix : numpy.ndarray, shape (2, 2)
        (east, north) [arcsec] per (x, y) [px].
    """

    side: int
    row: float
    col: float
    matrix: Floats

    def rows_and_columns(self, east: Floats, north: Floats) -> tuple[Floats, Floats]:
        """Pixels of places.

        Parameters
        ----------
        east, north : numpy.ndarray, shape (k,)
            Distance from the detection [arcsec].
        """
        across, up = self.matrix @ np.stack([east, north]) / PIXEL_ARCSEC**2  # a reflection is its own inverse
        return self.row + up, self.col + across


class Stamps:
    """Cutouts of the detections of one block.

    Parameters
    ----------
    points : Points
        Detections.
    around : Scene
        Of the block's objects.
    seeing : numpy.ndarray, shape (n,)
        Of the objects' templates [arcsec].
    bbox : sequence of int
        Sides of the detections' footprints [px], length k.
    """

    def __init__(self, points: Points, around: Scene, seeing: Floats, bbox: list[int]) -> None:
        self._points, self._around, self._seeing, self._bbox = points, around, seeing, bbox
        self._artefact = next(
            (made for name, made in _ORIGINS.items() if name in points.curves.population.kind.name), None
        )

    def triplet(self, one: int) -> list[bytes]:
        """Difference, science and template of a detection.

        Parameters
        ----------
        one : int
            Place in the points.
        """
        points, owner = self._points, int(self._points.object[one])
        x, y = points.pixel[:, one].tolist()
        side = max(LEAST_SIDE, self._bbox[one])
        corner = (int(x) - side // 2, int(y) - side // 2)
        rotation = float(points.rotation[one])
        frame = Frame(side, y - corner[1] - 1, x - corner[0] - 1, pixel_matrix(rotation))
        rng = np.random.default_rng([points.seed, -int(points.id[one])])
        images = self._images(one, owner, frame, rng)
        ra, dec = points.position
        cards = sky_cards(float(ra[one]), float(dec[one]), x, y, corner, rotation)
        return [fits_bytes(*image, cards) for image in images]

    def _images(
        self, one: int, owner: int, frame: Frame, rng: np.random.Generator
    ) -> list[tuple[Floats, Floats, Floats]]:
        points = self._points
        seeing, sharp = (moffat(fwhm / PIXEL_ARCSEC) for fwhm in (points.fwhm[one], self._seeing[owner]))
        psf, template_psf = psf_image(_PSF_SIDE, seeing), psf_image(_TEMPLATE_PSF_SIDE, sharp)
        steady = self._steady(one, owner, frame, (seeing, sharp))
        signal = points.flux[one] * self._signal(one, frame, psf, seeing, rng)
        variance = _variance(steady[0] + signal, points.flux_err[one], psf)
        noise = rng.standard_normal((2, frame.side, frame.side))
        noise[0] *= np.sqrt(variance)
        template_variance = _TEMPLATE_NOISE**2 * variance
        noise[1] *= np.sqrt(template_variance)
        left = rng.normal(0, _MISMATCH) * steady[0]
        return [
            (signal + left + noise[0], variance, psf),
            (steady[0] + signal + noise[0], variance, psf),
            (steady[1] + noise[1], template_variance, template_psf),
        ]

    def _steady(self, one: int, owner: int, frame: Frame, discs: tuple[Mixture, Mixture]) -> list[Floats]:
        """Everything but the difference, under each seeing disc [nJy per pixel]."""
        around, points = self._around, self._points
        of = around.of(owner)
        offset = points.offset[:, one]
        rows, cols = frame.rows_and_columns(around.east[of] - offset[0], around.north[of] - offset[1])
        flux = around.flux[of, points.band[one]]
        return [_render(frame.side, flux, rows, cols, around.radius[of], disc) for disc in discs]

    def _signal(self, one: int, frame: Frame, psf: Floats, seeing: Mixture, rng: np.random.Generator) -> Floats:
        """The difference of 1 nJy, as the PSF's fit measures it."""
        if self._artefact:
            fwhm = float(self._points.fwhm[one]) / PIXEL_ARCSEC
            shape = artefacts.pattern(self._artefact, frame.side, frame.row, frame.col, fwhm, rng)
        else:
            streak = self._points.streak[:, one]
            steps = np.linspace(-0.5, 0.5, 1 + int(2 * np.hypot(*streak) / PIXEL_ARCSEC))
            rows, cols = frame.rows_and_columns(*np.outer(streak, steps))
            shape = _render(frame.side, np.full(len(steps), 1 / len(steps)), rows, cols, np.zeros(len(steps)), seeing)
        disc = _render(frame.side, np.ones(1), np.array([frame.row]), np.array([frame.col]), np.zeros(1), seeing)
        fitted = np.sum(shape * disc) / np.sum(disc**2)
        return shape / fitted if abs(fitted) > 0.1 else disc


def psf_image(side: int, disc: Mixture) -> Floats:
    """A PSF, centred, of sum 1.

    Parameters
    ----------
    side : int
        Odd.
    disc : Mixture
        [px].
    """
    middle = np.array([(side - 1) / 2])
    image = _render(side, np.ones(1), middle, middle, np.zeros(1), disc)
    return np.asarray(image / image.sum())


def _variance(light: Floats, flux_err: float, psf: Floats) -> Floats:
    """Of each pixel [nJy^2], such that the PSF's fit in its middle has the given error."""
    shot = _SHOT * np.maximum(light, 0)
    area = 1 / np.sum(psf**2)
    sky = max(flux_err**2 / area - float(np.median(shot)), 0.3 * flux_err**2 / area)
    return np.asarray(sky + np.minimum(shot, 20 * sky))


def _render(side: int, flux: Floats, rows: Floats, cols: Floats, radius: Floats, disc: Mixture) -> Floats:
    """Stars and galaxies under a seeing disc, as one product of matrices."""
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
