"""The alert itself on the difference and on the science image: a point, a trail, or what is no light from the sky."""

from collections.abc import Callable

import numpy as np

from jobs.simulation.ztf.alerted import Alerted
from jobs.simulation.ztf.light import SIDE, Floats32, Gaussians
from jobs.simulation.ztf.scenes import Floats
from jobs.simulation.ztf.seeing_discs import Stars
from science_modules.common.photometry import AB_ZERO_NJY, flux_ratio

_TRAIL_POINTS = 5
_PATCHES = 0.4  # of the ghosts; 7 of 70 real alerts with a low drb are of one exposure with three images of each star
_ROWS, _COLS = np.indices((SIDE, SIDE)).astype(np.float32)
Pattern = Callable[[Alerted, Floats, Floats, Floats, np.random.Generator], tuple[Floats32, Floats32]]


def blemishes(alerted: Alerted, place: Floats, shape: Floats, rng: np.random.Generator) -> tuple[Floats32, Floats32]:
    """What the alert is of, on the difference image and on the science image.

    Parameters
    ----------
    alerted : Alerted
    place : numpy.ndarray, shape (n, 2)
        Row and column of the alerts [px].
    shape : numpy.ndarray, shape (n, 2)
        Ellipticity of the seeing.
    rng : numpy.random.Generator

    Returns
    -------
    difference, science : numpy.ndarray of float32, shape (n, 63, 63)
        Signed as the flux is [DN].
    """
    zero_point = alerted.of_visits(alerted.curves.conditions.zero_point)
    counts = alerted.of_visits(alerted.curves.flux) * flux_ratio(AB_ZERO_NJY - zero_point)
    kind = alerted.curves.population.kind.name
    return _PATTERNS.get(kind, _light)(alerted, counts, place, shape, rng)


def _light(
    alerted: Alerted, counts: Floats, place: Floats, shape: Floats, _: np.random.Generator
) -> tuple[Floats32, Floats32]:
    """A point, or what moved during the exposure."""
    image = np.zeros((len(counts), SIDE, SIDE), dtype=np.float32)
    moved = np.hypot(*alerted.trail.T) > 0.2
    steps = np.where(moved[:, None], np.linspace(-0.5, 0.5, _TRAIL_POINTS), 0.0)
    used = moved[:, None] | (np.arange(_TRAIL_POINTS) == 0)
    owner, point = np.nonzero(used)
    along = steps[owner, point]
    flux = counts[owner] / used.sum(axis=1)[owner]
    row = place[owner, 0] - along * alerted.trail[owner, 1]
    col = place[owner, 1] - along * alerted.trail[owner, 0]
    Stars(owner, flux, row, col, alerted.seeing[owner], shape[owner]).add_to(image)
    return image, image


def _blobs(counts: Floats, place: Floats, fwhm: Floats, shape: Floats | None = None) -> Floats32:
    image = np.zeros((len(counts), SIDE, SIDE), dtype=np.float32)
    none = np.zeros((len(counts), 2)) if shape is None else shape
    Stars(np.arange(len(counts)), counts, place[:, 0], place[:, 1], fwhm, none).add_to(image)
    return image


def _dipole(
    alerted: Alerted, counts: Floats, place: Floats, shape: Floats, rng: np.random.Generator
) -> tuple[Floats32, Floats32]:
    """A star that did not stay in its place between the images."""
    n = len(counts)
    angle, half = rng.uniform(0, 2 * np.pi, n), rng.uniform(0.35, 0.9, n) * alerted.seeing / 2
    apart = np.stack([half * np.sin(angle), half * np.cos(angle)], axis=1)
    strength = rng.uniform(1.2, 1.8, n)
    one = _blobs(strength * counts, place - apart, alerted.seeing, shape)
    return one - _blobs((strength - 0.25) * counts, place + apart, alerted.seeing, shape), np.zeros_like(one)


def _bad_subtraction(
    alerted: Alerted, counts: Floats, place: Floats, shape: Floats, rng: np.random.Generator
) -> tuple[Floats32, Floats32]:
    """A core and a ring of other sign: the seeing of the two images was not matched."""
    n = len(counts)
    strength, width = rng.uniform(1.5, 3.0, n), rng.uniform(1.25, 1.8, n)
    core = _blobs(strength * counts, place, 0.9 * alerted.seeing, shape)
    ring = _blobs((strength - 0.4) * counts, place + rng.normal(0, 0.3, (n, 2)), width * alerted.seeing)
    return core - ring, np.zeros_like(core)


