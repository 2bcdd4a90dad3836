"""Science, template and difference cutouts of alerts, many at a time.

Units are DN, pixels 1.01 arcsec, row 0 is north and column 0 is east, and the difference is flipped to positive where
the source has faded: as measured on real cutouts. Levels and noise are those of 540 real ones (`measured.py` says of which).
"""

import numpy as np
from numpy.typing import NDArray

from jobs.simulation.ztf.alerted import PIXEL_ARCSEC, Alerted
from jobs.simulation.ztf.blemishes import blemishes
from jobs.simulation.ztf.grain import grained, mismatched, scaled
from jobs.simulation.ztf.light import SIDE, Floats32, aureoles, galaxies
from jobs.simulation.ztf.scenes import Floats, Sources
from jobs.simulation.ztf.seeing_discs import Stars, is_small, small_galaxies
from science_modules.common.photometry import AB_ZERO_NJY, error_of_limit, flux_of_magnitude, flux_ratio

CENTRE = SIDE // 2
GAIN = 6.2  # electrons per DN
_FRAMES = 15  # in a reference image
# By place in BANDS. Error of a flux over the noise of a pixel of the difference, at limit 20, and how that shrinks with the
# limit (good seeing makes both); level of the sky [DN] over a power of the noise; noise of a reference image [DN].
_NOISE_AREA_PX = np.array([np.nan, 8.4, 7.5, 7.5, np.nan, np.nan])
_AREA_PER_MAG = 0.3
_SKY = np.array([np.nan, 40.0, 63.0, 63.0, np.nan, np.nan])
_SKY_POWER = np.array([np.nan, 0.46, 0.57, 0.57, np.nan, np.nan])
_TEMPLATE_NOISE = np.array([np.nan, 1.18, 1.53, 1.7, np.nan, np.nan])
_PER_I = -0.3  # i - r per g - r
_NAN_SHARE = 0.13
# Weights of pixels one, two and three away in the noise of a resampled image, and of those one away alone
_RESAMPLED, _ALONE = np.array([0.115, -0.075, 0.035]), np.array([1.0, 0.0, 0.0])
_AUREOLE_BELOW = 16.0  # mag; of fainter stars it is lost in the noise
_PLAIN_FROM = 20.5  # mag
_OWN_NOISE, _OWN_ARCSEC = 0.1, 0.8


def cutouts(alerted: Alerted, rng: np.random.Generator) -> Floats32:
    """The three cutouts of n alerts.

    Parameters
    ----------
    alerted : Alerted
    rng : numpy.random.Generator

    Returns
    -------
    numpy.ndarray of float32, shape (n, 3, 63, 63)
        Science, template, difference [DN]; NaN where the survey masks.
    """
    n = len(alerted)
    images = np.zeros((n, 3, SIDE, SIDE), dtype=np.float32)
    science, template, difference = (np.zeros((n, SIDE, SIDE), dtype=np.float32) for _ in range(3))
    place = CENTRE + rng.uniform(-0.5, 0.5, (n, 2))
    shape = rng.normal(0, 0.05, (n, 2))
    own = alerted.sources.central & (alerted.sources.distance < _OWN_ARCSEC)
    draw_scene(science, alerted, ~own, place, alerted.seeing, shape)
    # What the alert's own star or galaxy leaves is in the packet's flux already, and so is most of its noise
    _add_residuals(difference, science, rng)
    quiet = science.copy()
    draw_scene(science, alerted, own, place, alerted.seeing, shape)
    quiet += _OWN_NOISE * (science - quiet)
    every = np.ones(len(own), dtype=bool)
    draw_scene(template, alerted, every, place, alerted.template_seeing, rng.normal(0, 0.03, (n, 2)))
    signal, on_sky = blemishes(alerted, place, shape, rng)
    sign = np.where(alerted.of_visits(alerted.curves.flux) < 0, -1, 1).astype(np.float32)[:, None, None]
    science += on_sky
    difference += signal
    _with_noise(images, (science, template, difference), quiet + abs(signal), alerted, rng)
    images[:, 2] *= sign
    _mask(images, rng)
    return images


