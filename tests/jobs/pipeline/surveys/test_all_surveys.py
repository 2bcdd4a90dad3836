"""What is done once for all surveys: the same measurements, published by each, become the same view."""

import math
from typing import Any

import pytest
from survey_packets import BOTH, MJD, Measured, packet, row, view

from jobs.pipeline.surveys.survey import Survey

DAY = 86400
FIRST = 57388 + 36 / DAY  # 2016-01-01 00:00 UTC, TAI
surveys = pytest.mark.parametrize("survey", BOTH, ids=lambda survey: survey.name)
not_finite = pytest.mark.parametrize("value", [math.nan, math.inf, -math.inf])


def times(row: dict[str, Any]) -> list[float]:
    return [float(mjd) for mjd in row["lc_mjd"]]


@surveys
def test_a_light_curve_in_order_of_time_with_its_counts(survey: Survey) -> None:
    older, newer = Measured(MJD - 5, -2000.0, name=3, band="r"), Measured(MJD - 2, 3000.0, name=2)
    got = row(survey, Measured(), newer, older)
    assert times(got) == pytest.approx([MJD - 5, MJD - 2, MJD], abs=1e-8)
    assert got["lc_band"] == ["r", "g", "g"]
    assert got["lc_flux"] == pytest.approx([-2000.0, 3000.0, 1000.0], rel=1e-6)
    assert got["lc_flux_err"] == pytest.approx([100.0] * 3, rel=1e-6)
    assert (got["n_detections"], got["n_positive"], got["n_bad_history"], got["n_flagged_points"]) == (3, 2, 0, 0)
    assert (got["first_detection_mjd"], got["age_days"]) == pytest.approx((MJD - 5, 5.0), abs=1e-7)
    assert (got["mag"], got["is_positive"]) == (pytest.approx(23.9, abs=1e-6), True)


@surveys
@not_finite
def test_what_is_not_finite_is_null_and_the_alert_goes_on(survey: Survey, value: float) -> None:
    got = row(survey, Measured(flux=value, err=value, score=value))
    names = ("flux", "flux_err", "mag", "mag_err", "is_positive", "flux_total")
    assert [got[name] for name in names] == [None] * len(names)
    assert [got[name] for name in ("lc_flux", "lc_flux_err", "lc_real_bogus")] == [[None]] * 3
    assert got["n_detections"] == 1


@surveys
@not_finite
def test_a_position_that_is_not_finite_is_none(survey: Survey, value: float) -> None:
    result = view(survey, packet(survey, Measured(ra=value)), packet(survey, Measured(dec=value)))
    assert result.table["ra"].to_pylist()[0] is None
    assert result.table["dec"].to_pylist()[1] is None
    assert [result.refusals[number].reason for number in (0, 1)] == ["no_position"] * 2


@surveys
@pytest.mark.parametrize("value", [0.0, -100.0, math.nan, math.inf, None])
def test_a_flux_without_a_usable_error_stays_and_its_error_is_null(survey: Survey, value: float | None) -> None:
    got = row(survey, Measured(err=value), Measured(MJD - 1, err=value, name=2))
    assert got["lc_flux"] == pytest.approx([1000.0, 1000.0], rel=1e-6)
    assert (got["flux_err"], got["mag_err"], got["lc_flux_err"]) == (None, None, [None, None])


@surveys
@pytest.mark.parametrize(("seconds", "kept"), [(-1.0, False), (1.0, True)])
def test_the_first_valid_time_is_2016_in_utc(survey: Survey, seconds: float, kept: bool) -> None:
    alert = Measured(FIRST + seconds / DAY)
    reasons = [each.reason for each in view(survey, packet(survey, alert)).refusals.values()]
    assert reasons == ([] if kept else ["time_out_of_range"])
    got = row(survey, Measured(), Measured(FIRST + seconds / DAY, name=2))
    assert (got["n_detections"], got["n_bad_history"]) == ((2, 0) if kept else (1, 1))


