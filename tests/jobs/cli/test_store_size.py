"""The table of `strix store size`: a size that nobody knows is a dash with a reason, not 0."""

import pytest

from jobs.cli.store_size import print_sizes
from jobs.store.size import TableSize
from jobs.store.tables import ALERT_INDEX, ALERTS, CUTOUTS


def told(capsys: pytest.CaptureFixture[str], *found: TableSize) -> tuple[dict[str, str], str]:
    """Bytes per alert by table, and all that was said."""
    print_sizes(found)
    out = capsys.readouterr().out
    rows = [[cell.strip() for cell in line.split("│")[1:-1]] for line in out.splitlines() if line.startswith("│")]
    return {cells[0]: cells[-1] for cells in rows}, out


def test_bytes_of_what_is_in_memory_are_not_known(capsys: pytest.CaptureFixture[str]) -> None:
    found, out = told(
        capsys, TableSize(ALERTS, (0.0,), (3.0,), 100, 900), TableSize(ALERT_INDEX, (0.0,), (1.0,), 100, 100)
    )
    assert found == {"alerts": "–", "alert_index": "–", "together": "–"}
    assert "100 alerts: – bytes and 10.0 cells each" in out
    assert "–: not known, less than 1 MB of the table is in files" in out and "--flush writes them" in out


def test_bytes_of_files_are_told(capsys: pytest.CaptureFixture[str]) -> None:
    found, out = told(
        capsys,
        TableSize(ALERTS, (2.0, 1.0), (0.0, 0.0), 1024, 9000),
        TableSize(ALERT_INDEX, (1.0,), (0.0,), 1024, 1024),
        TableSize(CUTOUTS, (0.0,), (0.0,), 0, 0),
    )
    assert found == {"alerts": "3,072", "alert_index": "1,024", "cutouts": "–", "together": "4,096"}
    (last,) = [line for line in out.splitlines() if "together" in line]
    # regions, MB, MB in memory, largest / mean, rows, rows, cells and bytes per alert
    assert [cell.strip() for cell in last.split("│")[2:-1]] == [
        "4", "4", "0", "–", "2,048", "2.00", "9.79", "4,096",
    ]  # fmt: skip
    assert "1,024 alerts: 4,096 bytes" in out and "not known" not in out
