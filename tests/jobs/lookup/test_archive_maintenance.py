"""Look-ups before, while and after an output is compacted and pruned, and its nights scored again: the same answers."""

import shutil
from pathlib import Path

import pyarrow.parquet as pq
import pytest
from looked_up import every_row
from small_outputs import files, gaps, left_over, run_night, write_packets

from jobs.cli.main import main
from jobs.index.science_index import FOLDER
from jobs.lookup.archive import ArchiveStore
from jobs.maintenance import maintenance
from jobs.storage.layout import Layout


@pytest.fixture(scope="module")
def many_small(tmp_path_factory):
    """Two nights in half a dozen batches, as a job writes them."""
    root = tmp_path_factory.mktemp("looked_up")
    run_night(root / "out", write_packets(root / "packets"))
    return root / "out"


@pytest.fixture
def output(many_small, tmp_path, monkeypatch):
    monkeypatch.setattr(maintenance, "GRACE_S", 0.0)
    return Path(shutil.copytree(many_small, tmp_path / "out"))


def answers(store, rows):
    """Every object and a few others, in full."""
    night = str(rows[0]["night"])
    place = rows[5]["ra"], rows[5]["dec"]
    asked = [store.object(name) for name in sorted({row["object_id"] for row in rows})]
    asked += [store.alert(rows[3]["alert_id"]), store.latest("night", night, 10)]
    asked += [store.cone(*place, 5.0, 100).rows, store.cone_objects(*place, 5.0, 100).rows]
    return [repr(table.to_pylist()) for table in asked]


def test_compaction_changes_no_answer_and_packs_the_rows(output):
    store, rows = ArchiveStore(output), every_row(Layout(output))
    before = answers(store, rows)
    assert main(["compact", str(output)]) == 0
    assert len(list(output.glob(f"{FOLDER}/*/*.rows"))) == len(files(output, "science")) == 2
    assert len(list(output.glob(f"{FOLDER}/*/*.keys"))) == 2
    assert answers(store, rows) == before
    assert answers(ArchiveStore(output), rows) == before
    assert gaps(output) == left_over(output) == []


def test_a_compacted_output_is_indexed_by_a_second_compaction_if_its_index_is_lost(output):
    main(["compact", str(output)])
    made = sorted(path.name for path in output.glob(f"{FOLDER}/*/*"))
    shutil.rmtree(output / FOLDER)
    main(["compact", str(output)])
    assert sorted(path.name for path in output.glob(f"{FOLDER}/*/*")) == made


def test_compaction_of_another_table_makes_no_index(output):
    main(["compact", str(output), "--table", "raw"])
    assert not (output / FOLDER).exists()


def test_batches_behind_a_compaction_are_found_beside_it(output, tmp_path):
    main(["compact", str(output)])
    store = ArchiveStore(output)
    answers(store, every_row(Layout(output)))
    run_night(output, write_packets(tmp_path / "more", range(1000, 1012)))
    rows = every_row(Layout(output))
    for row in rows:
        assert row["alert_id"] in store.object(row["object_id"])["alert_id"].to_pylist()
    shutil.copytree(output, tmp_path / "bare", ignore=shutil.ignore_patterns(FOLDER))
    assert answers(store, rows) == answers(ArchiveStore(tmp_path / "bare"), rows)


def test_pruning_packets_and_stamps_changes_only_stamps(output):
    store, rows = ArchiveStore(output), every_row(Layout(output))
    before, alert = answers(store, rows), rows[3]["alert_id"]
    assert store.alert(alert, cutouts=True)["cutout_science"][0].is_valid
    assert main(["prune", str(output), "--cutout-days", "0", "--raw-days", "0", "--as-of", "30000101"]) == 0
    assert files(output, "raw") == files(output, "cutouts") == []
    assert answers(store, rows) == before
    assert not store.alert(alert, cutouts=True)["cutout_science"][0].is_valid


def test_answers_that_are_replaced_under_another_file_are_the_new_ones(output):
    """As scoring a night again does it: the same alerts, in files of other names."""
    main(["compact", str(output)])
    store, rows = ArchiveStore(output), every_row(Layout(output))
    answers(store, rows)
    for path in files(output, "science"):
        table = pq.ParquetFile(path).read()
        place = table.schema.get_field_index("flux")
        table = table.set_column(place, table.schema.field(place), table["flux"].combine_chunks().fill_null(0.0))
        pq.write_table(
            table.set_column(place, table.schema.field(place), table["mjd"]),
            path.with_name("again-000000001-0000.parquet"),
        )
        path.unlink()
    for row in rows[:5]:
        found = store.alert(row["alert_id"])
        assert found["flux"].to_pylist() == found["mjd"].to_pylist()
    page = store.cone(rows[0]["ra"], rows[0]["dec"], 5.0, 100).rows
    assert page["flux"].to_pylist() == page["mjd"].to_pylist()
