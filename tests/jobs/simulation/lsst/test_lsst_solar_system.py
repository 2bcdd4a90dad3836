"""Known minor planets: names, ephemerides and orbits that agree with each other."""

import erfa
import numpy as np
import pytest

from jobs.simulation.solar_system.ephemeris import ephemeris_at
from tests.jobs.simulation.lsst.conftest import Sent

GM = 0.01720209895**2


def known(sent: dict[str, Sent]) -> list[dict]:
    return [packet for packet in sent["asteroid"].packets if packet["ssSource"]]


def test_known_and_unknown_ones_are_told_apart(sent: dict[str, Sent]) -> None:
    unknown = [packet for packet in sent["asteroid"].packets if not packet["ssSource"]]
    assert len(known(sent)) > 5
    assert len(unknown) > 5
    for packet in known(sent):
        assert packet["diaObject"] is packet["prvDiaSources"] is packet["prvDiaForcedSources"] is None
        assert packet["diaSource"]["diaObjectId"] == 0
        assert packet["diaSource"]["ssObjectId"] == packet["ssSource"]["ssObjectId"] < 0
        assert packet["ssSource"]["designation"] == packet["mpc_orbits"]["designation"]
        assert packet["ssSource"]["designation"].startswith("SIM ")
    for packet in unknown:
        assert packet["mpc_orbits"] is None
        assert packet["diaSource"]["ssObjectId"] == 0
        assert packet["diaObject"]["nDiaSources"] == 1


def test_the_orbit_leads_to_the_place_of_the_detection(sent: dict[str, Sent]) -> None:
    for packet in known(sent):
        source, orbit = packet["diaSource"], packet["mpc_orbits"]
        names = {"a": "a", "e": "e", "inclination": "i", "node": "node", "perihelion": "argperi", "slope": "g"}
        elements = {name: np.array([orbit[field]]) for name, field in names.items()}
        elements |= {"mean_anomaly": np.array([orbit["mean_anomaly"]]), "epoch": np.array([orbit["epoch_mjd"]])}
        seen = ephemeris_at(elements, np.array([source["midpointMjdTai"]]))
        assert 3600 * abs(seen.dec[0] - source["dec"]) < 5 * 3600 * source["decErr"] + 0.01
        assert packet["ssSource"]["ephOffset"] < 5 * 3600 * source["decErr"] + 0.2
        assert orbit["q"] == pytest.approx(orbit["a"] * (1 - orbit["e"]))
        assert orbit["period"] == pytest.approx(365.2569 * orbit["a"] ** 1.5, rel=1e-5)


def test_vectors_ranges_and_directions_agree(sent: dict[str, Sent]) -> None:
    for packet in known(sent):
        one, source, orbit = packet["ssSource"], packet["diaSource"], packet["mpc_orbits"]
        body = np.array([one[f"helio_{axis}"] for axis in "xyz"])
        line = np.array([one[f"topo_{axis}"] for axis in "xyz"])
        speed = np.array([one[f"helio_v{axis}"] for axis in "xyz"])
        assert np.linalg.norm(body) == pytest.approx(one["helioRange"], rel=1e-5)
        assert np.linalg.norm(line) == pytest.approx(one["topoRange"], rel=1e-5)
        assert 2 / one["helioRange"] - speed @ speed / GM == pytest.approx(1 / orbit["a"], rel=1e-4)
        towards = np.array(erfa.s2c(np.radians(source["ra"]), np.radians(source["dec"])))
        assert np.linalg.norm(line / np.linalg.norm(line) - towards) < 5e-4  # some minutes of light are in between
        assert one["ephRate"] == pytest.approx(np.hypot(one["ephRateRa"], one["ephRateDec"]), rel=1e-5)
        assert one["eclBeta"] == pytest.approx(
            np.degrees(erfa.eqec06(2451545.0, 0.0, np.radians(source["ra"]), np.radians(source["dec"]))[1])
        )
