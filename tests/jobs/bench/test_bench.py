"""What `strix bench` measures with: packets that differ, CPU of all processes, medians."""

import io
import json
import subprocess
import sys
import time
from pathlib import Path

import fastavro
import pytest

from jobs.bench import packets
from jobs.bench.job_file import write_job_file
from jobs.bench.numbers import Number, repeated, total
from jobs.bench.processes import Watch
from jobs.cli import bench as command
from jobs.config import load

BUSY = "import time\nend = time.process_time() + 0.6\nwhile time.process_time() < end: pass\ntime.sleep(0.6)"


@pytest.fixture
def few(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(packets, "DISTINCT", 4)
    monkeypatch.setattr(packets, "PER_FILE", 5)


def test_a_job_that_is_measured_in_a_process_of_its_own_is_told_the_same(tmp_path: Path) -> None:
    told = {"input": [str(tmp_path)], "output": str(tmp_path / "out"), "modules": ["rise"], "settle_s": 0}
    told |= {"trigger": "continuous", "interval_s": 0.2, "kafka": {"bootstrap": "b:1"}, "publish": {"partitions": "2"}}
    config = load(None, told)
    write_job_file(config, tmp_path / "job.yaml")
    assert load(tmp_path / "job.yaml") == config


def records(files: list[Path]) -> list[dict[str, object]]:
    return [dict(record) for file in files for record in fastavro.reader(io.BytesIO(file.read_bytes()))]


@pytest.mark.usefixtures("few")
def test_packets_that_are_issued_again_have_ids_and_places_of_their_own(tmp_path: Path) -> None:
    found = records(packets.packets_in(tmp_path, 11))
    places = {(each["candidate"]["ra"], each["candidate"]["dec"]) for each in found}
    assert len(found) == len({each["candid"] for each in found}) == len({each["objectId"] for each in found}) == 11
    assert len(places) == 11
    assert all(each["candid"] == each["candidate"]["candid"] for each in found)
    assert {each["publisher"] for each in found} == {"Strix simulator (SIMULATED)"}
    assert found[0]["cutoutScience"]["stampData"] == found[4]["cutoutScience"]["stampData"]


@pytest.mark.usefixtures("few")
def test_packets_are_the_same_whatever_their_number_and_are_written_once(tmp_path: Path) -> None:
    many = records(packets.packets_in(tmp_path / "a", 10))
    files = packets.packets_in(tmp_path / "b", 5)
    assert records(files) == many[:5]
    written = [file.stat().st_mtime_ns for file in files]
    assert [file.stat().st_mtime_ns for file in packets.packets_in(tmp_path / "b", 5)] == written


def test_the_cpu_of_a_child_that_has_ended_is_counted() -> None:
    with Watch() as watch:
        subprocess.run([sys.executable, "-c", BUSY], check=True)
    assert 0.5 < watch.use.cpu_s["workers"] < 3
    assert watch.use.cpu_s["driver"] < 0.5


def test_memory_of_all_processes_is_summed() -> None:
    with Watch(memory=True) as before:  # Spark's workers of other tests, where there are any
        time.sleep(0.5)
    with Watch(memory=True) as watch:
        code = "import time; held = bytes(range(256)) * (300 << 12); time.sleep(1.5)"  # 300 MiB
        subprocess.run([sys.executable, "-c", code], check=True)
    held = watch.use.peak_by_kind["workers"] - before.use.peak_by_kind.get("workers", 0.0)
    assert 300 < held < 400
    assert watch.use.peak_mib == pytest.approx(sum(watch.use.peak_by_kind.values()))


def test_the_first_measurement_does_not_count_and_each_is_told_as_it_ends(capsys: pytest.CaptureFixture[str]) -> None:
    values = iter([100.0, 3.0, 1.0, 2.0])
    (number,) = repeated(lambda: {("a step", "s"): next(values)}, 3)
    assert (number.values, number.median) == ((3.0, 1.0, 2.0), 2.0)
    assert capsys.readouterr().err.splitlines() == [
        "first, not counted: a step 100 s; about 0 s left",
        "repeat 1 of 3: a step 3.00 s; about 0 s left",
        "repeat 2 of 3: a step 1.00 s; about 0 s left",
        "repeat 3 of 3: a step 2.00 s",
    ]
    assert total("all", [number, Number("b", "s", (1.0, 1.0, 1.0))]).values == (4.0, 2.0, 3.0)


@pytest.mark.usefixtures("few")
def test_the_command_prints_and_writes_what_each_step_takes(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    report = tmp_path / "report.json"
    given = ["--alerts", "10", "--repeats", "2", "--modules", "stetson_k", "--packets", str(tmp_path / "packets")]
    assert command.main(["steps", *given, "--json", str(report)]) == 0
    numbers = {each["what"]: each for each in json.loads(report.read_text())["numbers"]}
    assert {"decode", "view:ztf", "module:stetson_k", "write", "all steps of a task"} == set(numbers)
    whole = numbers.pop("all steps of a task")
    assert whole["values"] == pytest.approx(
        [sum(v) for v in zip(*(n["values"] for n in numbers.values()), strict=True)]
    )
    assert "SIMULATED" in capsys.readouterr().out


@pytest.mark.usefixtures("few")
def test_lookups_are_measured_over_an_archive_of_objects_that_come_back(tmp_path, monkeypatch) -> None:
    from jobs.bench import archive_nights, lookup
    from jobs.bench.inputs import Bench

    for module, name, value in (
        (lookup, "NIGHTS", 3), (lookup, "QUESTIONS", 4), (lookup, "FEW_QUESTIONS", 1), (archive_nights, "DISTINCT", 8),
    ):  # fmt: skip
        monkeypatch.setattr(module, name, value)
    bench = Bench(120, 2, tmp_path / "p", ("stetson_k",), str(tmp_path), ())
    numbers = {number.what.strip(): number for number in lookup.lookups(bench)}
    assert all(value > 0 for number in numbers.values() for value in number.values)
    assert len(numbers["object: p99"].values) == len(numbers["cone of 1 arcmin: p50"].values) == 2
    assert numbers["objects"].median < 120
    assert numbers["object: p50"].median <= numbers["object: p99"].median


def test_n_is_the_number_of_alerts_and_every_bench_is_in_the_documentation() -> None:
    assert command.parser().parse_args(["simulate", "--n", "7"]).alerts == 7
    page = (Path(__file__).parents[3] / "docs" / "performance.md").read_text(encoding="utf-8")
    assert [name for name in command.KINDS if f"    strix bench {name} " not in page] == []
