"""Light curves, and times and positions in words."""

import itertools
import math

import numpy as np
import pytest
from astropy.coordinates import SkyCoord
from astropy.time import Time
from matplotlib.figure import Figure

from jobs.archive.alert import Alert, Curve, alerts_of, merged
from jobs.archive.find import find_object
from jobs.archive.words import flux, iso_utc, magnitude, number, sexagesimal, utc_to_the_second, with_error
from jobs.reports.pictures.light_curve import difference, draw_small, magnitude_ticks, total


def curve(points):
    """mjd, band, kind, flux, err, total to a Curve."""
    columns = list(zip(*points, strict=True))
    floats = [np.array(columns[n], dtype=np.float64) for n in (0, 3, 4, 5)]
    return Curve(floats[0], np.array(columns[1]), np.array(columns[2]), floats[1], floats[2], floats[3], floats[2])


def alert(mjd, alert_id, points):
    return Alert({"mjd": mjd, "alert_id": alert_id}, curve(points), ())


def slow_merge(alerts):
    """Point by point: keep one unless a newer packet has its band and kind within 5 s."""
    kept = []
    for one in sorted(alerts, key=lambda each: (-each.facts["mjd"], each.facts["alert_id"])):
        own = one.curve
        fresh = [
            n
            for n in range(len(own))
            if not any(
                abs(own.mjd[n] - mjd) <= 5 / 86400 and band == own.band[n] and kind == own.kind[n]
                for mjd, band, kind, _ in kept
            )
        ]
        kept += [(own.mjd[n], str(own.band[n]), str(own.kind[n]), own.flux[n]) for n in fresh]
    return sorted(kept)


def test_an_objects_light_curve_has_every_exposure_once_from_its_newest_packet():
    rng = np.random.default_rng(3)
    times = 60000 + np.sort(rng.uniform(0, 20, 30))
    alerts = []
    for number_, stop in enumerate((12, 20, 30)):
        chosen = [n for n in range(stop) if rng.uniform() < 0.8] + [stop - 1]
        points = [
            (
                times[n] + rng.uniform(-1, 1) / 86400,
                "gr"[n % 2],
                ("detection", "upper_limit", "forced")[n % 3],
                n + number_ / 10,
                1,
                n,
            )
            for n in sorted(set(chosen))
        ]
        alerts.append(alert(times[stop - 1], number_, points))
    joined = merged(alerts[::-1])
    found = sorted(zip(joined.curve.mjd, joined.curve.band, joined.curve.kind, joined.curve.flux, strict=True))
    assert [tuple(map(str, each)) for each in found] == [tuple(map(str, each)) for each in slow_merge(alerts)]
    assert np.all(np.diff(joined.curve.mjd) >= 0)
    assert joined.facts["alert_id"] == 2


def test_one_packet_alone_is_left_as_it_is(night_out, science):
    one = alerts_of(find_object(night_out, science.object_id.iloc[3]))[0]
    assert np.array_equal(merged([one]).curve.mjd, one.curve.mjd)


def test_a_curve_is_the_packets_own(night_out, science):
    row = science.iloc[11]
    (own,) = [each for each in alerts_of(find_object(night_out, row.object_id)) if each.key[1] == row.alert_id]
    assert own.curve.mjd.tolist() == list(row.lc_mjd)
    assert own.curve.kind.tolist() == list(row.lc_kind)
    expected = [math.nan if value is None else value for value in row.lc_flux]
    assert np.array_equal(own.curve.flux, expected, equal_nan=True)


def test_a_limit_stands_at_five_sigma_and_a_negative_difference_below_zero():
    points = [(1.0, "g", "upper_limit", math.nan, 20.0, math.nan), (2.0, "g", "detection", -300.0, 10.0, 700.0)]
    series = difference(curve(points))
    assert series.y.tolist() == [100.0, -300.0]
    assert series.span[0] < -310
    assert series.span[1] > 0
    assert total(curve(points)).y.tolist() == [700.0]
    assert total(curve(points[:1])) is None


def test_a_shallow_limit_does_not_set_the_axis():
    points = [(1.0, "r", "upper_limit", math.nan, 440e3, math.nan), (2.0, "g", "upper_limit", math.nan, 4e3, math.nan)]
    points += [(3.0, "g", "detection", 99.6e3, 5e3, math.nan), (4.0, "r", "forced", 40e3, 5e3, math.nan)]
    series = difference(curve(points))
    assert 104.6e3 < series.span[1] < 130e3
    assert series.inside.tolist() == [False, True, True, True]
    assert series.unit == (1e3, "µJy")
    only = difference(curve(points[:1]))
    assert only.inside.tolist() == [True]
    assert only.unit == (1e6, "mJy")
    axes = Figure().add_axes((0, 0, 1, 1))
    draw_small(axes, alert(4.0, 1, points))
    assert [tick.get_text() for tick in axes.get_yticklabels()] == ["100", "0", "20"]


@pytest.mark.parametrize(("low", "high"), [(0, 3e6), (1e4, 1.1e4), (-5e6, 2e5), (0, 30)])
def test_magnitude_ticks_lie_in_the_frame_and_apart(low, high):
    fluxes = [10 ** (-0.4 * (mag - 31.4)) for mag in magnitude_ticks(low, high)]
    assert 2 <= len(fluxes) <= 9 or low < 0
    assert all(max(low, 0) <= each <= high * 1.0001 for each in fluxes)
    assert all(first - second > (high - low) / 8 for first, second in itertools.pairwise(fluxes))
    assert magnitude_ticks(-5, -1) == []


def test_times_are_utc_as_astropy_says():
    after_a_leap_second = 57754.00041
    for mjd in (after_a_leap_second, 58849.5, 60235.217, 61109.999999):
        assert iso_utc(mjd) == f"{Time(mjd, format='mjd', scale='tai', precision=0).utc.iso} UTC"
        if mjd != after_a_leap_second:
            assert f"{utc_to_the_second(mjd)} UTC" == iso_utc(mjd)
    assert iso_utc(math.nan) == utc_to_the_second(math.nan) == "time not known"


@pytest.mark.parametrize(
    ("ra", "dec"), [(0.8142795, 16.1456829), (359.99999999, -0.0001), (187.5, -89.999999), (15, 0)]
)
def test_positions_are_sexagesimal_as_astropy_says(ra, dec):
    position = SkyCoord(ra, dec, unit="deg")
    hours = position.ra.to_string(unit="hourangle", precision=2, pad=True)
    degrees = position.dec.to_string(precision=1, alwayssign=True, pad=True)
    text = sexagesimal(ra, dec).replace("−", "-").replace("°", "d").replace("′", "m").replace("″", "s")
    assert text == f"{hours} {degrees}".replace("24h", "00h")


def test_numbers_say_what_is_not_known():
    assert number(None) == number(math.nan) == "–"
    assert (number(True), number(3), number(1234567.8), number(-0.00123)) == ("yes", "3", "1,234,568", "−0.00123")
    assert with_error(21.25431, 0.02622, "mag") == "21.254 ± 0.026 mag"
    assert with_error(2963990.0, 104962.0) == "2,963,990 ± 104,962"
    assert with_error(1.0, None) == "1"
    assert flux(-12270.0, 290.0) == "−12.27 ± 0.29 µJy"
    assert flux(None) == "–"
    assert magnitude(3631e9) == pytest.approx(0, abs=1e-3)  # AB: 3631 Jy is magnitude 0
