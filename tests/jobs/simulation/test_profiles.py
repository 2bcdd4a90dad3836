"""Round light profiles against their formulae."""

import numpy as np
import pytest

from jobs.simulation.profiles import exponential, image, moffat


def test_a_moffat_disc_has_its_formula_and_all_its_light():
    fwhm = 4.0
    drawn = image(129, np.array([1.0]), np.array([64.0]), np.array([64.0]), moffat(fwhm))
    radius = np.arange(0, 9)
    scale = fwhm / 2 / np.sqrt(2 ** (1 / 3) - 1)
    expected = 2 / (np.pi * scale**2) * (1 + (radius / scale) ** 2) ** -3
    np.testing.assert_allclose(drawn[64, 64:73], expected, rtol=0.015)
    assert drawn[64, 66] == pytest.approx(drawn[64, 64] / 2, rel=0.015)
    assert drawn.sum() == pytest.approx(1, abs=0.003)


def test_half_of_an_exponential_disc_lies_within_its_half_light_radius():
    drawn = image(301, np.array([1.0]), np.array([150.0]), np.array([150.0]), exponential(20.0))
    down, across = np.indices(drawn.shape) - 150
    assert drawn[np.hypot(down, across) < 20].sum() == pytest.approx(0.5, abs=0.01)
    # e-folding length 20 / 1.678 = 11.92 px
    assert drawn[150, 174] / drawn[150, 162] == pytest.approx(np.exp(-12 / 11.92), rel=0.02)


def test_blurring_is_a_convolution():
    star, disc = moffat(4.0), exponential(6.0)
    point = image(101, np.array([1.0]), np.array([50.0]), np.array([50.0]), star)
    sharp = image(101, np.array([1.0]), np.array([50.0]), np.array([50.0]), disc)
    spectrum = np.fft.fft2(np.fft.ifftshift(point)) * np.fft.fft2(np.fft.ifftshift(sharp))
    convolved = np.fft.fftshift(np.fft.ifft2(spectrum).real)
    drawn = image(101, np.array([1.0]), np.array([50.0]), np.array([50.0]), disc.blurred(star))
    np.testing.assert_allclose(drawn, convolved, atol=0.015 * drawn.max())
