"""What simulated stamps show, read with astropy and measured by hand."""

import gzip
import io

import numpy as np
import pytest
from astropy.io import fits

from jobs.simulation.profiles import exponential, image, moffat

PIXEL_ARCSEC = 1.01
NAMES = ("cutoutScience", "cutoutTemplate", "cutoutDifference")


def pixels(packet, name):
    with fits.open(io.BytesIO(gzip.decompress(packet[name]["stampData"]))) as units:
        units.verify("exception")
        return units[0].data


@pytest.fixture(scope="module")
def whole(packets, kinds):
    """Packets of point sources whose stamps are complete: packet, science, template, difference."""
    rows = [
        (one, *(pixels(one, name) for name in NAMES))
        for one, kind in zip(packets, kinds, strict=True)
        if kind != "bogus"
    ]
    return [row for row in rows if row[1].shape == (63, 63) and not np.isnan(row[1]).any()]


def test_astropy_reads_float32_images(packets):
    shapes = [[pixels(one, name).shape for name in NAMES] for one in packets]
    assert pixels(packets[0], "cutoutScience").dtype == np.dtype(">f4")
    assert all(len(set(three)) == 1 for three in shapes)
    assert np.mean([three[0] == (63, 63) for three in shapes]) > 0.97
    cropped = [three[0] for three in shapes if three[0] != (63, 63)]
    assert cropped
    assert all(40 < rows < 63 and cols == 63 for rows, cols in cropped)


def test_one_stamp_in_eight_has_a_border_of_nan_and_no_hole_inside(packets):
    blank = [np.isnan(pixels(one, "cutoutScience")) for one in packets]
    assert 0.06 < np.mean([mask.any() for mask in blank]) < 0.19
    # what classifiers look at, the central 21 pixels, is whole
    assert not any(mask[21:42, 21:42].any() for mask in blank if mask.shape == (63, 63))


def brightness(stamp, radius):
    """Flux within a radius of the centre, less the median of the stamp's rim."""
    down, across = np.indices(stamp.shape) - 31.0
    distance = np.hypot(down, across)
    return float((stamp - np.median(stamp[distance > 25]))[distance < radius].sum())


def test_the_difference_is_positive_whichever_way_the_source_changed(whole):
    signs = [packet["candidate"]["isdiffpos"] for packet, *_ in whole]
    flux = np.array([brightness(difference, 5) for *_, difference in whole])
    assert {"t", "f"} == set(signs)
    assert np.mean(flux > 0) > 0.97


def test_the_difference_has_the_flux_of_the_packet(whole):
    bright = [row for row in whole if row[0]["candidate"]["scorr"] > 20]
    ratio = []
    for packet, *_, difference in bright:
        candidate = packet["candidate"]
        ratio.append(brightness(difference, 7) / 10 ** (0.4 * (candidate["magzpsci"] - candidate["magpsf"])))
    assert len(ratio) > 30
    # a Moffat disc of beta 3 and FWHM 2.3 px has 1 - (1 + 7^2 / 2.26^2)^-2 = 0.99 of its light within 7 px
    assert np.median(ratio) == pytest.approx(0.98, abs=0.04)


def test_science_less_template_has_the_sign_of_the_change(whole):
    strong = [row for row in whole if row[0]["candidate"]["scorr"] > 20]
    agree = [
        (brightness(science, 4) > brightness(template, 4)) == (packet["candidate"]["isdiffpos"] == "t")
        for packet, science, template, _ in strong
    ]
    assert np.mean(agree) > 0.95


def offset(candidate):
    """From the alert to its reference source: pixels to the east and to the north."""
    east = (candidate["ranr"] - candidate["ra"]) * np.cos(np.radians(candidate["dec"]))
    return 3600 / PIXEL_ARCSEC * east, 3600 / PIXEL_ARCSEC * (candidate["decnr"] - candidate["dec"])


def test_north_is_the_first_row_and_east_the_first_column(whole):
    def around(stamp, row, col):
        return stamp[round(row) - 1 : round(row) + 2, round(col) - 1 : round(col) + 2].mean()

    found = []
    for packet, _, template, _ in whole:
        east, north = offset(packet["candidate"])
        assert packet["candidate"]["distnr"] == pytest.approx(np.hypot(east, north), abs=0.02)
        if min(abs(east), abs(north)) > 2 and packet["candidate"]["magnr"] < 21:
            mirrored = [around(template, 31 + b, 31 + a) for a, b in ((east, north), (-east, north), (east, -north))]
            found.append(around(template, 31 - north, 31 - east) > max(mirrored))
    assert len(found) > 12
    assert np.mean(found) > 0.8  # a field star may stand where the mirror points


def test_the_limit_is_five_times_the_noise_of_a_disc(whole):
    area = []
    for packet, *_, difference in whole:
        one = packet["candidate"]
        sigma = 1.4826 * np.median(np.abs(difference - np.median(difference)))
        area.append(10 ** (0.4 * (one["magzpsci"] - one["diffmaglim"])) / 5 / sigma)
    # measured on 632 real stamps: 7.4 px
    assert np.median(area) == pytest.approx(7.4, abs=0.7)


def test_a_moffat_disc_has_its_formula_and_all_its_light():
    fwhm = 4.0
    drawn = image(129, np.array([1.0]), np.array([64.0]), np.array([64.0]), moffat(fwhm))
    radius = np.arange(0, 9)
    scale = fwhm / 2 / np.sqrt(2 ** (1 / 3) - 1)
    expected = 2 / (np.pi * scale**2) * (1 + (radius / scale) ** 2) ** -3
    np.testing.assert_allclose(drawn[64, 64:73], expected, rtol=0.015)
    assert drawn[64, 66] == pytest.approx(drawn[64, 64] / 2, rel=0.015)
    assert drawn.sum() == pytest.approx(1, abs=0.003)


def test_half_of_an_exponential_disc_lies_within_its_half_light_radius():
    drawn = image(301, np.array([1.0]), np.array([150.0]), np.array([150.0]), exponential(20.0))
    down, across = np.indices(drawn.shape) - 150
    assert drawn[np.hypot(down, across) < 20].sum() == pytest.approx(0.5, abs=0.01)
    # e-folding length 20 / 1.678 = 11.92 px
    assert drawn[150, 174] / drawn[150, 162] == pytest.approx(np.exp(-12 / 11.92), rel=0.02)


def test_blurring_is_a_convolution():
    star, disc = moffat(4.0), exponential(6.0)
    point = image(101, np.array([1.0]), np.array([50.0]), np.array([50.0]), star)
    sharp = image(101, np.array([1.0]), np.array([50.0]), np.array([50.0]), disc)
    spectrum = np.fft.fft2(np.fft.ifftshift(point)) * np.fft.fft2(np.fft.ifftshift(sharp))
    convolved = np.fft.fftshift(np.fft.ifft2(spectrum).real)
    drawn = image(101, np.array([1.0]), np.array([50.0]), np.array([50.0]), disc.blurred(star))
    np.testing.assert_allclose(drawn, convolved, atol=0.015 * drawn.max())
