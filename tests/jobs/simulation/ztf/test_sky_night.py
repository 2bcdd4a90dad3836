"""A night of packets of all classes: order, layouts, ids, truth, the same bytes every time."""

import io
import tarfile

import fastavro
import numpy as np
import pytest

from jobs.cli import simulate as job
from jobs.simulation.classes import CLASSES
from jobs.simulation.mix import counts, shares
from jobs.simulation.sky_night import mjd_of, simulate_night
from jobs.simulation.ztf.maker import MAKER


def files(directory):
    return {path.name: path.read_bytes() for path in sorted(directory.rglob("*")) if path.is_file()}


def test_packets_come_in_the_order_of_their_times_with_their_truth(sky_packets, sky_truth):
    times = [one["candidate"]["jd"] for one in sky_packets]
    assert times == sorted(times)
    assert [one["candid"] for one in sky_packets] == [row["alert_id"] for row in sky_truth]
    assert [one["objectId"] for one in sky_packets] == [row["object_id"] for row in sky_truth]
    # 2024-02-10: Palomar's night lies within the UTC date
    assert 2460350.5 <= times[0] < times[-1] < 2460351.5


def test_all_five_classes_are_there_alike(sky_truth):
    found = [row["stamp_class"] for row in sky_truth]
    # each class is rounded, and of one too rare to be seen some may be lacking
    assert all(50 <= found.count(name) <= 64 for name in ("SN", "VS", "AGN", "asteroid", "bogus"))


def test_every_packet_says_that_it_is_simulated(sky_packets):
    assert {one["publisher"] for one in sky_packets} == {"Strix simulator (SIMULATED)"}
    assert all(one["objectId"].startswith("SIM00011") for one in sky_packets)
    candids = [one["candid"] for one in sky_packets]
    assert min(candids) >= 9 * 10**18
    assert max(candids) < 2**63
    assert len(set(candids)) == len(candids)


def test_the_true_class_is_not_in_the_packet(sky_packets, sky_truth):
    rows = [row for one in sky_packets for row in [one, one["candidate"], *(one["prv_candidates"] or [])]]
    texts = {value for row in rows for value in row.values() if isinstance(value, str)}
    assert not [text for text in texts for kind in {row["class"] for row in sky_truth} if kind in text]


def test_the_number_of_workers_changes_no_byte(tmp_path):
    for workers in (1, 2):
        simulate_night(MAKER, tmp_path / str(workers), 9, seed=3, workers=workers)
    assert files(tmp_path / "1") == files(tmp_path / "2")


def test_layouts_hold_the_same_packets(tmp_path):
    for layout in ("files", "containers", "tar.gz"):
        simulate_night(MAKER, tmp_path / layout, 4, seed=3, layout=layout, workers=1)
    whole = [one for path in (tmp_path / "containers").glob("*.avro") for one in read(path.read_bytes())]
    alone = [one for path in sorted((tmp_path / "files").glob("*.avro")) for one in read(path.read_bytes())]
    with tarfile.open(tmp_path / "tar.gz" / "ztf_simulated_20240210.tar.gz") as archive:
        archived = [one for member in archive for one in read(archive.extractfile(member).read())]
    assert archived == whole
    assert sorted(alone, key=lambda one: one["candidate"]["jd"]) == whole


def read(content):
    return list(fastavro.reader(io.BytesIO(content)))


def test_another_date_is_another_night():
    assert mjd_of(18581117) == 0
    assert mjd_of(20240210) == 60350


def test_shares_are_those_of_the_mix():
    assert shares("natural").sum() == pytest.approx(1)
    by_group = {}
    for kind, share in zip(CLASSES, shares("balanced"), strict=True):
        by_group[kind.stamp_class] = by_group.get(kind.stamp_class, 0) + share
    np.testing.assert_allclose(list(by_group.values()), 0.2)
    assert sum(counts(1234, "natural")) == 1234


@pytest.mark.parametrize(
    "wrong", [{"alerts": 0}, {"workers": 0}, {"per_file": 0}, {"layout": "zip"}, {"seed": 100_000}]
)
def test_what_cannot_be_simulated_is_refused(tmp_path, wrong):
    with pytest.raises(ValueError, match="got"):
        simulate_night(MAKER, tmp_path / "night", **{"alerts": 1, "seed": 1} | wrong)


def test_the_verb_writes_a_night_and_refuses_to_write_twice(tmp_path, capsys):
    arguments = ["night", "--output", str(tmp_path / "night"), "--alerts", "5", "--seed", "3", "--workers", "1"]
    assert job.main(arguments) == 0
    assert "simulated alerts in" in capsys.readouterr().out
    assert job.main(arguments) != 0
    assert "not empty" in capsys.readouterr().err
