"""Which points of an alert the features are made of."""

from collections.abc import Sequence
from typing import Any

import numpy as np
import pyarrow as pa
import pytest
from views import Point, light_curves

from science_modules.alerce_features.curves import Curves, curves
from science_modules.common.alert_batch import AlertBatch
from science_modules.common.photometry import error_of_limit, flux_of_magnitude

G20 = float(flux_of_magnitude(20.0))


def found(*alerts: Sequence[Point], survey: str = "ztf", corrected: bool = False, **lists: Any) -> Curves:
    n = len(alerts)
    columns = {"survey": pa.array([survey] * n), "corrected": pa.array([corrected] * n)}
    return curves(AlertBatch(pa.table({**columns, **light_curves(alerts, **lists)})))


def test_magnitudes_of_both_signs_in_g_and_r_with_times_from_the_first_of_either() -> None:
    alert = [(60001.0, "r", -G20, G20 / 10), (60002.0, "i", G20, 1.0), (60003.0, "g", G20 / 100, G20 / 1000)]
    both = found(alert, alert)
    assert both.offsets.tolist() == [0, 1, 2, 3, 4]
    assert both.time.tolist() == [2.0, 0.0, 2.0, 0.0]
    assert both.mag[:2] == pytest.approx([25.0, 20.0]) and both.err[:2] == pytest.approx([0.10857362] * 2)
    assert both.sign[:2].tolist() == [1.0, -1.0]
    assert both.diff_mag.tolist() == both.mag.tolist()


def test_a_corrected_object_has_the_magnitude_of_the_source_and_keeps_that_of_the_difference() -> None:
    points = [(60001.0, "g", -G20, G20 / 10), (60002.0, "g", G20, G20 / 10)]
    total = {"lc_flux_total": [[100 * G20, None]], "lc_flux_total_err": [[G20, G20]]}
    one = found(points, corrected=True, **total)
    assert one.mag == pytest.approx([15.0]) and one.diff_mag == pytest.approx([20.0])
    assert one.err == pytest.approx([0.010857362]) and one.diff_err == pytest.approx([0.10857362])


@pytest.mark.parametrize(("flux", "error"), [(0.0, 1.0), (None, 1.0), (G20, 0.0), (G20, G20), (np.inf, 1.0)])
def test_what_has_no_magnitude_with_an_error_below_one_is_left_out(flux: float | None, error: float) -> None:
    assert found([(60001.0, "g", flux, error), (60002.0, "g", G20, G20 / 10)]).counts.tolist() == [[1, 0]]


def test_a_low_real_bogus_score_is_left_out_of_ztf_alone() -> None:
    points = [(60001.0 + day, "g", G20, G20 / 10) for day in range(3)]
    scores = {"lc_real_bogus": [[0.54, 0.55, None]]}
    assert found(points, **scores).counts.tolist() == [[2, 0]]
    assert found(points, survey="lsst", **scores).counts.tolist() == [[3, 0]]


def test_limits_are_upper_limits_and_only_without_any_the_faint_forced_points() -> None:
    limit, faint = float(error_of_limit(20.5)), float(error_of_limit(21.5))
    points = [(60000.0, "g", None, limit), (60001.0, "g", faint, faint), (60002.0, "g", 9 * faint, faint)]
    points += [(60003.0, "g", G20, G20 / 10)]
    kinds = ["upper_limit", "forced", "forced", "detection"]
    assert found(points, lc_kind=[kinds]).limit_mag == pytest.approx([20.5])
    without = found(points[1:], lc_kind=[kinds[1:]])
    assert without.limit_mag == pytest.approx([21.5]) and without.limit_time.tolist() == [-2.0]


def test_eligible_is_six_in_g_or_six_in_r_and_not_six_in_all() -> None:
    def alert(n_g: int, n_r: int) -> list[Point]:
        return [(60000.0 + i, "gr"[i >= n_g], G20, G20 / 10) for i in range(n_g + n_r)]

    all_of_them = found(alert(6, 0), alert(5, 5), alert(0, 6), [])
    assert all_of_them.eligible.tolist() == [True, False, True, False]
    kept = all_of_them.select(all_of_them.eligible)
    assert kept.offsets.tolist() == [0, 6, 6, 6, 12] and kept.time.tolist() == [*range(6), *range(6)]
