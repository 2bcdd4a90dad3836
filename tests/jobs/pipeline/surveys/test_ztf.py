"""The ZTF adapter on packets made for one question each, and what must hold for every batch."""

import copy
import math
from typing import Any

import numpy as np
import pyarrow as pa
import pytest

from jobs.pipeline.surveys.ztf import ZTF
from science_modules.common.light_curves import light_curves
from science_modules.common.view import CUTOUTS, VIEW

Row = dict[str, Any]
NOW = 62000.0
JD = 2460000.75  # 2023-02-25, 06:00 UT

ALERT: Row = {
    "jd": JD, "fid": 1, "pid": 2246250000015, "candid": 7, "isdiffpos": "t", "ra": 10.0, "dec": 20.0,
    "magpsf": 18.0, "sigmapsf": 0.1, "distnr": 0.5, "magnr": 17.0, "sigmagnr": 0.02, "chinr": 1.0, "sharpnr": 0.0,
    "rb": 0.8, "drb": 0.9, "nbad": 0, "ssdistnr": -999.0, "ssmagnr": -999.0, "ssnamenr": "null", "sgscore1": 0.9,
    "distpsnr1": 0.3, "ndethist": 12, "jdstarthist": JD - 100, "exptime": 30.0, "diffmaglim": 20.5,
}  # fmt: skip
FOUND: Row = {**{k: ALERT[k] for k in ("fid", "isdiffpos", "magpsf", "sigmapsf", "distnr", "magnr", "sigmagnr", "rb")},
              "diffmaglim": 20.5}  # fmt: skip
FORCED: Row = {"fid": 1, "exptime": 30.0, "magzpsci": 26.4, "forcediffimflux": 100.0, "forcediffimfluxunc": 10.0,
               "distnr": 0.5, "magnr": 17.0, "sigmagnr": 0.02}  # fmt: skip


def packet(history: list[Row] | None = None, forced: list[Row] | None = None, **changes: Any) -> Row:
    top = {k: changes.pop(k) for k in ("objectId", "candid", "publisher", "schemavsn") if k in changes}
    stamps = {f"cutout{name}": {"stampData": name.encode()} for name in ("Science", "Template", "Difference")}
    envelope = {"schemavsn": "3.3", "publisher": "ZTF (www.ztf.caltech.edu)", "objectId": "ZTF18aaaaaaa", "candid": 7}
    body = {"candidate": ALERT | changes, "prv_candidates": history, "fp_hists": forced}
    return envelope | top | body | stamps


def found(days_ago: float, candid: int = 1, **changes: Any) -> Row:
    return FOUND | {"jd": JD - days_ago, "candid": candid} | changes


def limit(days_ago: float, mag: float | None = 20.5, **changes: Any) -> Row:
    return {"jd": JD - days_ago, "fid": 1, "diffmaglim": mag} | changes


def forced(days_ago: float, **changes: Any) -> Row:
    return FORCED | {"jd": JD - days_ago} | changes


def viewed(*packets: Row) -> pa.Table:
    return ZTF.view(pa.array(list(packets), type=ZTF.packet_type), [""] * len(packets), NOW).table


def view(history: list[Row] | None = None, forced: list[Row] | None = None, **changes: Any) -> Row:
    row: Row = viewed(packet(history, forced, **changes)).to_pylist()[0]
    return row


def reason(**changes: Any) -> str | None:
    packets = pa.array([packet(**changes), packet()], type=ZTF.packet_type)
    refusals = ZTF.view(packets, ["", ""], NOW).refusals
    assert 1 not in refusals  # the neighbour is untouched
    return refusals[0].reason if refusals else None


def test_the_view_has_the_declared_columns_types_and_units() -> None:
    schema = viewed(packet()).schema
    declared = [column.field for column in VIEW + CUTOUTS]
    assert [schema.field(i) for i in range(len(declared))] == declared
    assert all(schema.field(f.name).metadata == f.metadata for f in declared)
    assert schema.names[len(declared) :] == ["candidate", "schema_version"]
    assert schema.field("candidate").type == ZTF.candidate


