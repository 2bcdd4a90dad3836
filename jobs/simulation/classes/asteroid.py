"""Minor planets of the main belt, Hungarias, Trojans and those near the Earth, on orbits about the Sun."""

import numpy as np

from jobs.simulation.epochs import Epochs
from jobs.simulation.object_class import Floats, ObjectClass, Parameters
from jobs.simulation.reach import Reach
from jobs.simulation.solar_system.ephemeris import ephemeris, ephemeris_at
from jobs.simulation.solar_system.families import draw_seen
from science_modules.common.photometry import flux_of_magnitude

_COUNTS = 0.35  # decimal logarithm of the numbers per magnitude: Gladman et al. 2009
# Colour band - V, ugrizy, of stony and of carbonaceous surfaces: Ivezic et al. 2001, Sun's with slopes.
_STONY = np.array([2.05, 0.38, -0.22, -0.42, -0.38, -0.42])
_CARBONACEOUS = np.array([1.62, 0.28, -0.17, -0.27, -0.30, -0.33])


def _draw(rng: np.random.Generator, n: int, reach: Reach) -> Parameters:
    t0 = rng.uniform(reach.first, reach.last, n)
    orbit, seen = draw_seen(rng, n, reach, t0)
    mean_mag = reach.faint + np.log10(rng.uniform(10 ** (_COUNTS * (reach.bright - reach.faint)), 1, n)) / _COUNTS
    return {
        "t0": t0,
        "mean_mag": mean_mag,
        "h_mag": mean_mag - _colour(orbit)[:, 2] - seen.dimming,
        # Few that ZTF sees are new; of the faint ones that LSST sees, most.
        "known": (rng.uniform(size=n) < 0.97 / (1 + np.exp((mean_mag - 21.7) / 0.4))).astype(np.float64),
        "period": 10 ** rng.normal(0.85, 0.3, n) / 24,
        "amplitude": np.clip(rng.lognormal(np.log(0.18), 0.6, n), 0.02, 1.2),
        "phase": rng.uniform(0, 1, n),
        **orbit,
    }


def _colour(parameters: Parameters) -> Floats:
    return np.where(parameters["carbonaceous"][:, None] > 0, _CARBONACEOUS, _STONY)


def _flux(parameters: Parameters, epochs: Epochs) -> Floats:
    each = {name: epochs.of_objects(parameters[name]) for name in ("h_mag", "period", "amplitude", "phase")}
    turns = (epochs.mjd - epochs.of_objects(parameters["t0"])) / each["period"] + each["phase"]
    spinning = 0.5 * each["amplitude"] * np.sin(4 * np.pi * turns)  # two maxima a turn
    colour = _colour(parameters)[epochs.object, epochs.band]
    return flux_of_magnitude(each["h_mag"] + ephemeris(parameters, epochs).dimming + colour + spinning)


def _position(parameters: Parameters) -> tuple[Floats, Floats]:
    seen = ephemeris_at(parameters, parameters["t0"])
    return seen.ra, seen.dec


CLASS = ObjectClass(
    name="asteroid",
    title="Asteroid",
    branch="moving",
    leaf="Asteroid",
    stamp_class="asteroid",
    draw=_draw,
    flux=_flux,
    place="ecliptic",
    counterpart="none",
    share=0.2,
    source="Bowell et al. 1989; Nesvorny et al. 2015",
    once=True,
    position=_position,
)
