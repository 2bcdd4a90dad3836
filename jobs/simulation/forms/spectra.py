"""Light at the wavelengths of the bands: templates in wavelength and phase, black bodies, colours of stars."""

from dataclasses import dataclass

import numpy as np

from jobs.simulation.epochs import Floats

WAVELENGTH = np.array([3671.0, 4827.0, 6223.0, 7546.0, 8691.0, 9712.0])  # ugrizy [Angstrom]: Ivezic et al. 2019
_SECOND_RADIATION = 1.43877688e8  # h c / k [Angstrom K]


@dataclass(frozen=True)
class Template:
    """Flux on a regular grid of the logarithm of the wavelength and of phase; linear between, 0 outside in phase.

    Attributes
    ----------
    first_log, step_log : float
        Natural logarithm of the first wavelength [Angstrom], and step.
    first_phase, step_phase : float
        [d], rest frame.
    flux : numpy.ndarray, shape (n_wavelengths, n_phases)
        Any unit, per frequency.
    """

    first_log: float
    step_log: float
    first_phase: float
    step_phase: float
    flux: Floats

    def at(self, wavelength: Floats, phase: Floats) -> Floats:
        """Flux at m wavelengths and phases.

        Parameters
        ----------
        wavelength, phase : numpy.ndarray, shape (m,)
            Rest frame [Angstrom], [d]. Beyond the template's wavelengths those at its ends are taken.

        Returns
        -------
        numpy.ndarray, shape (m,)
        """
        rows, columns = self.flux.shape
        row = np.clip((np.log(wavelength) - self.first_log) / self.step_log, 0, rows - 1.001)
        column = (phase - self.first_phase) / self.step_phase
        inside = (column >= 0) & (column < columns - 1)
        column = np.where(inside, column, 0.0)
        i, j = row.astype(np.int64), column.astype(np.int64)
        cell, x = i * columns + j, column - j
        table = self.flux.ravel()
        low = table[cell] * (1 - x) + table[cell + 1] * x
        high = table[cell + columns] * (1 - x) + table[cell + columns + 1] * x
        return np.where(inside, low + (high - low) * (row - i), 0.0)


def thermal_colour(temperature: Floats, wavelength: Floats, reference: Floats) -> Floats:
    """Flux per frequency of a black body at one wavelength relative to another.

    Parameters
    ----------
    temperature : numpy.ndarray, shape (m,)
        [K].
    wavelength, reference : numpy.ndarray, shape (m,)
        [Angstrom].

    Returns
    -------
    numpy.ndarray, shape (m,)
    """
    heat = _SECOND_RADIATION / temperature
    ratio = np.expm1(heat / reference) / np.expm1(heat / wavelength)
    return np.asarray(ratio * (reference / wavelength) ** 3)
