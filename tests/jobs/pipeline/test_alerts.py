"""Packets read by hand: which files, table by table."""

from pathlib import Path

import pytest

from jobs.pipeline.alerts import alert_tables, packet_files
from jobs.simulation import simulate


def test_files_of_packets_are_found_below_a_folder_and_begin_with_what_was_given(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    simulate(tmp_path / "in" / "night", 5, seed=1, per_file=2)
    (tmp_path / "in" / "README.md").write_text("no packet")
    monkeypatch.chdir(tmp_path)
    found = packet_files("in")
    assert [path.parent for path in found] == [Path("in/night")] * 3  # and none of _truth
    assert found == sorted(found)
    assert packet_files(found[0]) == [found[0]]


def test_tables_hold_every_alert_in_order_and_the_first_is_empty(tmp_path: Path) -> None:
    simulate(tmp_path / "night", 5, seed=1, per_file=2)
    tables = list(alert_tables([tmp_path / "night"], ["ztf"]))
    assert tables[0].num_rows == 0 and sum(table.num_rows for table in tables) == 5
    assert all(table.schema == tables[0].schema for table in tables)
    assert {"candidate", "cutout_science", "provenance"} <= set(tables[0].column_names)
    with pytest.raises(ValueError, match=r"5 packets cannot be read; first unknown_survey: wants a packet of lsst"):
        list(alert_tables([tmp_path / "night"], ["lsst"]))
