"""The LSST adapter on packets made up to reach every branch; real packets are in test_lsst_real.py."""

from typing import Any

import pyarrow as pa
import pytest

from jobs.packets.rejections import Refusal
from jobs.pipeline.surveys.lsst import LSST
from science_modules.common.view import CUTOUTS, VIEW

MJD = 61109.1447367893
NOW = 61110.0
FLAGS = (
    "psfFlux_flag",
    "centroid_flag",
    "pixelFlags_saturatedCenter",
    "pixelFlags_crCenter",
    "pixelFlags_streakCenter",
    "glint_trail",
    "isDipole",
)

Packet = dict[str, Any]
Row = dict[str, Any]


def packet(source: Packet | None = None, **top: Any) -> Packet:
    """A packet with an unremarkable source, changed as told."""
    plain = {
        "diaSourceId": 1000,
        "diaObjectId": 7,
        "ssObjectId": 0,
        "visit": 50,
        "band": "g",
        "midpointMjdTai": MJD,
        "ra": 150.0,
        "dec": 2.0,
        "psfFlux": 1000.0,
        "psfFluxErr": 100.0,
        "reliability": 0.5,
    }
    return {"diaSourceId": 1000, "diaSource": plain | (source or {})} | top


def point(visit: int, mjd: float, flux: float | None = 500.0, **more: Any) -> Packet:
    """A history record of either kind; of the two ids a record has one."""
    ids = {"diaSourceId": visit * 10, "diaForcedSourceId": visit * 10}
    return ids | {"visit": visit, "band": "g", "midpointMjdTai": mjd, "psfFlux": flux, "psfFluxErr": 50.0} | more


def limit(exposure: int, mjd: float, noise: float = 100.0) -> Packet:
    """A non-detection limit of the 7.x schemas."""
    return {"ccdVisitId": exposure, "band": "r", "midpointMjdTai": mjd, "diaNoise": noise}


def view(*packets: Packet) -> list[Row]:
    """The packets' rows, none refused."""
    viewed = LSST.view(pa.array(packets, type=LSST.packet_type), ["10.0"] * len(packets), NOW)
    assert viewed.refusals == {}
    rows: list[Row] = viewed.table.to_pylist()
    return rows


def refusals(*packets: Packet) -> dict[int, Refusal]:
    """The packets' refusals."""
    return dict(LSST.view(pa.array(packets, type=LSST.packet_type), ["10.0"] * len(packets), NOW).refusals)


def points_of(row: Row) -> list[tuple[Any, ...]]:
    """The light curve as (mjd, kind, flux)."""
    return list(zip(row["lc_mjd"], row["lc_kind"], row["lc_flux"], strict=True))


@pytest.mark.parametrize("n", [0, 1, 3])
def test_the_table_has_the_view_the_stamps_the_candidate_and_the_schema_version(n: int) -> None:
    table = LSST.view(pa.array([packet()] * n, type=LSST.packet_type), ["9.0"] * n, NOW).table
    wanted = [column.field for column in VIEW + CUTOUTS]
    assert list(table.schema)[: len(wanted)] == wanted
    assert table.schema.names[len(wanted) :] == ["candidate", "schema_version"]
    assert table.schema.field("candidate").type == LSST.candidate
    assert table["schema_version"].to_pylist() == ["9.0"] * n


# TAI - UTC = 37 s. MJD 61109 is 2026-03-10; the dayObs of 11:59 UT is still the 9th, that of 12:01 UT the 10th.
@pytest.mark.parametrize(("after_noon", "night"), [(-60, 20260309), (-1, 20260309), (1, 20260310), (60, 20260310)])
def test_a_night_ends_at_noon_utc(after_noon: int, night: int) -> None:
    (row,) = view(packet({"midpointMjdTai": 61109.5 + (after_noon + 37) / 86400}))
    assert row["night"] == night


