"""A simulated night on disk: layouts, truth, determinism, refusals."""

import io
import tarfile
from collections import Counter
from pathlib import Path

import fastavro
import pyarrow.parquet as pq
import pytest

from jobs.cli import simulate as job
from jobs.simulation import simulate
from jobs.simulation.packets import packet


def read(paths):
    return [one for path in sorted(paths) for one in fastavro.reader(io.BytesIO(path.read_bytes()))]


def test_every_packet_is_read_back_and_has_its_true_class_beside_it(night, packets, kinds):
    truth = pq.read_table(night / "_truth" / "truth.parquet")
    assert len(packets) == 400
    assert truth["alert_id"].to_pylist() == [one["candid"] for one in packets]
    assert truth["object_id"].to_pylist() == [one["objectId"] for one in packets]
    assert len(set(truth["alert_id"].to_pylist())) == 400
    assert set(kinds) == {"variable_star", "supernova", "agn", "asteroid", "bogus"}


def test_what_is_not_a_packet_lies_where_no_source_looks(night):
    entries = [entry.name for entry in night.iterdir() if entry.suffix != ".avro"]
    assert entries == ["_truth"]


def test_the_true_class_is_not_in_the_packet(packets, kinds):
    rows = [row for one in packets for row in [one, one["candidate"], *(one["prv_candidates"] or [])]]
    texts = {value for row in rows for value in row.values() if isinstance(value, str)}
    assert not [text for text in texts for kind in set(kinds) if kind in text]


def test_n_and_layout_change_no_alert(tmp_path, packets):
    simulate(tmp_path / "files", 12, seed=7, layout="files")
    simulate(tmp_path / "archive", 12, seed=7, layout="tar.gz")
    simulate(tmp_path / "containers", 12, seed=7, per_file=5)
    assert read((tmp_path / "files").glob("*.avro")) == packets[:12]
    assert read((tmp_path / "containers").glob("*.avro")) == packets[:12]
    assert archived(tmp_path / "archive" / "ztf_simulated_20240210.tar.gz") == packets[:12]


def archived(path: Path) -> list[dict]:
    with tarfile.open(path) as archive:
        contents = [archive.extractfile(member).read() for member in archive]
    return [one for content in contents for one in fastavro.reader(io.BytesIO(content))]


def test_containers_hold_as_many_packets_as_asked(tmp_path):
    simulate(tmp_path / "night", 7, seed=1, per_file=3)
    sizes = [len(read([path])) for path in sorted((tmp_path / "night").glob("*.avro"))]
    assert sizes == [3, 3, 1]


@pytest.mark.parametrize("layout", ["files", "containers", "tar.gz"])
def test_files_are_the_same_bytes_every_time(tmp_path, layout):
    for name in ("one", "two"):
        simulate(tmp_path / name, 3, seed=2, layout=layout)
    one, two = (sorted(path for path in (tmp_path / name).rglob("*") if path.is_file()) for name in ("one", "two"))
    assert [path.name for path in one] == [path.name for path in two]
    assert [path.read_bytes() for path in one] == [path.read_bytes() for path in two]


def test_another_seed_is_another_night(packets):
    others = [packet(8, number)[0] for number in range(20)]
    assert not {one["candid"] for one in others} & {one["candid"] for one in packets}
    assert not {one["objectId"] for one in others} & {one["objectId"] for one in packets}
    assert not {one["candidate"]["ra"] for one in others} & {one["candidate"]["ra"] for one in packets}


def test_a_directory_that_holds_something_is_refused(tmp_path):
    (tmp_path / "older.avro").touch()
    with pytest.raises(FileExistsError, match="not empty"):
        simulate(tmp_path, 1, seed=1)


@pytest.mark.parametrize("wrong", [{"n": -1}, {"per_file": 0}, {"layout": "zip"}, {"seed": 100_000}, {"seed": -1}])
def test_what_cannot_be_simulated_is_refused(tmp_path, wrong):
    with pytest.raises(ValueError, match="got"):
        simulate(tmp_path / "night", **{"n": 1, "seed": 1} | wrong)


def test_the_job_says_what_it_wrote_and_refuses_to_write_twice(tmp_path, capsys):
    arguments = [str(tmp_path / "night"), "--n", "5", "--seed", "3"]
    assert job.main(arguments) == 0
    assert "5 simulated alerts" in capsys.readouterr().out
    assert job.main(arguments) == 2
    assert "not empty" in capsys.readouterr().err


def test_counts_by_class_are_those_of_the_truth(tmp_path):
    counts = simulate(tmp_path / "night", 30, seed=5)
    truth = pq.read_table(tmp_path / "night" / "_truth" / "truth.parquet")["class"].to_pylist()
    assert counts == Counter(truth)
