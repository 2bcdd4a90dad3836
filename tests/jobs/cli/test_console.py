"""What the verbs print is what came with a packet, shown and not obeyed."""

import ast
import io
import sys
from pathlib import Path

import pytest
from rich.table import Table

import jobs.cli
from jobs.cli import console, listen, quarantine
from jobs.cli.console import Console, styled
from jobs.common.plain_text import defused, visible
from jobs.ledger.quarantine import Entry
from jobs.listen.messages import ReceivedMessage

CLI = Path(jobs.cli.__file__).parent
# What `strix bench` prints is its own.
OWN_WORDS = {"bench.py"}


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("ZTF18abc ″ µJy", "ZTF18abc ″ µJy"),
        ("\x1b]0;t\x07", r"\x1b]0;t\x07"),
        ("a\nb\x9b", r"a\nb\x9b"),
        ("\u202eabc\u2066", r"\u202eabc\u2066"),
        ("\ud800", r"\ud800"),
        ("\u2028", r"\u2028"),
    ],
)
def test_what_cannot_be_shown_is_shown_as_its_escape(text, shown):
    assert visible(text) == shown
    assert visible("a\nb\x1b", keep="\n") == "a\nb\\x1b"


def printed(*what, terminal=True):
    out = Console(
        file=io.StringIO(), width=100, force_terminal=terminal, color_system="truecolor" if terminal else None
    )
    out.print(*what)
    return out.file.getvalue()


def test_cells_titles_and_texts_hold_no_markup_and_no_control_sequence():
    table = Table("[red]head", title="[b]title\x1b[2J")
    for cell in ("[/b]", ":smile:", "\x1b]8;;http://x\x1b\\y", "a\nb", "\u202ez", styled("[/i]\x1bq", "bold")):
        table.add_row(cell)
    out = printed(table)
    for shown in ("[red]head", "[b]title\\x1b[2J", "[/b]", ":smile:", "\\x1b]8;;http://x\\x1b\\y", "a\\nb", "\\u202ez"):
        assert shown in out
    assert "[/i]\\x1bq" in out
    assert "\x1b]" not in out
    assert "\x1b[2J" not in out
    lines = printed(table, terminal=False).splitlines()
    assert len({len(line) for line in lines[1:]}) == 1  # nothing is shifted


def test_lines_for_people_are_escaped_and_documents_are_not(capsys):
    console.say("a\x1b[2J\nb")
    console.complain("\u202ec")
    console.pour("\x1bd")
    assert capsys.readouterr() == ("a\\x1b[2J\nb\n\x1bd", "\\u202ec\n")


def test_progress_is_for_terminals_and_takes_one_line(capsys, monkeypatch):
    console.show_progress("1 alert")
    monkeypatch.setattr(sys.stderr, "isatty", lambda: True)
    console.show_progress("2\x1b alerts")
    assert capsys.readouterr() == ("", "\r2\\x1b alerts\033[K")


def test_a_document_is_escaped_where_a_person_reads_it(capsys, monkeypatch):
    monkeypatch.setattr(sys.stdout, "isatty", lambda: True)
    console.pour('id,"\x1b]0;x\x07\u202e"\n')
    assert capsys.readouterr().out == 'id,"\\x1b]0;x\\x07\\u202e"\n'


@pytest.mark.parametrize(
    ("text", "cell"),
    [("=1+1", "'=1+1"), ("+x", "'+x"), ("@a", "'@a"), ("\ta", "'\ta"), ("\ra", "'\ra"), ("-a", "'-a"), ("-1.5e3", "-1.5e3"),
     ("-121540793515135001", "-121540793515135001"), ("+7", "+7"), ("ZTF18", "ZTF18"), ("", ""), ("-1+1", "'-1+1"),
     ("\n=1", "'\n=1"), ("\uff1d1+1", "'\uff1d1+1"), ("\uff20x", "'\uff20x"),
     ("-1.5; None; nan; -inf; 2e-05", "-1.5; None; nan; -inf; 2e-05"), ("-1; =1+1", "'-1; =1+1"), ("-inf", "-inf")],
)  # fmt: skip
def test_a_cell_that_a_spreadsheet_would_run_is_defused_and_a_number_stays_one(text, cell):
    assert defused(text) == cell


def around_the_console(tree):
    """Names through which a verb would print without `jobs.cli.console`."""
    for node in ast.walk(tree):
        if isinstance(node, ast.ImportFrom) and node.module in ("rich", "rich.console", "rich.text"):
            yield from (f"{node.module}.{alias.name}" for alias in node.names if alias.name != "Group")
        if isinstance(node, ast.Attribute) and node.attr == "write" and ast.unparse(node.value).startswith("sys.std"):
            yield ast.unparse(node)
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id == "print":
            yield "print"


def test_every_verb_prints_through_the_console():
    files = sorted(path for path in CLI.glob("**/*.py") if path.name not in {*OWN_WORDS, "console.py"})
    assert len(files) > 15
    found = {path.name: list(around_the_console(ast.parse(path.read_text(encoding="utf-8")))) for path in files}
    assert {name: ways for name, ways in found.items() if ways} == {}


def test_the_scan_sees_each_way_round():
    source = "from rich.console import Console, Group\nimport sys\nsys.stderr.write('x')\nprint('x')"
    assert sorted(around_the_console(ast.parse(source))) == ["print", "rich.console.Console", "sys.stderr.write"]


def test_what_is_received_is_one_clean_line(capsys):
    record = {"object_id": "[/b]\x1b[2J\n\u202ex", "alert_id": 1, "annotations": {"a\x07": "\x1b]0;t\x07"}}
    received = ReceivedMessage("topic", 0, 0, None, record)
    with listen._Screen("table", saving=False) as screen:
        screen.show(received)
    out = capsys.readouterr().out
    assert "[/b]\\x1b[2J\\n\\u202ex" in out
    assert out.count("\n") == 1
    assert "\x1b" not in out


def test_what_was_refused_is_told_as_text():
    entry = Entry(
        "aaaa", "20240210", "packet", "unreadable", "[/b] \x1b[2J", "decode", None, None, 1,
        {"file": "x\x1b]0;t\x07.avro", "index": 0}, "q.parquet", 1, "s", 0, "night", (), (), "",
    )  # fmt: skip
    out = printed(quarantine._entries_table([entry]), terminal=False)
    assert "[/b]" in out
    assert "\\x1b[2J" in out
    assert "\x1b" not in out
