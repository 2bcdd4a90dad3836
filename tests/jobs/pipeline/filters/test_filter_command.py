"""`strix filter`: check, test, list, new."""

import re
from pathlib import Path

import pytest
from pyspark.sql import SparkSession

from jobs.archive.matches import filter_of
from jobs.cli import filter as command
from science_modules import registry

GOOD = """description: "Bright ones."
owner: me
where: mag < 20 AND is_positive AND n_positive > 0
annotations: {m: mag}
examples: {match: [{mag: 15.0, is_positive: true, n_positive: 1}], no_match: [{mag: 15.0, n_positive: 1}]}
"""


def test_new_writes_a_filter_that_can_be_used_and_overwrites_none(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert command.main(["new", "mine", "--directory", str(tmp_path)]) == 0
    assert command.main(["list", str(tmp_path)]) == 0
    assert "mine" in capsys.readouterr().out
    assert command.main(["new", "mine", "--directory", str(tmp_path)]) == 2
    assert command.main(["new", "Mine!", "--directory", str(tmp_path)]) == 2
    assert "is there already" in capsys.readouterr().err


@pytest.mark.spark
def test_a_new_filter_matches_alerts_of_a_job_without_published_weights(
    tmp_path: Path, spark: SparkSession, small_output: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert command.main(["new", "mine", "--directory", str(tmp_path)]) == 0
    path = tmp_path / "mine.yaml"
    needs = filter_of(path).modules
    assert needs == {"rise", "stetson_k"}
    assert not [each for name in needs for each in registry.get(name).artefacts if each.original]
    assert "strix models add acai" in path.read_text()
    assert command.main(["check", str(path)]) == 0
    capsys.readouterr()
    assert command.main(["test", str(path), "--data", str(small_output)]) == 0
    matched = re.search(r"(\d+) of \d+ alerts match", capsys.readouterr().out)
    assert matched is not None
    assert int(matched[1]) > 0


@pytest.mark.spark
def test_check_says_what_is_wrong_and_with_what_code(
    tmp_path: Path, spark: SparkSession, capsys: pytest.CaptureFixture[str]
) -> None:
    path = tmp_path / "bright.yaml"
    path.write_text(GOOD)
    assert command.main(["check", str(path)]) == 0
    assert "cannot be used" not in capsys.readouterr().out
    path.write_text(GOOD.replace("mag < 20", "mag > 20"))
    assert command.main(["check", str(path)]) == 1
    told = capsys.readouterr()
    assert "should give TRUE, gives FALSE" in told.err
    assert "filters that can be used" not in told.out
    path.write_text(GOOD.replace("mag < 20", "magg < 20"))
    assert command.main(["check", str(path)]) == 1
    assert "unknown column magg; did you mean mag" in capsys.readouterr().err


@pytest.mark.spark
def test_check_says_of_an_alert_that_is_not_at_hand_that_it_was_not_checked(
    tmp_path: Path, spark: SparkSession, small_output: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "bright.yaml").write_text(GOOD.replace("match: [{", 'match: ["ztf:42", {', 1))
    assert command.main(["check", str(tmp_path / "bright.yaml"), "--data", str(small_output)]) == 0
    assert "not checked: " in (said := capsys.readouterr().out)
    assert "ztf:42" in said


@pytest.mark.spark
def test_check_does_without_real_alerts_where_there_are_none_but_not_without_those_it_is_told_of(
    tmp_path: Path, spark: SparkSession, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "bright.yaml").write_text(GOOD)
    monkeypatch.setenv("STRIX_REAL_ALERTS", str(tmp_path / "nowhere"))
    assert command.main(["check", str(tmp_path / "bright.yaml")]) == 0
    assert command.main(["check", str(tmp_path / "bright.yaml"), "--data", str(tmp_path / "nowhere")]) == 2
    assert "no such directory" in capsys.readouterr().err


@pytest.mark.spark
def test_test_counts_clauses_nights_and_near_misses(
    tmp_path: Path, spark: SparkSession, small_output: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    path, sheet = tmp_path / "bright.yaml", tmp_path / "sheet.png"
    path.write_text(GOOD.replace("n_positive > 0", "(n_positive BETWEEN 3 AND 99 OR FALSE)"))
    assert command.main(["test", str(path), "--data", str(small_output), "--sheet", str(sheet)]) == 0
    said = capsys.readouterr().out
    for words in (
        "alerts match",
        "(n_positive BETWEEN 3 AND 99 OR FALSE)",
        "near misses, the nearest",
        "left after it",
        "missed_by",
        "NULL, do not pass",
    ):
        assert words in said
    assert sheet.read_bytes().startswith(b"\x89PNG")
    assert command.main(["test", str(path), "--data", str(small_output), "--nights", "19990101"]) == 2
    assert "no science files of 19990101" in capsys.readouterr().err


@pytest.mark.spark
def test_test_and_run_say_that_an_output_lacks_a_module(
    tmp_path: Path, spark: SparkSession, small_output: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    path = tmp_path / "bright.yaml"
    path.write_text(GOOD.replace("mag < 20", "acai.acai_h > 0.8"))
    there = "rise, stetson_k"
    assert command.main(["test", str(path), "--data", str(small_output)]) == 0
    said = " ".join(capsys.readouterr().out.split())
    assert f"this output has no column of module acai (modules there: {there}): NULL for every alert" in said
    assert "acai.acai_h is NULL for" not in said
    assert command.main(["run", str(path), "--data", str(small_output), "-o", str(tmp_path / "m.csv")]) == 0
    assert f"no column of module acai (modules there: {there})" in capsys.readouterr().out
    path.write_text(GOOD)
    assert command.main(["test", str(path), "--data", str(small_output)]) == 0
    assert "has no column of" not in capsys.readouterr().out
