"""Packets say what the light curves say, and agree with themselves."""

import itertools
from collections import Counter

import numpy as np
import pytest

from jobs.simulation.light_curves import LightCurves
from jobs.simulation.lsst.packets import packets, triggers
from jobs.simulation.lsst.schema import BANDS
from tests.jobs.simulation.lsst.conftest import FIRST, LAST, Sent, curves_of, decoded

STATIC = ["rr_lyrae_ab", "sn_ia", "qso"]


def single(value):
    return pytest.approx(float(value), rel=1e-6)


@pytest.mark.parametrize("name", [*STATIC, "asteroid"])
def test_every_detection_of_the_nights_is_a_packet_with_its_flux(sent: dict[str, Sent], name: str) -> None:
    curves = sent[name].curves
    tonight = (curves.epochs.mjd >= FIRST) & (curves.epochs.mjd < LAST)
    assert sent[name].epochs == np.flatnonzero(curves.detected & tonight).tolist()
    assert len(sent[name].epochs) > 20
    for epoch, packet in zip(sent[name].epochs, sent[name].packets, strict=True):
        source = packet["diaSource"]
        assert source["psfFlux"] == single(curves.flux[epoch])
        assert source["psfFluxErr"] == single(curves.flux_err[epoch])
        assert source["midpointMjdTai"] == curves.epochs.mjd[epoch]
        assert source["band"] == BANDS[curves.epochs.band[epoch]]
        assert source["detector"] == curves.conditions.detector[epoch]
        assert source["isNegative"] == (curves.flux[epoch] < 0)
        assert source["snr"] == single(abs(curves.flux[epoch]) / curves.flux_err[epoch])


def test_ids_are_negative_and_unique(sent: dict[str, Sent]) -> None:
    every = [packet for one in sent.values() for packet in one.packets]
    ids = Counter(packet["diaSourceId"] for packet in every)
    assert max(ids) < 0
    assert max(ids.values()) == 1
    for packet in every:
        source = packet["diaSource"]
        assert source["diaSourceId"] == packet["diaSourceId"]
        assert min(source["diaObjectId"], source["ssObjectId"]) < 0
        assert max(source["diaObjectId"], source["ssObjectId"]) <= 0


@pytest.mark.parametrize("name", STATIC)
def test_histories_are_the_detections_of_a_year_and_all_visits_since_the_first(
    sent: dict[str, Sent], name: str
) -> None:
    curves = sent[name].curves
    begin = curves.epochs.start
    for epoch, packet in zip(sent[name].epochs, sent[name].packets, strict=True):
        now = curves.epochs.mjd[epoch]
        before = np.arange(begin[curves.epochs.object[epoch]], epoch)
        found = before[curves.detected[before]]
        year = found[curves.epochs.mjd[found] >= now - 365]
        previous = packet["prvDiaSources"] or []
        assert [one["midpointMjdTai"] for one in previous] == curves.epochs.mjd[year].tolist()
        assert [one["psfFlux"] for one in previous] == [single(flux) for flux in curves.flux[year]]
        since = before[curves.epochs.mjd[before] >= curves.epochs.mjd[found].min(initial=np.inf)]
        since = since[curves.epochs.mjd[since] >= now - 365]
        assert [one["psfFlux"] for one in packet["prvDiaForcedSources"]] == [
            single(flux) for flux in curves.flux[since]
        ]
        assert packet["diaObject"]["nDiaSources"] == len(found) + 1


def test_first_detections_have_no_history(sent: dict[str, Sent]) -> None:
    news = [packet for packet in sent["sn_ia"].packets if packet["diaObject"]["nDiaSources"] == 1]
    assert len(news) > 3
    assert {packet["prvDiaSources"] is None for packet in news} == {True}
    assert {len(packet["prvDiaForcedSources"]) for packet in news} == {0}


def test_histories_grow_and_what_was_sent_does_not_change(sent: dict[str, Sent]) -> None:
    by_object: dict[int, list] = {}
    for packet in sent["rr_lyrae_ab"].packets:
        by_object.setdefault(packet["diaObject"]["diaObjectId"], []).append(packet)
    assert max(map(len, by_object.values())) > 2
    for one, other in (pair for each in by_object.values() for pair in itertools.pairwise(each)):
        known = {source["diaSourceId"]: source for source in other["prvDiaSources"]}
        assert known[one["diaSourceId"]] == one["diaSource"]
        recent = [source for source in one["prvDiaSources"] or [] if source["diaSourceId"] in known]
        assert all(known[source["diaSourceId"]] == source for source in recent)


