"""`strix get`: the same answers as the store gives, in every form; what cannot be said is said with an exit code."""

import csv
import io
import json
from pathlib import Path
from typing import Any

import pyarrow.parquet as pq
import pytest
from astropy.io.votable import parse_single_table
from looked_up import every_row, made_up, separations

from jobs.cli.get import _radius
from jobs.cli.main import main
from jobs.storage.layout import Layout

FOUND, MISSING = 0, 2


@pytest.fixture(scope="module")
def archive(tmp_path_factory: pytest.TempPathFactory) -> Layout:
    return made_up(tmp_path_factory.mktemp("archive"), seed=5, files=1)


@pytest.fixture
def row(archive: Layout) -> dict[str, Any]:
    return next(row for row in every_row(archive) if row["ra"] is not None and row["dec"] is not None)


def ask(archive: Layout, *question: str) -> int:
    return main(["get", *question, "--data", str(archive.root)])


def test_an_object_in_every_form(
    archive: Layout, row: dict[str, Any], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    name = row["object_id"]
    own = sorted((each["mjd"], each["alert_id"]) for each in every_row(archive) if each["object_id"] == name)
    ids = [str(alert) for _, alert in own]
    assert ask(archive, "object", name, "--form", "json") == FOUND
    told = json.loads(capsys.readouterr().out)
    assert [each["alert_id"] for each in told] == ids
    assert ask(archive, "object", name, "--form", "csv", "--columns", "alert_id,mjd") == FOUND
    rows = list(csv.DictReader(io.StringIO(capsys.readouterr().out)))
    assert [(float(each["mjd"]), int(each["alert_id"])) for each in rows] == own
    for ending in ("vot", "parquet"):
        assert ask(archive, "object", name, "-o", str(tmp_path / f"o.{ending}")) == FOUND
    table = parse_single_table(str(tmp_path / "o.vot")).to_table()
    assert [str(each) for each in table["alert_id"]] == ids
    assert [str(each) for each in pq.read_table(tmp_path / "o.parquet")["alert_id"].to_pylist()] == ids
    capsys.readouterr()
    assert ask(archive, "object", name) == FOUND
    shown = capsys.readouterr().out
    assert all(alert in shown for alert in ids)


def test_a_cone_page_by_page(archive: Layout, row: dict[str, Any], capsys: pytest.CaptureFixture[str]) -> None:
    rows = every_row(archive)
    expected = sorted(distance for distance in separations(rows, row["ra"], row["dec"]) if distance <= 5 * 3600)
    question = ["cone", str(row["ra"]), "--alerts", "--form", "json", "--limit", "4", "--", str(row["dec"]), "5deg"]
    found: list[float] = []
    token: list[str] = []
    while True:
        place = question.index("--")
        assert main(["get", *question[:place], "--data", str(archive.root), *token, *question[place:]]) == FOUND
        out = capsys.readouterr().out
        page, end = json.JSONDecoder().raw_decode(out)
        found += [each["separation_arcsec"] for each in page]
        if "--token" not in out[end:]:
            break
        token = ["--token", out[end:].split("'")[1]]
    assert found == pytest.approx(expected, abs=1e-6)


def test_a_place_south_of_the_equator_needs_no_two_minuses(archive: Layout, capsys: pytest.CaptureFixture[str]) -> None:
    for dec in ("-01:02:03", "-1d2m3s", "-1.034166667"):
        assert ask(archive, "cone", "12:34:56", dec, "0.001") == MISSING
        assert "no object within 0.001 arcsec of 188.733333 -1.034167 deg" in capsys.readouterr().err


def test_one_row_is_told_as_one(
    archive: Layout, row: dict[str, Any], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    question = ("alert", str(row["alert_id"]), "--survey", row["survey"], "--columns", "mjd")
    assert ask(archive, *question) == FOUND
    assert capsys.readouterr().out.startswith("1 row ")
    assert ask(archive, *question, "-o", str(tmp_path / "a.csv")) == FOUND
    assert capsys.readouterr().out == f"1 row, 1 column: {tmp_path / 'a.csv'}\n"


def test_a_name_that_is_asked_for_as_an_alert_is_told_where_it_goes(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as ended:
        main(["get", "alert", "ZTF21aaxtctv"])
    assert ended.value.code == MISSING
    told = "an alert id is a number, found 'ZTF21aaxtctv'; an object's name goes to `strix get object`"
    assert told in capsys.readouterr().err


def test_where_and_the_limit_behind_it(archive: Layout, capsys: pytest.CaptureFixture[str]) -> None:
    night = [each for each in every_row(archive) if each["night"] == 20240210 and each["band"] == "r"]
    newest = sorted(night, key=lambda each: (-each["mjd"], each["survey"], each["alert_id"]))
    question = ("latest", "--night", "20240210", "--where", "band = 'r' AND mjd > 0", "--limit", "4", "--form", "json")
    assert ask(archive, *question) == FOUND
    assert [each["alert_id"] for each in json.loads(capsys.readouterr().out)] == [
        str(each["alert_id"]) for each in newest[:4]
    ]


@pytest.mark.parametrize(
    ("question", "says"),
    [
        (("object", "nobody"), "no object 'nobody'"),
        (("alert", "123456789"), "no alert 123456789"),
        (("cone", "10", "10", "6deg"), "a radius of 6 deg; it can be more than 0, at most 5"),
        (("cone", "12", "10:00:00", "6"), "is RA 12 in degrees or in hours?"),
        (("cone", "333.1", "44.1", "1"), "no object within 1 arcsec of 333.100000 +44.100000 deg"),
        (("latest", "--night", "x"), "a night is eight digits"),
        (("latest", "--filter", "nobody"), "no alert that the filter 'nobody' sent"),
        (("sso", "Vesta"), "no alert of the body 'Vesta'"),
        (("object", "obj1", "--where", "magg < 3"), "where: line 1, column 1: unknown column magg; did you mean mag"),
        (("latest", "--night", "20240208", "--where", "mjd < 0"), "of the 25 alerts of night '20240208' none is where"),
        (
            ("cone", "210.5", "-30", "1deg", "--where", "mjd < 0"),
            "no object within 3600 arcsec of 210.500000 -30.000000 deg where mjd < 0",
        ),
        (("object", "obj1", "--columns", "fluxx"), "no column 'fluxx'"),
        (("object", "obj1", "-o", "x.txt"), "ends in '.txt'; the forms end in .csv"),
        (("object", "obj1", "--form", "parquet"), "Parquet is written to a file"),
    ],
)
def test_what_is_not_there_or_cannot_be_is_said(
    archive: Layout, question: tuple[str, ...], says: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert ask(archive, *question) == MISSING
    told = capsys.readouterr()
    assert says in told.err and not told.out


def test_an_alert_without_cutouts_is_given_and_why_it_has_none(
    archive: Layout, row: dict[str, Any], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    question = ("alert", str(row["alert_id"]), "--survey", row["survey"], "--cutouts", str(tmp_path / "stamps"))
    assert ask(archive, *question, "--form", "json") == MISSING
    told = capsys.readouterr()
    assert [each["object_id"] for each in json.loads(told.out)] == [row["object_id"]]
    assert f"no cutouts of alert {row['alert_id']} are there" in told.err and "`cutouts: true`" in told.err
    assert not (tmp_path / "stamps").exists()


@pytest.mark.parametrize(
    ("text", "degrees"),
    [("30", 30 / 3600), ("30arcsec", 30 / 3600), ("2arcmin", 2 / 60), (".5deg", 0.5), ("1 deg", 1.0)],
)
def test_a_radius_as_people_write_it(text: str, degrees: float) -> None:
    assert _radius(text) == pytest.approx(degrees, rel=1e-12)


@pytest.mark.parametrize("text", ["-3", "2 am", "", "nan", "1e3"])
def test_a_radius_that_is_none_is_refused(text: str, archive: Layout, capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as ended:
        ask(archive, "cone", "1", "1", "--", text)
    assert ended.value.code == MISSING
    assert "radius" in capsys.readouterr().err.lower()


def test_without_a_store_it_says_how_to_name_one(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("STRIX_SERVICES", str(tmp_path))
    monkeypatch.delenv("STRIX_HBASE", raising=False)
    assert main(["get", "object", "x"]) == MISSING
    assert (
        "no store is known: name an archive's directory, or HBase's host:port ($STRIX_HBASE)" in capsys.readouterr().err
    )
