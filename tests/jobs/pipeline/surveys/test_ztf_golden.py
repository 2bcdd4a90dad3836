"""Five real ZTF packets of five schema versions, worked out by hand from the numbers they publish."""

import math
from typing import Any

import pyarrow as pa
import pytest

from jobs.pipeline.surveys.ztf import ZTF

Row = dict[str, Any]
DAY = 86400
PER_MAG = math.log(10) / 2.5
NOW = 62000.0


def njy(mag: float) -> float:
    """AB: 3631 Jy at magnitude 0 is 10^12.56 nJy, so 1 nJy is magnitude 31.4."""
    return 10 ** (-0.4 * (mag - 31.4))


def near(value: float) -> Any:
    return pytest.approx(value, rel=2e-7)


def at(mjd: float) -> Any:
    """Within a millisecond."""
    return pytest.approx(mjd, abs=1e-8)


@pytest.fixture(scope="module")
def rows(ztf_packets: list[Row]) -> dict[int, Row]:
    """The five in the common view, by candid."""
    wanted = {622328661015010000, 2656254796215015005, -121540793515135000, 2475433850315015003, 1184159740015010017}
    chosen = {packet["candid"]: packet for packet in ztf_packets if packet["candid"] in wanted}
    if set(chosen) != wanted:
        pytest.skip(f"wants packets {sorted(wanted)}, has {sorted(chosen)}")
    viewed = ZTF.view(pa.array(list(chosen.values()), type=ZTF.packet_type), [""] * len(chosen), NOW)
    assert viewed.refusals == {}
    return {row["alert_id"]: row for row in viewed.table.to_pylist()}


def points(row: Row, kind: str) -> list[Row]:
    names = [name for name in row if name.startswith("lc_")]
    everything = [dict(zip(names, values, strict=True)) for values in zip(*(row[name] for name in names), strict=True)]
    return [point for point in everything if point["lc_kind"] == kind]


def test_a_fading_star_of_schema_3_0(rows: dict[int, Row]) -> None:
    row = rows[622328661015010000]
    # jd 2458376.828669, exptime 0.0 (an absent one that a conversion filled): 30 s; TAI - UTC = 37 s in 2018
    assert row["mjd"] == at(58376.328669 + (15 + 37) / DAY)
    assert (row["night"], row["band"], row["object_id"]) == (20180915, "g", "ZTF18abufepq")
    # isdiffpos f, magpsf 20.066746 +- 0.166647: 10^(0.4 * 11.333254) = 34143
    flux, err = -njy(20.06674575805664), njy(20.06674575805664) * 0.16664694249629974 * PER_MAG
    assert flux == pytest.approx(-34143.0, abs=0.1)
    assert (row["flux"], row["flux_err"], row["is_positive"]) == (near(flux), near(err), False)
    # distnr 0.22 px: the reference source, magnr 18.647 +- 0.016, is the same
    reference, reference_err = njy(18.64699935913086), njy(18.64699935913086) * 0.01600000075995922 * PER_MAG
    assert row["flux_total"] == near(reference + flux)
    assert row["flux_total_err"] == near(err)
    assert row["flux_total_err_point"] == near(math.sqrt(err**2 - reference_err**2))
    # The same by the published magnitude formula: e_corr = sqrt((10^-0.4m s)^2 - (10^-0.4r s_r)^2) / F
    m, s, r, s_r = 20.06674575805664, 0.16664694249629974, 18.64699935913086, 0.01600000075995922
    total = 10 ** (-0.4 * r) - 10 ** (-0.4 * m)
    e_corr = math.sqrt((10 ** (-0.4 * m) * s) ** 2 - (10 ** (-0.4 * r) * s_r) ** 2) / total
    assert row["flux_total_err_point"] / row["flux_total"] / PER_MAG == near(e_corr)
    assert (row["corrected"], row["dubious"]) == (True, False)
    assert row["stellar"] is True  # distpsnr1 0.217 arcsec, sgscore1 1.0
    assert (row["real_bogus"], row["quality_ok"]) == (None, True)  # no drb before 3.3; rb 0.797, nbad 0
    # prv_candidates: two limits, a detection (isdiffpos f), a limit
    assert row["lc_kind"] == ["upper_limit", "upper_limit", "detection", "upper_limit", "detection"]
    assert row["lc_flux_err"][0] == near(njy(20.091400146484375) / 5)
    assert row["last_limit_mjd"] == at(58373.3936806 + 52 / DAY)
    assert (row["n_detections"], row["n_positive"], row["n_detections_survey"]) == (2, 0, 8)
    assert row["first_detection_mjd"] == at(58364.4 + 52 / DAY)  # jdstarthist 2458364.9
    assert row["age_days"] == at(11.928669)
    assert (row["is_known_sso"], row["sso_name"], row["sso_distance_arcsec"]) == (False, None, None)  # ssdistnr -999