def test_a_packet_is_the_same_whatever_else_is_simulated(sent: dict[str, Sent]) -> None:
    of_fewer: LightCurves = curves_of("qso", n=20, last=LAST - 10)
    again = [decoded(datum) for datum in packets(of_fewer, triggers(of_fewer, FIRST + 5, LAST - 10))]
    known = {packet["diaSourceId"]: packet for packet in sent["qso"].packets}
    assert len(again) > 3
    assert all(known[packet["diaSourceId"]] == packet for packet in again)


@pytest.mark.parametrize("name", STATIC)
def test_object_summaries_are_those_of_the_packets_points(sent: dict[str, Sent], name: str) -> None:
    for packet in sent[name].packets[::3]:
        points = [*(packet["prvDiaSources"] or []), packet["diaSource"]]
        for band in BANDS:
            told = {key[2:]: value for key, value in packet["diaObject"].items() if key.startswith(f"{band}_")}
            of_band = [point for point in points if point["band"] == band]
            assert told["psfFluxNdata"] == len(of_band)
            flux, error, science, science_err, mjd = (
                np.array([point[field] for point in of_band])
                for field in ("psfFlux", "psfFluxErr", "scienceFlux", "scienceFluxErr", "midpointMjdTai")
            )
            if not of_band:
                assert {value for key, value in told.items() if key != "psfFluxNdata"} == {None}
                continue
            close = {"rel": 2e-5, "abs": 0.02}
            assert told["psfFluxMean"] == pytest.approx(np.average(flux, weights=error**-2.0), **close)
            assert told["psfFluxMeanErr"] == pytest.approx(np.sum(error**-2.0) ** -0.5, **close)
            assert told["scienceFluxMean"] == pytest.approx(np.average(science, weights=science_err**-2.0), **close)
            assert told["psfFluxErrMean"] == pytest.approx(error.mean(), **close)
            assert (told["psfFluxMin"], told["psfFluxMax"]) == (flux.min(), flux.max())
            if len(of_band) > 1:
                assert told["psfFluxSigma"] == pytest.approx(flux.std(ddof=1), **close)
                assert told["psfFluxMaxSlope"] == pytest.approx(np.max(np.diff(flux) / np.diff(mjd)), rel=1e-3, abs=0.5)
            else:
                assert told["psfFluxSigma"] is told["psfFluxMaxSlope"] is None


@pytest.mark.parametrize("name", STATIC)
def test_positions_scatter_about_the_object_as_their_errors_say(sent: dict[str, Sent], name: str) -> None:
    objects = sent[name].curves.population
    owner = sent[name].curves.epochs.object[sent[name].epochs]
    source = [packet["diaSource"] for packet in sent[name].packets]
    pulls = [(one["dec"] - objects.dec[i]) / one["decErr"] for one, i in zip(source, owner, strict=True)]
    assert np.std(pulls) == pytest.approx(1, abs=0.35)
    assert abs(np.median(pulls)) < 0.5


def test_science_is_template_and_difference(sent: dict[str, Sent]) -> None:
    sources = [packet["diaSource"] for one in sent.values() for packet in one.packets]
    pulls = [(one["scienceFlux"] - one["templateFlux"] - one["psfFlux"]) / one["psfFluxErr"] for one in sources]
    assert np.std(pulls) < 0.2
    stars = [packet["diaSource"] for packet in sent["rr_lyrae_ab"].packets]
    assert min(one["templateFlux"] for one in stars) > 0


def test_visits_are_named_by_the_evening_before(sent: dict[str, Sent]) -> None:
    for packet in sent["qso"].packets:
        source = packet["diaSource"]
        noon = int(source["midpointMjdTai"] - 37 / 86400 - 0.5)
        day = np.datetime64("1858-11-17") + noon
        assert str(source["visit"])[:8] == str(day).replace("-", "")
        assert len(str(source["visit"])) == 13
