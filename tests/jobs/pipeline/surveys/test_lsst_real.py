"""The LSST adapter on real Rubin packets: golden values by hand, and a slow per-alert loop over all of them."""

import datetime
import io
import math
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import astropy.units as u
import fastavro
import numpy as np
import pyarrow as pa
import pytest
from astropy.coordinates import BarycentricMeanEcliptic, SkyCoord
from rubin_packets import Packet, alert_schema, lsst_alerts, packet_of

from jobs.pipeline.surveys.lsst import LSST
from science_modules.common.view import VIEW_NAMES

__all__ = ["lsst_alerts"]
Row = dict[str, Any]

NOW = 61300.0


def view(packets: list[Packet]) -> pa.Table:
    """The table of packets of which none is refused."""
    viewed = LSST.view(pa.array(packets, type=LSST.packet_type), [""] * len(packets), NOW)
    assert viewed.refusals == {}
    return viewed.table


@pytest.fixture(scope="module")
def packets(lsst_alerts: Path) -> dict[int, Packet]:
    """All real packets by diaSourceId: four container versions and the wire format."""
    found = [*_in_containers(lsst_alerts), *_on_the_wire(lsst_alerts)]
    return {packet["diaSource"]["diaSourceId"]: packet for packet in found}


@pytest.fixture(scope="module")
def rows(packets: dict[int, Packet]) -> dict[int, Row]:
    """Their rows, of one batch, by alert_id."""
    return {row["alert_id"]: row for row in view(list(packets.values())).to_pylist()}


def _in_containers(directory: Path) -> Iterator[Packet]:
    for path in sorted(directory.glob("lsst_v*.avro")):
        with path.open("rb") as file:
            yield from (packet_of(packet) for packet in fastavro.reader(file))


def _on_the_wire(directory: Path) -> Iterator[Packet]:
    for path in sorted((directory / "wire").glob("*.avro")):
        message = path.read_bytes()
        major, minor = divmod(int.from_bytes(message[1:5], "big"), 100)
        schema = alert_schema(directory, f"{major}.{minor}")
        yield packet_of(fastavro.schemaless_reader(io.BytesIO(message[5:]), schema, None))


# --- golden values, worked out by hand from the fields of the packets ---


def test_a_deep_drilling_alert_of_schema_10_has_the_values_worked_out_by_hand(rows: dict[int, Row]) -> None:
    row = rows[170112044513624125]
    assert (row["survey"], row["object_id"], row["band"]) == ("lsst", "170094457607684142", "g")
    assert (row["ra"], row["dec"]) == (150.0556106191887, 1.2008645937262221)
    # MJD 61109 is 2026-03-10; 0.1447 - 0.5 is the day before. visit 2026030900026.
    assert (row["mjd"], row["night"]) == (61109.1447367893, 20260309)
    assert (row["flux"], row["flux_err"], row["is_positive"]) == (6055.0693359375, 345.219482421875, True)
    # log10(6055.0693) = 3.7821191; 31.4 - 2.5 * 3.7821191 = 21.944702; 1.0857362 * 345.21948 / 6055.0693 = 0.0619015
    assert row["mag"] == pytest.approx(21.944702, abs=1e-6)
    assert row["mag_err"] == pytest.approx(0.0619015, abs=1e-7)
    assert (row["flux_total"], row["flux_total_err"]) == (107044.3671875, 348.6457824707031)
    assert (row["corrected"], row["dubious"], row["stellar"]) == (True, None, None)
    assert (row["real_bogus"], row["quality_ok"]) == (0.6204076409339905, True)
    assert (row["n_detections"], row["n_positive"], row["n_detections_survey"], row["n_bad_history"]) == (2, 2, 2, 0)
    # 61109.1447367893 - 61105.117474815896 = 4.027261973404
    assert row["first_detection_mjd"] == 61105.117474815896
    assert row["age_days"] == pytest.approx(4.027261973, abs=1e-9)
    assert (row["last_limit_mjd"], row["is_known_sso"], row["sso_name"]) == (None, False, None)
    # The forced point is of the alert's own visit: it stays beside the detection.
    assert row["lc_mjd"] == [61105.117474815896, 61109.1447367893, 61109.1447367893]
    assert row["lc_kind"] == ["detection", "detection", "forced"]
    assert row["lc_flux"] == [8407.9423828125, 6055.0693359375, 6141.4091796875]
    assert row["lc_flux_err"] == [419.97918701171875, 345.219482421875, 348.7594909667969]
    assert row["lc_flux_total"] == [96583.828125, 107044.3671875, 105108.2109375]
    assert row["lc_real_bogus"] == [0.7329574823379517, 0.6204076409339905, None]
    assert row["candidate"]["target_name"] == "ddf_cosmos, lowdust"
    assert row["is_simulated"] is False


