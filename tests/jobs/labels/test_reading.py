"""Label files of others as our table."""

from collections import Counter
from datetime import UTC, datetime
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from jobs.labels import table
from jobs.labels.reading import read_labels
from jobs.labels.resolving import resolve

TNS = """"objid","name_prefix","name","ra","declination","redshift","type","internal_names","lastmodified"
"1","SN","2021abc","10.0","5.0","0.02","SN Ia","ZTF21aaaaaaa, ATLAS21xyz","2021-03-04 05:06:07"
"2","AT","2021abd","10.0","5.0","","","ZTF21bbbbbbb","2021-03-05 00:00:00"
"3","SN","2021abe","10.0","5.0","0.1","SLSN-I","ATLAS21qqq","2021-03-05 00:00:00"
"4","SN","2021abf","10.0","5.0","0.1","SN II","ZTF21cccccccc is no name, ZTF21ddddddd, ZTF21eeeeeee","not known"
"""
BTS = """ZTFID,IAUID,RA,Dec,peakmag,type,redshift
ZTF18aabbbcc,SN2018x,1:2:3,+4:5:6,17,SN Ib,0.01
ZTF18aabbbcd,-,1:2:3,+4:5:6,17,-,
"""


def test_classified_transients_of_the_name_server(tmp_path: Path) -> None:
    (tmp_path / "tns.csv").write_text(TNS)
    found = read_labels(tmp_path / "tns.csv")
    rows = found.labels.to_pylist()
    assert [(row["object_id"], row["class"]) for row in rows] == [
        ("ZTF21aaaaaaa", "SNIa"),
        ("ZTF21ddddddd", "SNII"),
        ("ZTF21eeeeeee", "SNII"),
    ]
    assert rows[0]["when"] == datetime(2021, 3, 4, 5, 6, 7, tzinfo=UTC)
    assert rows[0]["who"] == "TNS 2021abc"
    assert rows[-1]["when"] is None
    assert found.not_ours == {"tns: ": 1}


def test_the_bright_transient_survey(tmp_path: Path) -> None:
    (tmp_path / "bts.csv").write_text(BTS)
    found = read_labels(tmp_path / "bts.csv")
    assert [(row["object_id"], row["class"], row["source"], row["who"]) for row in found.labels.to_pylist()] == [
        ("ZTF18aabbbcc", "SNIbc", "bts", "SN2018x")
    ]
    assert (found.n_rows, found.not_ours) == (2, {"bts: -": 1})


def test_the_truth_of_simulated_objects_and_of_a_night(tmp_path: Path) -> None:
    objects = pa.table({"survey": ["lsst"], "object_id": ["SIM1"], "class": ["sn_ia"], "leaf": ["SNIa"]})
    night = pa.table(
        {"alert_id": [5, -6], "object_id": ["SIM2", "SIM3"], "class": ["tde", "qso"], "leaf": ["TDE", "QSO"]}
    )
    pq.write_table(objects, tmp_path / "truth.parquet")
    pq.write_table(night, tmp_path / "night.parquet")
    columns = ["survey", "object_id", "alert_id", "class", "source"]
    assert read_labels(tmp_path / "truth.parquet").labels.select(columns).to_pylist() == [
        dict(zip(columns, ("lsst", "SIM1", None, "SNIa", "strix-simulator"), strict=True))
    ]
    rows = read_labels(tmp_path / "night.parquet").labels.to_pylist()
    assert [(row["survey"], row["alert_id"], row["class"]) for row in rows] == [("ztf", 5, "TDE"), ("lsst", -6, "QSO")]


def test_our_own_table_comes_back_as_it_was_written(tmp_path: Path) -> None:
    rows = [
        {"survey": "ztf", "object_id": "a", "class": "SNIa", "source": "me", "when": datetime(2026, 1, 1, tzinfo=UTC)}
    ]
    own = pa.Table.from_pylist(rows, schema=table.SCHEMA)
    table.write(own, tmp_path / "own.parquet")
    assert read_labels(tmp_path / "own.parquet").labels.equals(own)


def test_a_file_of_no_known_kind_is_refused(tmp_path: Path) -> None:
    (tmp_path / "x.csv").write_text("a,b\n1,2\n")
    with pytest.raises(
        ValueError, match=r"no label file that is known: it has a, b; known are files with .*ZTFID, type"
    ):
        read_labels(tmp_path / "x.csv")


def test_labels_of_real_ztf_alerts_agree_with_the_classes_that_come_with_them(real_alerts: Path) -> None:
    path = real_alerts / "ztf_labels.parquet"
    resolved, conflicts = resolve(read_labels(path).labels)
    rows = resolved.to_pylist()
    of_alert = {row["alert_id"]: row["class"] for row in rows if row["alert_id"] is not None}
    of_object = {row["object_id"]: row["class"] for row in rows if row["alert_id"] is None}
    given = pq.read_table(path, columns=["candid", "objectId", "class5"]).group_by(["candid", "objectId", "class5"])
    pairs = [
        (row["class5"], of_alert.get(row["candid"], of_object.get(row["objectId"])))
        for row in given.aggregate([]).to_pylist()
    ]
    assert sum(one == other for one, other in pairs) / len(pairs) > 0.99
    # None is contradicted: one side knows no class, or the rule took a side of a conflict.
    assert [pair for pair in pairs if pair[0] != pair[1] and None not in pair] == []
    assert len(conflicts) < 0.01 * len(pairs)


def test_labels_of_real_rubin_alerts_and_of_light_curves(real_alerts: Path) -> None:
    lsst = read_labels(real_alerts / "lsst_labels.parquet").labels.to_pylist()
    kinds = Counter(row["class"] for row in lsst)
    assert kinds["QSO"] > 20 and kinds["asteroid"] > 10
    assert all(row["alert_id"] and row["object_id"] is None and row["survey"] == "lsst" for row in lsst)
    curves = read_labels(real_alerts / "lightcurves" / "ztf_labelled_lc.parquet").labels.to_pylist()
    assert Counter(row["class"] for row in curves)["SNIa"] > 900