@pytest.mark.parametrize(
    ("source", "top", "object_id"),
    [
        ({"diaObjectId": 7, "ssObjectId": 9}, {}, "7"),
        ({"diaObjectId": 0, "ssObjectId": 9}, {}, "sso:9"),
        ({"diaObjectId": None, "ssObjectId": 9}, {"ssSource": {"ssObjectId": 8}}, "sso:9"),
        ({"diaObjectId": 0, "ssObjectId": 0}, {"ssSource": {"ssObjectId": 8}}, "sso:8"),
        ({"diaObjectId": 0, "ssObjectId": None}, {"ssObject": {"ssObjectId": 6}}, "sso:6"),
        ({"diaObjectId": 0, "ssObjectId": 0}, {}, "src:1000"),
        ({"diaObjectId": None, "ssObjectId": None}, {}, "src:1000"),
    ],
)
def test_an_object_is_named_by_its_own_id_else_the_solar_system_one_else_the_source(
    source: Packet, top: Packet, object_id: str
) -> None:
    (row,) = view(packet(source, **top))
    assert (row["alert_id"], row["object_id"]) == (1000, object_id)


@pytest.mark.parametrize(
    ("ss_object_id", "top", "known"),
    [
        (0, {}, False),
        (5, {}, True),
        (0, {"ssSource": {"ssObjectId": 5}}, True),
        (0, {"ssSource": {"ssObjectId": None}}, True),
        (None, {"ssObject": {"ssObjectId": 5}}, True),
        (None, {}, None),  # as in a schema without the association
    ],
)
def test_a_known_solar_system_object_is_yes_no_or_not_evaluated(
    ss_object_id: int | None, top: Packet, known: bool | None
) -> None:
    (row,) = view(packet({"ssObjectId": ss_object_id}, **top))
    assert row["is_known_sso"] is known
    assert row["sso_distance_arcsec"] is None


@pytest.mark.parametrize(
    "records",
    [
        {"ssSource": {"designation": "K06R37E"}},
        {"ssSource": {"designation": "2006 RE37"}},
        {"ssSource": {}, "mpc_orbits": {"unpacked_primary_provisional_designation": "2006 RE37"}},
        {"ssSource": {"designation": ""}, "mpc_orbits": {"designation": "2006 RE37"}},
        {"ssSource": {"ssObjectId": 5}, "MPCORB": {"mpcDesignation": "K06R37E"}},
    ],
)
def test_one_asteroid_has_one_name_in_whichever_record_it_stands(records: Packet) -> None:
    (row,) = view(packet(None, **records))
    assert row["sso_name"] == "2006 RE37"


def test_no_record_of_an_asteroid_no_name() -> None:
    (row,) = view(packet(None, mpc_orbits={"designation": "2006 RE37"}))
    assert (row["is_known_sso"], row["sso_name"]) == (False, None)


@pytest.mark.parametrize("flag", FLAGS)
def test_each_quality_flag_alone_spoils_an_alert(flag: str) -> None:
    clean = dict.fromkeys(FLAGS, False)
    spoilt, fine, alone = view(packet(clean | {flag: True}), packet(clean), packet({flag: True}))
    assert (spoilt["quality_ok"], fine["quality_ok"], alone["quality_ok"]) == (False, True, False)


def test_a_flag_that_the_schema_lacks_is_not_asked_but_no_flag_at_all_is_no_answer() -> None:
    before_8 = dict.fromkeys(FLAGS[:5], False)
    some, none = view(packet(before_8), packet())
    assert (some["quality_ok"], none["quality_ok"]) == (True, None)


@pytest.mark.parametrize(
    ("flag", "simulated"),
    [
        ("pixelFlags_injected", True),
        ("pixelFlags_injectedCenter", True),
        ("pixelFlags_injected_templateCenter", False),  # the fake source is in the template, not here
    ],
)
def test_injected_sources_are_called_simulated(flag: str, simulated: bool) -> None:
    told, silent = view(packet({flag: True}), packet())
    assert (told["is_simulated"], silent["is_simulated"]) == (simulated, False)


def test_negative_ids_are_the_simulators() -> None:
    told, silent = view(packet({"diaSourceId": -5}), packet({"diaSourceId": 5}))
    assert (told["is_simulated"], silent["is_simulated"]) == (True, False)


@pytest.mark.parametrize("nothing", [None, float("nan"), float("inf")])
def test_an_alert_without_a_flux_goes_on_with_null(nothing: float | None) -> None:
    (row,) = view(packet({"psfFlux": nothing, "scienceFlux": nothing, "reliability": nothing}))
    for name in ("flux", "mag", "mag_err", "is_positive", "flux_total", "real_bogus"):
        assert row[name] is None, name
    assert row["corrected"] is False
    assert points_of(row) == [(MJD, "detection", None)]
    assert (row["n_detections"], row["n_positive"], row["n_bad_history"]) == (1, 0, 0)


