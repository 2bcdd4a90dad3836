"""Which way round stamps are, on real alerts and against astropy."""

import gzip
import io
import math

import fastavro
import numpy as np
import pytest
from astropy.io import fits
from astropy.wcs import WCS

from jobs.archive.cutout_geometry import Geometry, geometry, sky_offset, turned, upright
from jobs.reports.pictures.cutouts import Stamp, bar_arcsec, shades, stamps_of

FIELDS = ("ra", "dec", "ranr", "decnr", "distnr", "magnr", "isdiffpos", "xpos", "ypos")


class Bare:
    """As much of an alert as stamps need."""

    def __init__(self, facts):
        self.facts = facts


def packets(directory, pattern, count):
    found = []
    for path in sorted(directory.glob(pattern)):
        with path.open("rb") as stream:
            found += [packet for packet in fastavro.reader(stream) if packet.get("cutoutScience")]
        if len(found) > count:
            break
    return found[:count]


@pytest.fixture(scope="module")
def ztf(real_alerts):
    """Every sixth alert, and all whose nearest reference source is bright and 3 to 25 arcsec away."""
    found = []
    for number, packet in enumerate(packets(real_alerts / "ztf_alerts", "*.avro", 10_000)):
        candidate = {name: packet["candidate"].get(name) for name in FIELDS}
        if number % 6 and not (3 < candidate["distnr"] * 1.01 < 25 and 0 < candidate["magnr"] < 20.5):
            continue
        candidate["objectId"] = packet["objectId"]
        facts = {"survey": "ztf", "ra": candidate["ra"], "dec": candidate["dec"], "candidate": candidate}
        facts["is_positive"] = candidate["isdiffpos"] in ("t", "1")
        names = ("Science", "Template", "Difference")
        triplet = {name.lower(): packet[f"cutout{name}"]["stampData"] for name in names}
        found.append((facts, triplet, stamps_of(Bare(facts), triplet)))
    return found


def contrast(stamp, x, y):
    """How much 3 x 3 pixels at a place in arcsec right and up of the centre stand out of the 11 x 11 around them."""
    column, row = round(31 + x / 1.01), round(31 - y / 1.01)
    around = stamp.pixels[max(row - 5, 0) : row + 6, max(column - 5, 0) : column + 6]
    return stamp.pixels[row - 1 : row + 2, column - 1 : column + 2].mean() - np.median(around)


def apart(one, other):
    return math.dist(one, other) > 4


def test_the_nearest_reference_source_lies_where_ranr_and_decnr_say(ztf):
    agree = {}
    for facts, _, (_, template, _) in ztf:
        candidate = facts["candidate"]
        if template.pixels.shape != (63, 63) or np.isnan(template.pixels).any() or not 0 < candidate["magnr"] < 20.5:
            continue
        east = 3600 * (candidate["ranr"] - facts["ra"]) * math.cos(math.radians(facts["dec"]))
        north = 3600 * (candidate["decnr"] - facts["dec"])
        if not 3 < math.hypot(east, north) < 25:
            continue
        assert template.reference == pytest.approx((-east, north), abs=1e-3)
        here = contrast(template, *template.reference)
        mirrors = [place for place in ((east, north), (-east, -north), (east, -north)) if apart(place, (-east, north))]
        # one alert per object: a galaxy's dust lanes make reference sources that are none
        agree[facts["candidate"]["objectId"]] = here > max(contrast(template, x, y) for x, y in mirrors)
    assert len(agree) > 25
    assert np.mean(list(agree.values())) > 0.9  # a field star may stand where a mirror points


@pytest.mark.filterwarnings("ignore")
def test_a_difference_has_the_sign_that_the_survey_turned(ztf):
    middle = []
    for facts, triplet, (_, _, difference) in ztf:
        received = fits.getdata(io.BytesIO(gzip.decompress(triplet["difference"])))
        if received.shape != (63, 63):
            continue
        faded = facts["candidate"]["isdiffpos"] in ("f", "0")
        assert np.array_equal(difference.pixels, -received if faded else received, equal_nan=True)
        middle.append((faded, np.nansum(difference.pixels[28:35, 28:35])))
    faded, light = np.array(middle).T
    assert faded.sum() > 10
    assert np.mean((light < 0) == (faded == 1)) > 0.97


def test_cropped_stamps_keep_the_alert_in_the_middle(ztf, real_alerts):
    cropped = [entry for entry in ztf if entry[2][0].alert is not None]
    assert all(stamp.alert == pytest.approx((0, 0)) for _, _, stamps in cropped for stamp in stamps)
    # ypos of 12 px: the first rows are off the chip, so the alert is in row 43 - 32 of 43
    facts = {"survey": "ztf", "candidate": {"xpos": 2225.8, "ypos": 12.3}}
    assert geometry(facts, b"", (43, 63)).alert == (31, 11)
    facts = {"survey": "ztf", "candidate": {"xpos": 3051.1, "ypos": 1214.2}}
    assert geometry(facts, b"", (63, 53)).alert == (31, 31)
    assert geometry({"survey": "ztf", "candidate": {}}, b"", (63, 53)).alert is None


@pytest.fixture(scope="module")
def rubin(real_alerts):
    return packets(real_alerts / "lsst_alerts", "lsst_v10*.avro", 60)