def test_an_empty_batch_gives_an_empty_view() -> None:
    assert viewed().num_rows == 0
    assert viewed().schema == viewed(packet()).schema


@pytest.mark.parametrize(
    ("jd", "night"), [(2460000.9993, 20230225), (2460001.0007, 20230225), (2460001.5007, 20230226)]
)
def test_the_night_is_the_utc_date_of_the_start_at_any_hour(jd: float, night: int) -> None:
    # 11:59, 12:01 and the next 00:01 UT
    assert view(jd=jd)["night"] == night


def test_an_exposure_over_midnight_belongs_to_the_night_it_began_in() -> None:
    row = view(jd=2460000.5 - 10 / 86400, exptime=240.0)
    assert row["night"] == 20230224
    assert math.floor(row["mjd"]) == 60000  # its middle is after midnight


@pytest.mark.parametrize(
    ("exptime", "half"), [(30.0, 15), (240.0, 120), (None, 15), (0.0, 15), (math.nan, 15), (-999.0, 15)]
)
def test_mjd_is_the_middle_of_the_exposure_in_tai(exptime: float | None, half: float) -> None:
    assert view(exptime=exptime)["mjd"] == pytest.approx(60000.25 + (half + 37) / 86400, abs=1e-9)


@pytest.mark.parametrize(
    ("value", "positive"),
    [("t", True), ("1", True), ("true", True), ("T", True), ("f", False), ("0", False), ("false", False), ("x", None),
     (None, None)],
)  # fmt: skip
def test_the_sign_is_isdiffpos_in_every_spelling(value: str | None, positive: bool | None) -> None:
    row = view(isdiffpos=value)
    assert row["is_positive"] is positive
    assert (row["flux"] is None) == (positive is None)
    if positive is not None:
        # 10^(0.4 * 13.4) = 229086.8 nJy
        assert row["flux"] == pytest.approx(229086.765 * (1 if positive else -1), rel=1e-6)
        assert row["flux_err"] == pytest.approx(229086.765 * 0.1 * 0.921034, rel=1e-6)


@pytest.mark.parametrize("mag", [None, math.nan, math.inf, -math.inf, -999.0, -99999.0])
def test_an_alert_without_a_magnitude_goes_on_with_flux_null(mag: float | None) -> None:
    row = view([found(1)], magpsf=mag)
    nothing = ("flux", "flux_err", "mag", "mag_err", "is_positive", "flux_total", "flux_total_err", "dubious")
    assert [row[name] for name in nothing] == [None] * len(nothing)
    assert (row["n_detections"], row["n_positive"]) == (2, 1)
    assert row["lc_flux"][-1] is None
    assert reason(magpsf=mag) is None


@pytest.mark.parametrize("sigma", [None, math.nan, -999.0, 0.0])
def test_an_alert_without_a_magnitude_error_has_flux_and_no_error(sigma: float | None) -> None:
    row = view(sigmapsf=sigma)
    assert row["flux"] is not None
    assert (row["flux_err"], row["mag_err"], row["flux_total_err"], row["flux_total_err_point"]) == (None,) * 4


def test_a_source_fainter_than_its_reference_is_never_clipped() -> None:
    # The difference is a magnitude brighter than the reference and negative.
    row = view(isdiffpos="f", magpsf=16.0)
    assert row["flux_total"] == pytest.approx(10 ** (0.4 * 14.4) - 10 ** (0.4 * 15.4), rel=1e-9)
    assert row["flux_total"] < 0


@pytest.mark.parametrize(
    ("changes", "corrected"),
    [({"distnr": 1.39}, True), ({"distnr": 1.41}, False), ({"distnr": -999.0}, False), ({"distnr": None}, None),
     ({"magnr": -999.0}, False), ({"magnr": None}, False)],
)  # fmt: skip
def test_corrected_means_a_reference_source_within_a_pixel_and_a_half(changes: Row, corrected: bool | None) -> None:
    row = view(**changes)
    assert row["corrected"] is corrected
    assert (row["flux_total"] is not None) == bool(corrected)


