"""What stands out, against a sort of everything in memory."""

import json
import shutil

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from written_night import write_batch

from jobs.archive.top_alerts import (
    IDENTITY,
    MOST_ANOMALOUS,
    NoSuchColumn,
    columns_of,
    files_of,
    highest,
    key_of,
    modules_of,
    most_anomalous,
    top,
)
from jobs.cli import scores
from jobs.ledger.streams import records
from jobs.maintenance.compaction import merge
from jobs.maintenance.maintenance import NightMaintenance
from jobs.maintenance.stored_files import KnownParts
from jobs.reports.night_page.cards import cards
from jobs.simulation.night import container
from jobs.simulation.packets import packet
from jobs.storage.layout import Layout


def sorted_by_pandas(science, module, output, ascending):
    values = pd.to_numeric(science[module].map(lambda answer: answer[output]), errors="coerce")
    known = science.assign(value=values)[values.notna()]
    return known.sort_values(["value", "mjd", "alert_id"], ascending=[ascending, True, True])


@pytest.mark.parametrize("ascending", [True, False])
def test_the_first_alerts_are_those_of_a_sort_of_all(night_out, science, ascending):
    expected = sorted_by_pandas(science, "stetson_k", "k", ascending)
    order = [("stetson_k.k", "ascending" if ascending else "descending")]
    found = top(night_out.files("science"), order, 17)
    assert found["alert_id"].to_pylist() == expected.alert_id.head(17).tolist()
    everything = top(night_out.files("science"), order, 10_000)
    assert everything.num_rows == len(expected) < len(science)  # those without an answer are left out


def test_of_each_object_only_its_first_alert_is_given(night_out, science):
    expected = sorted_by_pandas(science, "stetson_k", "k", False).drop_duplicates(["survey", "object_id"])
    found = top(night_out.files("science"), [("stetson_k.k", "descending")], 40, one_per_object=True)
    assert found["alert_id"].to_pylist() == expected.alert_id.head(40).tolist()


def rows(alerts, objects, values):
    columns = {name: pa.nulls(len(alerts), pa.string()) for name in IDENTITY}
    columns |= {"survey": ["ztf"] * len(alerts), "alert_id": alerts, "object_id": objects, "mag": values}
    return pa.table(columns)


def test_cutting_files_and_row_groups_changes_nothing(tmp_path):
    rng = np.random.default_rng(5)
    table = rows(rng.permutation(600), [f"o{n}" for n in rng.integers(0, 90, 600)], np.round(rng.normal(size=600), 1))
    whole, parts = [tmp_path / "whole.parquet"], [tmp_path / f"part{n}.parquet" for n in range(6)]
    pq.write_table(table, whole[0])
    for number, path in enumerate(parts):
        pq.write_table(table[100 * number : 100 * number + 100], path, row_group_size=7)
    for one_per_object in (False, True):
        found = [top(files, [("mag", "ascending")], 25, (), one_per_object) for files in (whole, parts, parts[::-1])]
        assert found[0].equals(found[1])
        assert found[0].equals(found[2])
        frame = table.to_pandas().sort_values(["mag", "alert_id"])
        frame = frame.drop_duplicates("object_id") if one_per_object else frame
        assert found[0]["alert_id"].to_pylist() == frame.alert_id.head(25).tolist()


def test_files_without_the_column_are_passed_over(tmp_path):
    pq.write_table(rows([1, 2], ["a", "b"], [1.0, 2.0]).drop_columns(["mag"]), tmp_path / "a.parquet")
    pq.write_table(rows([3, 4], ["c", "d"], [1.0, None]), tmp_path / "b.parquet")
    assert top(sorted(tmp_path.glob("*")), [("mag", "descending")], 9)["alert_id"].to_pylist() == [3]
    with pytest.raises(NoSuchColumn, match=r"no science file has a column 'x\.y'"):
        top(sorted(tmp_path.glob("*")), [("x.y", "descending")], 9)


