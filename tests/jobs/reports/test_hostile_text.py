"""Object ids that are markup, escape sequences, formulas or scripts, in everything that shows them."""

import csv
import io
import re

import pytest
from matplotlib.image import imread

from jobs.cli import report_page, scores, sheet, show
from jobs.common.plain_text import defused, visible

_CONTROLS = re.compile("[\x00-\x09\x0b-\x1f\x7f-\x9f\u202a-\u202e\u2066-\u2069]")


@pytest.fixture
def hostile(hostile_out):
    import pyarrow.parquet as pq

    (path,) = hostile_out.files("science")
    return pq.ParquetFile(path).read(columns=["object_id", "alert_id"]).to_pylist()


def clean(out):
    assert not _CONTROLS.search(out), repr(_CONTROLS.search(out))
    return out


def test_the_packets_keep_their_ids(hostile):
    assert "[/b]" in [row["object_id"] for row in hostile]
    assert len(hostile) == 13


def test_scores_shows_every_id_whole(hostile_out, hostile, capsys):
    assert scores.main([str(hostile_out.root), "--sort", "mag", "--top", "99"]) == 0
    out = clean(capsys.readouterr().out)
    for row in hostile:
        assert visible(row["object_id"]) in out


def test_csv_cells_are_defused_and_numbers_are_numbers(hostile_out, hostile, capsys):
    assert scores.main([str(hostile_out.root), "--sort", "mag", "--top", "99", "--csv"]) == 0
    rows = list(csv.DictReader(io.StringIO(capsys.readouterr().out, newline="")))
    assert {row["object_id"] for row in rows} == {defused(row["object_id"]) for row in hostile}
    assert {row["alert_id"] for row in rows} == {str(row["alert_id"]) for row in hostile}
    assert all(float(row["dec"]) == float(row["dec"]) and row["dec"][0] != "'" for row in rows)


def test_show_draws_and_tells_every_one(hostile_out, hostile, capsys, tmp_path):
    for number, row in enumerate(hostile):
        path = tmp_path / f"{number}.png"
        assert show.main([row["object_id"], "--data", str(hostile_out.root), "-o", str(path)]) == 0
        assert visible(row["object_id"]) in clean(capsys.readouterr().out)
    assert imread(tmp_path / "0.png").std() > 0.05


def test_what_is_not_found_is_named_without_being_obeyed(hostile_out, capsys):
    assert show.main(["\x1b[2J[/b]", "--data", str(hostile_out.root)]) == 2
    assert "[2J[/b]" in clean(capsys.readouterr().err)


def test_sheet_draws_them(hostile_out, capsys, tmp_path):
    assert sheet.main([str(hostile_out.root), "--sort", "mag", "-o", str(tmp_path / "s.svg")]) == 0
    text = (tmp_path / "s.svg").read_text()
    assert not re.search("[\x00-\x08\x0b\x0c\x0e-\x1f]", text)  # XML would not be read


def test_the_page_holds_no_element_and_no_link_of_a_packet(hostile_out, capsys, tmp_path):
    assert report_page.main([str(hostile_out.root), "-n", "99", "-o", str(tmp_path / "n.html")]) == 0
    page = clean((tmp_path / "n.html").read_text(encoding="utf-8"))
    assert "<script" not in page.lower()
    assert not re.search(r"""(href|src|xlink:href)\s*=\s*["']?\s*javascript:""", page, re.I)
    assert "&lt;script&gt;" in page  # it is there, as text
    assert "[/b]" in page