def test_a_reference_noisier_than_the_difference_leaves_no_point_source_error() -> None:
    row = view(sigmapsf=0.001)  # 230 nJy times 0.92, against 11,500 of the reference
    assert row["flux_total_err"] is not None
    assert row["flux_total_err_point"] is None


def test_dubious_is_negative_without_reference_or_unlike_the_first_detection_in_the_band() -> None:
    assert view()["dubious"] is False
    assert view(isdiffpos="f")["dubious"] is False  # corrected
    assert view(isdiffpos="f", distnr=5.0)["dubious"] is True
    assert view(distnr=5.0)["dubious"] is False
    assert view([found(1, distnr=5.0)])["dubious"] is True  # first not corrected, this one is
    assert view([found(1)], distnr=5.0)["dubious"] is True  # the other way round
    assert view([found(1, distnr=5.0, fid=2)])["dubious"] is False  # another band
    assert view([found(1, distnr=5.0), found(2)])["dubious"] is False  # the first in time, not in the packet
    assert view([found(1, distnr=5.0), found(2)])["lc_dubious"] == [False, True, False]
    assert view([limit(2), found(1)], [forced(3, distnr=5.0)])["lc_dubious"] == [None, None, False, False]


@pytest.mark.parametrize(
    ("changes", "stellar"),
    [({}, True), ({"sgscore1": 0.39}, False), ({"distnr": 1.5}, False), ({"distnr": -999.0}, False),
     ({"distpsnr1": 2.0}, True), ({"distpsnr1": 2.0, "sharpnr": 0.11}, False),
     ({"distpsnr1": 2.0, "sharpnr": -0.14}, False), ({"distpsnr1": 2.0, "sharpnr": -0.12}, True),
     ({"distpsnr1": 2.0, "chinr": 2.1}, False), ({"distpsnr1": -999.0}, True),
     ({"sgscore1": -999.0}, None), ({"distpsnr1": None, "sgscore1": 0.1, "chinr": 3.0}, False),
     ({"distpsnr1": 2.0, "sharpnr": None}, None), ({"distnr": None}, None)],
)  # fmt: skip
def test_stellar_goes_by_pan_starrs_then_by_shape(changes: Row, stellar: bool | None) -> None:
    assert view(**changes)["stellar"] is stellar


@pytest.mark.parametrize(("drb", "score"), [(0.0, 0.0), (None, None), (math.nan, None), (-999.0, None)])
def test_real_bogus_is_drb_or_null(drb: float | None, score: float | None) -> None:
    assert view(drb=drb)["real_bogus"] == score


@pytest.mark.parametrize(
    ("rb", "nbad", "ok"),
    [(0.55, 0, True), (0.54, 0, False), (0.8, 1, False), (None, 0, None), (0.8, None, None), (0.1, None, False),
     (None, 2, False), (math.nan, 0, None)],
)  # fmt: skip
def test_quality_needs_a_score_and_no_bad_pixel(rb: float | None, nbad: int | None, ok: bool | None) -> None:
    assert view(rb=rb, nbad=nbad)["quality_ok"] is ok


@pytest.mark.parametrize(
    ("distance", "name", "known", "written"),
    [(0.0, "594", True, "594"), (5.0, "2012QR64", True, "2012 QR64"), (1.0, "K06R37E", True, "2006 RE37"),
     (5.01, "594", False, None), (-999.0, "null", False, None), (0.0, "null", False, None), (2.0, "", False, None),
     (None, "null", None, None), (None, None, None, None), (math.nan, "594", None, None), (1.0, None, None, None)],
)  # fmt: skip
def test_a_known_solar_system_object_is_near_and_named(
    distance: float | None, name: str | None, known: bool | None, written: str | None
) -> None:
    row = view(ssdistnr=distance, ssnamenr=name)
    assert (row["is_known_sso"], row["sso_name"]) == (known, written)
    assert row["sso_distance_arcsec"] == (distance if known else None)


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


