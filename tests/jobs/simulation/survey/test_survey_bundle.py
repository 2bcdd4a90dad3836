"""Nights of a bundle of objects: histories grow, and the truth says what the packets hold."""

from collections import defaultdict
from dataclasses import replace
from itertools import pairwise
from pathlib import Path
from typing import Any

import fastavro
import pyarrow.parquet as pq
import pytest

from jobs.simulation.survey.bundle import write_bundle
from jobs.simulation.survey.plan import BLOCKS, Plan
from jobs.simulation.survey.surveys import NIGHTS
from jobs.simulation.tables.truth_table import SCHEMA

IDS = {"ztf": ("candid", "objectId"), "lsst": ("diaSourceId", None)}


def plan_of(survey: str, **changed: Any) -> Plan:
    first = NIGHTS[survey].maker.begin(20200110 if survey == "ztf" else 20260110)
    return replace(Plan(survey, 60, 20, 3, first), **changed)


def packets_of(output: Path) -> list[tuple[str, dict[str, Any]]]:
    """Night and packet."""
    found = []
    for path in sorted(output.glob("*/*.avro")):
        with path.open("rb") as file:
            found += [(path.parent.name, packet) for packet in fastavro.reader(file)]
    return found


@pytest.fixture(scope="module")
def written(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    """The first bundle of each survey: eclipsing binaries, RR Lyrae and long-period variables."""
    found = {}
    for survey in NIGHTS:
        found[survey] = tmp_path_factory.mktemp(survey)
        write_bundle(plan_of(survey), found[survey], 0)
    return found


def test_histories_of_ztf_grow_from_night_to_night(written: dict[str, Path]) -> None:
    seen = defaultdict(list)
    for _, packet in packets_of(written["ztf"]):
        seen[packet["objectId"]].append(packet)
    again = [alerts for alerts in seen.values() if len(alerts) > 2]
    assert len(again) >= 3
    for alerts in again:
        alerts.sort(key=lambda packet: packet["candidate"]["jd"])
        for before, after in pairwise(alerts):
            earlier, now = before["candidate"], after["candidate"]
            history = {row["candid"]: row for row in after["prv_candidates"]}
            assert history[earlier["candid"]]["magpsf"] == earlier["magpsf"]
            assert now["ndethist"] > earlier["ndethist"]
            assert now["ncovhist"] > earlier["ncovhist"]
            assert now["jdstarthist"] == earlier["jdstarthist"]
            same = ("sgscore1", "objectidps1", "ra", "dec")
            assert [now[name] for name in same] == [earlier[name] for name in same]


def test_histories_and_summaries_of_lsst_grow_from_night_to_night(written: dict[str, Path]) -> None:
    seen = defaultdict(list)
    for _, packet in packets_of(written["lsst"]):
        seen[packet["diaSource"]["diaObjectId"]].append(packet)
    again = [alerts for alerts in seen.values() if len(alerts) > 1]
    assert again
    for alerts in again:
        alerts.sort(key=lambda packet: packet["diaSource"]["midpointMjdTai"])
        for before, after in pairwise(alerts):
            history = {source["diaSourceId"]: source for source in after["prvDiaSources"]}
            assert history[before["diaSourceId"]] == before["diaSource"]
            assert after["diaObject"]["nDiaSources"] > before["diaObject"]["nDiaSources"]
            assert after["diaObject"]["firstDiaSourceMjdTai"] == before["diaObject"]["firstDiaSourceMjdTai"]


@pytest.mark.parametrize("survey", sorted(NIGHTS))
def test_the_truth_is_of_the_packets_and_of_all_objects(survey: str, written: dict[str, Path]) -> None:
    plan, output = plan_of(survey), written[survey]
    alerts = pq.read_table(output / "_truth" / "alerts" / "00000.parquet").to_pylist()
    packets = packets_of(output)
    assert len(packets) > 5
    assert {packet[IDS[survey][0]] for _, packet in packets} == {row["alert_id"] for row in alerts}
    assert len({row["alert_id"] for row in alerts}) == len(alerts) == len(packets)
    objects = pq.read_table(output / "_truth" / "objects" / "00000.parquet")
    assert objects.schema.equals(SCHEMA)
    assert objects.num_rows == sum(block.n for block in plan.blocks(0))
    assert {row["object_id"] for row in alerts} <= set(objects["object_id"].to_pylist())


def test_a_night_is_called_as_the_survey_calls_it(written: dict[str, Path]) -> None:
    for night, packet in packets_of(written["lsst"]):
        assert str(packet["diaSource"]["visit"])[:8] == night
    for night, packet in packets_of(written["ztf"]):
        assert NIGHTS["ztf"].maker.begin(int(night)) == int(packet["candidate"]["jd"] - 2400000.5)


@pytest.mark.parametrize("survey", sorted(NIGHTS))
def test_packets_without_cutouts_are_the_same_otherwise(survey: str, written: dict[str, Path], tmp_path: Path) -> None:
    write_bundle(plan_of(survey, cutouts=False), tmp_path, 0)
    for (_, light), (_, whole) in zip(packets_of(tmp_path), packets_of(written[survey]), strict=True):
        cutouts = {name for name in whole if name.startswith("cutout")}
        assert {name for name in light if light[name] is None} >= cutouts
        assert {name: light[name] for name in light if name not in cutouts} == {
            name: whole[name] for name in whole if name not in cutouts
        }


def test_bundles_are_the_same_number_of_blocks_and_hold_all_objects() -> None:
    plan = plan_of("ztf", objects=5000)
    bundles = [list(plan.blocks(bundle)) for bundle in range(plan.bundles)]
    assert {len(blocks) for blocks in bundles[:-1]} == {BLOCKS}
    assert sum(block.n for blocks in bundles for block in blocks) == 5000
    with pytest.raises(ValueError, match="got 0 and 20"):
        plan_of("ztf", objects=0)
