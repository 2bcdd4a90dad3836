"""Shapes have their maximum where they say, spectra are black bodies."""

import numpy as np
import pytest
from astropy import units
from astropy.modeling.physical_models import BlackBody

from jobs.simulation.epochs import Epochs
from jobs.simulation.forms.explosions import bazin, burst_flux, cooling, thermal_flux
from jobs.simulation.forms.spectra import WAVELENGTH, Template, thermal_colour


@pytest.mark.parametrize("rise, fall", [(0.5, 4.0), (4.0, 25.0), (10.0, 30.0)])
def test_bazins_form_is_one_at_maximum(rise, fall):
    days = np.linspace(-200, 400, 60001)
    light = bazin(days, np.full(len(days), rise), np.full(len(days), fall))
    assert light.max() == pytest.approx(1) and days[light.argmax()] == pytest.approx(0, abs=0.01)
    late = days > 20 * rise
    np.testing.assert_allclose(np.gradient(np.log(light[late]), days[late]), -1 / fall, rtol=1e-3)
    assert light[0] < 1e-6 or rise == 10


def test_a_burst_has_its_magnitude_at_maximum_and_the_colour_of_its_temperature():
    """Two objects of the same rest frame, at maximum in r, then 30 d later in g."""
    parameters = {
        "t0": np.array([59000.0, 59100.0]), "redshift": np.zeros(2), "peak_mag": np.array([18.0, 20.0]),
        "rise": np.full(2, 4.0), "fall": np.full(2, 25.0), "temperature": np.full(2, 10000.0),
    }  # fmt: skip
    epochs = Epochs(np.array([0, 2, 4]), np.array([59000.0, 59030, 59100, 59130]), np.array([2, 1, 2, 1]))
    flux = burst_flux(parameters, epochs, cool=5000, scale=30, blanketing=0.8)
    np.testing.assert_allclose(flux[[0, 2]], 10 ** ((31.4 - np.array([18.0, 20.0])) / 2.5), rtol=1e-3)
    days, four = np.array([0.0, 30, 0, 30]), np.full(4, 4.0)
    kelvin = 5000 + 5000 * np.exp(-days / 30)
    np.testing.assert_allclose(cooling(days, 4 * four, 10000.0, 5000, 30), kelvin)
    light = bazin(days, four, np.full(4, 25.0))
    np.testing.assert_array_equal(flux, thermal_flux(parameters, epochs, light, kelvin, 0.8))
    assert flux[1] / flux[0] == pytest.approx(flux[3] / flux[2])


def test_colours_are_astropys_black_body():
    for kelvin in (3000, 9000, 30000):
        body = BlackBody(kelvin * units.K)(WAVELENGTH * units.AA)
        ours = thermal_colour(np.full(6, float(kelvin)), WAVELENGTH, np.full(6, WAVELENGTH[2]))
        np.testing.assert_allclose(ours, (body / body[2]).value, rtol=1e-5)


def test_a_template_is_linear_between_its_points_and_dark_outside():
    template = Template(np.log(1000.0), np.log(2.0), -1.0, 2.0, np.array([[0.0, 2, 4], [0, 20, 40], [0, 200, 400]]))
    at = template.at(
        np.array([1000.0, 2000, 2000 * 2**0.5, 500, 1000, 1000]), np.array([1.0, 2.0, 1.0, 1.0, -1.1, 3.1])
    )
    np.testing.assert_allclose(at, [2, 30, 110, 2, 0, 0])