@pytest.mark.parametrize(
    ("changes", "want"),
    [({}, None), ({"candid": None}, "no_id"), ({"objectId": None}, "no_id"), ({"objectId": ""}, "no_id"),
     ({"candid": -7}, None), ({"jd": None}, "no_time"), ({"jd": math.nan}, "no_time"), ({"jd": math.inf}, "no_time"),
     ({"jd": 0.0}, "no_time"), ({"jd": -99999.0}, "no_time"), ({"jd": 1e300}, "time_out_of_range"),
     ({"jd": 2457388.4}, "time_out_of_range"), ({"jd": 2457388.6}, None), ({"jd": 2462001.4}, None),
     ({"jd": 2462001.6}, "time_out_of_range"), ({"ra": None}, "no_position"), ({"ra": math.nan}, "no_position"),
     ({"dec": -90.1}, "no_position"), ({"ra": 361.0}, "no_position"), ({"ra": -999.0}, "no_position"),
     ({"ra": 0.0, "dec": -90.0}, None), ({"objectId": None, "jd": None}, "no_id")],
)  # fmt: skip
def test_a_packet_that_cannot_be_placed_is_refused_with_its_reason(changes: Row, want: str | None) -> None:
    assert reason(**changes) == want


def test_a_packet_without_its_candidate_is_refused_and_spoils_no_other() -> None:
    packets = pa.array([packet([found(1)]) | {"candidate": None}, packet([found(1)])], type=ZTF.packet_type)
    result = ZTF.view(packets, ["", ""], NOW)
    assert result.refusals[0].reason == "no_time"
    assert set(result.refusals) == {0}
    assert result.table.slice(1).equals(viewed(packet([found(1)])))


def test_simulated_packets_say_so() -> None:
    assert view(publisher="Strix simulator")["is_simulated"] is True
    assert view(publisher="Simulated sky")["is_simulated"] is True
    assert view()["is_simulated"] is False
    assert view(publisher=None)["is_simulated"] is False


def test_the_schema_version_is_the_writers_else_the_packets() -> None:
    packets = pa.array([packet(), packet(), packet(schemavsn=None)], type=ZTF.packet_type)
    versions = ZTF.view(packets, ["4.02", "", ""], NOW).table["schema_version"].to_pylist()
    assert versions == ["4.02", "3.3", ""]


def test_stamps_and_candidate_are_passed_on_as_received() -> None:
    row = view(ssdistnr=-999.0)
    assert (row["cutout_science"], row["cutout_difference"]) == (b"Science", b"Difference")
    assert row["candidate"]["ssdistnr"] == -999.0
    assert viewed(packet() | {"cutoutTemplate": None})["cutout_template"].to_pylist() == [None]


def test_every_sentinel_names_a_candidate_field() -> None:
    assert {ZTF.candidate.get_field_index(name) for name in ZTF.sentinels} & {-1} == set()
    assert -999 in ZTF.sentinels["ssdistnr"]
    assert "null" in ZTF.sentinels["ssnamenr"]


def test_the_flat_light_curves_read_the_view() -> None:
    curves = light_curves(viewed(packet([found(2), limit(1)]), packet()))
    assert curves.counts.tolist() == [3, 1]
    assert curves.of_kind("detection").counts.tolist() == [2, 1]
    assert np.isnan(curves.flux).tolist() == [False, True, False, False]


def test_the_packets_are_left_unchanged() -> None:
    packets = [packet([found(1), found(-1)], [forced(1)])]
    array = pa.array(packets, type=ZTF.packet_type)
    before = copy.deepcopy(array.to_pylist())
    ZTF.view(array, [""], NOW)
    assert array.to_pylist() == before
