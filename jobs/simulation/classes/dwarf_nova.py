"""Cataclysmic variables: dwarf novae with outbursts and superoutbursts, nova-likes that flicker, polars with two states."""

import numpy as np

from jobs.simulation.epochs import Epochs, Ints
from jobs.simulation.forms.events import chance, draw_keys, events, flicker
from jobs.simulation.forms.stars import star_flux
from jobs.simulation.object_class import Floats, ObjectClass, Parameters
from jobs.simulation.reach import Reach
from science_modules.common.photometry import flux_ratio

_DISC_COLOUR = -0.3  # g - r of the disc in outburst: 15,000 K
_SUPER_MAG, _SUPER_FADES = 0.7, 0.1  # brighter than a common outburst [mag]; [mag/d] on its plateau


def _draw(rng: np.random.Generator, n: int, reach: Reach) -> Parameters:
    kind = rng.choice(4, n, p=[0.7, 0.15, 0.1, 0.05])  # dwarf nova, nova-like, polar, WZ Sge
    amplitude = np.choose(
        kind, [np.clip(rng.normal(3.5, 1, n), 2, 6), 0.05 * np.ones(n), rng.uniform(1, 2, n), rng.uniform(6, 8, n)]
    )
    common = np.clip(rng.lognormal(np.log(50), 0.6, n), 20, 400)
    return {
        "mean_mag": np.clip(
            rng.normal(reach.faint, 1.2, n) - np.where(kind == 1, 3.5, 0), reach.bright + 1, reach.faint + 2.5
        ),
        "g_r": np.clip(rng.normal(0.1, 0.2, n), -0.3, 0.8),
        "amplitude": amplitude,
        "recurrence": np.choose(kind, [common, common, rng.uniform(200, 600, n), rng.uniform(3000, 9000, n)]),
        "rise": np.choose(kind, [rng.uniform(0.5, 2, n), np.ones(n), rng.uniform(10, 40, n), np.ones(n)]),
        "plateau": np.choose(kind, [rng.uniform(1, 5, n), np.ones(n), rng.uniform(60, 150, n), rng.uniform(15, 25, n)]),
        "decline": np.where(kind == 2, 0.04, rng.uniform(0.25, 0.8, n)),  # mag/d
        "super_every": np.where((kind == 0) & (rng.uniform(size=n) < 0.5), rng.integers(3, 11, n), 0),
        "flicker": np.where(kind == 1, 0.2, rng.uniform(0.05, 0.15, n)),
        "key": draw_keys(rng, n),
    }


def _flux(parameters: Parameters, epochs: Epochs) -> Floats:
    each = {name: epochs.of_objects(values) for name, values in parameters.items()}
    brighter = np.zeros(len(epochs.mjd))
    for index, since in events(each["key"], each["recurrence"], epochs.mjd, jitter=0.4):
        brighter = np.maximum(brighter, _outburst(each, index, since))
    noise = each["flicker"] * flicker(each["key"], epochs.mjd, 0.02)
    of_disc = 1 - flux_ratio(brighter)
    bluer = of_disc * (_DISC_COLOUR - each["g_r"]) * _BLUENESS[epochs.band]
    return star_flux(parameters, epochs, noise + bluer - brighter)


def _outburst(each: Parameters, index: Ints, since: Floats) -> Floats:
    """Magnitudes above quiescence: straight up, a plateau, straight down."""
    is_super = (each["super_every"] > 0) & (index % np.maximum(each["super_every"], 1) == 0)
    scatter = 1 + 0.15 * (2 * chance(each["key"], index, "size") - 1)
    top = each["amplitude"] * scatter + _SUPER_MAG * is_super
    plateau = each["plateau"] * scatter + 11 * is_super
    after_rise = since - each["rise"]
    falling = np.clip(after_rise - plateau, 0, None) * each["decline"]
    fading = _SUPER_FADES * is_super * np.clip(np.minimum(after_rise, plateau), 0, None)
    return np.asarray(np.clip(np.minimum(top * since / each["rise"], top - fading - falling), 0, None))


_BLUENESS = np.array([1.6, 1.0, 0.0, -0.5, -0.8, -1.0])  # how a change of g - r shows in band - r


CLASS = ObjectClass(
    "dwarf_nova",
    "CV",
    "stochastic",
    "CV/Nova",
    "VS",
    _draw,
    _flux,
    "thick_disc",
    "star",
    0.015,
    "Coppejans et al. 2016",
)
