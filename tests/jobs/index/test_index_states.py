"""Whatever the index is (missing, old, damaged, half written, not ours to write): the same answers; and what it costs."""

import os
import random
import shutil
import subprocess
import sys
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from looked_up import NIGHTS, alerts, every_row, made_up, same_rows, write_science

from jobs.index import making, science_index
from jobs.index.checked_file import PAGE, CheckedFile, Damaged, writing
from jobs.index.science_index import FOLDER, ScienceIndex
from jobs.index.upkeep import index_nights
from jobs.lookup.archive import ArchiveStore
from jobs.lookup.store import NotThere
from jobs.storage.layout import Layout


@pytest.fixture
def layout(tmp_path):
    return made_up(tmp_path / "out", seed=7)


def answers(store):
    """One of each kind of question, in full."""
    asked = [
        store.object("obj3"),
        store.alert(store.object("obj4")["alert_id"][0].as_py(), cutouts=True),
        store.cone(0.0, 0.0, 5.0, 1000).rows,
        store.cone_objects(210.5, -30.0, 5.0, 1000).rows,
        store.latest("night", NIGHTS[1], 20),
        store.latest("sso", "Ceres", 1000),
    ]
    return [(repr(table.to_pylist()), table.schema.to_string()) for table in asked]


def files(layout, ending):
    return sorted(layout.root.glob(f"{FOLDER}/*/*.{ending}"))


def check(layout):
    """Answers are those of an output that never had an index, from a fresh store."""
    bare = Path(shutil.copytree(layout.root, layout.root.parent / f"bare{random.random()}"))
    shutil.rmtree(bare / FOLDER, ignore_errors=True)
    assert answers(ArchiveStore(layout.root)) == answers(ArchiveStore(bare))
    shutil.rmtree(bare)


def test_a_second_store_makes_nothing_anew(layout, monkeypatch):
    first = answers(ArchiveStore(layout.root))
    there = {path: path.stat().st_mtime_ns for path in files(layout, "keys")}
    assert len(there) == len(NIGHTS)
    monkeypatch.setattr(science_index.Entries, "read", lambda *_: pytest.fail("a science file is read again"))
    assert answers(ArchiveStore(layout.root)) == first
    assert {path: path.stat().st_mtime_ns for path in files(layout, "keys")} == there


