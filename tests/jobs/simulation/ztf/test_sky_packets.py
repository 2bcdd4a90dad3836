"""What is in the packets of a night of all classes: the survey's layout, its conventions, one story told once."""

import gzip
import io
from datetime import date, timedelta

import numpy as np
import pytest
from astropy.coordinates import SkyCoord
from astropy.io import fits
from astropy.time import Time

NAMES = ("cutoutScience", "cutoutTemplate", "cutoutDifference")
PIXEL_ARCSEC = 1.01
REFERENCE = {"distnr", "magnr", "sigmagnr", "chinr", "sharpnr", "ranr", "decnr"}


def pixels(packet, name):
    with fits.open(io.BytesIO(gzip.decompress(packet[name]["stampData"]))) as units:
        return units[0].data


@pytest.fixture(scope="module")
def whole(sky_packets, sky_truth):
    """Packets of light whose stamps are complete: packet, science, template, difference."""
    rows = [
        (one, *(pixels(one, name) for name in NAMES))
        for one, true in zip(sky_packets, sky_truth, strict=True)
        if true["stamp_class"] != "bogus"
    ]
    return [row for row in rows if row[1].shape == (63, 63) and not np.isnan(row[1]).any()]


def test_candidates_and_histories_are_complete(sky_packets):
    assert {len(one["candidate"]) for one in sky_packets} == {103}
    assert {len(row) for one in sky_packets for row in one["prv_candidates"] or []} == {57}
    for name in sky_packets[0]["candidate"]:
        values = [one["candidate"][name] for one in sky_packets]
        assert None not in values
        assert not [value for value in values if isinstance(value, float) and not np.isfinite(value)]


def test_histories_ascend_within_the_thirty_days_before_the_alert(sky_packets):
    for one in sky_packets:
        times = [row["jd"] for row in one["prv_candidates"] or []]
        assert times == sorted(set(times))
        assert all(0 < one["candidate"]["jd"] - time < 30 for time in times)


def test_upper_limits_say_nothing_about_a_source(sky_packets):
    rows = [row for one in sky_packets for row in one["prv_candidates"] or []]
    limits = [row for row in rows if row["candid"] is None]
    assert 100 < len(limits) < len(rows) - 100
    assert all(
        row[name] is None for row in limits for name in ("magpsf", "sigmapsf", "ra", "isdiffpos", "rb", "distnr")
    )
    assert all(row["magpsf"] is not None for row in rows if row["candid"] is not None)


def test_an_alert_is_a_detection_above_five_sigma(sky_packets):
    for one in sky_packets:
        candidate = one["candidate"]
        assert candidate["scorr"] >= 5
        # sigma_m = 2.5 / ln 10 / (S/N)
        assert candidate["sigmapsf"] <= 1.085736 / 5


def test_counts_cover_the_packet(sky_packets):
    for one in sky_packets:
        candidate = one["candidate"]
        seen = [row["jd"] for row in one["prv_candidates"] or [] if row["candid"] is not None]
        assert candidate["ncovhist"] >= candidate["ndethist"] >= len(seen) + 1
        assert candidate["jdstarthist"] <= min([*seen, candidate["jd"]])


def test_asteroids_are_seen_once_and_transients_brighten(sky_packets, sky_truth):
    pairs = list(zip(sky_packets, sky_truth, strict=True))
    asteroids = [one["candidate"] for one, true in pairs if true["class"] == "asteroid"]
    assert {one["ndethist"] for one in asteroids} == {1}
    assert np.mean([one["ssnamenr"] != "null" for one in asteroids]) > 0.7
    signs = {name: [o["candidate"]["isdiffpos"] for o, t in pairs if t["stamp_class"] == name] for name in ("SN", "VS")}
    assert set(signs["SN"]) == {"t"}
    assert set(signs["VS"]) == {"t", "f"}


def test_neighbours_come_by_distance_and_the_missing_are_sentinels(sky_packets):
    for one in sky_packets:
        candidate = one["candidate"]
        found = [candidate[f"distpsnr{i}"] for i in (1, 2, 3) if candidate[f"distpsnr{i}"] != -999]
        assert found == sorted(found)
        assert len(found) == min(candidate["nmtchps"], 3)


def test_packets_are_as_large_as_real_ones(sky_night):
    # Real 3.3 packets without their schema: stamps 13.2 + 12.5 + 14.9 kB and about 6 kB of fields.
    sizes = [path.stat().st_size / 50 for path in sky_night.glob("*.avro")]
    assert 43_000 < np.mean(sizes) < 60_000


def test_no_history_is_empty(sky_packets):
    assert all(one["prv_candidates"] is None or one["prv_candidates"] for one in sky_packets)


def test_times_night_and_processing_ids_agree(sky_packets):
    # ZTF counts nights from 2017-01-01; candids begin with that number, and 9000 nights later is 2041-08-23.
    assert date(2017, 1, 1) + timedelta(days=9000) == date(2041, 8, 23)
    for one in sky_packets:
        candidate = one["candidate"]
        assert abs(2457754.5 + candidate["pid"] / 1e9 - candidate["jd"]) < 1 / 86400
        assert candidate["nid"] == int(candidate["jd"] - 2457754.5)
        assert candidate["jdendhist"] == candidate["jd"]
        assert Time(candidate["jd"], format="jd").iso.startswith("2024-02-10")


def of_group(packets, truth, name):
    some = [one["candidate"] for one, true in zip(packets, truth, strict=True) if true["stamp_class"] == name]
    return SkyCoord([one["ra"] for one in some], [one["dec"] for one in some], unit="deg")


