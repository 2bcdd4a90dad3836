"""Objects with an alert in a night: the same ones night after night, and full histories in deep fields."""

import numpy as np
import pytest

from jobs.simulation.classes import CLASSES
from jobs.simulation.lsst.maker import begin
from jobs.simulation.lsst.making import alerts_of_class
from tests.jobs.simulation.lsst.conftest import decoded

NIGHT = 61293.5
PLACES = {kind.name: place for place, kind in enumerate(CLASSES)}


@pytest.mark.parametrize("name", ["sn_ia", "qso", "asteroid", "bogus_dipole", "bogus_edge", "bogus_streak"])
def test_alerts_are_of_the_night_and_true_to_the_packets(name: str) -> None:
    made = list(alerts_of_class(7, PLACES[name], 20, NIGHT))
    assert len(made) == len({one.alert_id for one in made}) == 20
    for one in made:
        packet = decoded(one.data)
        source = packet["diaSource"]
        assert NIGHT <= one.time == source["midpointMjdTai"] < NIGHT + 1
        assert one.truth["alert_id"] == one.alert_id == packet["diaSourceId"]
        assert one.truth["object_id"].removeprefix("sso:") == str(source["diaObjectId"] or source["ssObjectId"])
        assert one.truth["class"] == name
        assert abs(one.truth["true_flux"] - source["psfFlux"]) < 5 * source["psfFluxErr"]
        assert one.truth["snr"] == pytest.approx(source["psfFlux"] / source["psfFluxErr"], rel=1e-5)
        assert source["isDipole"] == (name == "bogus_dipole")
        assert source["pixelFlags_streak"] == (name == "bogus_streak")


def test_objects_of_one_night_are_those_of_another() -> None:
    first = {one.truth["object_id"]: one for one in alerts_of_class(7, PLACES["sn_ia"], 150, NIGHT)}
    later = [one for one in alerts_of_class(7, PLACES["sn_ia"], 150, NIGHT + 10) if one.truth["object_id"] in first]
    assert len(later) > 5
    for one in later:
        packet, before = decoded(one.data), decoded(first[one.truth["object_id"]].data)
        known = {source["diaSourceId"]: source for source in packet["prvDiaSources"]}
        assert known[before["diaSourceId"]] == before["diaSource"]
        assert len(known) > len(before["prvDiaSources"] or [])
        assert one.truth["redshift"] == first[one.truth["object_id"]].truth["redshift"]


def test_full_histories_are_of_deep_fields_and_as_long_as_asked() -> None:
    made = list(alerts_of_class(0, PLACES["rr_lyrae_ab"], 8, begin(20260708), points=1000))
    assert len({one.truth["object_id"] for one in made}) == 8
    for one in made:
        packet = decoded(one.data)
        assert len(packet["prvDiaSources"]) == 1000
        assert len(one.data) > 400_000
        assert np.all(np.diff([point["midpointMjdTai"] for point in packet["prvDiaSources"]]) > 0)


def test_a_night_without_a_deep_field_is_refused() -> None:
    with pytest.raises(ValueError, match="take another date"):
        next(alerts_of_class(7, PLACES["rr_lyrae_ab"], 1, 61264.5, points=10))
