"""Every real ZTF packet against a slow, obvious loop over fastavro's dicts, written from the view's description."""

import math
from typing import Any

import pyarrow as pa
import pytest

from jobs.pipeline.surveys.ztf import ZTF

Row = dict[str, Any]
PER_MAG = math.log(10) / 2.5
NOW = 62000.0
ALERT = (math.inf, 0)  # outranks every point of its exposure


def real(value: Any) -> float | None:
    return None if value is None or not math.isfinite(value) else float(value)


def njy(mag: float) -> float:
    return 10 ** ((31.4 - mag) / 2.5)


def middle(jd: float, exptime: Any) -> float:
    leap = 37 if jd >= 2457754.5 else 36  # since 2017-01-01
    return jd - 2400000.5 + ((exptime or 30) / 2 + leap) / 86400


def total_flux(point: Row, distance_px: float | None, row: Row) -> None:
    """Fill flux_total and its errors, and corrected."""
    magnr, sigma = real(row.get("magnr")), real(row.get("sigmagnr"))
    point["corrected"] = None if distance_px is None else (0 <= distance_px < 1.4 and (magnr or -1) > 0)
    point.update(flux_total=None, flux_total_err=None, flux_total_err_point=None)
    if point["corrected"] and magnr is not None:
        point["flux_total"] = point["flux"] + njy(magnr)
        point["flux_total_err"] = point["flux_err"]
        if sigma is not None and sigma > 0:
            radicand = point["flux_err"] ** 2 - (njy(magnr) * sigma * PER_MAG) ** 2
            point["flux_total_err_point"] = math.sqrt(radicand) if radicand >= 0 else None


def detection(row: Row, exptime: Any) -> Row:
    sign = {"t": 1, "1": 1, "f": -1, "0": -1}[row["isdiffpos"]]
    flux = sign * njy(row["magpsf"])
    point = {"kind": "detection", "flux": flux, "flux_err": abs(flux) * row["sigmapsf"] * PER_MAG, "rb": row["rb"]}
    total_flux(point, real(row.get("distnr")), row)
    return point | {"mjd": middle(row["jd"], exptime), "fid": row["fid"], "jd": row["jd"], "isdiffpos": sign}


def forced(row: Row) -> Row | None:
    if row["forcediffimflux"] == -99999 or row["forcediffimfluxunc"] == -99999:
        return None
    scale = njy(row["magzpsci"])
    point = {"kind": "forced", "flux": row["forcediffimflux"] * scale, "flux_err": row["forcediffimfluxunc"] * scale}
    total_flux(point, row["distnr"] / 1.01, row)
    return point | {"mjd": middle(row["jd"], row["exptime"]), "fid": row["fid"], "jd": row["jd"], "rb": None}


def limit(row: Row) -> Row | None:
    if not 10 <= row["diffmaglim"] <= 26:
        return None
    nothing = dict.fromkeys(["flux", "flux_total", "flux_total_err", "flux_total_err_point", "corrected", "rb"])
    own = {"kind": "upper_limit", "flux_err": njy(row["diffmaglim"]) / 5, "fid": row["fid"], "jd": row["jd"]}
    return nothing | own | {"mjd": middle(row["jd"], None)}


def light_curve(packet: Row) -> tuple[list[Row], int]:
    """The points in time order and the number of dropped ones."""
    alert = packet["candidate"]
    own = {"rank": ALERT, "flag": None, "public": alert["programid"] == 1}
    kept, bad = [detection(alert, alert.get("exptime")) | own], 0
    for row in (packet["prv_candidates"] or []) + (packet.get("fp_hists") or []):
        if row.get("forcediffimflux") is not None:
            point = forced(row)
        elif row.get("magpsf") is not None:
            point = detection(row, row.get("exptime") or (alert.get("exptime") if row["jd"] == alert["jd"] else None))
        else:
            point = limit(row)
        if point is None or row["jd"] > alert["jd"]:
            bad += 1
        else:
            word = row.get("procstatus") or "0"
            flag = None if set(word.split(",")) <= {"0", "57"} else f"procstatus {word}"
            public = None if row.get("programid") is None else row["programid"] == 1
            kept.append(point | {"flag": flag, "public": public, "rank": (point["rb"] or 0, -(row.get("candid") or 0))})
    best: dict[Any, Row] = {}
    for point in kept:
        key = (point["kind"], point["jd"], point["fid"])
        if key not in best or point["rank"] > best[key]["rank"]:
            best[key] = point
    order = {"detection": 0, "forced": 1, "upper_limit": 2}
    points = sorted(best.values(), key=lambda p: (p["jd"], order[p["kind"]], {1: "g", 2: "r", 3: "i"}[p["fid"]]))
    first: dict[int, Row] = {}
    for point in points:
        point["dubious"] = None
        if point["kind"] == "detection":
            start = first.setdefault(point["fid"], point)
            wrong_sign = not point["corrected"] and point["isdiffpos"] < 0
            point["dubious"] = wrong_sign or point["corrected"] != start["corrected"]
    return points, bad


def stellar(c: Row) -> bool:
    near_ps1 = 0 <= (c["distpsnr1"] if c.get("distpsnr1") is not None else -1) < 1.4
    if not 0 <= c["distnr"] < 1.4:
        return False
    return c["sgscore1"] > 0.4 if near_ps1 else c["chinr"] < 2 and -0.13 < c["sharpnr"] < 0.1


def is_known_sso(c: Row) -> bool | None:
    return None if c["ssdistnr"] is None else 0 <= c["ssdistnr"] <= 5 and c["ssnamenr"] != "null"


