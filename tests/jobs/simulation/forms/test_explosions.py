"""Shapes have their maximum where they say, spectra are black bodies."""

import numpy as np
import pytest
from astropy import units
from astropy.modeling.physical_models import BlackBody

from jobs.simulation.forms.explosions import bazin
from jobs.simulation.forms.spectra import WAVELENGTH, Template, thermal_colour


@pytest.mark.parametrize("rise, fall", [(0.5, 4.0), (4.0, 25.0), (10.0, 30.0)])
def test_bazins_form_is_one_at_maximum(rise, fall):
    days = np.linspace(-200, 400, 60001)
    light = bazin(days, np.full(len(days), rise), np.full(len(days), fall))
    assert light.max() == pytest.approx(1) and days[light.argmax()] == pytest.approx(0, abs=0.01)
    late = days > 20 * rise
    np.testing.assert_allclose(np.gradient(np.log(light[late]), days[late]), -1 / fall, rtol=1e-3)
    assert light[0] < 1e-6 or rise == 10


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