def test_a_flux_of_zero_has_no_magnitude_and_is_not_positive() -> None:
    (row,) = view(packet({"psfFlux": 0.0}))
    assert (row["flux"], row["mag"], row["mag_err"], row["is_positive"]) == (0.0, None, None, False)


def test_the_sign_is_that_of_the_flux_whatever_is_negative_says() -> None:
    (row,) = view(packet({"psfFlux": -1000.0, "isNegative": False, "is_negative": False}))
    # 31.4 - 2.5 log10(1000) = 31.4 - 7.5 = 23.9; 1.0857 * 100 / 1000 = 0.10857
    assert (row["flux"], row["is_positive"]) == (-1000.0, False)
    assert row["mag"] == pytest.approx(23.9)
    assert row["mag_err"] == pytest.approx(0.10857, abs=1e-5)


def test_history_is_detections_forced_points_and_limits_in_time_order() -> None:
    (row,) = view(
        packet(
            prvDiaSources=[point(40, MJD - 1), point(30, MJD - 3)],
            prvDiaForcedSources=[point(50, MJD, 900.0), point(35, MJD - 2, 1.0)],  # S/N 0.02 stays
            prvDiaNondetectionLimits=[limit(20, MJD - 4), limit(36, MJD - 1.5)],
        )
    )
    assert points_of(row) == [
        (MJD - 4, "upper_limit", None),
        (MJD - 3, "detection", 500.0),
        (MJD - 2, "forced", 1.0),
        (MJD - 1.5, "upper_limit", None),
        (MJD - 1, "detection", 500.0),
        (MJD, "detection", 1000.0),
        (MJD, "forced", 900.0),
    ]
    assert row["lc_flux_err"] == [100.0, 50.0, 50.0, 100.0, 50.0, 100.0, 50.0]
    assert row["lc_band"] == ["r", "g", "g", "r", "g", "g", "g"]
    assert (row["n_detections"], row["n_positive"], row["n_bad_history"]) == (3, 3, 0)
    assert (row["first_detection_mjd"], row["age_days"]) == (MJD - 3, pytest.approx(3.0))
    assert row["last_limit_mjd"] == MJD - 1.5


def test_one_point_per_exposure_and_band_within_a_kind_the_most_reliable() -> None:
    twice = [point(40, MJD - 1, flux, reliability=score) for flux, score in ((1.0, 0.2), (2.0, 0.9), (3.0, None))]
    other_band = point(40, MJD - 1, 4.0, band="r")
    forced = [point(40, MJD - 1, 5.0)]
    (row,) = view(packet(prvDiaSources=[*twice, other_band], prvDiaForcedSources=forced))
    assert sorted(points_of(row)[:-1], key=str) == [
        (MJD - 1, "detection", 2.0),
        (MJD - 1, "detection", 4.0),
        (MJD - 1, "forced", 5.0),
    ]
    assert (row["n_detections"], row["n_bad_history"]) == (3, 0)


def test_the_alert_is_in_its_light_curve_once_and_for_all() -> None:
    again = point(60, MJD - 1e-7, 1000.0, diaSourceId=1000, reliability=0.5)
    rival = point(50, MJD, 2000.0, reliability=0.9)
    (row,) = view(packet(prvDiaSources=[again, rival]))
    assert points_of(row) == [(MJD, "detection", 1000.0)]
    assert (row["n_detections"], row["n_bad_history"]) == (1, 0)


UNSOUND = (
    *("psfFlux_flag", "pixelFlags_bad", "pixelFlags_edge", "pixelFlags_offimage"),
    *(f"pixelFlags_{what}Center" for what in ("nodata", "saturated", "suspect", "cr", "streak")),
)