def _cosmic_ray(
    alerted: Alerted, counts: Floats, place: Floats, shape: Floats, rng: np.random.Generator
) -> tuple[Floats32, Floats32]:
    """A short sharp track."""
    image = np.zeros((len(counts), SIDE, SIDE), dtype=np.float32)
    rows = np.arange(len(counts))
    at, step = np.round(place).astype(int), rng.integers(-1, 2, (len(counts), 2))
    length = rng.integers(1, 5, len(counts))
    for k in range(4):
        part = counts * (k < length) / length
        image[rows, at[:, 0] + k * step[:, 0], at[:, 1] + k * step[:, 1]] += part.astype(np.float32)
    return image, image


def _hot_pixel(
    alerted: Alerted, counts: Floats, place: Floats, shape: Floats, rng: np.random.Generator
) -> tuple[Floats32, Floats32]:
    image = np.zeros((len(counts), SIDE, SIDE), dtype=np.float32)
    at = np.round(place).astype(int)
    image[np.arange(len(counts)), at[:, 0], at[:, 1]] = counts
    return image, image


def _ghost(
    alerted: Alerted, counts: Floats, place: Floats, shape: Floats, rng: np.random.Generator
) -> tuple[Floats32, Floats32]:
    """Light that went astray: a wide patch, or images of a star side by side, as of a telescope that jumped."""
    n = len(counts)
    size = rng.uniform(4, 11, n) ** 2
    zero = np.zeros(n)
    image = np.zeros((n, SIDE, SIDE), dtype=np.float32)
    wide = place + rng.normal(0, 3, (n, 2))
    patch = rng.uniform(size=n) < _PATCHES
    flux = np.where(patch, 12 * counts, 0.0)
    Gaussians(np.arange(n), flux, wide[:, 0], wide[:, 1], size, zero, size * rng.uniform(0.6, 1.5, n)).add_to(image)
    apart, first = rng.uniform(8, 24, n), rng.integers(-2, 1, n)
    for step in range(3):
        beside = place + np.stack([zero, (first + step) * apart], axis=1)
        image += _blobs(np.where(patch, 0.0, counts), beside, alerted.seeing, shape)
    return image, image


def _streak(
    alerted: Alerted, counts: Floats, place: Floats, shape: Floats, rng: np.random.Generator
) -> tuple[Floats32, Floats32]:
    """A satellite's line across the cutout."""
    image = _line(counts, place, rng.uniform(0, np.pi, len(counts)), alerted.seeing, 1e3)
    return image, image


def _spike(
    alerted: Alerted, counts: Floats, place: Floats, shape: Floats, rng: np.random.Generator
) -> tuple[Floats32, Floats32]:
    """A part of a bright star's diffraction spike, along rows or columns, as the star's image rotates or not."""
    angle = np.where(rng.uniform(size=len(counts)) < 0.5, 0.0, np.pi / 2) + rng.normal(0, 0.05, len(counts))
    image = _line(counts, place, angle, alerted.seeing, 6.0)
    return image, 0.5 * image


def _edge(
    alerted: Alerted, counts: Floats, place: Floats, shape: Floats, rng: np.random.Generator
) -> tuple[Floats32, Floats32]:
    """A step of the background, as beside a masked column or the end of a chip."""
    n = len(counts)
    turned = rng.uniform(size=n)[:, None, None] < 0.5
    across = np.where(turned, _ROWS - place[:, 0, None, None], _COLS - place[:, 1, None, None])
    decay = rng.uniform(1.0, 3.0, n)[:, None, None]
    image = (counts / 9)[:, None, None] * np.where(across >= 0, np.exp(-np.abs(across) / decay), 0.0)
    return image.astype(np.float32), np.zeros((n, SIDE, SIDE), dtype=np.float32)


def _line(counts: Floats, place: Floats, angle: Floats, width: Floats, length: float) -> Floats32:
    """A line through the place that gives such a flux within a disc of the seeing."""
    down, across = _ROWS - place[:, 0, None, None], _COLS - place[:, 1, None, None]
    cosine, sine = np.cos(angle)[:, None, None], np.sin(angle)[:, None, None]
    off, along = down * cosine - across * sine, down * sine + across * cosine
    sigma = (width / 2.35)[:, None, None]
    profile = np.exp(-0.5 * (off / sigma) ** 2 - np.abs(along) / length)
    return np.asarray((counts / 11.0)[:, None, None] * profile, dtype=np.float32)


_PATTERNS: dict[str, Pattern] = {
    "bogus_dipole": _dipole,
    "bogus_bad_subtraction": _bad_subtraction,
    "bogus_cosmic_ray": _cosmic_ray,
    "bogus_hot_pixel": _hot_pixel,
    "bogus_ghost": _ghost,
    "bogus_streak": _streak,
    "bogus_spike": _spike,
    "bogus_edge": _edge,
}
