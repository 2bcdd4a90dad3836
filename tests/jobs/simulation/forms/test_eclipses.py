"""Eclipses last as long and are as sharp as those of ellc's and PHOEBE's pairs."""

import numpy as np
import pytest

from jobs.simulation.forms.eclipses import dips, rounded

CYCLES = np.linspace(-0.25, 0.75, 10_000, endpoint=False)


def test_a_dip_begins_and_ends_with_the_contacts():
    dip = dips(CYCLES, np.full(CYCLES.shape, 0.2), np.full(CYCLES.shape, 0.3))
    near, half_turn = np.abs(CYCLES), np.abs(CYCLES - 0.5)
    assert (dip[(near > 0.1) & (half_turn > 0.1)] == 0).all()
    assert (dip[near < 0.099] > 0).all() and (dip[half_turn < 0.099] > 0).all()
    assert dip[near.argmin()] == 1 and dip[half_turn.argmin()] == pytest.approx(0.3)
    # Of 120 detached pairs of ellc: 0.37 to 0.64 of the duration.
    assert np.mean(dip > 0.5) / 0.2 == pytest.approx(0.47, abs=0.01)


# Part of the period below half the depth of the first minimum: medians of 100 pairs of ellc and 42 of PHOEBE.
@pytest.mark.parametrize(("eclipsed", "secondary", "below"), [(0.7, 0.55, 0.114), (0.4, 0.94, 0.181)])
def test_minima_are_as_narrow_as_those_of_drawn_out_stars(eclipsed, secondary, below):
    dip = rounded(CYCLES, np.full(CYCLES.shape, secondary), eclipsed)
    first = np.abs(CYCLES) < 0.25
    assert np.mean((dip > 0.5) & first) == pytest.approx(below, abs=0.02)
    assert dip.max() == pytest.approx(1) and dip.min() == pytest.approx(0, abs=1e-6)
    assert dip[np.abs(CYCLES - 0.5).argmin()] == pytest.approx(secondary)