def test_asteroids_are_near_the_ecliptic_and_galaxies_avoid_the_plane(sky_packets, sky_truth):
    asteroids = of_group(sky_packets, sky_truth, "asteroid").barycentrictrueecliptic.lat.deg
    assert 3 < np.median(np.abs(asteroids)) < 15
    latitude = {name: np.abs(of_group(sky_packets, sky_truth, name).galactic.b.deg) for name in ("VS", "SN", "AGN")}
    assert latitude["SN"].min() > 5
    assert latitude["AGN"].min() > 5
    assert np.median(latitude["VS"]) < np.median(latitude["AGN"]) - 5


def test_all_alerts_are_up_over_palomar(sky_packets):
    candidates = [one["candidate"] for one in sky_packets]
    time = Time([one["jd"] for one in candidates], format="jd", scale="utc", location=("-116.863d", "33.356d"))
    sidereal = time.sidereal_time("mean", model="IAU1982").deg
    hour_angle = np.radians((sidereal - [one["ra"] for one in candidates] + 180) % 360 - 180)
    dec, here = np.radians([one["dec"] for one in candidates]), np.radians(33.356)
    sine = np.sin(here) * np.sin(dec) + np.cos(here) * np.cos(dec) * np.cos(hour_angle)
    assert np.degrees(np.arcsin(sine)).min() > 20  # [deg]; fields reach 5 degrees from their centres


def test_alerts_of_an_object_share_its_id_and_the_later_has_the_earlier_in_its_history(sky_packets):
    last, pairs = {}, 0
    for one in sky_packets:
        before = last.get(one["objectId"])
        last[one["objectId"]] = one
        if before is None:
            continue
        pairs += 1
        (again,) = (row for row in one["prv_candidates"] if row["candid"] == before["candid"])
        # what the survey looks up anew, and what the object's own position gives
        changed = {"ssdistnr", "ssmagnr", "ssnamenr"}
        assert {name for name in again if again[name] != before["candidate"][name]} <= changed | REFERENCE
    assert pairs > 10


def test_astropy_reads_float32_images_cropped_at_the_edge(sky_packets):
    shapes = [[pixels(one, name).shape for name in NAMES] for one in sky_packets]
    assert pixels(sky_packets[0], "cutoutScience").dtype == np.dtype(">f4")
    assert all(len(set(three)) == 1 for three in shapes)
    assert np.mean([three[0] == (63, 63) for three in shapes]) > 0.9
    assert all(31 < three[0][0] <= 63 and three[0][1] == 63 for three in shapes)


def test_the_limit_is_five_times_the_noise_of_a_disc(whole):
    area = []
    for packet, *_, difference in whole:
        one = packet["candidate"]
        sigma = 1.4826 * np.median(np.abs(difference - np.median(difference)))
        area.append(10 ** (0.4 * (one["magzpsci"] - one["diffmaglim"])) / 5 / sigma)
    # measured on 632 real stamps: 7.4 px
    assert np.median(area) == pytest.approx(7.4, abs=0.7)


def brightness(stamp, radius):
    """Flux within a radius of the centre, less the median of the stamp's rim."""
    down, across = np.indices(stamp.shape) - 31.0
    distance = np.hypot(down, across)
    return float((stamp - np.median(stamp[distance > 25]))[distance < radius].sum())


def test_the_difference_is_positive_whichever_way_the_source_changed(whole):
    faded = [brightness(difference, 4) for packet, *_, difference in whole if packet["candidate"]["isdiffpos"] == "f"]
    assert len(faded) > 20
    assert np.mean(np.array(faded) > 0) > 0.95


def test_the_difference_has_the_flux_of_the_packet(whole):
    ratio = []
    for packet, *_, difference in whole:
        candidate = packet["candidate"]
        if candidate["magpsf"] < candidate["diffmaglim"] - 1.5:
            ratio.append(brightness(difference, 7) / 10 ** (0.4 * (candidate["magzpsci"] - candidate["magpsf"])))
    assert len(ratio) > 30
    assert np.median(ratio) == pytest.approx(0.98, abs=0.06)


def test_science_less_template_has_the_sign_of_the_change(whole):
    agree = [
        (brightness(science, 4) > brightness(template, 4)) == (packet["candidate"]["isdiffpos"] == "t")
        for packet, science, template, _ in whole
        if packet["candidate"]["magpsf"] < packet["candidate"]["diffmaglim"] - 1
    ]
    assert len(agree) > 50
    assert np.mean(agree) > 0.9


def test_north_is_the_first_row_and_east_the_first_column(whole):
    def around(stamp, row, col):
        return stamp[round(row) - 1 : round(row) + 2, round(col) - 1 : round(col) + 2].mean()

    found = []
    for packet, _, template, _ in whole:
        candidate = packet["candidate"]
        east = 3600 / PIXEL_ARCSEC * (candidate["ranr"] - candidate["ra"]) * np.cos(np.radians(candidate["dec"]))
        north = 3600 / PIXEL_ARCSEC * (candidate["decnr"] - candidate["dec"])
        assert candidate["distnr"] == pytest.approx(np.hypot(east, north), abs=0.02)
        if min(abs(east), abs(north)) > 1.5 and candidate["magnr"] < 21.6:
            mirrored = [around(template, 31 + b, 31 + a) for a, b in ((east, north), (-east, north), (east, -north))]
            found.append(around(template, 31 - north, 31 - east) > max(mirrored))
    assert len(found) >= 8
    assert np.mean(found) > 0.75  # a field star may stand where the mirror points


def test_one_stamp_in_eight_is_masked_and_never_in_the_middle(sky_packets):
    masked = [np.isnan(pixels(one, "cutoutScience")) for one in sky_packets]
    assert 0.06 < np.mean([mask.any() for mask in masked]) < 0.2
    assert not any(mask[21:42, 21:42].any() for mask in masked if mask.shape == (63, 63))
