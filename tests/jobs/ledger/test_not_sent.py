"""A batch that was sealed with filters and finished by a job without them is said to be that."""

import json
import shutil
from pathlib import Path
from typing import Any

import pytest

from jobs.audit.check import check_ledger
from jobs.cli.main import main
from jobs.ledger.id_index import IdIndex
from jobs.ledger.not_sent import not_sent
from jobs.ledger.records import Record
from jobs.ledger.streams import StreamLedger, records
from jobs.pipeline.batch.processor import BatchProcessor
from jobs.storage.layout import Layout

pytestmark = pytest.mark.spark
WHY = "not configured when the batch was finished"


class Named:
    def __init__(self, name: str) -> None:
        self.name = name

    def committed(self, batch: Record) -> dict[str, Any]:
        return {}


def sealed(small_output: Path, tmp_path: Path, **hashes: Any) -> tuple[Layout, Record]:
    """A copy of an output whose first batch was killed between seal and close, with these hashes."""
    output = tmp_path / "output"
    shutil.copytree(small_output, output)
    path = next(path for path in sorted(output.glob("ledger/stream=*/*.json")) if path.stem == "000000000")
    content = json.loads(path.read_text())
    content.update(state="sealed", sinks={})
    content["hashes"].update(hashes)
    path.write_text(json.dumps(content))
    return Layout(output), next(records(Layout(output)))


def finish(layout: Layout, record: Record, *sinks: str) -> Record:
    ledger = StreamLedger(layout, record.stream)
    index = IdIndex(layout, record.tables)
    life = BatchProcessor(None, layout, ledger, None, None, index, [Named(each) for each in sinks])  # type: ignore[arg-type]
    object.__setattr__(life, "spec", type("BatchSpec", (), {"durable": False}))
    return life.finish(record)


def test_a_batch_finished_without_its_filters_says_so_in_show_and_check(
    small_output: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    layout, record = sealed(
        small_output, tmp_path, filters={"snia": "1.0.0", "nova": "2.0.0"}, sinks=["filters", "kafka"]
    )
    closed = finish(layout, record)
    assert closed.sinks["not_sent"] == {"filters": WHY, "kafka": WHY}
    assert "filters" not in closed.sinks  # not "sent 0"
    checked = check_ledger(layout)
    assert checked.gaps == []
    where = f"stream {record.stream} batch 0"
    said = [f"{where}: filters nova, snia not sent: {WHY}", f"{where}: kafka not sent: {WHY}"]
    assert checked.notes == said
    for verb in ("check", "show"):
        assert main(["ledger", verb, str(layout.root)]) == 0
        out = capsys.readouterr().out
        assert all(f"note: {each}" in out for each in said)
    assert main(["ledger", "show", "--json", str(layout.root)]) == 0
    assert json.loads(capsys.readouterr().out)["notes"] == checked.notes


def test_a_batch_finished_with_all_its_sinks_says_nothing(small_output: Path, tmp_path: Path) -> None:
    layout, record = sealed(small_output, tmp_path, sinks=["filters"], filters={"snia": "1.0.0"})
    assert "not_sent" not in finish(layout, record, "filters").sinks


def test_a_sealed_batch_of_an_earlier_version_is_known_by_its_filters(small_output: Path, tmp_path: Path) -> None:
    _, record = sealed(small_output, tmp_path, filters={"snia": "1.0.0"})
    record.hashes.pop("sinks", None)
    assert not_sent(record, []) == {"filters": WHY}
    assert not_sent(record, ["filters"]) == {}
    record.hashes["filters"] = {}
    assert not_sent(record, []) == {}