def draw_scene(
    images: Floats32, alerted: Alerted, which: NDArray[np.bool_], place: Floats, seeing: Floats, shape: Floats
) -> None:
    """Add what stands in the reference image.

    Parameters
    ----------
    images : numpy.ndarray of float32, shape (n, 63, 63)
    alerted : Alerted
    which : numpy.ndarray of bool, shape (k,)
        Of its sources.
    place : numpy.ndarray, shape (n, 2)
        Row and column of the alerts.
    seeing : numpy.ndarray, shape (n,)
        [px].
    shape : numpy.ndarray, shape (n, 2)
        Ellipticity of the seeing.
    """
    far = np.maximum(abs(alerted.sources.east), abs(alerted.sources.north)) >= 37 * PIXEL_ARCSEC
    near = alerted.sources.take(which & ~far)
    image = near.owner
    row, col = place[image, 0] - near.north / PIXEL_ARCSEC, place[image, 1] - near.east / PIXEL_ARCSEC
    counts, fwhm = counts_of(near, alerted), seeing[image]
    point = near.radius == 0
    Stars(image[point], counts[point], row[point], col[point], fwhm[point], shape[image[point]]).add_to(images)
    bright = point & (near.mag < _AUREOLE_BELOW)
    aureoles(image[bright], counts[bright], row[bright], col[bright]).add_to(images)
    # In their noise nobody tells the profiles of faint galaxies
    plain = ~point & (near.mag > _PLAIN_FROM) & is_small(near.radius / PIXEL_ARCSEC, near.bulge, fwhm)
    small_galaxies(
        image[plain], counts[plain], row[plain], col[plain], near.radius[plain] / PIXEL_ARCSEC, near.bulge[plain],
        near.axis_ratio[plain], near.angle[plain], fwhm[plain], shape[image[plain]],
    ).add_to(images)  # fmt: skip
    own = ~point & ~plain
    galaxies(
        image[own], counts[own], row[own], col[own], near.radius[own] / PIXEL_ARCSEC, near.bulge[own],
        near.axis_ratio[own], near.angle[own], fwhm[own],
    ).add_to(images)  # fmt: skip


def counts_of(sources: Sources, alerted: Alerted) -> Floats:
    """Flux of sources in the alerts' bands [DN].

    Parameters
    ----------
    sources : Sources
        Around the alerts.
    alerted : Alerted
    """
    zero_point = alerted.of_visits(alerted.curves.conditions.zero_point)[sources.owner]
    return np.asarray(flux_of_magnitude(band_magnitude(sources, alerted) - zero_point, 0.0))


def band_magnitude(sources: Sources, alerted: Alerted) -> Floats:
    """Magnitude of sources in the alerts' bands.

    Parameters
    ----------
    sources : Sources
    alerted : Alerted
    """
    per_colour = np.array([np.nan, 1.0, 0.0, _PER_I, np.nan, np.nan])[alerted.band]
    return sources.mag + per_colour[sources.owner] * sources.g_r


def difference_counts(alerted: Alerted) -> Floats:
    """Measured difference flux of the alerts [DN], signed.

    Parameters
    ----------
    alerted : Alerted
    """
    zero_point = alerted.of_visits(alerted.curves.conditions.zero_point)
    return np.asarray(alerted.of_visits(alerted.curves.flux) * flux_ratio(AB_ZERO_NJY - zero_point))


def _add_residuals(difference: Floats32, scene: Floats32, rng: np.random.Generator) -> None:
    """What is left of steady sources: images do not match to some hundredths of a pixel, nor fluxes to some thousandths.

    In some exposures it is several times as much.
    """
    n = len(scene)
    shift = (rng.normal(0, 0.04, (2, n)) * rng.lognormal(0, 0.8, n)).astype(np.float32)
    scale = (rng.normal(0, 0.007, n) * rng.lognormal(0, 0.8, n)).astype(np.float32)
    mismatched(difference, scene, scale, np.float32(0.5) * shift)