def test_a_solar_system_alert_of_schema_10_is_named_and_dated(rows: dict[int, Row]) -> None:
    row = rows[169813007065940020]  # diaObjectId is 0
    assert row["object_id"] == "sso:21163633118754629"
    # The packet says K06R37E: K0 is 20.., 06; R; 37 cycles; E.
    assert (row["is_known_sso"], row["sso_name"]) == (True, "2006 RE37")
    # ephRa - ra = -1.857042e-5 deg * cos(1.18) = -1.856647e-5; ephDec - dec = -2.0701e-6: 1.8682e-5 deg = 0.067253"
    assert row["sso_distance_arcsec"] == pytest.approx(0.067253, abs=2e-6)
    # MJD 61041 is 2026-01-01; 0.228 - 0.5 is New Year's Eve. visit 2025123100247.
    assert row["night"] == 20251231
    assert (row["n_detections"], row["n_detections_survey"], row["age_days"]) == (1, None, 0.0)
    assert (row["lc_kind"], row["lc_flux"]) == (["detection"], [9167.310546875])


def test_a_solar_system_alert_of_schema_9_is_named_and_its_residual_turned_to_arcsec(rows: dict[int, Row]) -> None:
    row = rows[169298432645136561]
    assert row["object_id"] == "sso:21164719644750924"
    # MPCORB says K13L24L: 2013, L, 24 cycles, L.
    assert (row["is_known_sso"], row["sso_name"]) == (True, "2013 LL24")
    # RA -4.247235e-5 deg * cos(-44.118949) = 0.717896 -> -3.049073e-5; Dec 5.982276e-6.
    # sqrt(9.296846e-10 + 3.578763e-11) = 3.107206e-5 deg; * 3600 = 0.1118594 arcsec
    assert row["sso_distance_arcsec"] == pytest.approx(0.111859, abs=2e-6)
    assert row["quality_ok"] is False  # psfFlux_flag and centroid_flag are set
    # log10(32927.367) = 4.5175567; 31.4 - 11.2938918 = 20.106108
    assert row["mag"] == pytest.approx(20.106108, abs=2e-6)
    assert row["night"] == 20250905  # visit 2025090500225; MJD 60924 is 2025-09-06


def test_a_decam_alert_of_schema_7_4_from_the_wire_has_its_history_and_no_science_flux(rows: dict[int, Row]) -> None:
    row = rows[396950608281641]
    assert row["object_id"] == "396841556377632"
    # MJD 57454 is 2016-03-07 (57388 + 31 January + 29 February days + 6); 0.31 - 0.5 is the day before.
    assert (row["mjd"], row["night"]) == (57454.30994266204, 20160306)
    # log10(607.6781) = 2.7836736; 31.4 - 6.959184 = 24.440816
    assert row["mag"] == pytest.approx(24.440816, abs=2e-6)
    assert (row["n_detections"], row["n_positive"], row["n_detections_survey"]) == (3, 3, None)
    assert row["first_detection_mjd"] == 57454.28907414352
    assert row["age_days"] == pytest.approx(0.02086851852, abs=1e-10)  # 30.05 minutes
    assert row["lc_kind"] == ["detection", "detection", "forced", "detection", "forced"]
    assert row["lc_flux"] == pytest.approx([476.4315491, 516.8024902, 466.8908081, 607.6781006, 1353.1677246])
    assert (row["flux_total"], row["corrected"], row["lc_flux_total"]) == (None, False, [None] * 5)
    assert row["real_bogus"] == pytest.approx(0.020580768585)
    assert (row["is_known_sso"], row["quality_ok"]) == (False, True)


