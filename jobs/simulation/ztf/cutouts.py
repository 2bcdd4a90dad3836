"""Science, template and difference cutouts of alerts, many at a time.

Units are DN, pixels 1.01 arcsec, row 0 is north and column 0 is east, and the difference is flipped to positive where
the source has faded: as measured on real cutouts. Levels and noise are those of 1,098 real ones.
"""

import numpy as np
from numpy.typing import NDArray

from jobs.simulation.ztf.alerted import PIXEL_ARCSEC, Alerted
from jobs.simulation.ztf.blemishes import blemishes
from jobs.simulation.ztf.light import SIDE, Floats32, galaxies, stars
from jobs.simulation.ztf.scenes import Floats, Sources
from science_modules.common.photometry import AB_ZERO_NJY, error_of_limit, flux_of_magnitude, flux_ratio

CENTRE = SIDE // 2
GAIN = 6.2  # electrons per DN
_FRAMES = 15  # in a reference image
_NOISE_AREA_PX = 7.5  # error of a flux over the noise of a pixel, real difference cutouts
_PER_I = -0.3  # i - r per g - r
_NAN_SHARE = 0.13
_OWN_NOISE, _OWN_ARCSEC = 0.1, 0.8
_PATCH = 8


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
    stars(image[point], counts[point], row[point], col[point], fwhm[point], shape[image[point]]).add_to(images)
    own = ~point
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
    """What is left of steady sources: images do not match to some hundredths of a pixel, nor fluxes to some thousandths."""
    n = len(scene)
    shift = rng.normal(0, 0.03, (2, n)).astype(np.float32)
    scale = rng.normal(0, 0.004, n).astype(np.float32)
    difference += scale[:, None, None] * scene
    difference[:, 1:-1] += (0.5 * shift[0])[:, None, None] * (scene[:, 2:] - scene[:, :-2])
    difference[:, :, 1:-1] += (0.5 * shift[1])[:, None, None] * (scene[:, :, 2:] - scene[:, :, :-2])


def _with_noise(
    images: Floats32,
    scenes: tuple[Floats32, Floats32, Floats32],
    bright: Floats32,
    alerted: Alerted,
    rng: np.random.Generator,
) -> None:
    """Sky and noise, more where it is bright; the difference has the noise of the science image less the template's."""
    science, template, difference = scenes
    n = len(science)
    conditions = alerted.curves.conditions
    limit, zero_point = (alerted.of_visits(values) for values in (conditions.limit, conditions.zero_point))
    sigma = error_of_limit(limit - zero_point, 0.0) / _NOISE_AREA_PX * rng.lognormal(0, 0.18, n)
    sky = sigma**2 / 0.28 * rng.lognormal(0, 0.35, n)
    share = np.minimum(0.215 * rng.lognormal(0, 0.25, n), 0.8)
    noise = rng.standard_normal((2, n, SIDE, SIDE), dtype=np.float32)
    _confuse(noise[0], np.full(n, 0.02), rng)
    _confuse(noise[1], rng.uniform(0.02, 0.2, n), rng)
    grain = _grained(noise[0], rng.normal((-0.03, 0.02), 0.035, (n, 2)))
    coarse = _grained(noise[1], np.full((n, 2), 0.065), np.full(n, -0.045))
    grain *= _root(_column(sigma) ** 2 + np.abs(bright) / GAIN)
    coarse *= _root(_column(share * sigma) ** 2 + np.abs(template) / (_FRAMES * GAIN))
    images[:, 0] = science + _column(sky) + grain
    images[:, 1] = template + _column(sky * rng.normal(0.997, 0.004, n)) + coarse
    images[:, 2] = difference + grain - coarse + _column(rng.normal(0.1, 0.25, n))


def _confuse(noise: Floats32, share: Floats, rng: np.random.Generator) -> None:
    """Give a share of the variance to patches of 8 px: sources too faint to be told apart, and a patchy sky."""
    n = len(noise)
    patches = rng.standard_normal((n, SIDE // _PATCH + 1, SIDE // _PATCH + 1), dtype=np.float32)
    wide = np.repeat(np.repeat(patches, _PATCH, axis=1), _PATCH, axis=2)[:, :SIDE, :SIDE]
    noise *= _column(np.sqrt(1 - share))
    noise += _column(np.sqrt(share)) * wide


def _root(variance: Floats | Floats32) -> Floats32:
    return np.sqrt(variance, dtype=np.float32)


def _column(values: Floats) -> Floats32:
    return values.astype(np.float32)[:, None, None]


def _grained(noise: Floats32, near: Floats, far: Floats | None = None) -> Floats32:
    """Noise that neighbours share, each direction alike or not: a kernel far, near, 1, near, far; variance kept."""
    for axis, weight in ((2, near[:, 0]), (1, near[:, 1])):
        two = np.zeros(len(noise)) if far is None else far
        scale = 1 / np.sqrt(1 + 2 * weight**2 + 2 * two**2)
        shared = noise * _column(scale)
        for steps, part in ((1, weight), (2, two)):
            if np.any(part):
                shared += _column(part * scale) * (np.roll(noise, steps, axis) + np.roll(noise, -steps, axis))
        noise = shared
    return noise


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
