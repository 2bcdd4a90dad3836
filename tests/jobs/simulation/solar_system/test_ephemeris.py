"""Two-body motion against ERFA's planets, light against the formulae by hand."""

import erfa
import numpy as np
import pytest

from jobs.simulation.epochs import Epochs
from jobs.simulation.solar_system.earth import earth
from jobs.simulation.solar_system.ephemeris import ephemeris, ephemeris_at, phase_dimming
from jobs.simulation.solar_system.orbits import eccentric_anomaly

# Standish 1992, Keplerian elements of Mars at J2000 (1800 to 2050), moved to 2020-01-01 by their rates.
_CENTURIES = 0.2
_MARS = {
    "a": 1.52371034,
    "e": 0.09339410 + 0.00007882 * _CENTURIES,
    "inclination": 1.84969142 - 0.00813131 * _CENTURIES,
    "node": 49.55953891 - 0.29257343 * _CENTURIES,
    "perihelion": -23.94362959 + 0.44441088 * _CENTURIES - 49.55953891 + 0.29257343 * _CENTURIES,
    "mean_anomaly": -4.55343205 + 19140.30268499 * _CENTURIES + 23.94362959 - 0.44441088 * _CENTURIES,
    "epoch": 51544.5 + 36525 * _CENTURIES,
    "slope": 0.15,
}


def _bodies(n, **elements):
    return {name: np.full(n, float(value)) for name, value in (_MARS | elements).items()}


def test_mars_stands_where_erfa_has_it():
    mjd = np.linspace(58300, 59400, 50)
    seen = ephemeris_at(_bodies(50), mjd)
    mars, home = erfa.plan94(2400000.5, mjd, 4)["p"], erfa.epv00(2400000.5, mjd)[0]["p"]
    ra, dec = erfa.c2s(mars - home)
    # Mars moves 90 arcsec in the light time, Jupiter pulls by as much; a wrong sign or frame would be degrees.
    np.testing.assert_allclose(np.cos(np.radians(seen.ra) - ra), 1, atol=3e-7)
    np.testing.assert_allclose(seen.dec, np.degrees(dec), atol=0.05)
    np.testing.assert_allclose(seen.earth_au, np.linalg.norm(mars - home, axis=1), rtol=5e-4)


def test_the_earth_between_two_days_is_erfas():
    mjd = np.array([58000.1, 58765.432, 60321.987])
    place, speed = earth(mjd)
    truth = erfa.epv00(2400000.5, mjd)[0]
    np.testing.assert_allclose(place, truth["p"], atol=1e-8)
    np.testing.assert_allclose(speed, truth["v"], atol=1e-8)
    with pytest.raises(ValueError, match="asked for 50000"):
        earth(np.array([50000.0]))


def test_motion_is_the_change_of_place():
    bodies = _bodies(4, a=2.6, e=0.2, inclination=12)
    step = 0.01
    times = np.linspace(58300, 59400, 4)
    before, at, after = (ephemeris_at(bodies, times + shift) for shift in (-step, 0, step))
    hours = 2 * step * 24
    east = ((after.ra - before.ra + 180) % 360 - 180) * np.cos(np.radians(at.dec)) * 3600 / hours
    np.testing.assert_allclose(at.east, east, atol=0.02)
    np.testing.assert_allclose(at.north, (after.dec - before.dec) * 3600 / hours, atol=0.02)
    assert (np.hypot(at.east, at.north) < 100).all()


def test_a_body_on_a_circle_at_opposition():
    """At 2 au, in the ecliptic, behind the Earth: elongation 180, dimming 5 log10(2 x 1), motion backwards."""
    mjd = np.array([58940.0])
    x, y, z = earth(mjd + 32.184 / 86400)[0][0]
    longitude = np.degrees(np.arctan2(y / np.cos(np.radians(23.4393)), x))
    seen = ephemeris_at(
        _bodies(1, a=2, e=0, inclination=0, node=0, perihelion=0, mean_anomaly=longitude, epoch=mjd[0]), mjd
    )
    assert seen.elongation[0] > 179.9 and seen.phase_angle[0] < 0.1
    assert seen.earth_au[0] == pytest.approx(2 - np.sqrt(x * x + y * y + z * z), abs=1e-4)
    assert seen.dimming[0] == pytest.approx(5 * np.log10(2 * seen.earth_au[0]), abs=0.02)
    backwards = np.degrees(2 * np.pi / 365.25 * (1 - 2**-0.5) / seen.earth_au[0]) * 3600 / 24
    assert np.hypot(seen.east, seen.north)[0] == pytest.approx(backwards, rel=0.03) and seen.east[0] < 0


def test_phase_dimming_is_the_papers():
    # By hand: tan 10 deg = 0.1763, so 0.85 x 0.3277 + 0.15 x 0.7985 = 0.3983 at 20 deg.
    np.testing.assert_allclose(phase_dimming(np.array([0.0, 5, 20]), np.full(3, 0.15)), [0, 0.42, 1.0], atol=0.02)


def test_keplers_equation_holds():
    e, mean = (grid.ravel() for grid in np.meshgrid([0.0, 0.2, 0.7, 0.97], np.linspace(-9, 9, 301)))
    anomaly = eccentric_anomaly(mean, e)
    np.testing.assert_allclose(np.exp(1j * (anomaly - e * np.sin(anomaly))), np.exp(1j * mean), atol=1e-12)


def test_bodies_at_their_epochs_are_bodies_at_times():
    bodies = {name: np.array([values[0], values[0] * 1.01]) for name, values in _bodies(1, epoch=58500).items()}
    epochs = Epochs(np.array([0, 1, 3]), np.array([58400.0, 58600, 58700]), np.zeros(3, np.int64))
    both = ephemeris(bodies, epochs)
    alone = ephemeris_at({name: values[1:] for name, values in bodies.items()}, np.array([58700.0]))
    assert both.ra[2] == alone.ra[0] and len(both.ra) == 3
