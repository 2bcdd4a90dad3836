"""A version in shadow, promoted by one line, and back: new nights, old nights, filters, the ledger."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pyarrow.compute as pc
import pytest
from job_process import Job
from rescoring_again import STAMP_MODULE, again, differing, science, write_module
from small_outputs import files, gaps, left_over, run_night

import science_modules
from jobs.archive.versions import mixed_versions, versions_in
from jobs.audit.check import check_ledger
from jobs.ledger.journal import Journal
from jobs.ledger.streams import records
from jobs.storage.layout import Layout
from science_modules import registry
from science_modules.common.promotions import FILE, promotions

SIZE, SHADOW = "stamp_size", "stamp_size_v2_0_0"
FACTOR = 3  # the version answers so many times as much


@pytest.fixture
def modules(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """A directory with a module and a version of it."""
    directory = tmp_path / "modules"
    directory.mkdir()
    monkeypatch.setenv("STRIX_MODULE_PATH", str(directory))
    monkeypatch.setattr(science_modules, "__path__", list(science_modules.__path__))
    write_module(directory, STAMP_MODULE, SIZE)
    write_module(directory, STAMP_MODULE, SHADOW, version="2.0.0", factor=FACTOR)
    yield directory
    promotions.cache_clear()


def promote(modules: Path, line: str = f"{SIZE}: 2.0.0  # since the new labels\n") -> None:
    """What a person writes, and the new process that follows."""
    (modules / FILE).write_text(line)
    promotions.cache_clear()


def answers(output: Path, column: str) -> list[Any]:
    return pc.struct_field(science(output)[column], "n").to_pylist()


def versions(output: Path) -> dict[str, list[str]]:
    return {name: told for name, told in versions_in(files(output, "science")).items() if name in (SIZE, SHADOW)}


def test_a_version_in_shadow_is_written_beside_the_module_and_promoted_in_its_place(
    packets: Path, tmp_path: Path, modules: Path
) -> None:
    run_night(tmp_path / "shadow", packets, modules=(SIZE, SHADOW))
    assert versions(tmp_path / "shadow") == {SIZE: ["1.0.0"], SHADOW: ["2.0.0"]}
    sizes = answers(tmp_path / "shadow", SIZE)
    assert min(sizes) > 0 and answers(tmp_path / "shadow", SHADOW) == [FACTOR * n for n in sizes]
    promote(modules)
    run_night(tmp_path / "promoted", packets, modules=(SIZE,))
    assert versions(tmp_path / "promoted") == {SIZE: ["2.0.0"]}
    assert answers(tmp_path / "promoted", SIZE) == [FACTOR * n for n in sizes]
    assert gaps(tmp_path / "promoted") == []


def test_an_old_night_is_scored_beside_its_answers_then_in_their_place_and_back(output: Path, modules: Path) -> None:
    again(output, [SIZE])
    before = science(output)
    again(output, [f"{SIZE}@2.0.0"])
    assert differing(science(output).select(before.column_names), before) == []  # the old answers stay, bit for bit
    assert versions(output) == {SIZE: ["1.0.0"], SHADOW: ["2.0.0"]}
    sizes = answers(output, SIZE)
    assert answers(output, SHADOW) == [FACTOR * n for n in sizes]
    promote(modules)
    night = min(_nights(output))
    again(output, [SIZE], night)
    assert versions(output)[SIZE] == [
        "1.0.0",
        "2.0.0",
    ]  # a night that is not scored again says what was said at the time
    assert mixed_versions([SIZE, "rise"], files(output, "science")) == f"{SIZE} answered in versions 1.0.0, 2.0.0"
    assert set(answers(output, SIZE)) <= {factor * n for factor in (1, FACTOR) for n in sizes}
    assert gaps(output) == []
    promote(modules, "")
    again(output, [SIZE], night)
    assert answers(output, SIZE) == sizes and mixed_versions([SIZE], files(output, "science")) == ""
    told = [change.answers[SIZE]["version"] for change in Journal(Layout(output)).changes("science", night)
            if SIZE in change.answers]  # fmt: skip
    assert told == ["1.0.0", "2.0.0", "1.0.0"]
    assert gaps(output) == left_over(output) == []


def _nights(output: Path) -> set[str]:
    return {path.parent.name.removeprefix("night=") for path in files(output, "science")}


def test_the_lines_of_every_directory_count_wherever_the_version_lies(
    modules: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    second = tmp_path / "second"
    second.mkdir()
    monkeypatch.setenv("STRIX_MODULE_PATH", f"{modules}:{second}")
    promote(second)
    assert registry.folder_of(SIZE) == modules / SHADOW
    promote(modules, f"{SIZE}: 2.1.0\n")
    with pytest.raises(registry.ResolveError, match=r"second/promoted.yaml promotes stamp_size 2\.0\.0, another line"):
        registry.folder_of(SIZE)


@pytest.mark.parametrize(
    ("line", "message"),
    [
        (f"{SIZE} 2.0.0", "line 1: wants NAME: VERSION, as stamp: 2.1.0; has 'stamp_size 2.0.0'"),
        (f"{SIZE}: 3.0.0", "there is no module stamp_size_v3_0_0; versions of stamp_size .*'stamp_size_v2_0_0'"),
        ("stamp_sise: 2.0.0", "there is no module stamp_sise or stamp_sise_v2_0_0; versions .*: none"),
        (f"{SIZE}: 2.0.0\n{SIZE}: 2.1.0", "promotes stamp_size 2.1.0, another line promotes 2.0.0"),
    ],
)
def test_a_line_that_does_not_hold_stops_every_job(modules: Path, line: str, message: str) -> None:
    promote(modules, line)
    with pytest.raises(registry.ResolveError, match=message):
        registry.resolve(["rise"])


def test_a_version_with_other_outputs_cannot_stand_for_its_module(modules: Path) -> None:
    write_module(modules, STAMP_MODULE.replace('Field("n"', 'Field("bytes"'), SHADOW, version="2.0.0")
    promote(modules)
    with pytest.raises(registry.ResolveError, match=r"which gives \['bytes'\]; stamp_size gives \['n'\]"):
        registry.get(SIZE)


def test_other_code_is_another_hash_of_the_version_and_of_what_it_is_promoted_to(modules: Path) -> None:
    alone = registry.source_hash(SIZE)
    promote(modules)
    promoted, shadow = registry.source_hash(SIZE), registry.source_hash(SHADOW)
    assert promoted == shadow != alone
    (modules / SIZE / "more.py").write_text("# the code that a version is run by\n")
    assert promoted != registry.source_hash(SIZE) == registry.source_hash(SHADOW)


@pytest.mark.spark
def test_a_job_on_spark_answers_and_filters_by_the_promoted_version(
    output: Path, packets: Path, tmp_path: Path, modules: Path
) -> None:
    again(output, [SIZE])
    most = max(answers(output, SIZE))
    assert FACTOR * min(answers(output, SIZE)) > most
    (tmp_path / "big.yaml").write_text(f"description: big\nowner: me\nwhere: {SIZE}.n > {most}\n")
    promote(modules)
    told = ["night", "--input", str(packets), "--output", str(tmp_path / "new"), "--modules", SIZE, "--settle-s", "0"]
    job = Job([*told, "--filters", str(tmp_path / "big.yaml")], tmp_path / "job", {"STRIX_MODULE_PATH": str(modules)})
    assert job.wait() == 0, job.said()
    assert versions(tmp_path / "new") == {SIZE: ["2.0.0"]}
    layout = Layout(tmp_path / "new")
    assert {record.hashes["modules"][SIZE]["version"] for record in records(layout)} == {"2.0.0"}
    matched = sum(record.sinks["filters"]["big"]["matched"] for record in records(layout))
    assert matched == science(tmp_path / "new").num_rows > 0  # as the module itself says, none is so large
    assert check_ledger(layout).gaps == []
