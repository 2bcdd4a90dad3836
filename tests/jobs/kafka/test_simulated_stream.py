"""A simulated stream with faults, through a real broker and a job: nothing is lost and nothing is told wrong."""

from collections import Counter
from pathlib import Path
from typing import Any

import pyarrow.parquet as pq
import pytest

from jobs.cli import simulate as command


@pytest.mark.kafka
@pytest.mark.spark
def test_a_job_accounts_for_every_message(topics: Any, run: Any, tmp_path: Path) -> None:
    """Alerts that were sent are there, once; what was bad or in conflict is in quarantine; copies are counted."""
    topic = topics.make(topics.name())
    shares = ["--bad", "0.1", "--duplicates", "0.1", "--conflicts", "0.1", "--late", "0.1", "--reordered", "0.2"]
    sent = tmp_path / "sent.parquet"
    asked = ["stream", "--to-topic", topic, "--bootstrap", topics.bootstrap, "--alerts", "200", "--distinct", "40"]
    assert command.main([*asked, "--rate", "0", *shares, "--sent", str(sent)]) == 0
    listed = pq.read_table(sent).to_pylist()
    counts = Counter(row["what"] for row in listed)
    ran = run(topic)
    status = ran.outcome.status
    assert status.read == 200
    # Of one id in conflict within a batch the smallest hash stays, whichever came first; its copies are what it leaves.
    disputed = {row["alert_id"] for row in listed if row["what"] == "conflict"}
    plain = sum(row["what"] == "duplicate" and row["alert_id"] not in disputed for row in listed)
    assert plain <= status.duplicates <= counts["duplicate"] + counts["conflict"]
    assert status.duplicates + status.quarantined == counts["bad"] + counts["conflict"] + counts["duplicate"]
    found = [row["alert_id"] for path in ran.layout.files("science") for row in pq.read_table(path).to_pylist()]
    assert sorted(found) == sorted(row["alert_id"] for row in listed if row["what"] in ("alert", "late"))
