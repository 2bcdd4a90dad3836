"""The cutouts show what the packets say."""

import io
import itertools
from collections.abc import Iterator

import numpy as np
import pytest
from astropy.io import fits
from scipy.ndimage import map_coordinates

from jobs.archive.cutout_geometry import geometry
from tests.jobs.simulation.lsst.conftest import Sent

NAMES = ["cutoutDifference", "cutoutScience", "cutoutTemplate"]


def triplets(one: Sent) -> Iterator[tuple[dict, dict[str, fits.HDUList]]]:
    for packet in one.packets:
        yield packet["diaSource"], {name: fits.open(io.BytesIO(packet[name])) for name in NAMES}


def fitted(cutout: fits.HDUList) -> tuple[float, float]:
    """Flux of a source at the place that the header says, by a fit of the cutout's PSF, and its error."""
    image, psf, header = cutout[0].data.astype(float), cutout["PSFIMAGE"].data, cutout[0].header
    middle, side = psf.shape[0] // 2, image.shape[0]
    rows = np.arange(side) - (header["CRPIX2"] - 1) + middle
    cols = np.arange(side) - (header["CRPIX1"] - 1) + middle
    disc = _at(psf, rows, cols)
    total = np.sum(disc**2)
    variance = cutout["UNCERT"].data.astype(float)
    return float(np.sum(disc * image) / total), float(np.sqrt(np.sum(disc**2 * variance)) / total)


def _at(psf: np.ndarray, rows: np.ndarray, cols: np.ndarray) -> np.ndarray:
    """A smooth, separable enough PSF at fractions of a pixel, 0 outside of its image."""
    return map_coordinates(psf, np.meshgrid(rows, cols, indexing="ij"), order=3)


def test_each_is_an_image_a_variance_and_a_psf_of_the_layout_of_real_ones(sent: dict[str, Sent]) -> None:
    for source, cutouts in triplets(sent["rr_lyrae_ab"]):
        side = max(30, source["bboxSize"])
        for name, cutout in cutouts.items():
            assert [unit.name for unit in cutout] == ["PRIMARY", "UNCERT", "PSFIMAGE"]
            assert cutout[0].data.shape == cutout["UNCERT"].data.shape == (side, side), name
            assert [str(unit.data.dtype) for unit in cutout] == [">f4", ">f4", ">f8"]
            assert cutout[0].header["BUNIT"] == "nJy"
            assert cutout["PSFIMAGE"].data.sum() == pytest.approx(1)
            assert cutout["UNCERT"].data.min() > 0


def test_a_fit_of_the_psf_to_the_difference_gives_the_packets_flux_with_both_signs(sent: dict[str, Sent]) -> None:
    pulls: dict[bool, list[float]] = {True: [], False: []}
    for source, cutouts in itertools.chain.from_iterable(map(triplets, sent.values())):
        flux, _ = fitted(cutouts["cutoutDifference"])
        pulls[source["psfFlux"] > 0].append((flux - source["psfFlux"]) / source["psfFluxErr"])
    for of_sign in pulls.values():
        assert len(of_sign) > 80
        assert abs(np.median(of_sign)) < 0.2 + 1.25 / np.sqrt(len(of_sign))
        assert np.median(np.abs(of_sign)) == pytest.approx(0.67, abs=0.15)


def test_an_aperture_holds_the_flux_of_both_signs(sent: dict[str, Sent]) -> None:
    share = []
    for source, cutouts in triplets(sent["rr_lyrae_ab"]):
        if source["snr"] > 40:
            image, header = cutouts["cutoutDifference"][0].data.astype(float), cutouts["cutoutDifference"][0].header
            row, col = np.indices(image.shape)
            near = np.hypot(row - header["CRPIX2"] + 1, col - header["CRPIX1"] + 1) < 11
            share.append(image[near].sum() / source["psfFlux"])
    assert len(share) > 5
    assert np.median(share) == pytest.approx(0.95, abs=0.05)


@pytest.mark.parametrize("name", ["rr_lyrae_ab", "sn_ia", "qso"])
def test_a_fit_to_the_template_gives_the_packets_template_flux(sent: dict[str, Sent], name: str) -> None:
    ratios = []
    for source, cutouts in triplets(sent[name]):
        if source["snr"] > 12 and source["templateFlux"] > 500:  # the fit is where the detection is, to 0.05 arcsec
            ratios.append(fitted(cutouts["cutoutTemplate"])[0] / source["templateFlux"])
    assert len(ratios) > 5, ratios
    assert np.median(ratios) == pytest.approx(1, abs=0.025)  # hosts are larger than the cutout
    assert np.median(np.abs(np.array(ratios) - 1)) < 0.03


def test_science_less_template_is_the_difference_where_the_seeing_is_alike(sent: dict[str, Sent]) -> None:
    for _source, cutouts in triplets(sent["asteroid"]):
        images = [cutouts[name][0].data.astype(float) for name in NAMES]
        left = images[1] - images[2] - images[0]
        assert abs(np.median(left)) < 5 * np.sqrt(np.median(cutouts["cutoutScience"]["UNCERT"].data))


def test_the_world_coordinates_put_the_detection_in_the_middle_and_neighbours_where_they_are(
    sent: dict[str, Sent],
) -> None:
    turns = set()
    for packet in sent["sn_ia"].packets:
        source = packet["diaSource"]
        facts = {"survey": "lsst", "ra": source["ra"], "dec": source["dec"], "candidate": source}
        cutout = fits.open(io.BytesIO(packet["cutoutScience"]))
        place = geometry(facts, packet["cutoutScience"], cutout[0].data.shape)
        assert place is not None
        assert place.pixel_arcsec == pytest.approx(0.2)
        middle = (cutout[0].data.shape[0] - 1) / 2
        assert place.alert == pytest.approx((middle, middle), abs=1.01)
        header = cutout[0].header
        up = np.degrees(np.arctan2(place.matrix[0, 1], place.matrix[1, 1])) % 360
        assert up == pytest.approx(header["ROTPA"] % 360, abs=1e-6)
        turns.add(round(header["ROTPA"] / 90))
    assert len(turns) > 3
