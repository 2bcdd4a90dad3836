"""Magnitudes lie within a survey's reach without crowding at its ends."""

import numpy as np
import pytest

from jobs.simulation.forms.brightness import draw_star_magnitudes, draw_two_sided
from jobs.simulation.reach import LSST_REACH, ZTF_REACH


@pytest.mark.parametrize("reach", [ZTF_REACH, LSST_REACH])
@pytest.mark.parametrize("above_limit", [1.0, 4.0, 7.0])
def test_no_crowd_at_the_limits(reach, above_limit):
    mag = draw_star_magnitudes(np.random.default_rng(1), 20_000, reach, above_limit)
    assert mag.min() >= reach.bright and mag.max() <= reach.faint - 0.5
    assert len(np.unique(mag)) > 19_900
    if above_limit == 4.0:
        middle = np.clip(reach.faint - 4.0, reach.bright, reach.faint)
        assert np.median(mag) == pytest.approx(middle, abs=0.1)


def test_a_two_sided_normal_has_its_widths_and_is_continuous():
    values = draw_two_sided(np.random.default_rng(2), 1.0, 2.0, 0.5, 200_000)
    below = values < 1
    assert below.mean() == pytest.approx(0.8, abs=0.01)  # 2 / (2 + 0.5): as dense on both sides of the mode
    np.testing.assert_allclose(
        [np.sqrt(((v - 1) ** 2).mean()) for v in (values[below], values[~below])], [2, 0.5], rtol=0.02
    )