def test_the_most_anomalous_are_best_first_and_say_why_and_that_they_are_simulated(night_out, science):
    found = most_anomalous(night_out, records(night_out), 5)
    answered = science[science.anomaly.map(lambda answer: answer["percentile"] is not None)]
    ranked = answered.assign(
        percentile=answered.anomaly.map(lambda answer: answer["percentile"]),
    ).sort_values(["percentile", "mjd", "alert_id"], ascending=[False, True, True])
    best = ranked.drop_duplicates("object_id").head(5)
    assert [each.alert_id for each in found] == [str(alert) for alert in best.alert_id]
    assert [each.why for each in found] == [", ".join(answer["why"]) for answer in best.anomaly]
    assert all(each.simulated for each in found)
    newest = list(records(night_out))[1:]
    assert {each.night for each in most_anomalous(night_out, newest, 99)} == {20240210}
    assert len(files_of(night_out, newest)) == 1
    assert most_anomalous(night_out, [], 5) == []


def test_columns_are_found_by_the_last_part_of_their_name(night_out):
    columns = columns_of(night_out.files("science"))
    assert modules_of(columns) == ["stetson_k", "lc_features", "anomaly"]
    assert key_of(columns, "percentile") == "anomaly.percentile"
    assert key_of(columns, "score", "anomaly") == "anomaly.score"
    assert key_of(columns, "mag") == "mag"
    with pytest.raises(NoSuchColumn, match=r"several: stetson_k\.version, lc_features\.version"):
        key_of(columns, "version")
    with pytest.raises(NoSuchColumn, match=r"no column 'percentil'; near it: anomaly\.percentile"):
        key_of(columns, "percentil")


@pytest.fixture
def ties(night_out, tmp_path):
    """An output in which alerts share their percentile, in two files whose order is not that of time."""
    shutil.copytree(night_out.root, tmp_path / "ties")
    layout = Layout(tmp_path / "ties")
    for path in layout.files("science"):
        table = pq.ParquetFile(path).read()
        old = table["anomaly"].combine_chunks()
        rows = [
            answer | {"percentile": 50.0 * (number % 3), "score": -0.5 + number / 1000}
            for number, answer in enumerate(old.to_pylist())
        ]
        times = pa.array([60350.0 + number % 4 for number in range(len(rows))])
        table = table.set_column(table.schema.get_field_index("anomaly"), "anomaly", pa.array(rows, old.type))
        table = table.set_column(table.schema.get_field_index("mjd"), "mjd", times)
        pq.write_table(table.take(pa.array(np.random.default_rng(3).permutation(len(rows)))), path)
    return layout


def test_every_list_breaks_ties_by_time_and_then_by_alert(ties, capsys):
    """The closing table, `strix scores`, the page of a night and the highest scores: one order."""
    files = ties.files("science")
    rows = [row for path in files for row in pq.ParquetFile(path).read().to_pylist()]
    rows.sort(key=lambda row: (-row["anomaly"]["percentile"], row["mjd"], row["alert_id"]))
    expected = [str(row["alert_id"]) for row in rows]
    assert len({row["object_id"] for row in rows[:20]}) == 20
    assert [each.alert_id for each in most_anomalous(ties, records(ties), 20)] == expected[:20]
    assert scores.main([str(ties.root), "--sort", "anomaly.percentile", "--top", "20", "--json"]) == 0
    assert [row["alert_id"] for row in json.loads(capsys.readouterr().out)] == expected[:20]
    best = highest(files, ["anomaly.percentile", "nobody.knows"], 20)
    assert list(best) == ["anomaly.percentile"]
    assert list(map(str, best["anomaly.percentile"]["alert_id"].to_pylist())) == expected[:20]
    night = files[-1].parent.name.removeprefix("night=")
    assert [str(card.alert.key[1]) for card in cards(ties, night, MOST_ANOMALOUS, 5, None)] == [
        str(row["alert_id"]) for row in rows if str(row["night"]) == night
    ][:5]


def test_files_of_merged_batches_are_the_ones_that_hold_them_now(tmp_path):
    layout = Layout(tmp_path)
    for batch in (0, 1, 2):
        write_batch(layout, batch, [container([packet(7, 10 * batch + number)[0] for number in range(4)])], ())
    made = list(records(layout))
    night = made[0].files[1].night
    parts = KnownParts(layout).of("science", night)
    change = merge(NightMaintenance(layout), parts[:2], "science", night, "test", None)
    (merged,) = [layout.root / each.name for each in change.new]
    left = layout.root / parts[2].name
    assert files_of(layout, made[:1]) == files_of(layout, made[:2]) == [merged]
    assert files_of(layout, made[1:]) == [merged, left]
    assert files_of(layout, made[2:]) == [left]