def _with_noise(
    images: Floats32,
    scenes: tuple[Floats32, Floats32, Floats32],
    bright: Floats32,
    alerted: Alerted,
    rng: np.random.Generator,
) -> None:
    """Sky and noise, more where it is bright; the difference has the noise of the science image less the template's.

    Noise of the template is that of its own frames, whatever the night. Resampling and matching leave neighbouring pixels
    correlated: in the template, and in differences as much as the matching had to sharpen.
    """
    science, template, difference = scenes
    n = len(science)
    sigma, sky, template_sigma = _levels(alerted, rng)
    noise = rng.standard_normal((2, n, SIDE, SIDE), dtype=np.float32)
    near = rng.normal((0.005, -0.022), 0.03, (n, 2))  # down and across
    grain = grained(noise[0], near[:, :1] * _ALONE, near[:, 1:] * _ALONE)
    resampled = _RESAMPLED + rng.normal(0, 0.012, (n, 1)) * _ALONE
    coarse = grained(noise[1], resampled, resampled)
    scaled(grain, sigma**2, bright, GAIN)
    scaled(coarse, template_sigma**2, template, _FRAMES * GAIN)
    sharpened = np.minimum(rng.exponential(0.33, (n, 1)), 1.2)
    down, across = (np.hstack([most * sharpened**2, -0.085 * sharpened, 0.05 * sharpened]) for most in (0.13, 0.08))
    matched = grained(grain, down, across)
    matched *= _column(0.985 / (1 + rng.exponential(0.04, n)))
    np.add(science, grain, out=images[:, 0])
    np.add(template, coarse, out=images[:, 1])
    np.add(difference, matched, out=images[:, 2])
    images[:, 2] -= coarse
    levels = [sky, sky * rng.normal(0.9995, 0.002, n), 0.07 + 0.2 * rng.standard_t(3, n)]
    images += np.stack(levels, axis=1).astype(np.float32)[:, :, None, None]


def _levels(alerted: Alerted, rng: np.random.Generator) -> tuple[Floats, Floats, Floats]:
    """Noise of a pixel of sky, level of the sky, and noise of the template, all in DN."""
    n = len(alerted)
    conditions, band = alerted.curves.conditions, alerted.band
    limit, zero_point = (alerted.of_visits(values) for values in (conditions.limit, conditions.zero_point))
    area = _NOISE_AREA_PX[band] * np.exp(-_AREA_PER_MAG * (np.clip(limit, 18, 21.5) - 20) + rng.normal(0, 0.13, n))
    sigma = error_of_limit(limit - zero_point, 0.0) / area
    sky = _SKY[band] * sigma ** _SKY_POWER[band] * np.exp(rng.normal(0, 0.22, n) + rng.exponential(0.08, n))
    # Templates are scaled to the zero point of the exposure
    template = _TEMPLATE_NOISE[band] * flux_ratio(26.2 - zero_point) * rng.lognormal(0, 0.2, n)
    return sigma, sky, template


def _column(values: Floats) -> Floats32:
    return values.astype(np.float32)[:, None, None]


def _mask(images: Floats32, rng: np.random.Generator) -> None:
    """NaN in all three at an edge of the image or in a patch, never in the middle that classifiers look at."""
    masked = np.flatnonzero(rng.uniform(size=len(images)) < _NAN_SHARE)
    turns, whole = rng.integers(0, 4, len(masked)), rng.uniform(size=len(masked)) < 0.5
    depth = np.minimum(2 + rng.exponential(7, len(masked)).astype(int), CENTRE - 11)
    first = rng.integers(-8, SIDE - 8, len(masked))
    length = np.where(whole, SIDE, 5 + rng.exponential(18, len(masked)).astype(int))
    for i, alert in enumerate(masked):
        turned = np.rot90(images[alert], int(turns[i]), axes=(1, 2))
        begin = 0 if whole[i] else max(int(first[i]), 0)
        turned[:, begin : begin + int(length[i]), : depth[i]] = np.nan