def test_a_simulated_alert_of_schema_7_4_loses_the_two_points_of_its_future(rows: dict[int, Row]) -> None:
    # Seven previous sources and eight forced points; one of each is of visit 7010022, after the alert's 7010020.
    row = rows[58804310657466377]
    assert (row["n_detections"], row["n_bad_history"]) == (7, 2)
    assert row["lc_kind"].count("forced") == 7
    assert row["n_positive"] == 1  # of -177, -177, -1410, +895, -1840, -3557 and the alert's -4322 nJy
    assert (row["flux"], row["is_positive"]) == (-4322.21142578125, False)
    # log10(4322.2114) = 3.6357060; 31.4 - 9.089265 = 22.310735
    assert row["mag"] == pytest.approx(22.310735, abs=2e-6)


def test_a_rehearsal_alert_of_schema_7_1_has_four_previous_detections_and_no_score(rows: dict[int, Row]) -> None:
    row = rows[3068429600980730132]
    assert row["object_id"] == "3068429558031057116"
    assert (row["n_detections"], row["n_positive"], row["n_bad_history"]) == (5, 5, 0)
    assert row["lc_band"] == ["r", "i", "i", "i", "i", "i"]
    assert row["lc_kind"] == ["detection"] * 5 + ["forced"]
    assert row["first_detection_mjd"] == 60488.24109048612
    # 60488.26251980322 - 60488.24109048612 = 0.0214293171
    assert row["age_days"] == pytest.approx(0.0214293171, abs=1e-10)
    # log10(2080.1174) = 3.3180879; 31.4 - 8.2952197 = 23.104780; 1.0857362 * 326.56882 / 2080.1174 = 0.170455
    assert row["mag"] == pytest.approx(23.104780, abs=2e-6)
    assert row["mag_err"] == pytest.approx(0.170455, abs=1e-6)
    assert (row["real_bogus"], row["lc_real_bogus"]) == (None, [None] * 6)
    assert row["night"] == 20240626  # visit 7024062600476


# --- every real packet against a slow loop that shares nothing with the adapter ---


def _number(value: float | None) -> float | None:
    return None if value is None or not math.isfinite(value) else value


def _expected_points(packet: Packet) -> tuple[list[tuple[Any, ...]], int]:
    """(mjd, kind, band, flux, flux_err, science flux, its error, reliability, flag), sorted, and the number dropped."""
    source = packet["diaSource"]
    chosen: dict[tuple[str, int, str], Packet] = {}
    n_bad = 0
    for kind, records in (("detection", packet["prvDiaSources"]), ("forced", packet["prvDiaForcedSources"])):
        for record in records or []:
            if record["midpointMjdTai"] > source["midpointMjdTai"] + 1e-6 or _number(record["psfFlux"]) is None:
                n_bad += 1
                continue
            key = (kind, record["visit"], record["band"])
            rival = chosen.get(key)
            if rival is None or (record.get("reliability") or -1) > (rival.get("reliability") or -1):
                chosen[key] = record
    chosen["detection", source["visit"], source["band"]] = source
    fields = ("psfFlux", "psfFluxErr", "scienceFlux", "scienceFluxErr", "reliability")
    points = [
        (
            record["midpointMjdTai"],
            kind,
            band,
            *(_number(record.get(field)) for field in fields),
            _expected_flag(record),
        )
        for (kind, _, band), record in chosen.items()
    ]
    return sorted(points, key=lambda point: point[:2]), n_bad


