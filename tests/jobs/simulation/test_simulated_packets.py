"""What is in a simulated packet: the survey's layout, sane histories, plausible skies."""

from collections import Counter
from datetime import date, timedelta

import fastavro
import numpy as np
import pytest
from astropy.coordinates import SkyCoord
from astropy.time import Time

from jobs.simulation.schema import SCHEMA


def plain(schema):
    """A schema without texts: names, types and defaults."""
    ignored = ("doc", "__fastavro_parsed__", "__named_schemas")
    if isinstance(schema, dict):
        return {key: plain(value) for key, value in schema.items() if key not in ignored}
    return [plain(part) for part in schema] if isinstance(schema, list) else schema


def test_the_schema_has_the_surveys_fields_types_and_order(real_alerts):
    # 3.3 is about in two forms, with null as the first and as the second branch of a union; ours is the second
    real = []
    for path in sorted((real_alerts / "ztf_native_old").glob("v3.3_*.avro")):
        with path.open("rb") as file:
            real.append(plain(fastavro.reader(file).writer_schema))
    assert plain(SCHEMA) in real


def test_a_candidate_has_103_fields_and_a_history_row_57(packets):
    assert {len(one["candidate"]) for one in packets} == {103}
    assert {len(row) for one in packets for row in one["prv_candidates"] or []} == {57}


def test_every_packet_says_that_it_is_simulated(packets):
    assert {one["publisher"] for one in packets} == {"Strix simulator (SIMULATED)"}
    assert all(one["objectId"].startswith("SIM") for one in packets)
    assert min(one["candid"] for one in packets) >= 9 * 10**18
    assert max(one["candid"] for one in packets) < 2**63
    # ZTF counts nights from 2017-01-01 and puts that number first: 9000 nights later is 2041-08-23.
    assert date(2017, 1, 1) + timedelta(days=9000) == date(2041, 8, 23)


def test_packets_are_as_large_as_real_ones(night):
    # Real 3.3 packets without their schema: stamps 13.2 + 12.5 + 14.9 kB and about 6 kB of fields.
    sizes = [path.stat().st_size / 100 for path in night.glob("*.avro")]
    assert 43_000 < np.mean(sizes) < 60_000


def test_classes_have_their_shares(packets, kinds):
    # Of ten alerts eight are drawn from all classes; two, of one object, from the three that last.
    share = {"variable_star": 0.35, "supernova": 0.15, "agn": 0.15, "asteroid": 0.2, "bogus": 0.15}
    counts = Counter(kinds)
    for name, own in share.items():
        lasting = own / 0.65 if name in ("variable_star", "supernova", "agn") else 0.0
        mean = len(packets) * (0.8 * own + 0.2 * lasting)
        variance = len(packets) * (0.8 * own * (1 - own) + 0.2 * 2 * lasting * (1 - lasting))
        assert abs(counts[name] - mean) < 4 * np.sqrt(variance)


def test_histories_ascend_within_the_thirty_days_before_the_alert(packets):
    for one in packets:
        times = [row["jd"] for row in one["prv_candidates"] or []]
        assert times == sorted(set(times))
        assert all(0 < one["candidate"]["jd"] - time < 30 for time in times)


def test_some_alerts_have_a_null_history_and_none_an_empty_one(packets):
    histories = [one["prv_candidates"] for one in packets]
    assert any(history is None for history in histories)
    assert all(history is None or history for history in histories)


def test_times_night_and_processing_ids_agree(packets):
    for one in packets:
        candidate = one["candidate"]
        assert abs(2457754.5 + candidate["pid"] / 1e9 - candidate["jd"]) < 1 / 86400
        assert candidate["nid"] == int(candidate["jd"] - 2457754.5)
        assert Time(candidate["jd"], format="jd").iso.startswith("2024-02-10")


def test_upper_limits_say_nothing_about_a_source(packets):
    rows = [row for one in packets for row in one["prv_candidates"] or []]
    limits = [row for row in rows if row["candid"] is None]
    detections = [row for row in rows if row["candid"] is not None]
    assert len(limits) > 1000
    assert len(detections) > 1000
    assert all(row[name] is None for row in limits for name in ("magpsf", "sigmapsf", "ra", "isdiffpos", "rb"))
    assert all(16 < row["diffmaglim"] < 22 for row in rows)
    assert all(row["magpsf"] is not None and row["isdiffpos"] in "tf10" for row in detections)
    assert {row["isdiffpos"] for row in detections} == {"t", "f", "1", "0"}


def test_an_alert_is_a_detection_above_five_sigma(packets):
    for one in packets:
        candidate = one["candidate"]
        assert candidate["scorr"] > 5
        # sigma_m = 2.5 / ln 10 / (S/N)
        assert candidate["sigmapsf"] == pytest.approx(1.085736 / candidate["scorr"], rel=1e-5)
        # five sigma lies at the limit, noise of the source itself only adds to the error
        assert candidate["magpsf"] < candidate["diffmaglim"]


