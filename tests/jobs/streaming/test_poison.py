"""Modules that kill or hang their worker, or raise: the alert is named, and the others keep their answers."""

from collections import Counter
from pathlib import Path

import pyarrow as pa
import pytest
from comparing import TABLES, gaps, quarantine, read_table, table_differences, totals
from night_job import Night, Start

from jobs.ledger.streams import records
from jobs.storage.layout import Layout

# Two attempts and two halvings take this long each; on a loaded machine a worker needs seconds only to start.
HANG_S = 8

pytestmark = [pytest.mark.spark, pytest.mark.timeout(900)]


def simulated(output: Path, wave: str) -> list[int]:
    """Ids of the alerts of a wave of files."""
    raw = read_table(output, "raw")
    names = [Path(origin["file"]).name for origin in raw["provenance"].to_pylist()]
    return [alert for alert, name in zip(raw["alert_id"].to_pylist(), names, strict=True) if name.startswith(wave)]


def reasons(science: pa.Table, module: str) -> dict[int, str]:
    """Why a module has no answer, per alert that has none."""
    rows = zip(science["alert_id"].to_pylist(), science[module].to_pylist(), strict=True)
    return {alert: answer["error"] for alert, answer in rows if answer["error"] is not None}


def test_the_alert_that_kills_or_hangs_its_worker_is_quarantined_by_name_and_one_that_raises_is_null(
    night: Night, undisturbed: Path, tmp_path: Path, start: Start
) -> None:
    # The hanging alert is in a file of its own, in the last batch: few halvings, each of which takes the whole time.
    kills, raises = simulated(undisturbed, "a_")[3], simulated(undisturbed, "a_")[44]
    hangs = simulated(undisturbed, "z_single_2")[0]
    output = tmp_path / "out"
    told = {"STRIX_TEST_KILLS": str(kills), "STRIX_TEST_HANGS": str(hangs), "STRIX_TEST_RAISES": str(raises)}
    job = start(night.arguments(output, "--module-timeout-s", str(HANG_S)), **told)
    assert job.wait() == 0, job.said()
    gone = frozenset({kills, hangs})
    for name in TABLES:
        expected, found = read_table(undisturbed, name, without=gone), read_table(output, name)
        if name == "science":
            failed = reasons(found, "raises")
            assert list(failed) == [raises] and failed[raises].startswith("failed: ArithmeticError: wants no alert")
            others = found["alert_id"].to_numpy() != raises
            assert expected["raises"].filter(others) == found["raises"].filter(others)
            expected, found = (table.drop_columns(["raises"]) for table in (expected, found))
        assert table_differences(name, expected, found) == []
    more = quarantine(output) - quarantine(undisturbed)
    assert Counter((reason, where) for _, reason, where, _, _ in more.elements()) == Counter(
        [("killed_worker", "kills_worker"), ("killed_worker", "hangs_worker")]
    )
    assert not quarantine(undisturbed) - quarantine(output)
    assert gaps(output) == []


def sums(output: Path) -> Counter[str]:
    """Read, decoded, quarantined and enriched over all nights."""
    found: Counter[str] = Counter()
    for counts in totals(output).values():
        found.update({name: counts[name] for name in ("read", "decoded", "enriched", "duplicates")})
        found["quarantined"] += sum(counts["quarantined"].values())
    return found


def test_a_module_that_raises_on_all_alerts_stops_the_job_unless_so_many_failures_are_allowed(
    night: Night, undisturbed: Path, tmp_path: Path, start: Start
) -> None:
    output = tmp_path / "out"
    strict = start(night.arguments(output, "--max-failures-per-batch", "19"), STRIX_TEST_RAISES="all")
    assert strict.wait() == 5, strict.said()
    assert "20 answers failed, max_failures_per_batch is 19" in strict.said()
    assert "commonest (20 times): raises failed: ArithmeticError" in strict.said()
    assert list(records(Layout(output))) == [] and not (output / "science").exists()
    lenient = start(night.arguments(output, "--max-failures-per-batch", "1000"), STRIX_TEST_RAISES="all")
    assert lenient.wait() == 0, lenient.said()
    science = read_table(output, "science")
    failed = reasons(science, "raises")
    assert len(failed) == science.num_rows and all(why.startswith("failed: ArithmeticError") for why in failed.values())
    assert table_differences("science", *(_without_raises(each) for each in (undisturbed, output))) == []
    assert sums(output) == sums(undisturbed)
    assert gaps(output) == []


def _without_raises(output: Path) -> pa.Table:
    return read_table(output, "science").drop_columns(["raises"])