def with_wcs(data):
    header = fits.open(io.BytesIO(data), ignore_missing_simple=True)[0].header
    header["CTYPE1"], header["CTYPE2"] = "RA---TAN", "DEC--TAN"
    return WCS(header), (header["NAXIS2"], header["NAXIS1"])


@pytest.mark.filterwarnings("ignore")
def test_a_rubin_stamp_lies_where_astropy_puts_it(rubin):
    assert len(rubin) > 20
    for packet in rubin:
        source = packet["diaSource"]
        data = packet["cutoutDifference"]
        wcs, shape = with_wcs(data)
        facts = {"survey": "lsst", "ra": source["ra"], "dec": source["dec"]}
        place = geometry(facts, data, shape)
        assert place.alert == pytest.approx(tuple(wcs.all_world2pix([[source["ra"], source["dec"]]], 0)[0]), abs=0.01)
        # a point 2 arcsec north and one 2 arcsec east of the alert
        for east, north in ((0, 2 / 3600), (2 / 3600 / math.cos(math.radians(source["dec"])), 0)):
            pixel = wcs.all_world2pix([[source["ra"] + east, source["dec"] + north]], 0)[0]
            found = place.pixel(*sky_offset(facts, source["ra"] + east, source["dec"] + north))
            assert found == pytest.approx(tuple(pixel), abs=0.01)


@pytest.mark.filterwarnings("ignore")
def test_the_light_of_a_rubin_alert_is_where_its_cross_hairs_point(rubin):
    near = []
    for packet in rubin:
        source = packet["diaSource"]
        facts = {"survey": "lsst", "ra": source["ra"], "dec": source["dec"], "candidate": None}
        triplet = {"science": None, "template": None, "difference": packet["cutoutDifference"]}
        stamp = stamps_of(Bare(facts), triplet)[2]
        if source["snr"] < 20 or stamp.alert is None:
            continue
        side = stamp.pixels.shape[0]
        row, column = np.unravel_index(np.nanargmax(np.abs(stamp.pixels)), stamp.pixels.shape)
        scale = 2 * stamp.half_arcsec / side
        x, y = (column - (side - 1) / 2) * scale, ((side - 1) / 2 - row) * scale
        near.append(math.hypot(x - stamp.alert[0], y - stamp.alert[1]) < 0.8)
    assert len(near) > 10
    assert np.mean(near) > 0.8


@pytest.mark.parametrize("angle", [0, 30, 90, 135, 251])
@pytest.mark.parametrize("mirrored", [False, True])
def test_upright_puts_north_up_and_east_left_whatever_the_camera_did(angle, mirrored):
    turn = np.radians(angle)
    rotation = np.array([[np.cos(turn), -np.sin(turn)], [np.sin(turn), np.cos(turn)]])
    matrix = 0.2 * rotation @ np.diag([-1.0 if mirrored else 1.0, 1.0])
    place = Geometry(matrix, (20.0, 20.0), (20.0, 20.0))
    image = np.zeros((41, 41), dtype=np.float32)
    for value, offset in ((1.0, (0.0, 2.4)), (2.0, (2.4, 0.0))):  # 1 is north, 2 is east of the middle
        column, row = np.round(place.pixel(*offset)).astype(int)
        image[row, column] = value
    shown = upright(image, place)
    side = shown.shape[0]
    for value, (x, y) in ((1.0, (0, 1)), (2.0, (-1, 0))):
        rows, columns = np.nonzero(shown == value)
        assert columns.mean() - (side - 1) / 2 == pytest.approx(x * 12 * side / 41, abs=0.05 * side)
        assert (side - 1) / 2 - rows.mean() == pytest.approx(y * 12 * side / 41, abs=0.05 * side)
    north = np.array(turned(place, place.pixel(0.0, 2.4)))
    assert north == pytest.approx((0, 2.4))


def test_a_ztf_stamp_is_shown_pixel_for_pixel():
    image = np.arange(63 * 63, dtype=np.float32).reshape(63, 63)
    place = geometry({"survey": "ztf", "candidate": {}}, b"", (63, 63))
    assert np.array_equal(upright(image, place), image)


def test_shades_tell_fainter_from_brighter():
    pixels = np.random.default_rng(1).normal(size=(30, 30)).astype(np.float32)
    pixels[3, 3], pixels[20, 20], pixels[5, 5] = -80, 50, np.nan
    shade = shades(Stamp("difference", pixels, 15))
    assert shade[3, 3] < 0.1 < 0.9 < 1 - shade[3, 3]
    assert shade[20, 20] > 0.85
    assert np.isnan(shade[5, 5])
    assert abs(np.nanmedian(shade) - 0.5) < 1e-6
    assert np.isnan(shades(Stamp("science", np.full((3, 3), np.nan, np.float32), 1))).all()


def test_the_bar_fits_the_stamp():
    assert [bar_arcsec(half) for half in (31.8, 9.0, 3.0, 1.5)] == [10, 5, 2, 1]


def test_a_missing_stamp_is_a_reason_not_a_picture():
    triplet = {"science": b"", "template": b"no fits", "difference": None}
    found = stamps_of(Bare({"survey": "ztf", "ra": 1.0, "dec": 1.0, "candidate": {}}), triplet)
    assert [stamp.pixels for stamp in found] == [None] * 3
    assert found[0].reason == "no science stamp"
    assert "unreadable" in found[1].reason
    assert {stamp.reason for stamp in stamps_of(Bare({}), None)} == {"the output holds no stamps"}
