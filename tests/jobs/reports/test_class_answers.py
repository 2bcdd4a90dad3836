"""What a person sees first of a module that tells classes: the class that it calls and its highest calibrated probabilities."""

import json
import re
import shutil
from dataclasses import replace
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq
import pytest
from matplotlib.text import Text
from rich.console import Console

from jobs.archive.alert import Answer, ModuleAnswer, alerts_of
from jobs.archive.find import find_alert
from jobs.cli import report, scores, sheet, show
from jobs.launcher.run import Outcome
from jobs.launcher.science import Science
from jobs.reports.night_page.cards import cards
from jobs.reports.night_page.page import night_page
from jobs.reports.night_page.science_part import score_columns
from jobs.reports.pictures.module_words import in_words
from jobs.reports.pictures.show import picture
from jobs.storage.layout import Layout
from jobs.streaming.status import Status
from science_modules import registry
from science_modules.common.contract import Field

NAMES = ("light_curve_class", "stamp")
BEST = {"p_transient": 0.91, "p_snia": 0.62, "p_snii": 0.17, "p_snibc": 0.08}
TEXTS = {"branch": "transient", "top_class": "snia", "second_class": "snii", "sky_class": "snia"}
OWN = (Field("version", "string", "", ""), Field("error", "string", "", ""))


def value(field: Field, row: int) -> object:
    if field.name in BEST:
        return BEST[field.name] - row / 10_000
    if field.type.startswith("float"):
        return 0.99 if field.name.startswith("raw_") else 0.001
    return TEXTS.get(field.name) if field.type == "string" else 7 if field.type == "int32" else False


def answers(name: str, n: int) -> pa.Array:
    fields = [*OWN, *registry.get(name).outputs]
    columns = [pa.array([value(each, row) for row in range(n)], each.arrow.type) for each in fields]
    return pa.StructArray.from_arrays(columns, fields=[each.arrow for each in fields])


@pytest.fixture(scope="module")
def classes_out(night_out: Layout, tmp_path_factory: pytest.TempPathFactory) -> Layout:
    """The night, of which light_curve_class calls every alert a SN Ia, and stamp something unlikely; features beside them."""
    root = tmp_path_factory.mktemp("classes") / "out"
    shutil.copytree(night_out.root, root)
    for path in Layout(root).files("science"):
        table = pq.ParquetFile(path).read()
        for name in (*NAMES, "alerce_features"):
            column = answers(name, table.num_rows)
            table = table.append_column(pa.field(name, column.type), column)
        pq.write_table(table, path)
    return Layout(root)


def first_id(layout: Layout) -> int:
    return int(pq.ParquetFile(layout.files("science")[0]).read(["alert_id"])["alert_id"][0].as_py())


