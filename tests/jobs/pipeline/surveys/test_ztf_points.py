"""The ZTF adapter on the history and the forced photometry of packets made for one question each."""

import math

import numpy as np
import pytest
from ztf_packets import JD, Row, forced, found, limit, packet, view, viewed

from science_modules.common.light_curves import light_curves


def test_counts_and_times_of_the_history() -> None:
    row = view([limit(9), found(4), found(2, isdiffpos="f"), limit(1), limit(6)])
    assert (row["n_detections"], row["n_positive"], row["n_detections_survey"]) == (3, 2, 12)
    assert row["age_days"] == pytest.approx(100.0, abs=1e-8)
    assert row["last_limit_mjd"] == pytest.approx(row["mjd"] - 1, abs=1e-8)
    assert view()["last_limit_mjd"] is None
    for absent in (None, math.nan, -999.0, 0.0, JD + 3):
        assert view([limit(9), found(4)], jdstarthist=absent)["age_days"] == pytest.approx(4.0, abs=1e-8)
    assert view(jdstarthist=JD, exptime=240.0)["age_days"] == 0.0


def test_two_detections_of_one_exposure_are_one_the_more_real() -> None:
    pair = [found(1, 1, rb=0.5, magpsf=19.0), found(1, 2, rb=0.7, magpsf=19.5)]
    for history in (pair, pair[::-1]):
        row = view(history)
        assert row["lc_real_bogus"][0] == pytest.approx(0.7)
        assert (row["n_detections"], row["n_bad_history"]) == (2, 0)
    assert view([found(1, 1), found(1, 2, fid=2)])["n_detections"] == 3  # another band
    unscored = view([found(1, 1, rb=None, magpsf=19.0), found(1, 2, rb=0.1)])
    assert unscored["lc_real_bogus"][0] == pytest.approx(0.1)


def test_the_alert_stays_in_its_light_curve_whatever_shares_its_exposure() -> None:
    row = view([found(0, 3, rb=0.99, magpsf=15.0)])
    assert row["lc_flux"] == [row["flux"]]
    assert row["n_detections"] == 1


def test_a_forced_point_and_a_limit_stay_beside_a_detection() -> None:
    row = view([found(1), limit(1)], [forced(1)])
    assert row["lc_kind"] == ["detection", "forced", "upper_limit", "detection"]
    assert row["lc_mjd"][0] == row["lc_mjd"][1] == row["lc_mjd"][2]


def test_points_of_the_alerts_exposure_share_its_middle_and_others_are_of_30_seconds() -> None:
    row = view([limit(0), limit(1)], exptime=240.0)
    assert row["lc_mjd"][1] == row["lc_mjd"][2] == row["mjd"]
    assert row["mjd"] - row["lc_mjd"][0] == pytest.approx(1 + (120 - 15) / 86400, abs=1e-9)


def test_a_limit_is_no_flux_and_a_fifth_of_it_as_error() -> None:
    row = view([limit(1, 21.4)])
    assert row["lc_flux"][0] is None
    assert row["lc_flux_err"][0] == pytest.approx(10000 / 5, rel=1e-6)  # 10 mag below 31.4
    assert (row["lc_corrected"][0], row["lc_dubious"][0], row["lc_flux_total"][0]) == (None, None, None)


def test_a_forced_point_is_counts_times_the_zero_point() -> None:
    row = view(None, [forced(1)])
    # zero point 26.4: 1 DN = 10^(0.4 * 5) = 100 nJy; distnr 0.5 arcsec: corrected with magnr 17
    assert (row["lc_flux"][0], row["lc_flux_err"][0]) == (pytest.approx(10000, rel=1e-6), pytest.approx(1000, rel=1e-6))
    assert row["lc_flux_total"][0] == pytest.approx(10000 + 10 ** (0.4 * 14.4), rel=1e-6)
    assert row["lc_real_bogus"][0] is None
    assert view(None, [forced(1, distnr=1.41)])["lc_corrected"][0] is True  # 1.41 arcsec is 1.396 pixels
    assert view(None, [forced(1, distnr=1.42)])["lc_corrected"][0] is False


def test_forced_photometry_inside_the_history_is_forced_too() -> None:
    # The archive's schema 3.5.
    assert view([forced(1)])["lc_kind"] == ["forced", "detection"]


@pytest.mark.parametrize(
    "bad",
    [found(-1), found(-1e-4), limit(-1), limit(1, -1006.9), limit(1, 9.9), limit(1, 26.1), limit(1, None),
     limit(1, math.nan), limit(1, -99999.0), found(1, magpsf=-99999.0), found(1, magpsf=math.nan),
     found(1, magpsf=None), found(1, isdiffpos=None), found(1, jd=None), found(1, jd=math.nan), found(1, jd=-99999.0),
     found(1, jd=0.0), found(1, fid=None), found(1, fid=4)],
)  # fmt: skip
def test_an_impossible_history_point_is_dropped_and_counted(bad: Row) -> None:
    row = view([found(3), bad, limit(2)])
    assert row["n_bad_history"] == 1
    assert row["lc_kind"] == ["detection", "upper_limit", "detection"]