@pytest.mark.parametrize("ending", ["keys", "rows"])
@pytest.mark.parametrize("harm", ["cut", "empty", "noise", "no end", "flipped", "gone"])
def test_damaged_parts_are_made_anew(layout, ending, harm):
    index_nights(layout)
    whole = answers(ArchiveStore(layout.root))
    rng = np.random.default_rng(3)
    for path in files(layout, ending):
        data = path.read_bytes()
        flipped = bytearray(data)
        for at in rng.integers(0, len(data), 200):
            flipped[at] ^= 0x41
        changed = {
            "cut": data[: len(data) // 2],
            "empty": b"",
            "noise": rng.bytes(len(data)),
            "no end": data[:-12] + bytes(12),
            "flipped": bytes(flipped),
        }
        path.unlink() if harm == "gone" else path.write_bytes(changed[harm])
    assert answers(ArchiveStore(layout.root)) == whole
    check(layout)


def test_damage_while_a_store_is_open_is_noticed(layout):
    index_nights(layout)
    whole = answers(ArchiveStore(layout.root))
    store = ArchiveStore(layout.root)
    store.latest("night", NIGHTS[0], 1)  # all parts are open now, most of their pages not looked at
    for path in [*files(layout, "keys"), *files(layout, "rows")]:
        with open(path, "r+b") as handle:
            handle.write(b"!" * 200)
            handle.seek(path.stat().st_size // 2)
            handle.write(b"!" * 200)
    assert answers(store) == whole
    assert answers(ArchiveStore(layout.root)) == whole


def test_every_flipped_byte_of_a_part_is_found(tmp_path):
    path = tmp_path / "f"
    content = np.arange(3 * PAGE // 8)
    with writing(path, {"a": 1}) as writer:
        writer.section("x", content)
        writer.section("y", b"text")
    assert CheckedFile(path).array("x", "<i8").tolist() == content.tolist()
    assert bytes(CheckedFile(path).bytes("y", 1, 3)) == b"ex"
    data = path.read_bytes()
    for at in [*range(0, 3 * PAGE, 997), *range(3 * PAGE, len(data))]:
        path.write_bytes(data[:at] + bytes((data[at] ^ 1,)) + data[at + 1 :])
        with pytest.raises(Damaged):
            opened = CheckedFile(path)
            for name in ("x", "y"):
                opened.bytes(name)
            raise AssertionError(f"byte {at} is changed and nobody saw it")


def test_an_untouched_page_is_not_read(tmp_path):
    path = tmp_path / "f"
    with writing(path, {}) as writer:
        writer.section("x", np.arange(4 * PAGE // 8))
    data = bytearray(path.read_bytes())
    data[3 * PAGE + 5] ^= 1
    path.write_bytes(data)
    assert CheckedFile(path).array("x", "<i8", 10, 20).tolist() == list(range(10, 20))
    with pytest.raises(Damaged, match="page 3 is not what was written"):
        CheckedFile(path).array("x", "<i8")


def test_an_index_of_another_version_is_made_anew(layout, monkeypatch):
    whole = answers(ArchiveStore(layout.root))
    old = files(layout, "keys")
    monkeypatch.setattr("jobs.index.segment.VERSION", 99)
    monkeypatch.setattr("jobs.index.science_index.VERSION", 99)
    assert answers(ArchiveStore(layout.root)) == whole
    assert not set(files(layout, "keys")) & set(old)


def test_new_files_are_seen_by_an_open_store_at_once(layout):
    store, rng = ArchiveStore(layout.root), np.random.default_rng(1)
    answers(store)
    for number in range(20):
        table = alerts(rng, NIGHTS[2], 10_000 + 10 * number, 10, ["anomaly"])
        with pytest.raises(NotThere):
            store.alert(table["alert_id"][4].as_py())
        write_science(layout, NIGHTS[2], f"cccc-{number:09d}-0000.parquet", table)
        same_rows(store.alert(table["alert_id"][4].as_py()), table.to_pylist()[4:5])
    parts = files(layout, "keys")
    assert len([path for path in parts if NIGHTS[2] in str(path)]) <= 4
    check(layout)


def test_a_new_night_is_seen(layout):
    store = ArchiveStore(layout.root)
    with pytest.raises(NotThere, match="20240401"):
        store.latest("night", "20240401", 5)
    table = alerts(np.random.default_rng(1), "20240401", 10_000, 10, [])
    write_science(layout, "20240401", "cccc-000000000-0000.parquet", table)
    assert store.latest("night", "20240401", 50).num_rows == 10


def test_a_file_that_is_replaced_under_its_name_is_read_again(layout):
    store = ArchiveStore(layout.root)
    answers(store)
    path = layout.files("science", NIGHTS[0])[1]
    write_science(layout, NIGHTS[0], path.name, alerts(np.random.default_rng(9), NIGHTS[0], 50_000, 31, ["acai"]))
    for name in sorted({row["object_id"] for row in every_row(layout)}):
        rows = [row for row in every_row(layout) if row["object_id"] == name]
        same_rows(store.object(name), sorted(rows, key=lambda row: (row["mjd"], row["alert_id"], row["survey"])))
    check(layout)


def test_a_file_that_goes_between_two_questions_or_in_one_is_no_fault(layout, monkeypatch):
    """What a merge does while somebody asks."""
    store = ArchiveStore(layout.root)
    before = answers(store)
    paths = layout.files("science", NIGHTS[1])
    merge = [pq.ParquetFile(path).read() for path in paths]
    read = science_index.ScienceIndex.segments

    def merging(self, night=None):
        found = read(self, night)
        if paths[0].exists():
            for path in paths:
                path.unlink()
            for number, table in enumerate(merge):
                write_science(layout, NIGHTS[1], f"compact-{number:09d}-0000.parquet", table)
        return found

    monkeypatch.setattr(science_index.ScienceIndex, "segments", merging)
    assert answers(store) == before


def test_a_night_that_was_removed_is_gone_from_answers(layout):
    store = ArchiveStore(layout.root)
    answers(store)
    shutil.rmtree(layout.table("science") / f"night={NIGHTS[0]}")
    rows = [row for row in every_row(layout) if row["object_id"] == "obj3"]
    same_rows(store.object("obj3"), sorted(rows, key=lambda row: (row["mjd"], row["alert_id"], row["survey"])))


def test_an_output_that_cannot_be_written_is_indexed_elsewhere(layout, monkeypatch):
    whole = answers(ArchiveStore(layout.root))
    shutil.rmtree(layout.root / FOLDER)
    (layout.root / FOLDER).write_text("a file: no folder can be made here")
    store = ArchiveStore(layout.root)
    assert answers(store) == whole
    monkeypatch.setattr(science_index.Entries, "read", lambda *_: pytest.fail("a science file is read again"))
    assert answers(store) == whole
    assert (layout.root / FOLDER).is_file()


def test_a_damaged_part_that_cannot_be_removed_is_not_used(layout, monkeypatch):
    whole = answers(ArchiveStore(layout.root))
    for path in files(layout, "keys"):
        path.write_bytes(path.read_bytes()[:-40] + bytes(40))

    unlink = Path.unlink

    def refused(self, missing_ok=False):
        if self.suffix == ".keys" and layout.root in self.parents:
            raise PermissionError(13, "not ours", str(self))
        unlink(self, missing_ok)

    monkeypatch.setattr(Path, "unlink", refused)
    assert answers(ArchiveStore(layout.root)) == whole


def test_upkeep_packs_every_file_and_removes_what_is_of_old_ones(layout):
    index_nights(layout)
    first = files(layout, "rows")
    assert len(first) == len(layout.files("science"))
    path = layout.files("science", NIGHTS[0])[0]
    path.rename(path.with_name("compact-000000000-0000.parquet"))
    half, writing = (first[0].with_name(f".{name}.tmp") for name in ("half", "writing"))
    half.touch()
    writing.touch()
    os.utime(half, (1e9, 1e9))
    index_nights(layout, [NIGHTS[0]])
    assert (half.exists(), writing.exists()) == (False, True)
    second = files(layout, "rows")
    assert len(second) == len(first)
    assert len(set(second) - set(first)) == 1
    assert not [each for each in second if path.name in each.name and NIGHTS[0] in str(each)]
    check(layout)


def test_rows_that_cells_cannot_hold_are_read_from_their_file(layout):
    path = layout.files("science", NIGHTS[0])[0]
    table = pq.ParquetFile(path).read()
    table = table.append_column("odd", pa.array([{"x": [[1]]}] * table.num_rows))
    pq.write_table(table, path)
    index_nights(layout)
    assert len(files(layout, "rows")) == len(layout.files("science")) - 1
    row = table.to_pylist()[3]
    found = ArchiveStore(layout.root).alert(row["alert_id"], row["survey"])
    assert repr(found.to_pylist()) == repr([row])


def test_an_empty_file_and_an_empty_night_are_no_fault(layout):
    table = pq.ParquetFile(layout.files("science")[0]).read()
    write_science(layout, NIGHTS[0], "zzzz-000000009-0000.parquet", table[:0])
    write_science(layout, "20250101", "zzzz-000000009-0000.parquet", table[:0])
    (layout.table("science") / "night=20250102").mkdir()
    index_nights(layout)
    check(layout)
    with pytest.raises(NotThere):
        ArchiveStore(layout.root).latest("night", "20250101", 3)


def test_large_nights_are_several_segments(layout, monkeypatch):
    whole = answers(ArchiveStore(layout.root))
    shutil.rmtree(layout.root / FOLDER)
    monkeypatch.setattr(science_index, "MOST_ROWS", 30)
    assert answers(ArchiveStore(layout.root)) == whole
    assert len(files(layout, "keys")) == 2 * len(NIGHTS)


def test_each_segment_is_of_files_that_are_there_and_every_alert_is_in_one(layout):
    rng = np.random.default_rng(1)
    index = ScienceIndex(Layout(layout.root))
    for number in range(5):
        write_science(layout, NIGHTS[3], f"dd-{number:09d}-0000.parquet", alerts(rng, NIGHTS[3], 9000 + number, 1, []))
        segments = index.segments()
        held = [file for each in segments for file in each.files]
        assert len(held) == len(set(held)) == len(layout.files("science"))
        assert all(file.is_there(index.table) for file in held)
        assert sum(each.rows for each in segments) == len(every_row(layout))


def test_who_waits_for_the_index_is_told_and_who_does_not_is_not(layout, monkeypatch, caplog):
    ArchiveStore(layout.root).object("obj3")
    assert caplog.messages == []
    shutil.rmtree(layout.root / FOLDER)
    monkeypatch.setattr(making, "QUIET_S", 0.0)
    ArchiveStore(layout.root).object("obj3")
    first, last = caplog.messages
    assert first.startswith("making the index of look-ups: night 1 of 4, 1 files read; `strix compact` makes it")
    assert last.startswith(f"made the index of {len(layout.files('science'))} files in ")


def test_it_is_told_on_stderr(layout):
    asked = ["get", "object", "obj3", "--data", str(layout.root), "--form", "csv"]
    code = f"from jobs.cli.main import main; from jobs.index import making; making.QUIET_S = 0.0; main({asked!r})"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert "making the index of look-ups" in done.stderr and "look-ups" not in done.stdout