@surveys
@pytest.mark.parametrize("mjd", [None, math.nan, math.inf, 0.0])
def test_an_alert_without_a_time_is_refused_and_a_point_without_one_dropped(survey: Survey, mjd: float | None) -> None:
    refused = view(survey, packet(survey, Measured(mjd))).refusals
    assert [each.reason for each in refused.values()] == ["no_time"]
    got = row(survey, Measured(), Measured(mjd, name=2))
    assert (got["n_detections"], got["n_bad_history"]) == (1, 1)


@surveys
def test_a_point_later_than_its_alert_is_impossible_and_one_of_its_exposure_is_not(survey: Survey) -> None:
    got = row(survey, Measured(), Measured(MJD + 1, name=2), Measured(MJD + 5e-7, 500.0, band="r", name=3))
    assert (got["n_detections"], got["n_bad_history"], got["lc_band"]) == (2, 1, ["g", "r"])


@surveys
def test_a_band_that_the_survey_does_not_have_is_impossible(survey: Survey) -> None:
    got = row(survey, Measured(), Measured(MJD - 1, band="w", name=2))
    assert (got["n_detections"], got["n_bad_history"]) == (1, 1)
    assert row(survey, Measured(band="w"))["band"] is None


@surveys
def test_of_one_exposure_the_alert_stays_else_the_best_score_else_the_lower_id(survey: Survey) -> None:
    own = row(survey, Measured(score=0.1), Measured(flux=7.0, name=2))
    assert own["lc_flux"] == pytest.approx([1000.0], rel=1e-6)
    earlier = [Measured(MJD - 1, 10.0 * name, name=name, score=score) for name, score in ((4, 0.6), (3, 0.8), (2, 0.8))]
    assert row(survey, Measured(), *earlier)["lc_flux"] == pytest.approx([20.0, 1000.0], rel=1e-6)
    unscored = [Measured(MJD - 1, 10.0 * name, name=name, score=None) for name in (3, 2)]
    assert row(survey, Measured(), *unscored)["lc_flux"] == pytest.approx([20.0, 1000.0], rel=1e-6)
    assert own["n_bad_history"] == 0


@surveys
def test_the_alerts_own_measurement_in_its_history_is_the_alert(survey: Survey) -> None:
    got = row(survey, Measured(name=5), Measured(MJD - 0.5, 7.0, name=5))
    assert (times(got), got["n_bad_history"]) == (pytest.approx([MJD], abs=1e-8), 0)


@surveys
def test_corrected_says_whether_there_is_a_flux_of_the_source_itself(survey: Survey) -> None:
    got = row(survey, Measured(total=5000.0), Measured(MJD - 1, total=4000.0, name=2), Measured(MJD - 2, name=3))
    assert got["lc_flux_total"] == [None, pytest.approx(4000.0, rel=1e-6), pytest.approx(5000.0, rel=1e-6)]
    assert [bool(value) for value in got["lc_corrected"]] == [False, True, True]
    assert (got["corrected"], got["flux_total"]) == (True, pytest.approx(5000.0, rel=1e-6))


@surveys
def test_no_flux_no_correction(survey: Survey) -> None:
    got = row(survey, Measured(flux=math.nan, total=math.nan))
    assert (got["corrected"], got["flux_total"]) in ((False, None), (None, None))


@surveys
def test_rejections_say_what_was_wanted_and_what_was_found(survey: Survey) -> None:
    result = view(survey, packet(survey, Measured(MJD + 9000)), packet(survey, Measured(dec=91.0)))
    time, position = (result.refusals[number].message for number in (0, 1))
    published = survey.published.time
    assert time.startswith(f"wants {published} from 57388.00042 to 62001.00000 MJD TAI at mid-exposure, found ")
    assert position.endswith("in 0 to 360 and -90 to 90 deg, found 150.0 and 91.0")
