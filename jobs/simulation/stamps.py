"""The three cutouts of an alert: what science, template and difference image show around it.

Units are DN, pixels 1.01 arcsec, row 0 is north and column 0 is east, and the difference is flipped to positive where
the source has faded: all as measured on real cutouts. What is simplified: galaxies are round exponential discs, the
seeing disc is round, nothing is trailed, and a nearby bright star neither saturates nor bleeds.
"""

from functools import lru_cache

import numpy as np
from isal import igzip
from numpy.typing import NDArray

from jobs.simulation import artefacts
from jobs.simulation.objects import SimulatedObject
from jobs.simulation.profiles import Mixture, exponential, image, moffat
from jobs.simulation.sky import Sources
from science_modules.common.photometry import error_of_limit, flux_of_magnitude

Floats = NDArray[np.float64]
Stamp = NDArray[np.float32]

SIDE = 63
CENTRE = 31
PIXEL_ARCSEC = 1.01
_GAIN = 6.2  # electrons per DN
_NOISE_AREA_PX = 7.4  # flux error / noise of a pixel, measured on real difference cutouts


def stamps(simulated: SimulatedObject, visit: int) -> tuple[Stamp, Stamp, Stamp]:
    """Science, template and difference cutout of a visit.

    Parameters
    ----------
    simulated : SimulatedObject
    visit : int
        Number of the visit, from 0.

    Returns
    -------
    science, template, difference : numpy.ndarray of float32, shape (63, 63)
        [DN]. Some have a border of NaN; few are cropped at the chip's edge, all three alike.
    """
    rng = simulated.generator(1, visit)
    triplet = _composed(simulated, visit, rng)
    if rng.uniform() < 0.12:
        _blank_border(triplet, rng)
    pixels_left = edge_distance(simulated)
    if pixels_left < CENTRE:
        triplet = triplet[:, CENTRE - int(pixels_left) :, :]
    science, template, difference = triplet.astype(np.float32)
    return science, template, difference


def edge_distance(simulated: SimulatedObject) -> float:
    """How far the object is from the edge of its chip [px]; for one in a hundred it is within the cutout.

    Parameters
    ----------
    simulated : SimulatedObject
        The same object has the same distance at every visit.
    """
    rng = simulated.generator(2)
    near = rng.uniform() < 0.01
    return float(rng.uniform(10, CENTRE) if near else rng.uniform(CENTRE + 1, 1536))


def fits_bytes(stamp: Stamp) -> bytes:
    """A cutout as the survey sends it: FITS with one plain image, gzipped, the same bytes every time.

    Parameters
    ----------
    stamp : numpy.ndarray of float32, shape (rows, columns)
        [DN].
    """
    pixels = stamp.astype(">f4").tobytes()
    padding = b"\0" * (-len(pixels) % 2880)
    return igzip.compress(_header(*stamp.shape) + pixels + padding, 1, mtime=0)


@lru_cache
def _header(rows: int, cols: int) -> bytes:
    values = {"SIMPLE": "T", "BITPIX": -32, "NAXIS": 2, "NAXIS1": cols, "NAXIS2": rows}
    cards = [f"{key:<8}= {value:>20}" for key, value in values.items()] + ["BUNIT   = 'DN      '", "END"]
    return "".join(card.ljust(80) for card in cards).ljust(2880).encode("ascii")


def _composed(simulated: SimulatedObject, visit: int, rng: np.random.Generator) -> Floats:
    visits, artefact = simulated.visits, simulated.model.artefact
    zero_point, flux = visits.zero_point[visit], simulated.flux[visit]
    counts = flux * flux_of_magnitude(0.0, zero_point)
    row, col = CENTRE + rng.uniform(-0.5, 0.5, 2)
    seeing = moffat(visits.fwhm[visit])
    science = _scene(simulated.sources, zero_point, row, col, seeing)
    template = _scene(simulated.sources, zero_point, row, col, moffat(0.9 * visits.fwhm[visit]))
    signal = np.abs(counts) * (
        artefacts.pattern(artefact, SIDE, row, col, visits.fwhm[visit], rng)
        if artefact
        else image(SIDE, np.ones(1), np.array([row]), np.array([col]), seeing)
    )
    sign = np.sign(counts)
    residual = _misregistration(science, rng)
    science += sign * signal
    sigma = error_of_limit(visits.limit[visit], zero_point) / _NOISE_AREA_PX
    return _noisy(science, template, signal + residual, sigma, rng)


def _scene(sources: Sources, zero_point: float, row: float, col: float, seeing: Mixture) -> Floats:
    reach = (SIDE / 2 + 6) * PIXEL_ARCSEC
    near = sources.select((np.abs(sources.east) < reach) & (np.abs(sources.north) < reach))
    counts = flux_of_magnitude(near.mag, zero_point)
    rows, cols = row - near.north / PIXEL_ARCSEC, col - near.east / PIXEL_ARCSEC
    star = near.radius == 0
    scene = image(SIDE, counts[star], rows[star], cols[star], seeing)
    for i in np.flatnonzero(~star):
        disc = exponential(near.radius[i] / PIXEL_ARCSEC).blurred(seeing)
        scene += image(SIDE, counts[i : i + 1], rows[i : i + 1], cols[i : i + 1], disc)
    return scene


def _misregistration(scene: Floats, rng: np.random.Generator) -> Floats:
    """What is left of steady sources: images do not match to 0.02 px, nor fluxes to 0.3 %."""
    down, across = np.gradient(scene)
    shift, scale = rng.normal(0, 0.02, 2), rng.normal(0, 0.003)
    return np.asarray(shift[0] * down + shift[1] * across + scale * scene)


def _noisy(
    science: Floats, template: Floats, difference: Floats, sigma: float, rng: np.random.Generator
) -> NDArray[np.float64]:
    """Add sky and noise; the difference has the noise of science less template, smoothed, at `sigma` per pixel."""
    sky = rng.lognormal(np.log(170), 0.6, 2)
    noise = rng.standard_normal((2, SIDE, SIDE))
    noise[0] *= np.sqrt((1.1 * sigma) ** 2 + np.abs(science) / _GAIN)
    noise[1] *= np.sqrt((0.22 * sigma) ** 2 + np.abs(template) / (15 * _GAIN))  # 15 frames make a reference
    rough = _smoothed(noise[0] - noise[1]) / 1.1
    return np.stack([science + sky[0] + noise[0], template + sky[1] + noise[1], difference + rough])


def _smoothed(noise: Floats) -> Floats:
    """Neighbouring pixels share noise; the variance of a pixel stays."""
    kernel = np.array([0.25, 1.0, 0.25]) / np.sqrt(1.125)
    padded = np.pad(noise, 1, mode="wrap")
    rows = kernel[0] * padded[:-2] + kernel[1] * padded[1:-1] + kernel[2] * padded[2:]
    return np.asarray(kernel[0] * rows[:, :-2] + kernel[1] * rows[:, 1:-1] + kernel[2] * rows[:, 2:])


def _blank_border(triplet: Floats, rng: np.random.Generator) -> None:
    """NaN in all three cutouts along one side, where an image ends (about 4 columns in real ones)."""
    turned = np.rot90(triplet, int(rng.integers(4)), axes=(1, 2))
    turned[:, :, : min(1 + int(rng.exponential(5)), CENTRE - 11)] = np.nan
