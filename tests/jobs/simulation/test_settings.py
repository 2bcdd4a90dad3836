"""`--config YAML` of the simulator: what a file may say, what goes before it, and that it is done."""

import io
from pathlib import Path
from typing import Any

import fastavro
import numpy as np
import pyarrow.parquet as pq
import pytest

from jobs.cli import simulate as job
from jobs.cli.simulate_settings import settings_of
from jobs.cli.simulate_stream import parser as stream
from jobs.cli.simulate_survey import parser as survey
from jobs.simulation.load import FaultRates
from jobs.simulation.lsst.packet_form import templates as lsst_templates
from jobs.simulation.mix import counts
from jobs.simulation.packets import packet
from jobs.simulation.settings import Settings, read_settings
from jobs.simulation.survey.plan import Plan
from jobs.simulation.visits import SURVEYS
from jobs.simulation.ztf.templates import templates

WHOLE = """
mix: {sn_ia: 3, qso: 1}
depth: -0.5
cadence: 0.5
faults: {bad: 0.01, late: 0.1}
"""


@pytest.fixture
def config(tmp_path: Path) -> Path:
    path = tmp_path / "sky.yaml"
    path.write_text(WHOLE)
    return path


def test_a_file_says_what_it_names_and_the_rest_is_as_it_is(config: Path) -> None:
    mix = (("qso", 1.0), ("sn_ia", 3.0))
    assert read_settings(config) == Settings(mix, -0.5, 0.5, FaultRates(bad=0.01, late=0.1))
    config.write_text("mix: balanced")
    assert read_settings(config) == Settings("balanced")
    config.write_text("")
    assert read_settings(config) == read_settings(None) == Settings()


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("depht: 1", "depht is not a key; there are mix, depth, cadence, faults"),
        ("mix: even", "mix is natural or balanced or shares of classes, found 'even'"),
        ("mix: {sn_1a: 1}", "sn_1a is not a class; there are .*sn_ia"),
        ("mix: {sn_ia: 0}", "one of them is more; found {'sn_ia': 0.0}"),
        ("mix: {sn_ia: yes}", "sn_ia is a number, found True"),
        ("depth: deep", "depth is a number, found 'deep'"),
        ("faults: {lost: 0.1}", "lost is not a fault; there are bad, duplicates"),
        ("faults: {bad: 2}", "bad is 2.0, a share is 0 to 1"),
        ("[1, 2]", "wanted names and values, found"),
        ("depth: [", "line 1"),
    ],
)
def test_what_a_file_may_not_say_is_told_with_its_name(config: Path, text: str, message: str) -> None:
    config.write_text(text)
    with pytest.raises(ValueError, match=f"sky.yaml: .*{message}"):
        read_settings(config)


def test_options_go_before_the_file(config: Path) -> None:
    asked = ["--to-topic", "t", "--config", str(config), "--bad", "0", "--duplicates", "0.2"]
    assert settings_of(stream().parse_args(asked), streams=True).faults == FaultRates(0.0, 0.2, 0.0, 0.1)
    config.write_text("mix: balanced\ndepth: 1")
    given = survey().parse_args(["--output", "o", "--config", str(config), "--mix", "natural"])
    assert settings_of(given) == Settings("natural", 1.0)


def test_what_a_verb_has_not_is_refused(config: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    night = ["night", "--output", str(tmp_path / "night"), "--config", str(config)]
    assert job.main(night) == 2
    assert (
        "faults are of `strix simulate stream` alone; take mix, depth and cadence into a file"
        in capsys.readouterr().err
    )
    config.write_text("depth: 1")
    assert job.main([*night, "--survey", "lsst", "--history", "5"]) == 2
    assert "full histories are of the survey's own depth and cadence" in capsys.readouterr().err


def test_shares_are_the_classes_of_a_night() -> None:
    many = counts(400, (("qso", 1.0), ("sn_ia", 3.0)))
    assert sorted(many)[-3:] == [0, 100, 300]


def test_a_night_has_the_mix_depth_and_cadence_of_its_file(config: Path, tmp_path: Path) -> None:
    def simulated(text: str) -> tuple[set[str], float, float]:
        config.write_text(text)
        output = tmp_path / str(len(text))
        asked = ["night", "--output", str(output), "--alerts", "6", "--workers", "1", "--config", str(config)]
        assert job.main(asked) == 0
        packets: list[Any] = [
            one for path in output.glob("*.avro") for one in fastavro.reader(io.BytesIO(path.read_bytes()))
        ]
        rows = [row for one in packets for row in one["prv_candidates"] or []]
        classes = set(pq.read_table(output / "_truth" / "truth.parquet")["class"].to_pylist())
        return classes, float(np.median([row["diffmaglim"] for row in rows])), len(rows) / len(packets)

    classes, limit, visits = simulated("mix: {rr_lyrae_ab: 1}")
    other_classes, deeper, fewer = simulated("mix: {rr_lyrae_ab: 1}\ndepth: 1.5\ncadence: 0.4")
    assert classes == other_classes == {"rr_lyrae_ab"}
    assert deeper - limit == pytest.approx(1.5, abs=0.4)
    assert fewer < 0.7 * visits


def test_a_stream_begins_with_the_alerts_of_its_settings() -> None:
    assert list(templates(3, 5)) == [packet(3, number)[0] for number in range(5)]
    only = Settings((("asteroid", 1.0),), depth=1.0)
    assert {one["candidate"]["ndethist"] for one in templates(3, 5, only)} == {1}
    assert [one["diaSource"]["diaObjectId"] for one in lsst_templates(3, 4, settings=only) if one["ssSource"]] == []


def test_a_survey_is_observed_as_its_plan_says() -> None:
    plan = Plan("ztf", 10, 2, 0, 60350.0, depth=0.7, cadence=0.5)
    assert plan.observing.deeper == 0.7
    assert Plan("ztf", 10, 2, 0, 60350.0).observing is SURVEYS["ztf"]
    for wrong in ({"depth": 4.0}, {"cadence": 0.0}, {"cadence": 1.5}):
        with pytest.raises(ValueError, match="depth is -3 to 3"):
            Plan("ztf", 10, 2, 0, 60350.0, **wrong)  # type: ignore[arg-type]
