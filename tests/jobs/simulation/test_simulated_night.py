"""A first night on disk: the alerts of a seed by number, whatever else is asked; layouts, truth, refusals."""

import copy
import io
import tarfile
from collections import Counter
from pathlib import Path
from typing import Any

import fastavro
import pyarrow.parquet as pq
import pytest

from jobs.cli import simulate as job
from jobs.simulation import packets as by_number
from jobs.simulation import simulate
from jobs.simulation.classes import CLASSES
from jobs.simulation.mix import counts, turn
from jobs.simulation.packets import packet

N, SEED = 12, 7


@pytest.fixture(scope="module")
def numbered() -> dict[int, dict[str, Any]]:
    """The first alerts by id."""
    found = [packet(SEED, number)[0] for number in range(N)]
    return {one["candid"]: one for one in found}


def read(contents: list[bytes]) -> dict[int, dict[str, Any]]:
    packets: list[Any] = [one for content in contents for one in fastavro.reader(io.BytesIO(content))]
    found = {one["candid"]: one for one in packets}
    assert len(found) == len(packets)
    return found


def archived(path: Path) -> list[bytes]:
    with tarfile.open(path) as archive:
        return [file.read() for member in archive if (file := archive.extractfile(member))]


def test_n_and_layout_change_no_alert(tmp_path: Path, numbered: dict[int, dict[str, Any]]) -> None:
    simulate(tmp_path / "files", N, SEED, layout="files")
    simulate(tmp_path / "archive", N, SEED, layout="tar.gz")
    simulate(tmp_path / "containers", N + 20, SEED, per_file=5)
    assert read([path.read_bytes() for path in (tmp_path / "files").glob("*.avro")]) == numbered
    assert read(archived(tmp_path / "archive" / "ztf_simulated_20240210.tar.gz")) == numbered
    more = read([path.read_bytes() for path in (tmp_path / "containers").glob("*.avro")])
    assert len(more) == N + 20
    assert {candid: more[candid] for candid in numbered} == numbered


def test_a_packet_is_the_same_in_whatever_order_they_are_asked_for_and_the_callers_own(
    numbered: dict[int, dict[str, Any]],
) -> None:
    by_number._of_class.cache_clear()
    backwards = [packet(SEED, number)[0] for number in reversed(range(N))]
    assert backwards == list(reversed(numbered.values()))
    before = copy.deepcopy(backwards[0])
    backwards[0]["candidate"]["jd"] = 0.0
    assert packet(SEED, N - 1)[0] == before


def test_another_seed_is_another_night(numbered: dict[int, dict[str, Any]]) -> None:
    others = [packet(SEED + 2, number)[0] for number in range(N)]
    assert not {one["candid"] for one in others} & set(numbered)
    for name in ("ra", "magpsf", "magnr"):
        assert not {one["candidate"][name] for one in others} & {one["candidate"][name] for one in numbered.values()}


def test_the_true_class_is_that_of_the_truth_and_counts_are_its(tmp_path: Path) -> None:
    made = simulate(tmp_path / "night", N, SEED)
    truth = pq.read_table(tmp_path / "night" / "_truth" / "truth.parquet")
    named = [packet(SEED, number) for number in range(N)]
    assert dict(zip(truth["alert_id"].to_pylist(), truth["class"].to_pylist(), strict=True)) == {
        one["candid"]: kind for one, kind in named
    }
    assert made == Counter(kind for _, kind in named)


@pytest.mark.parametrize("mix", ["natural", "balanced"])
def test_a_larger_night_has_the_smaller_ones_classes_and_one_more(mix: Any) -> None:
    for number in [*range(60), 9_998, 9_999, 10_000, 123_456]:
        place, rank = turn(number, mix)
        before, after = counts(number, mix), counts(number + 1, mix)
        assert rank == before[place]
        assert [b - a for a, b in zip(before, after, strict=True)] == [int(i == place) for i in range(len(CLASSES))]


def test_what_lies_beside_the_packets_lies_where_no_source_looks(night: Path) -> None:
    assert [entry.name for entry in night.iterdir() if entry.suffix != ".avro"] == ["_truth"]


def test_containers_hold_as_many_packets_as_asked(tmp_path: Path) -> None:
    simulate(tmp_path / "night", 7, seed=SEED, per_file=3)
    sizes = [len(read([path.read_bytes()])) for path in sorted((tmp_path / "night").glob("*.avro"))]
    assert sizes == [3, 3, 1]


@pytest.mark.parametrize("layout", ["files", "containers", "tar.gz"])
def test_files_are_the_same_bytes_every_time(tmp_path: Path, layout: Any) -> None:
    for name in ("one", "two"):
        simulate(tmp_path / name, 3, seed=SEED, layout=layout)
    one, two = (sorted(path for path in (tmp_path / name).rglob("*") if path.is_file()) for name in ("one", "two"))
    assert [path.name for path in one] == [path.name for path in two]
    assert [path.read_bytes() for path in one] == [path.read_bytes() for path in two]


def test_a_directory_that_holds_something_is_refused(tmp_path: Path) -> None:
    (tmp_path / "older.avro").touch()
    with pytest.raises(FileExistsError, match="not empty"):
        simulate(tmp_path, 1, seed=1)


@pytest.mark.parametrize(
    "wrong", [{"n": 0}, {"n": -1}, {"per_file": 0}, {"layout": "zip"}, {"seed": 100_000}, {"seed": -1}]
)
def test_what_cannot_be_simulated_is_refused(tmp_path: Path, wrong: dict[str, Any]) -> None:
    with pytest.raises(ValueError, match="got"):
        simulate(tmp_path / "night", **{"n": 1, "seed": 1} | wrong)


@pytest.mark.parametrize(("seed", "number"), [(-1, 0), (100_000, 0), (0, -1), (0, 100_000)])
def test_numbers_out_of_range_are_refused(seed: int, number: int) -> None:
    with pytest.raises(ValueError, match=f"possible, got {seed} and {number}"):
        packet(seed, number)


def test_a_class_of_which_the_night_has_no_more_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("jobs.simulation.ztf.choosing._MOST_BLOCKS", 0)
    monkeypatch.setattr(by_number, "_of_class", by_number._of_class.__wrapped__)
    with pytest.raises(ValueError, match=r"seed 7 has 0 alerts of \w+ in its night, not 1"):
        packet(SEED, 0)


def test_the_job_says_what_it_wrote_and_refuses_to_write_twice(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    arguments = [str(tmp_path / "night"), "--n", "5", "--seed", "3"]
    assert job.main(arguments) == 0
    assert "5 simulated alerts" in capsys.readouterr().out
    assert job.main(arguments) == 2
    assert "not empty" in capsys.readouterr().err
