"""Time scales and night names, against astropy, the IERS table and the calendar."""

import datetime

import numpy as np
import pytest
from astropy.time import Time

from jobs.common.times import night_of_utc_date, tai_to_utc, utc_to_tai
from jobs.pipeline.surveys.nights import NightRule

DAY = 86400.0


@pytest.mark.parametrize(
    ("date", "offset"), [("2015-06-30", 35), ("2016-06-01", 36), ("2017-01-01", 37), ("2026-06-01", 37)]
)
def test_tai_minus_utc_is_what_bulletin_c_says(date: str, offset: int) -> None:
    mjd = Time(date, scale="utc").mjd
    assert (utc_to_tai(np.array([mjd]))[0] - mjd) * DAY == pytest.approx(offset, abs=2e-6)


def test_tai_agrees_with_astropy_over_forty_years() -> None:
    # Stops before the end of astropy's own leap-second table warns.
    mjd = np.linspace(45000.0, 61000.0, 5003)
    assert np.abs(utc_to_tai(mjd) - Time(mjd, format="mjd", scale="utc").tai.mjd).max() * DAY < 2e-6
    assert np.abs(tai_to_utc(mjd) - Time(mjd, format="mjd", scale="tai").utc.mjd).max() * DAY < 2e-6


def test_utc_survives_the_way_to_tai_and_back() -> None:
    mjd = np.linspace(57388.0, 64000.0, 1001)
    assert np.abs(tai_to_utc(utc_to_tai(mjd)) - mjd).max() * DAY < 2e-6


@pytest.mark.parametrize("bad", [np.nan, np.inf, -np.inf, -99999.0, 1e300])
def test_what_is_no_time_gives_nan_and_leaves_the_others_alone(bad: float) -> None:
    mjd = np.array([60000.25, bad])
    assert np.isnan(utc_to_tai(mjd)[1])
    assert np.isnan(tai_to_utc(mjd)[1])
    assert utc_to_tai(mjd)[0] == utc_to_tai(mjd[:1])[0]
    assert list(night_of_utc_date(mjd)) == [20230225, 0]


def test_no_times_give_no_times() -> None:
    assert len(utc_to_tai(np.array([]))) == len(night_of_utc_date(np.array([]))) == 0


def test_the_night_is_the_calendar_date_of_every_day_of_twenty_years() -> None:
    first = datetime.date(2015, 1, 1)  # MJD 57023
    expected = [int((first + datetime.timedelta(days=n)).strftime("%Y%m%d")) for n in range(7305)]
    assert night_of_utc_date(57023.0 + np.arange(7305) + 0.3).tolist() == expected


def test_a_utc_date_changes_at_midnight() -> None:
    # 2024-02-29 is MJD 60369, 2024-03-01 is 60370.
    assert night_of_utc_date(np.array([60369.9999, 60370.0])).tolist() == [20240229, 20240301]
    assert night_of_utc_date(np.array([60369.0])).dtype == np.int32


def test_day_obs_changes_at_noon_utc_not_tai() -> None:
    day_obs = NightRule(of="middle", shift_days=-0.5)
    noon = Time("2026-01-02T12:00:00", scale="utc").tai.mjd
    assert day_obs.nights(np.array([noon - 60 / DAY, noon - 1 / DAY, noon + 1 / DAY])).tolist() == [
        20260101,
        20260101,
        20260102,
    ]


def test_a_night_is_that_of_the_start_where_the_rule_says_so() -> None:
    start = np.array([60369.9999])  # an exposure over midnight
    middle = utc_to_tai(start + 0.0002)
    assert NightRule(of="start").nights(middle, start).tolist() == [20240229]
    assert NightRule(of="middle").nights(middle, start).tolist() == [20240301]
    with pytest.raises(ValueError, match=r"wants Read\.start_utc"):
        NightRule(of="start").nights(middle)
