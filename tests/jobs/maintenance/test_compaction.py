"""Compaction changes files and nothing else."""

import random
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from small_outputs import files, gaps, left_over, nights, rows, run_night, seen, write_packets

from jobs.cli.main import main
from jobs.ledger.changes import StoredFile
from jobs.ledger.streams import records
from jobs.maintenance import rolling
from jobs.maintenance import rows as sorting
from jobs.maintenance.stored_files import worth_merging
from jobs.storage.layout import TABLES, Layout
from jobs.storage.lock import OutputLock

MIB = 1024 * 1024


def test_a_compacted_output_holds_the_same_rows_in_one_file_per_night(output: Path) -> None:
    before, columns = rows(output), {table: pq.read_schema(files(output, table)[0]) for table in TABLES}
    assert all(len(names) > 4 for names in seen(output).values() if len(names) > 1)
    assert main(["compact", str(output)]) == 0
    assert rows(output) == before
    assert {len(names) for names in seen(output).values()} == {1}
    for table in TABLES:
        assert pq.read_schema(files(output, table)[0]).equals(columns[table], check_metadata=True)
    assert gaps(output) == left_over(output) == []


def test_only_the_named_night_and_table_are_compacted_and_a_second_time_nothing_is(output: Path, capsys) -> None:
    night = nights(output, "raw")[0]
    before = seen(output)
    assert main(["compact", str(output), "--night", night.removeprefix("night="), "--table", "raw"]) == 0
    after = seen(output)
    assert {name for name in after if after[name] != before[name]} == {f"raw/{night}"}
    assert gaps(output) == []
    main(["compact", str(output)])
    settled = seen(output)
    capsys.readouterr()
    assert main(["compact", str(output)]) == 0
    assert seen(output) == settled
    assert "nothing to merge" in capsys.readouterr().out


def test_science_lies_by_object_and_time_and_packets_in_the_order_of_their_batches(output: Path) -> None:
    committed = [file for record in records(Layout(output)) for file in record.files if file.table == "raw"]
    expected = {
        night: [
            alert
            for file in committed
            if f"night={file.night}" == night
            for alert in pq.read_table(output / file.name)["alert_id"].to_pylist()
        ]
        for night in nights(output, "raw")
    }
    main(["compact", str(output)])
    for path in files(output, "raw"):
        assert pq.ParquetFile(path).read()["alert_id"].to_pylist() == expected[path.parent.name]
    for path in files(output, "science"):
        table = pq.ParquetFile(path).read()
        keys = list(zip(*(table[name].to_pylist() for name in ("survey", "object_id", "mjd")), strict=True))
        assert keys == sorted(keys)


def test_batches_that_come_later_are_merged_with_what_was_merged_before(output: Path, tmp_path: Path) -> None:
    main(["compact", str(output)])
    run_night(output, write_packets(tmp_path / "more", range(1000, 1020)), job="night")
    before = rows(output)
    assert gaps(output) == []
    assert main(["compact", str(output)]) == 0
    assert rows(output) == before
    assert {len(names) for names in seen(output).values()} == {1}
    assert gaps(output) == left_over(output) == []


def test_a_sort_that_does_not_fit_into_memory_gives_the_same_order(
    output: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    paths = files(output, "science")
    random.Random(3).shuffle(paths)
    monkeypatch.setattr(sorting, "BUCKET_BYTES", 30_000)
    monkeypatch.setattr(sorting, "HELD_BYTES", 15_000)
    runs = []
    put_away = sorting._Runs._put_away
    monkeypatch.setattr(sorting._Runs, "_put_away", lambda self: (runs.append(self), put_away(self)))
    order = ("survey", "object_id", "mjd", "alert_id")
    pieces = list(sorting.rows_sorted(paths, pq.read_schema(paths[0]), order, tmp_path))
    assert len(pieces) > 3 and len(runs) > 3
    whole = pa.concat_tables([pq.ParquetFile(path).read() for path in paths])
    expected = whole.sort_by([(name, "ascending") for name in order])
    assert repr(pa.concat_tables(pieces).to_pylist()) == repr(expected.to_pylist())
    assert list(tmp_path.glob("*.arrow")) == []


def test_files_are_ended_where_they_are_large_enough_and_none_is_small(
    output: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    # The real limits scaled down: 128, 256 and 512 MiB to 128, 256 and 512 KiB.
    for name in ("LEAST_BYTES", "ENOUGH_BYTES", "MOST_BYTES"):
        monkeypatch.setattr(rolling, name, getattr(rolling, name) // 1024)
    monkeypatch.setattr(rolling, "GROUP_BYTES", 64 * 1024)
    whole = pa.concat_tables([pq.ParquetFile(path).read() for path in files(output, "raw")])
    for copies in (1, 2, 3, 5):
        written = rolling.RollingFiles(
            tmp_path, lambda part, copies=copies: f"raw/{copies}-{part}.parquet", whole.schema, copies * whole.num_rows
        )
        for _ in range(copies):
            written.append(whole)
        parts = written.close()
        sizes = [(tmp_path / Path(part.name).name).stat().st_size for part in parts]
        assert sizes == [part.bytes for part in parts]
        assert sum(part.rows for part in parts) == copies * whole.num_rows
        assert all(128 * 1024 <= size <= 512 * 1024 for size in sizes) or sum(sizes) < 128 * 1024
    assert len(parts) > 2


def test_large_files_are_left_alone_but_for_one_that_takes_up_few_small_ones() -> None:
    parts = [StoredFile(f"raw/night=1/{n}.parquet", 10, size * MIB) for n, size in enumerate((300, 5, 200, 7))]
    assert [part.bytes // MIB for part in worth_merging(parts)] == [5, 200, 7]
    assert worth_merging(parts[:1]) == worth_merging([parts[0], parts[2]]) == []
    many = [StoredFile(f"raw/night=1/{n}.parquet", 10, 100 * MIB) for n in range(4)]
    assert worth_merging([*many, parts[0]]) == many


def test_an_output_in_use_or_without_ledger_is_refused(output: Path, tmp_path: Path, capsys) -> None:
    before = seen(output)
    with OutputLock(output / "_lock", "night"):
        assert main(["compact", str(output)]) == 4
    assert "job 'night'" in capsys.readouterr().err
    assert main(["compact", str(tmp_path / "nothing")]) == 2
    assert main(["compact", str(output), "--night", "19990101"]) == 2
    assert "no night 19990101" in capsys.readouterr().err
    assert seen(output) == before


def test_a_file_that_does_not_hold_what_the_ledger_says_stops_the_merge(output: Path, capsys) -> None:
    path = files(output, "raw")[0]
    table = pq.ParquetFile(path).read()
    pq.write_table(pa.concat_tables([table, table]), path)
    before = seen(output)
    assert main(["compact", str(output), "--table", "raw"]) == 3
    assert "the ledger says" in capsys.readouterr().err
    assert seen(output) == before


def test_rows_that_a_merge_would_change_stop_it(output: Path, monkeypatch: pytest.MonkeyPatch, capsys) -> None:
    append = rolling.RollingFiles.append
    monkeypatch.setattr(
        rolling.RollingFiles, "append", lambda self, table: append(self, table.take([0, *range(table.num_rows - 1)]))
    )
    before = seen(output)
    assert main(["compact", str(output), "--table", "raw"]) == 3
    assert "or others" in capsys.readouterr().err
    assert seen(output) == before
