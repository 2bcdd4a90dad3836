"""An alert, an object, their stamps: found as a plain read of all files finds them."""

import shutil

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from jobs.archive.alert import alerts_of, merged
from jobs.archive.find import NotFound, by_key, find, find_alert, find_object
from jobs.archive.find_cutouts import find_cutouts
from jobs.archive.top_alerts import most_anomalous
from jobs.ledger.streams import records
from jobs.storage.layout import Layout
from jobs.storage.schema_union import NOT_RUN


@pytest.fixture
def copied(night_out, tmp_path):
    shutil.copytree(night_out.root, tmp_path / "out")
    return Layout(tmp_path / "out")


def keys(science, count=7):
    rows = science.iloc[:: max(len(science) // count, 1)]
    return list(zip(rows.survey, rows.alert_id.astype(int), rows.night.astype(int), strict=True))


def test_every_alert_is_found_by_its_id_with_its_own_values(night_out, science):
    for row in science.iloc[::9].itertuples():
        found = find_alert(night_out, row.alert_id).to_pylist()
        assert [(one["object_id"], one["ra"], one["night"]) for one in found] == [(row.object_id, row.ra, row.night)]
        assert found[0]["stetson_k"] == row.stetson_k


def test_an_object_has_all_its_alerts_in_order_of_time(night_out, science):
    many = science.object_id.value_counts().index[0]
    expected = science[science.object_id == many].sort_values("mjd").alert_id.tolist()
    assert find_object(night_out, many)["alert_id"].to_pylist() == expected
    assert find(night_out, many)["alert_id"].to_pylist() == expected


def test_an_alert_is_found_after_its_file_was_merged_into_another(copied, science):
    row = science[science.night == 20240210].iloc[5]
    (file,) = copied.table("science").glob("night=20240210/*.parquet")
    best = most_anomalous(copied, records(copied), 3)
    file.rename(file.with_name("compacted-000000000-0000.parquet"))
    assert find_alert(copied, int(row.alert_id))["object_id"].to_pylist() == [row.object_id]
    assert most_anomalous(copied, records(copied), 3) == best


def test_what_is_not_there_is_said_with_what_is(night_out, tmp_path):
    for name in ("ZTF99none", "123", "9" * 30):
        with pytest.raises(NotFound, match=f"neither an alert nor an object '{name}'.*2 nights, 20240208 to 20240210"):
            find(night_out, name)
    with pytest.raises(NotFound, match="no science table"):
        find(Layout(tmp_path), "1")
    assert find_alert(night_out, 9000002000000000000, survey="lsst").num_rows == 0


def test_rows_come_in_the_order_of_their_keys(night_out, science):
    wanted = keys(science)[::-1]
    assert by_key(night_out, wanted)["alert_id"].to_pylist() == [alert for _, alert, _ in wanted]
    assert by_key(night_out, []).num_rows == 0


def test_stamps_from_raw_packets_are_those_of_the_cutout_table(copied, science):
    wanted = keys(science)
    from_table = find_cutouts(copied, wanted)
    shutil.rmtree(copied.table("cutouts"))
    assert len(from_table) == len(wanted)
    assert find_cutouts(copied, wanted) == from_table
    shutil.rmtree(copied.table("raw"))
    assert find_cutouts(copied, wanted) == {}


def test_an_object_is_found_across_versions_of_a_module(copied, science):
    object_id = "twice"
    for night, keep in (("20240208", ["score", "percentile", "why", "band", "version", "error"]), ("20240210", None)):
        (file,) = copied.table("science").glob(f"night={night}/*.parquet")
        table = pq.ParquetFile(file).read()
        answers = table["anomaly"].combine_chunks()
        names = keep or ["percentile", "version", "error"]
        narrow = pa.StructArray.from_arrays([answers.field(name) for name in names], names)
        ids = [object_id if row == 0 else str(row) for row in range(table.num_rows)]
        for column, values in (("anomaly", narrow), ("object_id", pa.array(ids))):
            table = table.set_column(table.schema.get_field_index(column), column, values)
        pq.write_table(table.drop_columns(["lc_features"]) if keep else table, file)
    found = find_object(copied, object_id)
    assert found["night"].to_pylist() == [20240208, 20240210]
    assert [answer["score"] for answer in found["anomaly"].to_pylist()][1] is None
    early, late = found["lc_features"].to_pylist()
    assert early == dict.fromkeys(early) | {"error": NOT_RUN}
    assert (late["version"], late["error"]) != (None, NOT_RUN)
    said = {each.module: each for each in merged(alerts_of(found)).said}
    assert set(said) == {"stetson_k", "lc_features", "anomaly"}
