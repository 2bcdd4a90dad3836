"""Objects and alerts from the Parquet archive, against a plain look at every row."""

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from looked_up import NIGHTS, alerts, every_row, made_up, same_rows, twins, write_science

from jobs.index.upkeep import index_nights
from jobs.lookup.archive import ArchiveStore
from jobs.lookup.store import BadQuestion, NotThere
from jobs.storage.layout import Layout


@pytest.fixture(scope="module")
def layout(tmp_path_factory):
    made = made_up(tmp_path_factory.mktemp("objects"))
    rng = np.random.default_rng(5)
    table = alerts(rng, NIGHTS[1], 900, 12, ["anomaly"])
    for name, each in (("bbbb-000000001-0000.parquet", table), ("bbbb-000000002-0000.parquet", twins(table))):
        write_science(made, NIGHTS[1], name, each)
    return made


@pytest.fixture(scope="module", params=["files", "packed"])
def store(layout, request):
    if request.param == "packed":
        index_nights(layout)
    return ArchiveStore(layout.root)


@pytest.fixture(scope="module")
def rows(layout):
    return every_row(layout)


def by_time(rows):
    return sorted(rows, key=lambda row: (row["mjd"], row["alert_id"], row["survey"]))


def test_every_object_has_all_its_alerts_whole_in_order_of_time(store, rows):
    for name in sorted({row["object_id"] for row in rows}):
        same_rows(store.object(name), by_time(row for row in rows if row["object_id"] == name))


def test_an_object_of_one_survey_has_only_its_alerts(store, rows):
    for survey in ("ztf", "lsst"):
        wanted = [row for row in rows if (row["object_id"], row["survey"]) == ("obj3", survey)]
        same_rows(store.object("obj3", survey), by_time(wanted))


def test_every_alert_is_found_by_its_id_negative_ones_and_those_of_two_surveys(store, rows):
    ids = [row["alert_id"] for row in rows]
    assert min(ids) < 0
    assert len(set(ids)) < len(ids)
    for alert_id in sorted(set(ids)):
        wanted = [row for row in rows if row["alert_id"] == alert_id]
        same_rows(store.alert(alert_id), sorted(wanted, key=lambda row: row["survey"]))


def test_an_alert_of_a_survey_is_one_row(store, rows):
    row = next(each for each in rows if sum(other["alert_id"] == each["alert_id"] for other in rows) == 2)
    same_rows(store.alert(row["alert_id"], row["survey"]), [row])


def test_types_are_those_of_the_files(store, layout, rows):
    path = sorted(layout.table("science").glob("night=*/*.parquet"))[-1]
    schema = pq.read_schema(path)
    row = pq.ParquetFile(path).read().to_pylist()[0]
    found = store.alert(row["alert_id"], row["survey"])
    assert found.schema.types == schema.types
    assert found.schema.field("ra").metadata == schema.field("ra").metadata


@pytest.mark.parametrize(
    ("ask", "told"),
    [
        (lambda store: store.object("nobody"), r"4 nights, 20240208 to 20240301\) has no object 'nobody'"),
        (lambda store: store.object("obj3", "atlas"), "no object 'obj3' of survey 'atlas'"),
        (lambda store: store.alert(7), "has no alert 7"),
        (lambda store: store.alert(0, "ztf"), "no alert 0 of survey 'ztf'"),
    ],
)
def test_what_is_not_there_is_said(store, ask, told):
    with pytest.raises(NotThere, match=told):
        ask(store)


def test_an_id_of_more_than_64_bits_is_no_question(store):
    with pytest.raises(BadQuestion, match="64 bits"):
        store.alert(2**63)


def test_an_output_without_science_is_said(tmp_path):
    with pytest.raises(NotThere, match="no science table"):
        ArchiveStore(tmp_path)


def test_objects_whose_hashes_are_the_same_stay_apart(tmp_path, monkeypatch, rows):
    import jobs.index.segment as segment

    def same(*names: pa.Array) -> np.ndarray:
        return np.zeros(len(names[0]), np.uint64)

    monkeypatch.setattr(segment, "hashes", same)
    monkeypatch.setattr(segment, "hash_of", lambda *names: np.uint64(0))
    made = made_up(tmp_path / "out", seed=3, files=1)
    there = every_row(made)
    store = ArchiveStore(made.root)
    same_rows(
        store.object("obj4", "ztf"), by_time(r for r in there if (r["object_id"], r["survey"]) == ("obj4", "ztf"))
    )
    ceres = [row["alert_id"] for row in there if row["sso_name"] == "Ceres"]
    assert sorted(store.latest("sso", "Ceres", 1000)["alert_id"].to_pylist()) == sorted(ceres)


def test_cutouts_come_with_an_alert_where_they_were_kept(night_out, science):
    store = ArchiveStore(night_out.root)
    table = pa.concat_tables(pq.ParquetFile(path).read() for path in night_out.files("cutouts"))
    kept = {row["alert_id"]: row for row in table.to_pylist()}
    row = science.iloc[77]
    (found,) = store.alert(int(row.alert_id), cutouts=True).to_pylist()
    (bare,) = store.alert(int(row.alert_id)).to_pylist()
    assert list(found)[-3:] == ["cutout_science", "cutout_template", "cutout_difference"]
    assert {name: found[name] for name in list(found)[-3:]} == {
        name: kept[row.alert_id][name] for name in list(found)[-3:]
    }
    assert repr({name: found[name] for name in bare}) == repr(bare)


def test_cutouts_that_were_not_kept_are_null(layout):
    store = ArchiveStore(layout.root)
    row = every_row(layout)[0]
    found = store.alert(row["alert_id"], row["survey"], cutouts=True)
    assert found.column_names[-3:] == ["cutout_science", "cutout_template", "cutout_difference"]
    assert found.select(found.column_names[-3:]).to_pylist() == [
        dict.fromkeys(found.column_names[-3:]) for _ in range(found.num_rows)
    ]


def test_rows_as_a_job_writes_them_are_the_same_packed_or_not(night_out, science, tmp_path):
    import shutil

    copied = Layout(shutil.copytree(night_out.root, tmp_path / "out"))
    names = science.object_id.unique()[::20]
    before = [ArchiveStore(copied.root).object(name) for name in names]
    index_nights(copied)
    assert list(copied.root.glob("_index/*/*.rows"))
    for name, table in zip(names, before, strict=True):
        packed = ArchiveStore(copied.root).object(name)
        assert packed.schema.equals(table.schema, check_metadata=True)
        assert repr(packed.to_pylist()) == repr(table.to_pylist())
