"""Noise of resampled images: neighbours alike as the kernel says, and no more of it."""

import numpy as np
import pytest

from jobs.simulation.ztf.grain import grained, mismatched, scaled


def correlation(images, rows, cols):
    shifted = np.roll(images, (rows, cols), axis=(1, 2))
    return float(np.mean(images * shifted) / np.mean(images**2))


def test_neighbours_correlate_as_the_kernel_does_with_itself():
    noise = np.random.default_rng(1).standard_normal((200, 63, 63), dtype=np.float32)
    down, across = np.tile([0.2, -0.1, 0.05], (200, 1)), np.tile([-0.1, 0.0, 0.0], (200, 1))
    found = grained(noise, down, across)
    assert found.std() == pytest.approx(1.0, abs=0.01)
    kernel = np.array([0.05, -0.1, 0.2, 1, 0.2, -0.1, 0.05])
    for step in (1, 2, 3):
        expected = np.sum(kernel[step:] * kernel[:-step]) / np.sum(kernel**2)
        assert correlation(found, step, 0) == pytest.approx(expected, abs=0.01)
    # 2 * -0.1 / (1 + 2 * 0.01)
    assert correlation(found, 0, 1) == pytest.approx(-0.196, abs=0.01)
    assert correlation(found, 0, 2) == pytest.approx(0.01 / 1.02, abs=0.01)


def test_each_image_has_its_own_kernel():
    noise = np.random.default_rng(2).standard_normal((2, 63, 63), dtype=np.float32)
    weights = np.array([[0.0, 0.0, 0.0], [0.3, 0.0, 0.0]])
    found = grained(noise, weights, weights)
    np.testing.assert_array_equal(found[0], noise[0])
    assert np.abs(found[1] - noise[1]).max() > 0.1


def test_noise_is_that_of_the_sky_and_of_the_light_of_either_sign():
    grain = np.ones((2, 63, 63), dtype=np.float32)
    light = np.zeros_like(grain)
    light[0, 1, 2], light[1, 3, 4] = 60.0, -60.0
    scaled(grain, np.array([4.0, 9.0]), light, 5.0)
    assert grain[0, 0, 0] == 2
    assert grain[1, 0, 0] == 3
    np.testing.assert_allclose([grain[0, 1, 2], grain[1, 3, 4]], np.sqrt([16, 21]), rtol=1e-6)


def test_what_is_left_of_a_scene_is_its_share_and_its_slopes():
    row, col = np.indices((63, 63)).astype(np.float32)
    scene = np.stack([100 + 2 * row + 5 * col, 100 + 0 * row])
    left = np.ones_like(scene)
    mismatched(left, scene, np.array([0.01, 0.1], np.float32), np.array([[0.5, 0.5], [0.25, 0.25]], np.float32))
    # Within: a hundredth, twice 2 times a half, twice 5 times a quarter; at an edge there is no slope across it
    assert left[0, 20, 30] == pytest.approx(1 + 0.01 * (100 + 40 + 150) + 2 + 2.5, rel=1e-5)
    assert left[0, 0, 30] == pytest.approx(1 + 0.01 * (100 + 150) + 2.5, rel=1e-5)
    assert left[0, 20, 0] == pytest.approx(1 + 0.01 * (100 + 40) + 2, rel=1e-5)
    assert left[1] == pytest.approx(np.full((63, 63), 11), rel=1e-5)
