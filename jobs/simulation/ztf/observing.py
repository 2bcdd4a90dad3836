"""From light curves and chosen visits to alerts: surroundings, seeing, and what the pipeline measures."""

from dataclasses import replace

import numpy as np

from jobs.simulation.epochs import BANDS
from jobs.simulation.light_curves import LightCurves
from jobs.simulation.solar_system.ephemeris import ephemeris_at
from jobs.simulation.solar_system.orbits import ELEMENTS
from jobs.simulation.visits.ztf import place_on_camera
from jobs.simulation.ztf.alerted import PIXEL_ARCSEC, REPORTED_OVER_TRUE, Alerted
from jobs.simulation.ztf.counterparts import draw_counterparts
from jobs.simulation.ztf.measured import measured
from jobs.simulation.ztf.neighbours import REFERENCE_LIMIT, catalogued, is_extended, nearest, nearest_reference
from jobs.simulation.ztf.scenes import Floats, Ints, Sources, surroundings
from science_modules.common.photometry import (
    MAG_OF_RELATIVE_ERROR,
    error_of_limit,
    flux_of_magnitude,
    magnitude_of_flux,
)

_DARK = 1.0  # less than that is nothing to anybody [nJy]
_G, _R = BANDS.index("g"), BANDS.index("r")
_CENTROID_PX = 0.6  # error of a position times the signal-to-noise: stars and nuclei lie 0.21 arcsec away in the median
_HALF_TRUSTED = 15.0  # signal-to-noise at which a reported width counts as much as the exposure's
_GROUPS = {"star": "star", "quasar": "nucleus", "nucleus": "nucleus", "host": "host", "none": "none"}


def observed(curves: LightCurves, visit: Ints) -> Alerted:
    """Alerts at some visits.

    Parameters
    ----------
    curves : LightCurves
    visit : numpy.ndarray of int64, shape (n,)
        Visits that make an alert.
    """
    population = curves.population
    owner = curves.epochs.object[visit]
    sources = _sources(curves, visit, owner)
    rng = population.block.generator("detections")
    listed = catalogued(sources)
    detections = _detections(rng, curves, visit, owner, listed)
    x, y = place_on_camera(population.ra[owner], population.dec[owner])[2:]
    seeing = _seeing(curves, visit, detections)
    template = np.clip(2.2 * rng.lognormal(0, 0.12, len(visit)), 1.7, 3.2)
    trail = _trail(curves, visit, owner)
    return Alerted(curves, visit, sources, listed, detections, seeing, template, np.stack([x, y], axis=1), trail)


def _sources(curves: LightCurves, visit: Ints, owner: Ints) -> Sources:
    """Around each alert: what stands around its object, the counterpart as far off as the alert's position errs."""
    objects, of = np.unique(owner, return_inverse=True)
    rng = curves.population.block.generator("surroundings")
    around = surroundings(rng, curves.population.ra[objects], curves.population.dec[objects])
    sources = _counterparts(rng, curves, objects).with_these(around).of_alerts(of)
    signal = np.abs(curves.flux[visit]) / curves.flux_err[visit]
    off = rng.standard_normal((2, len(visit))) * _CENTROID_PX * PIXEL_ARCSEC / signal
    east, north = np.where(sources.central, off[:, sources.owner], 0)
    return replace(sources, east=sources.east + east, north=sources.north + north)


def _counterparts(rng: np.random.Generator, curves: LightCurves, objects: Ints) -> Sources:
    flux = curves.reference[objects]
    reference = magnitude_of_flux(flux)
    mag = np.where(flux[:, _R] > _DARK, reference[:, _R], np.inf)
    g_r = np.where(np.isfinite(mag) & (flux[:, _G] > _DARK), reference[:, _G] - reference[:, _R], 0.5)
    return draw_counterparts(rng, curves.population, objects, mag, g_r)


def _detections(
    rng: np.random.Generator, curves: LightCurves, visit: Ints, owner: Ints, listed: Sources
) -> dict[str, Floats]:
    """Columns of `measured.DETECTION` for all visits, by what stands in the reference image at the place."""
    kind = curves.population.kind
    group = "bogus" if kind.branch == "bogus" else _GROUPS[kind.counterpart]
    magnr, distnr = nearest_reference(listed, len(visit))
    first = np.full(len(curves.population.number), 0)
    first[owner[::-1]] = np.arange(len(visit))[::-1]
    of_object = curves.epochs.of_objects(first)
    known = {
        "magpsf": magnitude_of_flux(np.maximum(np.abs(curves.flux), 1e-3)),
        "diffmaglim": curves.conditions.limit,
        "magnr": magnr[of_object],
        "log_distnr": np.log10(np.maximum(distnr[of_object], 1e-3)),
        "starness": _starness(rng, listed, len(visit))[of_object],
    }
    drawn = measured()[group].draw(rng, known)
    if "log_sigmapsf" in drawn:
        of_limit = (
            MAG_OF_RELATIVE_ERROR * error_of_limit(known["diffmaglim"], 0.0) / flux_of_magnitude(known["magpsf"], 0.0)
        )
        drawn["log_error_ratio"] = drawn["log_sigmapsf"] - np.log10(of_limit)
    return {**drawn, **known}


def _starness(rng: np.random.Generator, listed: Sources, n: int) -> Floats:
    """Whether the nearest source of the reference image looks like a star (1) or a galaxy (0), shape (n,)."""
    index, has = nearest(listed, n, listed.mag < REFERENCE_LIMIT)
    extended = np.append(is_extended(listed), False)[np.where(has, index, -1)]
    return np.where(extended, rng.uniform(0.0, 0.3, n), rng.uniform(0.93, 1.0, n))


def _seeing(curves: LightCurves, visit: Ints, detections: dict[str, Floats]) -> Floats:
    """Full width at half maximum in the image [px].

    That which is reported of a detection is a faint one's noise more than its width: it counts as its signal allows, the
    seeing of the exposure for the rest.
    """
    reported = detections["fwhm"][visit] / REPORTED_OVER_TRUE
    exposure = curves.conditions.fwhm[visit] / PIXEL_ARCSEC
    signal = np.abs(curves.flux[visit]) / curves.flux_err[visit]
    trusted = signal / (signal + _HALF_TRUSTED)
    return np.clip(reported**trusted * exposure ** (1 - trusted), 1.6, 5.0)


def _trail(curves: LightCurves, visit: Ints, owner: Ints) -> Floats:
    """Motion during the exposure, east and north [px]."""
    population = curves.population
    if population.kind.branch != "moving":
        return np.zeros((len(visit), 2))
    elements = {name: population.parameters[name][owner] for name in (*ELEMENTS, "slope")}
    seen = ephemeris_at(elements, curves.epochs.mjd[visit])
    hours = curves.conditions.exposure[visit] / 3600
    return np.stack([seen.east * hours, seen.north * hours], axis=1) / PIXEL_ARCSEC