@pytest.mark.parametrize("flag", UNSOUND)
def test_a_detection_with_a_flag_against_its_flux_is_kept_apart_with_its_word(flag: str) -> None:
    [row] = view(packet(prvDiaSources=[point(40, MJD - 2, 9e6, **{flag: True}), point(41, MJD - 1, isDipole=True)]))
    assert row["lc_flag"] == [flag, None, None]
    assert row["lc_flux"] == [None, 500.0, 1000.0]
    assert row["lc_flux_flagged"] == [9e6, None, None]
    assert (row["n_detections"], row["n_flagged_points"], row["n_bad_history"]) == (3, 1, 0)
    assert row["lc_public"] == [True, True, True] and row["is_public"] is True


def test_all_words_against_a_point_are_kept_and_the_alert_is_one_of_its_points() -> None:
    [row] = view(packet({"psfFlux_flag": True, "pixelFlags_bad": True}))
    assert (row["lc_flag"], row["lc_flux"], row["flux"]) == (["psfFlux_flag pixelFlags_bad"], [None], 1000.0)


def test_points_without_a_visit_are_all_kept() -> None:
    history = [point(40, MJD - 1, flux) | {"visit": None} for flux in (1.0, 2.0)]
    assert len(view(packet(prvDiaSources=history))[0]["lc_mjd"]) == 3


@pytest.mark.parametrize(
    "bad",
    [
        point(40, MJD + 2e-6),
        point(40, float("nan")),
        point(40, 57387.0),
        point(40, MJD - 1, None),
        point(40, MJD - 1, float("nan")),
        point(40, MJD - 1, band=None),
        point(40, MJD - 1, band="clear"),
    ],
    ids=["later than the alert", "no time", "before 2016", "no flux", "NaN flux", "no band", "other band"],
)
@pytest.mark.parametrize("history", ["prvDiaSources", "prvDiaForcedSources"])
def test_an_impossible_history_point_is_dropped_and_counted(history: str, bad: Packet) -> None:
    spoilt, neighbour = view(packet() | {history: [bad, point(30, MJD - 2)]}, packet())
    assert (spoilt["n_bad_history"], len(spoilt["lc_mjd"])) == (1, 2)
    assert (neighbour["n_bad_history"], len(neighbour["lc_mjd"])) == (0, 1)


def test_a_history_point_within_a_tenth_of_a_second_of_its_alert_is_not_later() -> None:
    (row,) = view(packet(prvDiaSources=[point(40, MJD + 0.9e-6)]))
    assert (row["n_detections"], row["n_bad_history"]) == (2, 0)


@pytest.mark.parametrize("err", [None, 0.0, -1.0, float("nan")])
def test_an_error_that_is_none_is_null_and_the_point_stays(err: float | None) -> None:
    (row,) = view(packet({"psfFluxErr": err}, prvDiaSources=[point(40, MJD - 1, psfFluxErr=err)]))
    assert row["lc_flux_err"] == [None, None]
    assert (row["flux_err"], row["mag_err"], row["n_bad_history"]) == (None, None, 0)


# 5-sigma limits: 5 * 29.5 nJy is 25.98 mag, 5 * 28.5 is 26.02 mag, 5 * 80e6 is 9.9 mag.
@pytest.mark.parametrize(("noise", "kept"), [(29.5, 1), (28.5, 0), (80e6, 0), (-5.0, 0)])
def test_a_limit_outside_10_to_26_mag_is_none(noise: float, kept: int) -> None:
    (row,) = view(packet(prvDiaNondetectionLimits=[limit(40, MJD - 1, noise)]))
    assert row["lc_kind"].count("upper_limit") == kept
    assert row["n_bad_history"] == 1 - kept
    assert row["last_limit_mjd"] == (MJD - 1 if kept else None)


@pytest.mark.parametrize(
    ("told", "first"),
    [(None, MJD - 2), (float("nan"), MJD - 2), (0.0, MJD - 2), (MJD - 1, MJD - 2), (MJD - 400, MJD - 400)],
)
def test_the_first_detection_is_the_oldest_that_packet_or_survey_tells(told: float | None, first: float) -> None:
    dia_object = {"diaObjectId": 7, "nDiaSources": 12, "firstDiaSourceMjdTai": told}
    (row,) = view(packet(prvDiaSources=[point(40, MJD - 2)], diaObject=dia_object))
    assert row["first_detection_mjd"] == first
    assert row["age_days"] == pytest.approx(MJD - first)
    assert (row["n_detections"], row["n_detections_survey"]) == (2, 12)


