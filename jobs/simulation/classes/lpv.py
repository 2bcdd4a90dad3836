"""Long-period variables: Miras whose cycles differ, semi-regular giants with several periods, small-amplitude giants."""

import numpy as np

from jobs.simulation.epochs import Epochs
from jobs.simulation.forms.brightness import draw_star_magnitudes
from jobs.simulation.forms.events import draw_keys, smooth_chance
from jobs.simulation.forms.stars import star_flux, turns
from jobs.simulation.object_class import Floats, ObjectClass, Parameters
from jobs.simulation.reach import Reach

_BANDS = np.array([1.4, 1.3, 1.0, 0.75, 0.6, 0.5])  # amplitude relative to r


def _draw(rng: np.random.Generator, n: int, reach: Reach) -> Parameters:
    # Mira, SR, OSARG. One Mira to seven semi-regular (1,663 and 11,132 in the LMC); of the third kind, which hardly any
    # survey sees vary, a few.
    kind = rng.choice(3, n, p=[0.11, 0.74, 0.15])
    period = np.choose(
        kind, [rng.lognormal(np.log(270), 0.35, n), 10 ** rng.uniform(1.5, 2.5, n), 10 ** rng.uniform(1.1, 2, n)]
    )
    log_amplitude = np.choose(kind, [rng.uniform(0, 0.6, n), rng.uniform(-1, 0, n), rng.uniform(-2, -1, n)])
    return {
        "mean_mag": draw_star_magnitudes(rng, n, reach, above_limit=7.0),
        "g_r": np.clip(rng.normal(2.1, 0.5, n), 1.2, 3.5),
        "period": np.clip(period, 12, 700),
        "phase": rng.uniform(0, 1, n),
        "amplitude_r": 10**log_amplitude,
        "cycle_scatter": np.choose(kind, [rng.uniform(0.15, 0.3, n), 10**log_amplitude / 3, 0.003 * np.ones(n)]),
        "other_periods": np.choose(kind, [0.05 * np.ones(n), rng.uniform(0.3, 0.9, n), rng.uniform(0.5, 1, n)]),
        "key": draw_keys(rng, n),
    }


def _flux(parameters: Parameters, epochs: Epochs) -> Floats:
    cycles = turns(parameters, epochs)
    angle = 2 * np.pi * cycles
    mira = 0.5 * np.sin(angle) - 0.05 * np.sin(2 * angle)
    beats = np.sin(angle / 1.9 + 1) + 0.6 * np.sin(angle / 0.61 + 2)  # long secondary and overtone: Wood et al. 1999
    shape = mira + 0.2 * epochs.of_objects(parameters["other_periods"]) * beats
    fainter = epochs.of_objects(parameters["amplitude_r"]) * shape + _between_cycles(parameters, epochs, cycles)
    return star_flux(parameters, epochs, _BANDS[epochs.band] * fainter)


def _between_cycles(parameters: Parameters, epochs: Epochs, cycles: Floats) -> Floats:
    """What a cycle is fainter than others [mag], smooth from one to the next."""
    differences = 3.46 * smooth_chance(epochs.of_objects(parameters["key"]), cycles, "cycle")
    return np.asarray(epochs.of_objects(parameters["cycle_scatter"]) * differences)


CLASS = ObjectClass(
    "lpv", "LPV", "periodic", "LPV", "VS", _draw, _flux, "thin_disc", "star", 0.05, "Soszynski et al. 2009"
)