def _expected_flag(record: Packet) -> str | None:
    footprint = ("psfFlux_flag", "pixelFlags_bad", "pixelFlags_edge", "pixelFlags_offimage")
    centres = (f"pixelFlags_{what}Center" for what in ("nodata", "saturated", "suspect", "cr", "streak"))
    return " ".join(name for name in (*footprint, *centres) if record.get(name)) or None


def _expected_night(mjd: float) -> int:
    leap = 36 if mjd < 57754 else 37  # TAI - UTC, s
    date = datetime.datetime(1858, 11, 17) + datetime.timedelta(days=mjd - 0.5, seconds=-leap)
    return int(date.strftime("%Y%m%d"))


def _expected_object(packet: Packet) -> str:
    source = packet["diaSource"]
    if source["diaObjectId"]:
        return str(source["diaObjectId"])
    return f"sso:{source['ssObjectId']}" if source["ssObjectId"] else f"src:{source['diaSourceId']}"


def _expected_quality(source: Packet) -> bool:
    flags = ("psfFlux_flag", "centroid_flag", "glint_trail", "isDipole")
    centres = (f"pixelFlags_{what}Center" for what in ("saturated", "cr", "streak"))
    return not any(source.get(flag) for flag in (*flags, *centres))


def _expected(packet: Packet) -> Row:
    source, dia_object = packet["diaSource"], packet["diaObject"] or {}
    points, n_bad = _expected_points(packet)
    detections = [point for point in points if point[1] == "detection"]
    flux = source["psfFlux"]
    orbit = packet.get("mpc_orbits")
    values = {
        "survey": "lsst",
        "alert_id": source["diaSourceId"],
        "object_id": _expected_object(packet),
        "mjd": source["midpointMjdTai"],
        "night": _expected_night(source["midpointMjdTai"]),
        "band": source["band"],
        "flux": flux,
        "flux_err": source["psfFluxErr"],
        "mag": 31.4 - 2.5 * math.log10(abs(flux)),
        "mag_err": 2.5 / math.log(10) * source["psfFluxErr"] / abs(flux),
        "is_positive": flux > 0,
        "flux_total": source.get("scienceFlux"),
        "flux_total_err": source.get("scienceFluxErr"),
        "flux_total_err_point": source.get("scienceFluxErr"),
        "corrected": source.get("scienceFlux") is not None,
        "dubious": None,
        "stellar": None,
        "real_bogus": source["reliability"],
        "quality_ok": _expected_quality(source),
        "n_detections": len(detections),
        "n_positive": sum(point[3] > 0 for point in detections),
        "n_detections_survey": dia_object.get("nDiaSources"),
        "first_detection_mjd": detections[0][0],
        "age_days": source["midpointMjdTai"] - detections[0][0],
        "last_limit_mjd": None,
        "is_known_sso": bool(source["ssObjectId"]),
        "is_simulated": False,
        "is_public": True,
        "n_bad_history": n_bad,
        "n_flagged_points": sum(point[8] is not None for point in points),
        "lc_dubious": [None] * len(points),
        "lc_corrected": [point[5] is not None and point[8] is None for point in points],
        "lc_flux_flagged": [point[3] if point[8] else None for point in points],
        "lc_public": [True] * len(points),
        "cutout_science": packet["cutoutScience"],
        "cutout_template": packet["cutoutTemplate"],
        "cutout_difference": packet["cutoutDifference"],
    }
    names = ("mjd", "kind", "band", "flux", "flux_err", "flux_total", "flux_total_err", "real_bogus", "flag")
    values |= {f"lc_{name}": [point[i] for point in points] for i, name in enumerate(names)}
    for name in ("lc_flux", "lc_flux_total"):
        values[name] = [None if point[8] else value for point, value in zip(points, values[name], strict=True)]
    values["lc_flux_total_err_point"] = values["lc_flux_total_err"]
    if not packet.get("ssSource"):
        values |= {"sso_name": None, "sso_distance_arcsec": None}
    elif orbit:  # the packed name stands in ssSource, the unpacked one in the orbit
        values |= {"sso_name": orbit["designation"], "sso_distance_arcsec": packet["ssSource"]["ephOffset"]}
    return values