def test_science_flux_is_the_flux_of_the_source_itself() -> None:
    total = {"scienceFlux": 5000.0, "scienceFluxErr": 70.0}
    history = {"prvDiaSources": [point(40, MJD - 1, **total)], "prvDiaForcedSources": [point(41, MJD - 2)]}
    (row,) = view(packet(total, **history))
    assert (row["flux_total"], row["flux_total_err"], row["flux_total_err_point"]) == (5000.0, 70.0, 70.0)
    assert (row["corrected"], row["dubious"], row["stellar"]) == (True, None, None)
    assert row["lc_flux_total"] == [None, 5000.0, 5000.0]
    assert row["lc_flux_total_err"] == row["lc_flux_total_err_point"] == [None, 70.0, 70.0]
    assert row["lc_corrected"] == [False, True, True]
    assert row["lc_dubious"] == [None] * 3


@pytest.mark.parametrize(
    ("source", "reason"),
    [
        ({"diaSourceId": None}, "no_id"),
        ({"diaSourceId": 0, "midpointMjdTai": None}, "no_id"),
        ({"midpointMjdTai": None}, "no_time"),
        ({"midpointMjdTai": float("nan"), "ra": None}, "no_time"),
        ({"midpointMjdTai": 57387.9}, "time_out_of_range"),
        ({"midpointMjdTai": NOW + 1.1}, "time_out_of_range"),
        ({"ra": None}, "no_position"),
        ({"ra": 360.1}, "no_position"),
        ({"dec": -90.1}, "no_position"),
        ({"dec": float("nan")}, "no_position"),
    ],
)
def test_what_cannot_be_placed_is_refused_alone(source: Packet, reason: str) -> None:
    refused = refusals(packet(), packet(source), packet())
    assert {row: refusal.reason for row, refusal in refused.items()} == {1: reason}
    assert refused[1].message.startswith("wants ")


def test_a_packet_without_a_source_is_refused_and_hurts_nobody() -> None:
    refused = refusals({"diaSource": None, "prvDiaSources": [point(40, MJD - 1), None]}, packet())
    assert {row: refusal.reason for row, refusal in refused.items()} == {0: "no_id"}


@pytest.mark.parametrize("mjd", [57388.001, NOW + 0.9])
def test_the_ends_of_the_time_range_are_taken(mjd: float) -> None:
    assert refusals(packet({"midpointMjdTai": mjd})) == {}


def test_stamps_and_candidate_pass_as_published() -> None:
    stamps = {"cutoutScience": b"s", "cutoutTemplate": b"", "cutoutDifference": None}
    (row,) = view(packet({"snr": 7.5, "parentDiaSourceId": 0}, observation_reason="ddf_cosmos", **stamps))
    assert (row["cutout_science"], row["cutout_template"], row["cutout_difference"]) == (b"s", b"", None)
    assert (row["candidate"]["snr"], row["candidate"]["parentDiaSourceId"]) == (7.5, 0)
    assert (row["candidate"]["observation_reason"], row["candidate"]["target_name"]) == ("ddf_cosmos", None)


def test_sentinels_are_fields_of_the_candidate() -> None:
    assert set(LSST.sentinels) == {"diaObjectId", "ssObjectId", "parentDiaSourceId"}
    assert set(LSST.sentinels) <= {field.name for field in LSST.candidate}


@pytest.mark.parametrize(
    ("schema", "is_lsst"),
    [
        ({"name": "alert", "namespace": "lsst.v10_0", "fields": [{"name": "diaSource"}]}, True),
        ({"name": "lsst.v7_1.alert", "fields": [{"name": "alertId"}, {"name": "diaSource"}]}, True),
        ({"name": "alert", "namespace": "ztf", "fields": [{"name": "candidate"}]}, False),
        ({"name": "alert", "namespace": "lsst.v10_0", "fields": [{"name": "candidate"}]}, False),
        ({"name": "diaSource", "namespace": "lsst.v10_0", "fields": [{"name": "diaSource"}]}, False),
        ({"type": "string"}, False),
    ],
)
def test_rubin_schemas_are_known_by_name_and_field(schema: Packet, is_lsst: bool) -> None:
    assert LSST.matches(schema) is is_lsst