def test_show_tells_the_class_and_the_highest_calibrated_probabilities(
    classes_out: Layout, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    arguments = [str(first_id(classes_out)), "--data", str(classes_out.root), "-o", str(tmp_path / "a.png")]
    assert show.main(arguments) == 0
    said = " ".join(capsys.readouterr().out.split())
    assert (
        "light_curve_class top class snia 0.620, branch transient 0.910, p_transient 0.910, p_snia 0.620, p_snii 0.170,"
        " p_snibc 0.080, second class snii 0.170, sky class snia 0.001, n points 7, and 77 more" in said
    )
    assert re.search(r"stamp top class snia, p_\w+ 0.001, p_\w+ 0.001", said)
    assert "raw" not in said


def test_the_picture_has_the_class_and_bars_of_the_highest(classes_out: Layout) -> None:
    (alert,) = alerts_of(find_alert(classes_out, first_id(classes_out)))
    said = [text.get_text() for text in picture(alert, None).findobj(Text)]
    at = said.index("light_curve_class")
    assert said[at + 2 : at + 14] == [
        *("top class", "snia 0.620", "branch", "transient 0.910", "p_transient", "0.910", "p_snia", "0.620"),
        *("p_snii", "0.170", "p_snibc", "0.080"),
    ]
    assert not [word for word in said if word.startswith("raw")]


def test_cards_and_histograms_of_the_page_are_of_calibrated_probabilities(classes_out: Layout) -> None:
    (card, *_) = cards(classes_out, "20240210", (("mag", "ascending"),), 1)
    bars = [bar.name for bar in card.bars if bar.name.startswith("light_curve_class")]
    own = f"{next(bar.value for bar in card.bars if bar.name.endswith(': p_snia')):.3f}"
    assert bars == [f"light_curve_class, snia {own}: p_transient", f"light_curve_class, snia {own}: p_snia"]
    found = [each.column for each in score_columns(classes_out.files("science", "20240210"))]
    assert {"light_curve_class.p_snia", "stamp.p_sn", "anomaly.percentile"} <= set(found)
    assert not [name for name in found if "raw_" in name or name.startswith("alerce_features")]


def test_the_table_of_scores_begins_with_the_class(classes_out: Layout, capsys: pytest.CaptureFixture[str]) -> None:
    assert scores.main([str(classes_out.root), "--module", "light_curve_class", "--top", "2"]) == 0
    said = capsys.readouterr().out
    assert "highest light_curve_class.p_periodic first" in said
    assert scores.main([str(classes_out.root), "--sort", "light_curve_class.p_snia", "--top", "2"]) == 0
    said = capsys.readouterr().out
    heads = [head.strip() for head in next(line for line in said.splitlines() if line.startswith("┃")).split("┃")[1:-1]]
    places = [heads.index(name) for name in ("p_snia", "top_class", "branch", "p_periodic")]
    assert places == sorted(places)
    assert "raw_periodic" not in heads
    assert re.search(r"│ +0.620 │ snia 0.620 +│ transient 0.910 +│", said)


def test_places_are_sorted_from_the_first_on(classes_out: Layout, capsys: pytest.CaptureFixture[str]) -> None:
    asked = [str(classes_out.root), "--sort", "light_curve_class.rank_snia", "--top", "2"]
    for more, first in (([], "lowest"), (["--descending"], "highest"), (["--ascending"], "lowest")):
        assert scores.main([*asked, *more]) == 0
        assert f"{first} light_curve_class.rank_snia first" in capsys.readouterr().out
    assert scores.main([str(classes_out.root), "--sort", "anomaly.score", "--top", "1", "--json"]) == 0
    lowest = json.loads(capsys.readouterr().out)[0]["anomaly.score"]
    rows = [pq.ParquetFile(path).read(["anomaly.score"]).flatten()[0] for path in classes_out.files("science")]
    assert lowest == min(pc.min(each).as_py() for each in rows)


def test_a_class_that_is_likelier_on_the_sky_is_told(classes_out: Layout) -> None:
    (alert,) = alerts_of(find_alert(classes_out, first_id(classes_out)))
    said = next(each for each in alert.said if each.module == "light_curve_class")
    answers = tuple(replace(each, value="qso") if each.name == "sky_class" else each for each in said.answers)
    told = in_words(replace(said, answers=answers))
    assert told.startswith("top class snia 0.620, branch transient 0.910, sky class qso 0.001, p_transient 0.910")
    assert told.count("sky class") == 1


def test_a_reason_stands_beside_what_was_answered(
    classes_out: Layout, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    (alert,) = alerts_of(find_alert(classes_out, first_id(classes_out)))
    early = ModuleAnswer("early", "1.0.0", (Answer("n_points", 18, "", ""),), "not applicable: 18 points", 1)
    assert in_words(early) == "n points 18; not applicable: 18 points"
    said = [text.get_text() for text in picture(replace(alert, said=[early]), None).findobj(Text)]
    at = said.index("early")
    assert said[at : at + 6] == ["early", "1.0.0", "not applicable: 18 points", "", "n points", "18"]
    assert in_words(replace(early, reason=None)) == "n points 18"
    root = tmp_path / "out"
    shutil.copytree(classes_out.root, root)
    for path in Layout(root).files("science"):
        table = pq.ParquetFile(path).read()
        place = table.schema.get_field_index("stamp")
        column = table["stamp"].combine_chunks()
        kind = column.type
        parts = [
            pa.repeat(pa.scalar("a stamp is small"), len(column)) if each.name == "error" else column.field(number)
            for number, each in enumerate(kind)
        ]
        pq.write_table(table.set_column(place, "stamp", pa.StructArray.from_arrays(parts, fields=list(kind))), path)
    (card, *_) = cards(Layout(root), "20240210", (("mag", "ascending"),), 1)
    assert "stamp: a stamp is small" in card.reasons
    assert not [reason for reason in card.reasons if reason.startswith("light_curve_class")]
    assert "stamp: a stamp is small" in night_page(Layout(root), "20240210", 1)
    monkeypatch.setenv("COLUMNS", "400")
    assert scores.main([str(root), "--module", "stamp", "--top", "2"]) == 0
    out = capsys.readouterr().out
    assert "reason" in out and out.count("a stamp is small") == 2
    assert scores.main([str(root), "--module", "light_curve_class", "--top", "2"]) == 0
    assert "reason" not in capsys.readouterr().out.replace(str(root), "")


def test_a_sheet_writes_the_class_beside_what_sorted(
    classes_out: Layout, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    seen: list[str] = []
    drawn = sheet.contact_sheet

    def kept(title: str, subtitle: str, entries: list[sheet.Entry], stamps: object) -> object:
        seen.extend(str(each.value) for each in entries)
        return drawn(title, subtitle, entries, stamps)  # type: ignore[arg-type]

    monkeypatch.setattr(sheet, "contact_sheet", kept)
    arguments = [str(classes_out.root), "--sort", "light_curve_class.p_snia", "-n", "2", "-o", str(tmp_path / "s.png")]
    assert sheet.main(arguments) == 0
    assert seen[0] == "p_snia 0.620 · snia 0.620"
    arguments[2] = "light_curve_class.p_slsn"
    assert sheet.main(arguments) == 0
    assert re.fullmatch(r"p_slsn 0\.001 · snia 0\.6\d\d", seen[2])


def test_the_closing_table_lists_the_highest_probabilities_and_no_features(
    classes_out: Layout, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    modules = tuple(registry.get(name) for name in ("alerce_features", *NAMES, "anomaly"))
    outcome = Outcome(classes_out, "night", Status(classes_out, "night", "night"), Science(modules, {}, {}))
    monkeypatch.setattr(report, "files_of", lambda layout, records: classes_out.files("science"))
    with open(tmp_path / "told.txt", "w+", encoding="utf-8") as out:
        report._print_scores(Console(file=out, width=200), outcome, ())
        out.seek(0)
        told = out.read()
    rows = re.findall(r"│ (\w+\.\w+) +│ +([\d.]+) │", told)
    own = [(name, round(float(given), 2)) for name, given in rows if name.startswith("light_curve_class")]
    assert own[::2][:4] == [(f"light_curve_class.{name}", given) for name, given in BEST.items()]
    assert len(own) == report.SCORES_PER_MODULE * report.HIGHEST
    assert {name for name, _ in rows if name.startswith("stamp")} == {
        f"stamp.p_{each}" for each in ("agn", "sn", "vs", "asteroid", "bogus")
    }
    assert "alerce_features" not in told
    assert "anomaly" not in told
    assert re.search(r"13 more scores of light_curve_class: strix scores \S+ --module light_curve_class", told)
    assert np.isclose(max(given for _, given in own), 0.91)


def test_the_closing_table_names_no_command_for_a_module_without_answers(
    classes_out: Layout, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    root = tmp_path / "out"
    shutil.copytree(classes_out.root, root)
    for path in Layout(root).files("science"):
        table = pq.ParquetFile(path).read()
        kind = table.schema.field("light_curve_class").type
        none = pa.array([dict.fromkeys(each.name for each in kind)] * table.num_rows, kind)
        pq.write_table(
            table.set_column(table.schema.get_field_index("light_curve_class"), "light_curve_class", none), path
        )
    layout = Layout(root)
    monkeypatch.setattr(report, "files_of", lambda layout, records: layout.files("science"))

    def told(names: tuple[str, ...]) -> str:
        science = Science(tuple(registry.get(name) for name in names), {}, {})
        with open(tmp_path / "told.txt", "w+", encoding="utf-8") as out:
            outcome = Outcome(layout, "night", Status(layout, "night", "night"), science)
            report._print_scores(Console(file=out, width=200), outcome, ())
            out.seek(0)
            return out.read()

    assert "stamp.p_sn" in told(NAMES)
    assert "more score" not in told(NAMES)
    assert told(("light_curve_class",)) == ""
    assert scores.main([str(root), "--module", "light_curve_class"]) == 0
    out = capsys.readouterr().out
    assert "no alert has a light_curve_class.p_periodic" in out
    assert "more outputs" not in out
