"""What a survey measures of simulated sources, against the truth and against real alerts."""

from dataclasses import replace
from functools import lru_cache

import numpy as np
import pytest

from jobs.simulation.blocks import Block
from jobs.simulation.classes import CLASSES
from jobs.simulation.epochs import BANDS, Epochs
from jobs.simulation.light_curves import LightCurves
from jobs.simulation.measuring import apparent_flux, measure, reference_flux
from jobs.simulation.populating import populate
from jobs.simulation.reach import LSST_REACH, ZTF_REACH
from jobs.simulation.visits import SURVEYS
from science_modules.common.photometry import flux_of_magnitude, magnitude_error, magnitude_of_flux

FIRST, LAST = 58849.0, 59580.0
REACH = {"ztf": ZTF_REACH, "lsst": LSST_REACH}
PLACE = {kind.name: place for place, kind in enumerate(CLASSES)}


@lru_cache
def curves(
    name: str, survey: str = "ztf", n: int = 256, faint: float = 20.5, days: float = LAST - FIRST
) -> LightCurves:
    first = FIRST if survey == "ztf" else 61041.0
    reach = replace(REACH[survey], first=first, last=first + days, faint=faint)
    population = populate(Block(7, name, PLACE[name], 0, n), CLASSES[PLACE[name]], reach)
    return measure(population, SURVEYS[survey], first, first + days)


@pytest.mark.parametrize("name", ["sn_ia", "rr_lyrae_ab", "qso"])
@pytest.mark.parametrize("survey", ["ztf", "lsst"])
def test_errors_are_errors(name: str, survey: str) -> None:
    """(flux - true) / error is standard normal."""
    measured = curves(name, survey)
    pull = (measured.flux - measured.true) / measured.flux_err
    assert abs(np.mean(pull)) < 0.03
    assert np.std(pull) == pytest.approx(1, abs=0.02)
    assert np.mean(np.abs(pull) > 2) == pytest.approx(0.0455, abs=0.006)


def test_errors_of_supernovae_against_magnitude_are_those_of_real_ones() -> None:
    """Medians of 13,000 detections of SN Ia of the Bright Transient Survey: 17.5 .054, 18.5 .086, 19.5 .139, 20.5 .22."""
    measured = curves("sn_ia", faint=19.2)
    flux, error = (values[measured.detected] for values in (measured.flux, measured.flux_err))
    mag, mag_err = magnitude_of_flux(np.abs(flux)), magnitude_error(flux, error)
    for middle, real in ((17.5, 0.054), (18.5, 0.086), (19.5, 0.139), (20.5, 0.22)):
        near = np.abs(mag - middle) < 0.3
        assert near.sum() > 10
        assert np.median(mag_err[near]) == pytest.approx(real, rel=0.2)


def test_supernovae_rise_above_their_reference_and_periodic_stars_are_on_both_sides() -> None:
    supernovae, stars, quasars = (curves(name) for name in ("sn_ia", "rr_lyrae_ab", "qso"))
    assert _positive(supernovae) > 0.95
    assert 0.3 < _positive(stars) < 0.6
    assert 0.35 < _positive(quasars) < 0.65


def _positive(measured: LightCurves) -> float:
    return float(np.mean(measured.flux[measured.detected] > 0))


def test_all_of_five_sigma_and_some_of_three_are_detections() -> None:
    """Of 10,200 detections in real histories 7 in 100 are below 5 sigma."""
    measured = curves("sn_ia", faint=19.2)
    ratio = np.abs(measured.flux) / measured.flux_err
    assert measured.detected[ratio >= 5].all()
    assert not measured.detected[ratio < 3].any()
    assert np.mean(ratio[measured.detected] < 5) == pytest.approx(0.07, abs=0.03)
    assert not (np.abs(curves("sn_ia", "lsst").flux) < 5 * curves("sn_ia", "lsst").flux_err)[
        curves("sn_ia", "lsst").detected
    ].any()


