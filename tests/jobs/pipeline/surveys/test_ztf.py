"""The ZTF adapter on packets made for one question each, and what must hold for every batch."""

import copy
import math

import numpy as np
import pyarrow as pa
import pytest
from ztf_packets import NOW, Row, forced, found, limit, packet, reason, view, viewed

from jobs.pipeline.surveys.ztf import ZTF
from science_modules.common.light_curves import light_curves
from science_modules.common.view import CUTOUTS, VIEW


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