def by_kind(packets, kinds, name):
    return [one for one, kind in zip(packets, kinds, strict=True) if kind == name]


def test_supernovae_brighten_and_periodic_and_stochastic_sources_do_both(packets, kinds):
    signs = {name: {one["candidate"]["isdiffpos"] for one in by_kind(packets, kinds, name)} for name in set(kinds)}
    assert signs["supernova"] == {"t"}
    assert signs["asteroid"] == {"t"}
    assert signs["variable_star"] == signs["agn"] == signs["bogus"] == {"t", "f"}
    stars = by_kind(packets, kinds, "variable_star")
    changes = [{row["isdiffpos"] in "t1" for row in one["prv_candidates"] or [] if row["isdiffpos"]} for one in stars]
    assert np.mean([len(change) == 2 for change in changes]) > 0.5


def test_asteroids_are_named_seen_once_and_near_the_ecliptic(packets, kinds):
    asteroids = [one["candidate"] for one in by_kind(packets, kinds, "asteroid")]
    named = [one["ssnamenr"] != "null" for one in asteroids]
    assert 0.75 < np.mean(named) < 1
    assert all((one["ssdistnr"] >= 0) == (one["ssnamenr"] != "null") for one in asteroids)
    assert np.mean([one["ndethist"] == 1 for one in asteroids]) > 0.9
    sky = SkyCoord([one["ra"] for one in asteroids], [one["dec"] for one in asteroids], unit="deg")
    # Laplace of scale 12 deg: half lie within 12 ln 2 = 8.3 deg
    assert 5 < np.median(np.abs(sky.barycentrictrueecliptic.lat.deg)) < 13


def test_variable_stars_crowd_the_plane_and_galaxies_avoid_it(packets, kinds):
    def latitudes(name):
        some = [one["candidate"] for one in by_kind(packets, kinds, name)]
        return np.abs(SkyCoord([s["ra"] for s in some], [s["dec"] for s in some], unit="deg").galactic.b.deg)

    assert np.median(latitudes("variable_star")) < 20
    assert latitudes("supernova").min() > 11.9
    assert latitudes("agn").min() > 11.9


def test_all_alerts_are_up_over_palomar(packets):
    candidates = [one["candidate"] for one in packets]
    time = Time([one["jd"] for one in candidates], format="jd", scale="utc", location=("-116.863d", "33.356d"))
    sidereal = time.sidereal_time("mean", model="IAU1982").deg
    hour_angle = (sidereal - [one["ra"] for one in candidates] + 180) % 360 - 180
    # 60 degrees at the last exposure; the first of a pair is up to 0.05 d, 18 degrees, earlier
    assert np.abs(hour_angle).max() < 78.1
    assert min(one["dec"] for one in candidates) > -28


def test_the_surveys_own_count_covers_the_packet(packets):
    for one in packets:
        candidate = one["candidate"]
        detections = [row["jd"] for row in one["prv_candidates"] or [] if row["candid"] is not None]
        assert candidate["ndethist"] >= len(detections) + 1
        assert candidate["ncovhist"] >= candidate["ndethist"]
        assert candidate["jdstarthist"] <= min([*detections, candidate["jd"]])
        assert candidate["jdendhist"] == candidate["jd"]


def test_neighbours_come_by_distance_and_the_missing_are_sentinels(packets):
    for one in packets:
        candidate = one["candidate"]
        distance = [candidate[f"distpsnr{i}"] for i in (1, 2, 3)]
        found = [value for value in distance if value != -999]
        assert found == sorted(found)
        assert len(found) == min(candidate["nmtchps"], 3)
        assert distance[len(found) :] == [-999] * (3 - len(found))
    columns = {name: [one["candidate"][name] for one in packets] for name in packets[0]["candidate"]}
    assert {name for name, values in columns.items() if None in values} <= {"exptime"}
    for name in ("ssdistnr", "ssmagnr", "distpsnr3", "neargaiabright", "szmag2"):
        assert 0 < np.mean(np.array(columns[name]) == -999) < 1


def test_a_pair_an_hour_apart_shares_object_and_history(packets):
    for first, second in zip(packets[8::10], packets[9::10], strict=True):
        assert first["objectId"] == second["objectId"]
        assert first["candidate"]["fid"] != second["candidate"]["fid"]
        assert 0 < second["candidate"]["jd"] - first["candidate"]["jd"] < 0.06
        assert second["candidate"]["rfid"] != first["candidate"]["rfid"]
        again = second["prv_candidates"][-1]
        assert again["candid"] == first["candid"]
        assert all(again[name] == first["candidate"][name] for name in again if not name.startswith("ss"))
    singles = [one["objectId"] for i, one in enumerate(packets) if i % 10 < 8]
    assert len(set(singles)) == len(singles)