def test_gaps_between_detections_are_those_of_real_supernovae() -> None:
    """5, 25, 50, 75, 95 % of 26,000: 1.0, 2.0, 3.1, 6.0, 15.9 days."""
    measured = curves("sn_ia", faint=19.2)
    gaps = np.concatenate([_gaps(measured, BANDS.index(band)) for band in "gr"])
    for level, real in ((5, 1.0), (25, 2.0), (50, 3.1), (75, 6.0), (95, 15.9)):
        assert np.percentile(gaps[gaps > 0.3], level) == pytest.approx(real, rel=0.5), level


def _gaps(measured: LightCurves, band: int) -> np.ndarray:
    own = measured.detected & (measured.epochs.band == band)
    return np.diff(measured.epochs.mjd[own])[np.diff(measured.epochs.object[own]) == 0]


def test_the_reference_is_the_mean_of_a_variable_and_nothing_of_a_transient() -> None:
    stars = curves("rr_lyrae_ab")
    turn = Epochs(np.arange(257) * 400, np.tile(58300 + np.arange(400) * 0.731, 256), np.full(256 * 400, 2))
    mean = apparent_flux(stars.population, turn).reshape(256, 400).mean(axis=1)
    assert np.median(stars.reference[:, 2] / mean) == pytest.approx(1, abs=0.03)
    assert 0.02 < np.std(stars.reference[:, 2] / mean) < 0.12  # 15 frames leave some
    assert np.all(curves("sn_ia").reference == 0)
    assert np.all(stars.reference[:, BANDS.index("z")] == 0)
    assert np.array_equal(reference_flux(stars.population, SURVEYS["ztf"]), stars.reference)


def test_dust_dims_a_source_in_blue_bands_most() -> None:
    population = curves("rr_lyrae_ab").population
    without = replace(population, ebv=np.zeros_like(population.ebv))
    epochs = Epochs(np.arange(257) * 2, np.repeat(59000.0, 512), np.tile([1, 2], 256))
    lost = -2.5 * np.log10(apparent_flux(population, epochs) / apparent_flux(without, epochs)).reshape(256, 2)
    assert lost == pytest.approx(population.ebv[:, None] * np.array([3.237, 2.273]))


def test_what_saturates_is_not_measured() -> None:
    measured = curves("rr_lyrae_ab")
    source = measured.true + measured.reference[measured.epochs.object, measured.epochs.band]
    assert source.max() < flux_of_magnitude(12.5)


def test_what_is_seen_once_has_the_visit_nearest_to_its_time() -> None:
    measured = curves("asteroid")
    visits, _ = SURVEYS["ztf"].visits(7, measured.population.ra, measured.population.dec, FIRST, LAST)
    many = np.diff(measured.epochs.start)
    assert many.max() == 1
    seen = int(np.flatnonzero(many)[0])
    own = visits.mjd[visits.start[seen] : visits.start[seen + 1]]
    nearest = own[np.argmin(np.abs(own - measured.population.parameters["t0"][seen]))]
    assert measured.epochs.mjd[measured.epochs.start[seen]] == nearest


@pytest.mark.parametrize("name", ["qso", "rr_lyrae_ab"])
def test_an_object_does_not_depend_on_how_many_are_wanted_nor_on_the_span(name: str) -> None:
    whole, few = curves(name), curves(name, n=10)
    end = few.epochs.start[-1]
    assert np.array_equal(few.flux, whole.flux[:end])
    assert np.array_equal(few.detected, whole.detected[:end])
    short = curves(name, n=10, days=100.0)
    early = few.epochs.mjd < FIRST + 100
    if name == "rr_lyrae_ab":  # a quasar of another reach is another quasar
        assert np.array_equal(short.flux, few.flux[early])
    assert np.array_equal(short.epochs.mjd, few.epochs.mjd[early])