@pytest.mark.parametrize(
    "bad",
    [forced(1, forcediffimflux=-99999.0), forced(1, forcediffimfluxunc=-99999.0), forced(1, magzpsci=None),
     forced(1, forcediffimflux=None), forced(-1)],
)  # fmt: skip
def test_an_impossible_forced_point_is_dropped_and_counted(bad: Row) -> None:
    row = view(None, [bad, forced(2)])
    assert (row["n_bad_history"], row["lc_kind"]) == (1, ["forced", "detection"])


@pytest.mark.parametrize("word", ["56", "56,57", "61", "255", "unknown"])
@pytest.mark.parametrize("inside_history", [False, True])
def test_a_forced_point_with_a_bad_status_is_kept_apart_with_its_word(word: str, inside_history: bool) -> None:
    rows = [forced(3), forced(2, forcediffimflux=50000.0, procstatus=word), forced(1, procstatus="0")]
    row = view(rows, None) if inside_history else view(None, rows)
    njy = 10 ** (0.4 * 5.0)  # of one count at zero point 26.4
    assert row["lc_kind"] == ["forced", "forced", "forced", "detection"]
    assert row["lc_flag"] == [None, f"procstatus {word}", None, None]
    assert row["lc_flux"][:3] == [pytest.approx(100 * njy), None, pytest.approx(100 * njy)]
    assert row["lc_flux_total"][1] is None
    assert row["lc_flux_flagged"] == [None, pytest.approx(50000 * njy), None, None]
    assert (row["n_flagged_points"], row["n_bad_history"]) == (1, 0)


@pytest.mark.parametrize("word", ["0", "57", None])
def test_a_forced_point_with_a_sound_status_is_a_point(word: str | None) -> None:
    row = view(None, [forced(2, procstatus=word)])
    assert (row["lc_flag"], row["n_flagged_points"]) == ([None, None], 0)
    assert row["lc_flux"][0] == pytest.approx(100 * 10**2)


def test_of_two_forced_points_of_one_exposure_the_sound_one_stays() -> None:
    for pair in ([forced(2, procstatus="56", forcediffimflux=9.0), forced(2)], [forced(2), forced(2, procstatus="56")]):
        row = view(None, pair)
        assert (row["lc_flag"], row["n_flagged_points"]) == ([None, None], 0)
        assert row["lc_flux"][0] == pytest.approx(100 * 10**2)


def test_modules_see_sound_points_only() -> None:
    table = viewed(packet(None, [forced(3), forced(2, procstatus="56")]), packet(None, [forced(1, procstatus="61")]))
    curves = light_curves(table)
    assert curves.counts.tolist() == [2, 1]
    assert np.isfinite(curves.flux).all()


@pytest.mark.parametrize(("program", "public"), [(1, True), (2, False), (3, False), (0, False), (None, None)])
def test_public_is_what_program_1_took(program: int | None, public: bool | None) -> None:
    row = view([found(3, programid=1), limit(2, programid=program)], [forced(1, programid=program)], programid=program)
    assert row["is_public"] is public
    assert row["lc_public"] == [True, public, public, public]


@pytest.mark.parametrize("bits", [-1, 1])
def test_two_points_one_bit_apart_in_time_are_one_wherever_a_bin_would_end(bits: int) -> None:
    for step in range(400):  # half-way points of a rounding to 1e-6 d lie among these
        jd = JD - 2 + step * 2.5e-9
        other = np.nextafter(jd, math.inf * bits)
        row = view([found(0, 1, jd=jd, rb=0.6), found(0, 2, jd=other, rb=0.9), limit(0, jd=jd), limit(0, jd=other)])
        assert sorted(row["lc_kind"]) == ["detection", "detection", "upper_limit"], step
        assert sorted(score or 0 for score in row["lc_real_bogus"]) == pytest.approx([0, 0.8, 0.9]), step


def test_exposures_a_tenth_of_a_second_apart_are_two() -> None:
    row = view([found(2, 1), found(2 - 1.2e-6, 2)])
    assert row["lc_kind"] == ["detection"] * 3


def test_a_large_negative_forced_flux_is_no_sentinel() -> None:
    assert view(None, [forced(1, forcediffimflux=-123456.0)])["lc_flux"][0] == pytest.approx(-12345600, rel=1e-6)


def test_history_may_be_null_or_empty() -> None:
    assert view(None)["lc_kind"] == view([])["lc_kind"] == ["detection"]
