"""A Rubin night on disk, and through Strix: nothing refused, every value as it was put in."""

import io
import os
import subprocess
import sys
import tarfile
from datetime import date
from pathlib import Path
from typing import Any

import fastavro
import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from astropy.io import fits

from jobs.cli import simulate as job
from jobs.pipeline.surveys.lsst import LSST
from jobs.simulation.lsst.maker import MAKER, deep_maker
from jobs.simulation.sky_night import first_observed, mjd_of, simulate_night
from science_modules.common.fits import first_image

ROOT = Path(__file__).resolve().parents[4]
ALERTS = 90


@pytest.fixture(scope="module")
def night(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A directory with a night in containers of 40."""
    output = tmp_path_factory.mktemp("lsst") / "night"
    simulate_night(MAKER, output, ALERTS, seed=7, mix="balanced", per_file=40, workers=1)
    return output


@pytest.fixture(scope="module")
def truth(night: Path) -> list[dict[str, Any]]:
    """What is true of its alerts, in their order."""
    return list(pq.read_table(night / "_truth" / "truth.parquet").to_pylist())


@pytest.fixture(scope="module")
def packets(night: Path) -> list[dict[str, Any]]:
    """Its packets, in the order of the files."""
    return [one for path in sorted(night.glob("*.avro")) for one in read(path.read_bytes())]


def read(content: bytes) -> list[dict[str, Any]]:
    return list(fastavro.reader(io.BytesIO(content)))  # type: ignore[arg-type]  # records


def test_packets_come_in_the_order_of_their_times_with_their_truth(
    packets: list[dict[str, Any]], truth: list[dict[str, Any]]
) -> None:
    assert len(packets) == len(truth) == ALERTS
    times = [one["diaSource"]["midpointMjdTai"] for one in packets]
    assert times == sorted(times)
    assert [one["diaSourceId"] for one in packets] == [row["alert_id"] for row in truth]
    assert {row["stamp_class"] for row in truth} == {"SN", "VS", "AGN", "asteroid", "bogus"}
    assert {str(one["diaSource"]["visit"])[:8] for one in packets} == {str(first_observed(MAKER, 7))}


def test_the_adapter_says_what_was_put_in(packets: list[dict[str, Any]], truth: list[dict[str, Any]]) -> None:
    viewed = LSST.view(pa.array(packets, type=LSST.packet_type), [""] * len(packets), 61300.0)
    assert viewed.refusals == {}
    rows = {row["alert_id"]: row for row in viewed.table.to_pylist()}
    for packet, true in zip(packets, truth, strict=True):
        row, source = rows[packet["diaSourceId"]], packet["diaSource"]
        assert row["is_simulated"]
        assert row["object_id"] == true["object_id"]
        assert row["flux"] == source["psfFlux"]
        assert abs(row["flux"] - true["true_flux"]) < 6 * row["flux_err"]
        before, forced = (packet[name] or [] for name in ("prvDiaSources", "prvDiaForcedSources"))
        flux = [
            flagged if sound is None else sound
            for sound, flagged in zip(row["lc_flux"], row["lc_flux_flagged"], strict=True)
        ]
        assert sorted(flux) == sorted(point["psfFlux"] for point in [source, *before, *forced])
        assert row["n_detections"] == 1 + len(before)
        assert row["is_known_sso"] == (packet["ssSource"] is not None)
        assert row["sso_name"] == (packet["ssSource"] or {}).get("designation")
        for name, field in {"cutout_science": "cutoutScience", "cutout_difference": "cutoutDifference"}.items():
            stamp = first_image(row[name])
            assert np.array_equal(stamp, fits.open(io.BytesIO(packet[field]))[0].data, equal_nan=True)
    assert sum(row["is_known_sso"] for row in rows.values()) > 0


@pytest.mark.spark
def test_a_night_goes_through_the_pipeline_with_nothing_quarantined(
    night: Path, tmp_path: Path, truth: list[dict[str, Any]]
) -> None:
    command = [sys.executable, "-m", "jobs.cli.main", "night", "--survey", "lsst", "--input", str(night)]
    command += ["--output", str(tmp_path / "out"), "--modules", "stetson_k"]
    done = subprocess.run(
        command, env=os.environ | {"PYTHONPATH": str(ROOT)}, cwd=tmp_path, capture_output=True, text=True, timeout=280
    )
    assert done.returncode == 0, done.stdout + done.stderr
    assert not (tmp_path / "out" / "quarantine").exists()
    files = sorted((tmp_path / "out" / "science").rglob("*.parquet"))
    rows = pa.concat_tables([pq.read_table(file, partitioning=None) for file in files])
    assert sorted(rows["alert_id"].to_pylist()) == sorted(row["alert_id"] for row in truth)
    assert set(rows["is_simulated"].to_pylist()) == {True}


def test_layouts_and_workers_change_no_packet(tmp_path: Path) -> None:
    for layout, workers in (("files", 1), ("containers", 2), ("tar.gz", 1)):
        simulate_night(MAKER, tmp_path / layout, 5, seed=3, layout=layout, workers=workers)
    whole = [one for path in (tmp_path / "containers").glob("*.avro") for one in read(path.read_bytes())]
    alone = {path.stem: read(path.read_bytes()) for path in (tmp_path / "files").glob("*.avro")}
    assert alone == {f"SIM{-one['diaSourceId']}": [one] for one in whole}
    with tarfile.open(next((tmp_path / "tar.gz").glob("lsst_simulated_*.tar.gz"))) as archive:
        contents = [archive.extractfile(member) for member in archive]
        assert [one for file in contents if file for one in read(file.read())] == whole


def test_full_histories_are_asked_for_on_the_command_line(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    arguments = ["night", "--survey", "lsst", "--alerts", "2", "--history", "600", "--workers", "1"]
    assert job.main([*arguments, "--output", str(tmp_path / "deep")]) == 0
    assert "2 simulated alerts" in capsys.readouterr().out
    found = [one for path in (tmp_path / "deep").glob("*.avro") for one in read(path.read_bytes())]
    assert [len(one["prvDiaSources"]) for one in found] == [600, 600]
    assert first_observed(deep_maker(600), 0) == int(str(found[0]["diaSource"]["visit"])[:8])
    # What is observed in a job's future is refused as time_out_of_range.
    assert max(one["diaSource"]["midpointMjdTai"] for one in found) < mjd_of(int(f"{date.today():%Y%m%d}"))
    viewed = LSST.view(pa.array(found, type=LSST.packet_type), [""] * len(found), mjd_of(20260911))
    assert viewed.refusals == {}


def test_full_histories_of_ztf_are_refused(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert job.main(["night", "--history", "5", "--output", str(tmp_path / "none")]) == 2
    assert "--survey lsst" in capsys.readouterr().err