def test_an_exposure_of_240_seconds_of_schema_4_02(rows: dict[int, Row]) -> None:
    row = rows[2656254796215015005]
    # jd 2460410.7547917, exptime 240: + 120 s; history of other exposures: + 15 s
    assert row["mjd"] == at(60410.2547917 + (120 + 37) / DAY)
    assert row["lc_mjd"][0] == at(60390.3990509 + (15 + 37) / DAY)
    assert row["night"] == 20240410
    # jdstarthist 2460409.6958912 is another exposure
    assert row["age_days"] == at(60410.2547917 - 60409.1958912 + (120 - 15) / DAY)
    # distnr 1.183 px: corrected. distpsnr1 1.83 arcsec: not near; chinr 0.925 < 2, -0.13 < sharpnr 0.056 < 0.1
    assert (row["corrected"], row["stellar"], row["dubious"]) == (True, True, False)
    assert row["real_bogus"] == near(0.9999206066131592)
    assert row["lc_real_bogus"][-1] == near(0.572857141494751)  # rb, as in the history
    assert row["quality_ok"] is True  # rb 0.573 >= 0.55
    g = [p for p in points(row, "detection") if p["lc_band"] == "g"]
    # 2460409.7555208: 20.0103 +- 0.1268, magnr 19.711 at 1.381 px
    assert g[0]["lc_flux_total"] == near(njy(20.010299682617188) + njy(19.711000442504883))
    assert row["schema_version"] == "4.02"


def test_a_packet_of_2016_of_schema_1_3(rows: dict[int, Row]) -> None:
    row = rows[-121540793515135000]
    # jd 2457632.95921, no exptime: 30 s; TAI - UTC = 36 s in 2016
    assert row["mjd"] == at(57632.45921 + (15 + 36) / DAY)
    assert (row["night"], row["alert_id"], row["object_id"]) == (20160901, -121540793515135000, "ZTF18aaaaaac")
    assert row["flux"] == near(njy(15.43970012664795))
    assert (row["corrected"], row["flux_total"], row["stellar"]) == (False, None, False)  # distnr 2.05 px
    # jdstarthist is this exposure, but the packet holds a detection of jd 2457603.913
    assert row["age_days"] == pytest.approx(29.04586, abs=1e-5)
    # The packet holds several detections of exposure 2457632.95921: the alert itself is kept, once.
    same = [p for p in points(row, "detection") if p["lc_mjd"] == row["mjd"]]
    assert [p["lc_flux"] for p in same] == [row["flux"]]
    assert row["lc_mjd"] == sorted(row["lc_mjd"])


def test_an_asteroid_with_forced_photometry_of_schema_4_01(rows: dict[int, Row]) -> None:
    row = rows[2475433850315015003]
    assert (row["is_known_sso"], row["sso_name"], row["sso_distance_arcsec"]) == (True, "23895", 0.0)
    assert row["stellar"] is False  # distnr 4.1 px
    # fp_hists: 21 rows, 15 of them -99999
    assert (len(points(row, "forced")), row["n_bad_history"]) == (6, 15)
    first = points(row, "forced")[0]
    # 2460217.9497106: 61.816601 +- 126.199532 DN, zero point 26.162701
    assert first["lc_mjd"] == at(60217.4497106 + 52 / DAY)
    assert first["lc_flux"] == near(61.81660079956055 * njy(26.162700653076172))
    assert first["lc_flux_err"] == near(126.19953155517578 * njy(26.162700653076172))
    assert (first["lc_corrected"], first["lc_flux_total"], first["lc_dubious"]) == (False, None, None)  # 4.16 arcsec
    assert (row["n_detections"], row["n_positive"], row["age_days"]) == (1, 1, 0.0)


def test_a_bogus_of_schema_3_3(rows: dict[int, Row]) -> None:
    row = rows[1184159740015010017]
    assert row["flux"] == near(-njy(19.75321388244629))
    # negative, and the reference source is 7.17 px away
    assert (row["corrected"], row["dubious"], row["stellar"]) == (False, True, False)
    assert (row["flux_total"], row["flux_total_err"], row["flux_total_err_point"]) == (None, None, None)
    assert (row["real_bogus"], row["quality_ok"]) == (0.0, False)  # drb 0.0 is a score, not a missing one; rb 0.287
    assert row["lc_dubious"][-1] is True
    # jdstarthist 2458538.7568287 to jd 2458938.6597454
    assert row["age_days"] == at(399.9029167)
