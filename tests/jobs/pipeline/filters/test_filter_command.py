"""`strix filter`: check, test, list, new."""

import io
import re
from pathlib import Path

import pytest
from pyspark.sql import SparkSession
from rich.console import Console

from jobs.archive.matches import NoSuchFilter, filter_of
from jobs.cli import filter as command
from jobs.cli import filter_report
from jobs.pipeline.filters.dry_run import DryRun
from science_modules import registry

ROOT = Path(__file__).resolve().parents[4]

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
def test_check_says_what_to_give_for_real_alerts_and_which_module_an_output_lacks(
    tmp_path: Path, spark: SparkSession, small_output: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    where = GOOD.replace("mag < 20", "light_curve_class.p_snia > 0.5").replace(
        "{mag: 15.0,", "{light_curve_class: {p_snia: 0.9},"
    )
    (tmp_path / "ia.yaml").write_text(where.replace("no_match: [", 'no_match: ["ztf:42", '))
    assert command.main(["check", str(tmp_path / "ia.yaml"), "--data", str(tmp_path)]) == 0
    said = " ".join(capsys.readouterr().out.split())
    assert "not checked: " in said
    assert "to check it: --data DIR, where DIR has these alerts" in said
    assert "an output of strix night that ran --modules alerce_features,light_curve_class" in said
    assert command.main(["check", str(tmp_path / "ia.yaml"), "--data", str(small_output)]) == 0
    said = " ".join(capsys.readouterr().out.split())
    assert (
        "this output has no column of module light_curve_class (modules there: rise, stetson_k): NULL for its alerts"
        in said
    )


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
def test_what_no_number_misses_is_one_line_and_so_are_nights_without_matches(
    tmp_path: Path, spark: SparkSession, small_output: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    path = tmp_path / "bright.yaml"
    path.write_text(GOOD.replace("mag < 20", "survey = 'lsst'").replace("{mag: 15.0,", "{survey: lsst,"))
    assert command.main(["test", str(path), "--data", str(small_output)]) == 0
    said = " ".join(capsys.readouterr().out.split())
    told = re.search(
        r"near misses: ([\d,]+) for which `survey = 'lsst'` alone is FALSE, which is missed by no number", said
    )
    assert told is not None
    assert int(told[1].replace(",", "")) > 0
    assert "of_spread NULL" not in said and "nearest" not in said
    assert re.search(r"matches by night: none in \d+ nights?", said)
    assert "nights with matches" not in said


def done_by_night(**nights: int) -> str:
    """What is told of matches in nights of 20 alerts."""
    out = io.StringIO()
    done = DryRun([], nights={int(night.strip("n")): [20, matches] for night, matches in nights.items()})
    Console(file=out, width=120).print(filter_report._nights(done))
    return out.getvalue()


def test_nights_without_matches_are_counted_and_not_listed() -> None:
    said = done_by_night(n20240101=0, n20240102=5, n20240103=0, n20240104=1)
    assert "nights with matches, 2 of 2, most first; none in 2 nights" in " ".join(said.split())
    assert re.findall(r"│ (\d{8}) │ 20 +│ (\d+) ", said) == [("20240102", "5"), ("20240104", "1")]
    assert "none in" not in done_by_night(n20240101=3)


def test_list_has_the_filters_of_folders_with_the_modules_that_they_need(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(ROOT)
    assert command.main(["list"]) == 0
    said = capsys.readouterr().out
    assert re.findall(r"^filters in (\S+) *$", said, re.M) == ["conf/filters", "conf/filters/light_curve_classes"]
    for path in (ROOT / "conf/filters").rglob("*.yaml"):
        assert f"│ {path.stem} " in said
    assert (
        "--filters conf/filters/light_curve_classes --modules alerce_features,anomaly,lc_features,light_curve_class"
        in said
    )


def test_names_are_found_in_folders(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("top", "one/own", "one/both", "other/both", "one/top"):
        path = tmp_path / "conf/filters" / f"{name}.yaml"
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(GOOD)
    monkeypatch.chdir(tmp_path)
    for name, file in (("top", "top"), ("own", "one/own"), ("one/top", "one/top"), ("other/both", "other/both")):
        assert filter_of(name).path == f"conf/filters/{file}.yaml"
    with pytest.raises(
        NoSuchFilter, match=r"both is a filter of several folders: conf/filters/one/both.yaml, conf/filters/o"
    ):
        filter_of("both")
    with pytest.raises(NoSuchFilter, match=r"there are: one/both, one/own, one/top, other/both, top\)"):
        filter_of("nowhere")


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
