"""What is in the packets of a night of all classes: the survey's layout, its conventions, one story told once."""

import gzip
import io

import numpy as np
import pytest
from astropy.io import fits

NAMES = ("cutoutScience", "cutoutTemplate", "cutoutDifference")
PIXEL_ARCSEC = 1.01


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
