"""The stream on one machine that docs/kafka.md shows, run as it stands there."""

import json
import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import fastavro
import pyarrow.dataset as ds
import pytest
from topic_reader import ROOT

pytestmark = [pytest.mark.kafka, pytest.mark.spark]


def block() -> str:
    """The commands of the page."""
    text = (ROOT / "docs" / "kafka.md").read_text(encoding="utf-8")
    (found,) = [code for code in re.findall(r"```sh\n(.*?)```", text, re.DOTALL) if "strix replay data/tonight" in code]
    return str(found)


@pytest.mark.timeout(600)
def test_the_commands_of_the_page_bring_matches_from_packets_to_a_listener(tmp_path: Path) -> None:
    shutil.copytree(ROOT / "conf", tmp_path / "conf")
    (tmp_path / "bin").mkdir()
    (tmp_path / "bin" / "strix").write_text(f'#!/bin/sh\nexec {sys.executable} -m jobs.cli.main "$@"\n')
    (tmp_path / "bin" / "strix").chmod(0o755)
    own = {"PATH": f"{tmp_path}/bin:{os.environ['PATH']}", "STRIX_SERVICES": str(tmp_path / "services")}
    environment = {**os.environ, **own, "PYTHONPATH": str(ROOT)}

    def sh(commands: str) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            ["sh", "-e", "-c", commands], cwd=tmp_path, env=environment, capture_output=True, text=True, timeout=400
        )

    try:
        done = sh(block())
        listened = sh("strix listen strix.ztf.anomalies --from earliest --to-end --format json --group again")
        listed = sh("strix services topic --list")
    finally:
        sh("strix services down")
    assert done.returncode == 0, done.stdout + done.stderr
    assert "600 packets sent to ztf_local" in done.stdout
    assert "ztf_local: 1 partition, 600 offsets" in listed.stdout
    packets = {
        row["candid"]: row
        for path in (tmp_path / "data/tonight").glob("*.avro")
        for row in fastavro.reader(open(path, "rb"))
    }
    science = ds.dataset(tmp_path / "data/local_stream/science", format="parquet").to_table().to_pylist()
    assert sorted(row["alert_id"] for row in science) == sorted(packets), "ids in = ids out"
    # The filter, by hand.
    wanted = {
        row["object_id"]
        for row in science
        if (row["anomaly"]["percentile"] or 0) >= 99.5 and row["real_bogus"] > 0.9 and row["quality_ok"]
    }
    matches = [json.loads(line) for line in listened.stdout.splitlines()]
    assert {match["object_id"] for match in matches} == wanted and len(matches) == len(wanted) >= 3
    by_id = {row["alert_id"]: row for row in science}
    for match in matches:
        candidate = packets[int(match["alert_id"])]["candidate"]
        assert match["mag"] == pytest.approx(candidate["magpsf"], abs=1e-4)
        assert (match["ra"], match["dec"]) == (candidate["ra"], candidate["dec"])
        anomaly = by_id[int(match["alert_id"])]["anomaly"]
        assert match["annotations"]["percentile"] == anomaly["percentile"] >= 99.5
        assert match["is_simulated"] is True and match["provenance"]["topic"] == "ztf_local"
    shown = [line for line in done.stdout.splitlines() if "SIMULATED" in line and "percentile=" in line]
    assert len(shown) == 3 and all(any(match["alert_id"] in line for match in matches) for line in shown)
