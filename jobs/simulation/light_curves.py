"""What a survey measures of a population: difference flux, its error, and whether it is a detection."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from jobs.simulation.epochs import Conditions, Epochs, Floats
from jobs.simulation.population import Population
from jobs.simulation.visits.survey import Survey


@dataclass(frozen=True)
class LightCurves:
    """The light curves of n objects with m visits in all.

    Attributes
    ----------
    population : Population
    survey : Survey
        That observed them.
    epochs : Epochs
    conditions : Conditions
    reference : numpy.ndarray, shape (n, 6)
        Flux of the source itself in the reference image, per band, extinction applied [nJy].
    true : numpy.ndarray, shape (m,)
        True difference flux: source at the epoch less `reference` [nJy], signed.
    flux, flux_err : numpy.ndarray, shape (m,)
        Measured difference flux and its error [nJy].
    detected : numpy.ndarray of bool, shape (m,)
        Whether the survey's pipeline reports it as a detection.
    """

    population: Population
    survey: Survey
    epochs: Epochs
    conditions: Conditions
    reference: Floats
    true: Floats
    flux: Floats
    flux_err: Floats
    detected: NDArray[np.bool_]