def expected(packet: Row) -> Row:
    """The view's scalars and light curve of one packet."""
    c = packet["candidate"]
    points, bad = light_curve(packet)
    found = [point for point in points if point["kind"] == "detection"]
    limits = [point["mjd"] for point in points if point["kind"] == "upper_limit"]
    own = next(point for point in found if point["rank"] == ALERT)
    start = c.get("jdstarthist")
    first = own["mjd"] if start == c["jd"] else found[0]["mjd"] if start is None else middle(start, None)
    if found[0]["mjd"] < first - 1e-6:  # the packet holds an older one
        first = found[0]["mjd"]
    known = is_known_sso(c)
    scalars = {
        "survey": "ztf", "alert_id": packet["candid"], "object_id": packet.get("objectId"),
        "ra": c["ra"], "dec": c["dec"], "mjd": own["mjd"], "band": {1: "g", 2: "r", 3: "i"}[c["fid"]],
        "flux": own["flux"], "flux_err": own["flux_err"], "mag": c["magpsf"], "mag_err": c["sigmapsf"],
        "is_positive": c["isdiffpos"] in ("t", "1"), "stellar": stellar(c), "real_bogus": real(c.get("drb")),
        "quality_ok": c["rb"] >= 0.55 and c["nbad"] == 0,
        "n_detections": len(found), "n_positive": sum(point["flux"] > 0 for point in found),
        "n_detections_survey": c.get("ndethist"), "first_detection_mjd": first, "age_days": own["mjd"] - first,
        "last_limit_mjd": max(limits) if limits else None,
        "is_known_sso": known, "sso_distance_arcsec": c["ssdistnr"] if known else None,
        "is_simulated": False, "n_bad_history": bad, "is_public": c["programid"] == 1,
        "n_flagged_points": sum(point["flag"] is not None for point in points), "schema_version": packet.get("schemavsn") or "",
        **{f"cutout_{name}": (packet["cutout" + name.capitalize()] or {}).get("stampData") for name in STAMPS},
    }  # fmt: skip
    scalars |= {name: own[name] for name in TOTALS}
    names = ["mjd", "kind", "flux", "flux_err", "flag", "public", *TOTALS]
    curve = {f"lc_{name}": [point[name] for point in points] for name in names}
    curve["lc_band"] = [{1: "g", 2: "r", 3: "i"}[point["fid"]] for point in points]
    curve["lc_flux_flagged"] = [point["flux"] if point["flag"] else None for point in points]
    for name in ("lc_flux", "lc_flux_total"):
        curve[name] = [None if point["flag"] else value for point, value in zip(points, curve[name], strict=True)]
    curve["lc_real_bogus"] = [point["rb"] for point in points]
    return scalars | curve


STAMPS = ("science", "template", "difference")
TOTALS = ("flux_total", "flux_total_err", "flux_total_err_point", "corrected", "dubious")


def differs(got: Any, want: Any) -> bool:
    if isinstance(want, list):
        return len(got) != len(want) or any(map(differs, got, want))
    if isinstance(want, float) and isinstance(got, float):
        return not math.isclose(got, want, rel_tol=1e-9, abs_tol=1e-9)
    return type(got) is not type(want) or bool(got != want)


@pytest.fixture(scope="module")
def got(ztf_packets: list[Row]) -> list[Row]:
    packets = pa.array(ztf_packets, type=ZTF.packet_type)
    rows: list[Row] = ZTF.view(packets, [""] * len(packets), NOW).table.drop_columns(["candidate"]).to_pylist()
    return rows


def test_every_real_packet_agrees_with_a_slow_loop(ztf_packets: list[Row], got: list[Row]) -> None:
    wrong = []
    for packet, row in zip(ztf_packets, got, strict=True):
        want = expected(packet)
        wrong += [
            (packet["candid"], name, row[name], value) for name, value in want.items() if differs(row[name], value)
        ]
    assert wrong == []
    compared = set(expected(ztf_packets[0]))
    others = {"gal_l", "gal_b", "ecl_lat", "night", "sso_name"}  # test_sky, test_times, test_designations
    assert set(got[0]) == compared | others


def test_the_real_packets_hold_what_these_tests_are_about(ztf_packets: list[Row], got: list[Row]) -> None:
    assert len(got) > 1000
    assert sum(row["n_bad_history"] > 0 for row in got) > 100  # the overwritten jd of 107 alerts
    assert {row["band"] for row in got} >= {"g", "r"}
    assert {row["is_known_sso"] for row in got} == {True, False, None}
    assert {kind for row in got for kind in row["lc_kind"]} == {"detection", "forced", "upper_limit"}
    pairs = sum(len(packet["prv_candidates"] or []) + 1 - row["n_bad_history"] - len(row["lc_mjd"])
                for packet, row in zip(ztf_packets, got, strict=True) if not packet.get("fp_hists"))  # fmt: skip
    assert pairs > 70  # exposures that hold two candids
    assert sum(row["dubious"] for row in got) > 20
    assert {row["is_public"] for row in got} == {True, False}
    private = [row for row in got if not row["is_public"]]  # engineering and Caltech programs of 2016 to 2018
    assert {public for row in private for public in row["lc_public"]} == {True, False}


def test_no_column_holds_a_sentinel(got: list[Row]) -> None:
    numbers = [value for row in got for name, value in row.items() if name != "alert_id" and type(value) is float]
    points = [value for row in got for name, values in row.items() if name.startswith("lc_") for value in values]
    assert not {-99.0, -999.0, -9999.0, -99999.0} & {value for value in numbers + points if value is not None}
    assert not any(row["sso_name"] in ("null", "") for row in got)
