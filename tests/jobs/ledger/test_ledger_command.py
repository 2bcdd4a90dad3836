"""`strix ledger check` and `show`: exit codes, one line per gap, tables that agree with the tables."""

import json
import shutil
import subprocess
import sys
from collections import Counter
from pathlib import Path
from typing import Any

import pytest

from jobs import scan
from jobs.cli.main import main

pytestmark = pytest.mark.spark


def said(capsys: pytest.CaptureFixture[str], *arguments: str) -> tuple[int, str, str]:
    code = main(["ledger", *arguments])
    out, err = capsys.readouterr()
    return code, out, err


def test_a_sound_output_balances(small_output: Path, capsys: pytest.CaptureFixture[str]) -> None:
    code, out, err = said(capsys, "check", str(small_output))
    assert (code, err) == (0, "")
    assert "every packet is accounted for" in out
    rows = [line.strip("│ ").split("│") for line in out.splitlines() if line.count("│") == 3]
    told = {name.strip(): int(value) for name, value in rows}
    # The fixture's input, by hand.
    assert told == {"batches": 2, "read": 63, "decoded": 50, "duplicates": 10, "quarantined": 3, "gaps": 0} | {
        "conflicting_id": 1,
        "not_avro": 1,
        "truncated": 1,
    }


def test_a_gap_is_a_line_on_stderr_and_exit_code_1(
    small_output: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    output = tmp_path / "output"
    shutil.copytree(small_output, output)
    gone, *_ = sorted(output.glob("science/*/*.parquet"))
    gone.unlink()
    code, out, err = said(capsys, "check", str(output))
    assert code == 1
    assert "some packets are not accounted for" in out
    assert all(line.startswith("ledger: ") for line in err.splitlines())
    assert any(gone.name in line and "missing" in line for line in err.splitlines())
    code, out, _ = said(capsys, "check", "--json", str(output))
    told = json.loads(out)
    assert (code, told["all_accounted_for"], told["read"], len(told["gaps"])) == (1, False, 63, len(err.splitlines()))


def test_the_command_needs_no_spark(small_output: Path) -> None:
    code = "import sys; from jobs.cli.main import main; code = main(sys.argv[1:]); "
    code += "assert 'pyspark.java_gateway' not in sys.modules or not __import__('pyspark').SparkContext._active_spark_context"
    answer = subprocess.run([sys.executable, "-c", code, "ledger", "check", str(small_output)], capture_output=True)
    assert (answer.returncode, answer.stderr) == (0, b"")


def test_what_is_shown_agrees_with_the_tables(small_output: Path, capsys: pytest.CaptureFixture[str]) -> None:
    code, out, _ = said(capsys, "show", str(small_output), "--json")
    told = json.loads(out)
    assert code == 0
    nights = Counter(map(str, scan(small_output, columns=["night"])["night"].to_pylist()))
    assert {night: counts["enriched"] for night, counts in told["nights"].items() if counts["enriched"]} == nights
    assert told["total"]["read"] == sum(counts["read"] for counts in told["nights"].values()) == 63
    # As the contract has it: an answer is an alert against which the module gives no reason.
    rows = scan(small_output, columns=["stetson_k"])["stetson_k"].to_pylist()
    answered = [row for row in rows if row["error"] is None]
    few = [row for row in rows if (row["error"] or "").startswith("too few points") and row["n"] is not None]
    numbers = told["total"]["modules"]["stetson_k"]
    assert numbers == {"answered": len(answered), "partial": {"too few points": len(few)}, "null": {}}
    assert 0 < len(few) == len(rows) - len(answered)
    code, out, _ = said(capsys, "show", str(small_output))
    total = next(line for line in out.splitlines() if "total" in line and "stetson_k" in line)
    cells = [cell.strip() for cell in total.strip("│ ").split("│")]
    assert cells[2:] == [str(len(answered)), str(len(few)), "0", f"partial: too few points {len(few)}"]


def test_a_ledger_of_an_earlier_version_opens_is_checked_by_its_rule_and_says_so(
    small_output: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    output = tmp_path / "output"
    shutil.copytree(small_output, output)
    modules = [each for path in records_of(output) for each in as_earlier(path)]
    code, out, err = said(capsys, "check", str(output))
    assert (code, err) == (0, "")
    assert "note: 2 batches counted by an earlier version" in out
    code, out, _ = said(capsys, "show", str(output), "--json")
    numbers = json.loads(out)["total"]["modules"]["stetson_k"]
    assert numbers["any_output"] == sum(each["answered"] for name, each in modules if name == "stetson_k") == 50
    assert (numbers["answered"], numbers["partial"]) == (0, {})
    path, told = records_of(output)[0], modules[0][1]["answered"]
    path.write_text(path.read_text().replace(f'"answered": {told}', f'"answered": {told - 1}'))
    code, _, err = said(capsys, "check", str(output))
    assert code == 1
    assert f"answered {told - 1} is not answers in the files ({told})" in err


def records_of(output: Path) -> list[Path]:
    return sorted(path for path in output.glob("ledger/stream=*/*.json") if path.stem.isdigit())


def as_earlier(path: Path) -> list[tuple[str, dict[str, Any]]]:
    """Write a record as versions before `partial` did; what it then says of its modules."""
    content = json.loads(path.read_text())
    told = []
    for counts in content["nights"].values():
        for name, numbers in counts["modules"].items():
            answered = numbers["answered"] + sum(numbers["partial"].values())
            counts["modules"][name] = {"answered": answered, "null": numbers["null"]}
            told.append((name, counts["modules"][name]))
    path.write_text(json.dumps(content, indent=1, sort_keys=True) + "\n")
    return told


def test_one_night_can_be_shown_and_another_is_named(small_output: Path, capsys: pytest.CaptureFixture[str]) -> None:
    code, out, _ = said(capsys, "show", str(small_output), "--night", "20240102")
    assert code == 0
    assert "20240102" in out
    assert "not_avro 1" in out
    assert "20240210" not in out
    code, _, err = said(capsys, "show", str(small_output), "--night", "20200101")
    assert code == 2
    assert "no night 20200101" in err
    assert "there are 20240102, 20240208, 20240210, unknown" in err


def test_a_directory_that_is_no_output_is_named(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    for verb in ("check", "show"):
        assert said(capsys, verb, str(tmp_path)) == (
            2,
            "",
            f"strix: {tmp_path} is no output of a job: it has no ledger/ folder\n",
        )
