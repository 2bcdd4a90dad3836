"""The three cutouts of a Rubin alert.

Template: what stands there. Science: the same under the visit's seeing, and the difference flux on top. Difference: that
flux, signed, with the noise of both. The PSF's fit to the difference gives the packet's psfFlux to within its error, that
to the template templateFlux. Simplified: seeing discs and galaxies are round, pixels' noise is independent.
"""

import numpy as np

from jobs.simulation.lsst.fits import fits_bytes, pixel_matrix, sky_cards
from jobs.simulation.lsst.frames import Frame
from jobs.simulation.lsst.patterns import pattern
from jobs.simulation.lsst.points import PIXEL_ARCSEC, Points
from jobs.simulation.lsst.rendering import render
from jobs.simulation.lsst.scenes import Scene
from jobs.simulation.object_class import Floats
from jobs.simulation.profiles import Mixture, image, moffat

LEAST_SIDE = 30
_PSF_SIDE, _TEMPLATE_PSF_SIDE = 41, 55
# Variance of the light's own noise [nJy^2 per nJy]: 30 s with an instrumental zero point of 28.2 mag (1 electron/s).
_SHOT = 0.64
_TEMPLATE_NOISE = 0.15  # of a template's pixel per that of a visit: 0.1 to 0.2 in real cutouts
_LEAST_FIT = 0.05  # of an artefact's peak that the PSF's fit must find; else it would be scaled without bounds
_WINGS_ARCSEC = 4.0  # how far beyond the edge a source still lights the cutout, galaxies by their size, too
_MISREGISTERED_PX = 0.02  # of exposure and template: leaves a small dipole of every steady source


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
        self._kind = points.curves.population.kind.name

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
        corner = (_corner(x, side), _corner(y, side))
        rotation = float(points.rotation[one])
        frame = Frame(side, y - corner[1] - 1, x - corner[0] - 1, pixel_matrix(rotation))
        rng = np.random.default_rng([points.seed, -int(points.id[one])])
        images = self._images(one, owner, frame, rng)
        ra, dec = points.position
        cards = sky_cards(float(ra[one]), float(dec[one]), x, y, corner, rotation)
        return [fits_bytes(*each, cards) for each in images]

    def _images(
        self, one: int, owner: int, frame: Frame, rng: np.random.Generator
    ) -> list[tuple[Floats, Floats, Floats]]:
        points = self._points
        seeing, sharp = (moffat(fwhm / PIXEL_ARCSEC) for fwhm in (points.fwhm[one], self._seeing[owner]))
        psf, template_psf = psf_image(_PSF_SIDE, seeing), psf_image(_TEMPLATE_PSF_SIDE, sharp)
        steady = self._steady(one, owner, frame, (seeing, sharp))
        disc = _trail(frame, np.zeros(2), np.zeros(1), seeing)
        signal = points.flux[one] * self._signal(one, frame, disc, seeing, rng)
        variance = _variance(steady[0] + signal, points.flux_err[one], disc)
        noise = rng.standard_normal((2, frame.side, frame.side))
        noise[0] *= np.sqrt(variance)
        template_variance = _TEMPLATE_NOISE**2 * variance
        noise[1] *= np.sqrt(template_variance)
        shift = rng.normal(0, _MISREGISTERED_PX, (2, 1, 1))
        left = np.sum(shift * np.gradient(steady[0]), axis=0)
        if self._kind == "bogus_edge":
            noise[:, :, : int(rng.integers(1, frame.side // 2 - 3))] = np.nan
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
        flux, radius = around.flux[of, points.band[one]], around.radius[of]
        beyond = (np.maximum(np.abs(rows - frame.row), np.abs(cols - frame.col)) - frame.side / 2) * PIXEL_ARCSEC
        near = beyond < _WINGS_ARCSEC + 4 * radius
        sources = flux[near], rows[near], cols[near], radius[near]
        return [render(frame.side, *sources, disc) for disc in discs]

    def _signal(self, one: int, frame: Frame, disc: Floats, seeing: Mixture, rng: np.random.Generator) -> Floats:
        """The difference of 1 nJy, as the PSF's fit measures it."""
        streak = self._points.streak[:, one]
        steps = np.linspace(-0.5, 0.5, 1 + int(2 * np.hypot(*streak) / PIXEL_ARCSEC))
        artefact = pattern(self._kind, frame, float(self._points.fwhm[one]) / PIXEL_ARCSEC, rng)
        if artefact is None and len(steps) == 1:
            return disc
        shape = _trail(frame, streak, steps, seeing) if artefact is None else artefact
        fitted = float(np.sum(shape * disc) / np.sum(disc**2))
        return shape / fitted if abs(fitted) > _LEAST_FIT * np.max(np.abs(shape)) / disc.max() else disc


def _corner(at: float, side: int) -> int:
    """Where a cutout begins: its source lies within half a pixel of the middle, as in 168 of 168 real ones."""
    return round(at) - side // 2 - 1 if side % 2 else int(at) - side // 2


def _trail(frame: Frame, streak: Floats, steps: Floats, seeing: Mixture) -> Floats:
    """A source of flux 1 at some parts of its way through the exposure."""
    rows, cols = frame.rows_and_columns(*np.outer(streak, steps))
    return image(frame.side, np.full(len(steps), 1 / len(steps)), rows, cols, seeing)


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
    seen = image(side, np.ones(1), middle, middle, disc)
    return np.asarray(seen / seen.sum())


def _variance(light: Floats, flux_err: float, disc: Floats) -> Floats:
    """Of each pixel [nJy^2], such that a fit of the disc has the given error: sky and the light's own noise."""
    weight = disc**2 / np.sum(disc**2)
    wanted = flux_err**2 * np.sum(disc**2)
    shot = _SHOT * np.maximum(light, 0)
    variance = np.maximum(wanted - np.sum(weight * shot), 0.3 * wanted) + shot
    return np.asarray(variance * wanted / np.sum(weight * variance))