def _same(got: Any, want: Any) -> bool:
    if isinstance(want, list):
        return len(got) == len(want) and all(_same(*pair) for pair in zip(got, want, strict=True))
    if isinstance(want, float) and got is not None:
        return math.isclose(got, want, rel_tol=1e-12, abs_tol=1e-12)
    return bool(got == want and type(got) is type(want))


def test_every_real_packet_agrees_with_a_slow_loop(packets: dict[int, Packet], rows: dict[int, Row]) -> None:
    assert len(rows) == len(packets) >= 231
    checked: set[str] = set()
    for alert_id, packet in packets.items():
        for name, want in _expected(packet).items():
            assert _same(rows[alert_id][name], want), (alert_id, name)
            checked.add(name)
    assert sum(row["n_flagged_points"] for row in rows.values()) > 400
    by_astropy = {"ra", "dec", "gal_l", "gal_b", "ecl_lat"}
    assert set(VIEW_NAMES) <= checked | by_astropy


def test_positions_agree_with_astropy(packets: dict[int, Packet], rows: dict[int, Row]) -> None:
    sources = [packet["diaSource"] for packet in packets.values()]
    sky = SkyCoord([s["ra"] for s in sources] * u.deg, [s["dec"] for s in sources] * u.deg)
    ecliptic = sky.transform_to(BarycentricMeanEcliptic(equinox="J2000"))
    wanted = {
        "ra": sky.ra.deg,
        "dec": sky.dec.deg,
        "gal_l": sky.galactic.l.deg,
        "gal_b": sky.galactic.b.deg,
        "ecl_lat": ecliptic.lat.deg,
    }
    along = {"gal_l": np.cos(sky.galactic.b.rad)}  # a degree of longitude is shorter near the pole
    for name, want in wanted.items():
        got = np.array([rows[source["diaSourceId"]][name] for source in sources])
        assert (np.abs(got - want) * along.get(name, 1.0)).max() < 1e-5, name  # 0.04 arcsec


def test_the_night_is_the_one_in_the_visit_of_every_schema_10_alert(
    packets: dict[int, Packet], rows: dict[int, Row]
) -> None:
    visits = {i: packet["diaSource"]["visit"] for i, packet in packets.items() if "mpc_orbits" in packet}
    assert len(visits) >= 107
    assert {i: rows[i]["night"] for i in visits} == {i: int(str(visit)[:8]) for i, visit in visits.items()}


# --- batches ---


def _as_rows(table: pa.Table) -> dict[int, str]:
    return {row["alert_id"]: repr(row) for row in table.to_pylist()}


def test_splitting_slicing_or_shuffling_a_batch_changes_nothing(packets: dict[int, Packet]) -> None:
    some = list(packets.values())[40:80] + list(packets.values())[-60:]
    array = pa.array(some, type=LSST.packet_type)
    whole = _as_rows(LSST.view(array, [""] * len(some), NOW).table)
    split: dict[int, str] = {}
    for start in range(0, len(some), 7):
        part = array.slice(start, 7)  # an offset into the same buffers
        split |= _as_rows(LSST.view(part, [""] * len(part), NOW).table)
    order = np.random.default_rng(3).permutation(len(some))
    shuffled = _as_rows(LSST.view(array.take(pa.array(order)), [""] * len(some), NOW).table)
    assert whole == split == shuffled
