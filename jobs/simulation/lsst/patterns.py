"""What artefacts look like in a difference image, beside the seeing disc of a source."""

from collections.abc import Callable

import numpy as np

from jobs.simulation.lsst.frames import Frame
from jobs.simulation.lsst.rendering import render
from jobs.simulation.object_class import Floats
from jobs.simulation.profiles import Mixture, moffat

Pattern = Callable[[Frame, float, np.random.Generator], Floats]


def pattern(kind: str, frame: Frame, fwhm: float, rng: np.random.Generator) -> Floats | None:
    """The shape of an artefact; None for what looks like a source.

    Parameters
    ----------
    kind : str
        Name of a class.
    frame : Frame
        Of the cutout.
    fwhm : float
        Seeing [px].
    rng : numpy.random.Generator

    Returns
    -------
    numpy.ndarray, shape (side, side)
        In units of its own.
    """
    made = next((made for name, made in _PATTERNS.items() if kind == f"bogus_{name}"), None)
    return made(frame, fwhm, rng) if made else None


def _disc(frame: Frame, disc: Mixture, down: float = 0.0, across: float = 0.0) -> Floats:
    one = np.ones(1)
    return render(frame.side, one, np.array([frame.row + down]), np.array([frame.col + across]), 0 * one, disc)


def _dipole(frame: Frame, fwhm: float, rng: np.random.Generator) -> Floats:
    """A star that is not where it was."""
    angle, half = rng.uniform(0, 2 * np.pi), rng.uniform(0.3, 0.6) * fwhm / 2
    down, across = half * np.sin(angle), half * np.cos(angle)
    disc = moffat(fwhm)
    return 1.5 * _disc(frame, disc, -down, -across) - 1.2 * _disc(frame, disc, down, across)


def _ring(frame: Frame, fwhm: float, rng: np.random.Generator) -> Floats:
    """A star under another seeing than was assumed."""
    return 2 * _disc(frame, moffat(rng.uniform(1.3, 1.8) * fwhm)) - _disc(frame, moffat(0.8 * fwhm))


def _cosmic_ray(frame: Frame, _: float, rng: np.random.Generator) -> Floats:
    """A track of some pixels, sharper than any star."""
    hit = np.zeros((frame.side, frame.side))
    angle, length = rng.uniform(0, 2 * np.pi), rng.exponential(4.0)
    steps = np.linspace(0, length, 1 + int(2 * length))
    rows = np.rint(frame.row + steps * np.sin(angle)).astype(int) % frame.side
    cols = np.rint(frame.col + steps * np.cos(angle)).astype(int) % frame.side
    np.add.at(hit, (rows, cols), rng.uniform(0.5, 1, len(steps)))
    return hit


def _hot_pixel(frame: Frame, _: float, rng: np.random.Generator) -> Floats:
    hit = np.zeros((frame.side, frame.side))
    row, col = round(frame.row), round(frame.col)
    hit[row, col] = 1.0
    hit[row, col + 1] = rng.uniform(0, 0.3)
    return hit


def _ghost(frame: Frame, fwhm: float, rng: np.random.Generator) -> Floats:
    """A reflection: wide and without a peak."""
    return _disc(frame, moffat(rng.uniform(2.5, 4) * fwhm))


def _line(frame: Frame, width: float, angle: float) -> Floats:
    rows, cols = np.indices((frame.side, frame.side))
    across = (rows - frame.row) * np.cos(angle) - (cols - frame.col) * np.sin(angle)
    return np.asarray(np.exp(-0.5 * (across / width) ** 2))


def _streak(frame: Frame, fwhm: float, rng: np.random.Generator) -> Floats:
    """A satellite."""
    return _line(frame, fwhm / 2.355, rng.uniform(0, np.pi))


def _spike(frame: Frame, fwhm: float, rng: np.random.Generator) -> Floats:
    """A bright star's diffraction, along the detector's diagonals."""
    return _line(frame, fwhm / 4, np.pi / 4) + _line(frame, fwhm / 4, 3 * np.pi / 4) + _disc(frame, moffat(fwhm))


_PATTERNS: dict[str, Pattern] = {
    "dipole": _dipole,
    "bad_subtraction": _ring,
    "cosmic_ray": _cosmic_ray,
    "hot_pixel": _hot_pixel,
    "ghost": _ghost,
    "streak": _streak,
    "spike": _spike,
}
