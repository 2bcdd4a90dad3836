"""What is sent is fixed in a file, in the order in which it is sent."""

import random
from pathlib import Path

import pyarrow as pa
from sending import SCHEMA

from jobs.ledger.sent_file import Sent, read_sent, sent_path, write_sent
from jobs.storage.layout import Layout


def test_rows_stand_by_object_time_alert_and_filter_whatever_their_order_was(tmp_path: Path) -> None:
    rows = [
        {"object_id": object_id, "mjd": mjd, "alert_id": alert_id, "filter": name}
        for object_id, mjd, alert_id in [("b", 1.0, 9), ("b", 2.0, 3), ("b", 2.0, 4), ("a", 5.0, 1), ("a", 4.0, 2)]
        for name in ("y", "x")
    ]
    wanted = sorted(rows, key=lambda row: (row["object_id"], row["mjd"], row["alert_id"], row["filter"]))
    full = [{"survey": "ztf", "file": "f", "row": 0, "annotations": None, **row} for row in rows]
    for seed in range(5):
        random.Random(seed).shuffle(full)
        write_sent(sent_path(Layout(tmp_path), "s", seed), Sent(pa.Table.from_pylist(full, SCHEMA), {"x": {"sent": 5}}))
        held = read_sent(Layout(tmp_path), "s", seed)
        assert held is not None and held.filters == {"x": {"sent": 5}}
        assert [{name: row[name] for name in wanted[0]} for row in held.matches.to_pylist()] == wanted


def test_a_file_that_is_not_there_is_a_batch_whose_filters_have_not_run(tmp_path: Path) -> None:
    path = sent_path(Layout(tmp_path), "s", 0)
    assert read_sent(Layout(tmp_path), "s", 0) is None
    path.parent.mkdir(parents=True)
    path.with_name(f".{path.name}.123.tmp").write_bytes(b"half a file")
    assert read_sent(Layout(tmp_path), "s", 0) is None
