"""What looks at an output, on that of `strix reprocess`: it works, or says what does."""

from pathlib import Path

import pytest
from releases import row, run, write

from jobs import cutouts, light_curve
from jobs.archive.alert import alerts_of, merged
from jobs.archive.find import find, stars_by_name
from jobs.archive.stars import StarsOnly
from jobs.cli.main import main
from jobs.lookup.opening import open_store
from jobs.lookup.release import ReleaseStore
from jobs.reports.pictures.light_curve import measured
from jobs.storage.layout import Layout


@pytest.fixture(scope="module")
def release(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Five stars a minute of arc apart; the light curve of 1 has two points of one time."""
    folder = tmp_path_factory.mktemp("release")
    rows = [row(n, 150.0, 2.0 + n / 60, epochs=20 + n) for n in range(1, 6)]
    rows[0]["hmjd"][3] = rows[0]["hmjd"][2]
    run(folder / "out", write(folder / "in" / "a.parquet", rows), modules=("lc_features", "anomaly"))
    return folder / "out"


def test_a_star_is_shown_with_all_its_points(release: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    for how in (["1"], ["--near", "150.0 2.0166667"]):
        assert main(["show", *how, "--data", str(release), "-o", str(tmp_path / "a.png")]) == 0
        told = capsys.readouterr().out
        assert "ZTF star of a data release, 21 points" in told
        assert "None" not in told and "mean g" in told
    assert (tmp_path / "a.png").stat().st_size > 20_000
    (star,) = alerts_of(find(Layout.of(release), "1"))
    whole = merged([star]).curve
    assert len(whole) == 21  # two of one time are two measurements
    assert [each.limits for each in measured(whole)] == [False]
    assert main(["show", "1", "--alert", "4", "--data", str(release)]) == 2
    assert "1 is a star of a data release: it has no alert 4" in capsys.readouterr().err


def test_a_star_without_a_light_curve_says_where_it_is(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    run(tmp_path / "out", write(tmp_path / "a.parquet", [row(1, 150.0, 2.0)]), without_light_curves=True)
    assert main(["show", "1", "--data", str(tmp_path / "out"), "-o", str(tmp_path / "a.png")]) == 0
    assert "without that option into another --output" in capsys.readouterr().out


def test_the_light_curve_of_a_star_is_that_of_the_table(release: Path) -> None:
    curve, (star,) = light_curve("1", data=release), find(Layout.of(release), "1").to_pylist()
    assert curve["mjd"].value.tolist() == star["lc_mjd"]
    assert sorted(curve["flux_total"].value.tolist()) == sorted(star["lc_flux_total"])
    assert curve["alert_id"].mask.all() and curve.meta["NALERTS"] == 0


def test_a_sheet_shows_each_star_once(release: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    found = stars_by_name(Layout.of(release), [("ztf", "4"), ("ztf", "2"), ("ztf", "99")])
    assert found["object_id"].to_pylist() == ["4", "2"]
    arguments = ["--sort", "n_detections", "-n", "3", "-o", str(tmp_path / "sheet.png")]
    assert main(["sheet", str(release), *arguments]) == 0
    assert "3 stars, highest n_detections first" in capsys.readouterr().out


def test_data_may_name_a_release_too(release: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert isinstance(open_store(data=release), ReleaseStore)
    for question in (["object", "3"], ["cone", "150.0", "2.05", "10"]):
        answers = []
        for where in ("--data", "--store"):
            assert main(["get", *question, where, str(release), "--form", "csv"]) == 0
            answers.append(capsys.readouterr().out)
        assert answers[0] == answers[1] and len(answers[0].splitlines()) == 2
    assert main(["get", "alert", "3", "--data", str(release)]) == 2
    assert "stars of a release, no alerts" in capsys.readouterr().err


def test_an_export_counts_stars(release: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    for ending in ("csv", "fits", "vot", "parquet"):
        assert main(["export", str(release), "-o", str(tmp_path / f"a.{ending}")]) == 0
        assert capsys.readouterr().out.startswith("5 stars, ")


@pytest.mark.parametrize(
    "command",
    [
        ["report", "RELEASE"],
        ["filter", "run", "anomalies", "--data", "RELEASE", "-o", "a.csv"],
        ["filter", "test", "conf/filters/anomalies.yaml", "--data", "RELEASE"],
    ],
)
def test_what_is_of_alerts_says_what_there_is_of_stars(
    command: list[str], release: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main([str(release) if each == "RELEASE" else each for each in command]) == 2
    told = capsys.readouterr().err
    assert f"alerts, and {release} has stars of a data release: `strix scores {release} --sort MODULE.OUTPUT`" in told


@pytest.mark.parametrize(
    "command",
    [["ledger", "check"], ["ledger", "show"], ["compact"], ["prune"], ["quarantine", "list"], ["store", "load"]],
)
def test_what_reads_a_ledger_says_where_the_records_are(
    command: list[str], release: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main([*command, str(release)]) == 2
    assert "is the output of `strix reprocess`, which keeps no ledger" in capsys.readouterr().err


def test_cutouts_of_stars_are_refused(release: Path) -> None:
    with pytest.raises(StarsOnly, match="cutouts are of alerts"):
        cutouts(1, data=release)
