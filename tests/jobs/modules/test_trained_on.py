"""The objects of a training: known again by name, whatever file names them."""

from hashlib import blake2b
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from jobs.modules.trained_on import FILE, TrainedOn, object_names
from science_modules import registry

# Of their cards; what a card counts in other words is said there.
SHIPPED = {
    "stamp": 4481,
    "light_curve_class": 50_092,
    "light_curve_class_early": 8312,
    "stamp_lsst": 6307,
    "real_bogus_stamps": 9059,
    "light_curve_class_lsst": 19_462,
}


def table(*names: str | None, survey: str = "ztf") -> pa.Table:
    ids = pa.array(range(7, 7 + len(names)), pa.int64())
    return pa.table({"survey": [survey] * len(names), "object_id": pa.array(names, pa.string()), "alert_id": ids})


def test_an_alert_without_an_object_is_one_by_itself() -> None:
    assert object_names(table("ZTF18a", None, "")).to_pylist() == ["ztf/ZTF18a", "ztf/alert 8", "ztf/alert 9"]


def test_objects_are_known_by_name_and_survey_in_any_order_and_type() -> None:
    found = TrainedOn.of(object_names(table("a", "b", "a", None)))
    plain = {
        int.from_bytes(blake2b(each, digest_size=8).digest(), "little")
        for each in (b"ztf/a", b"ztf/b", b"ztf/alert 10")
    }
    assert found.objects.tolist() == sorted(plain)
    again = TrainedOn.from_bytes(found.to_bytes())
    asked = table("c", "b", None, "a")
    large = asked.set_column(1, "object_id", asked["object_id"].cast(pa.large_string()))
    coded = asked.set_column(1, "object_id", asked["object_id"].dictionary_encode())
    for rows in (asked, large, coded):
        assert again.knows(object_names(rows)).tolist() == [False, True, False, True]
    assert not again.knows(object_names(table("a", "b", survey="lsst"))).any()
    assert again.knows(object_names(table())).tolist() == []
    assert TrainedOn.of(object_names(table())).knows(object_names(asked)).tolist() == [False] * 4


def test_a_folder_without_the_file_says_nothing(tmp_path: Path) -> None:
    assert TrainedOn.beside(tmp_path) is None


@pytest.mark.parametrize("name", SHIPPED)
def test_a_shipped_model_has_the_objects_that_its_card_counts(name: str) -> None:
    found = TrainedOn.beside(registry.folders()[name])
    assert found.objects.dtype == np.uint64
    assert len(found.objects) == SHIPPED[name]
    assert (np.diff(found.objects.astype(object)) > 0).all()
    card = (registry.folders()[name] / "README.md").read_text()
    assert FILE in card and f"{SHIPPED[name]:,}" in card


def test_the_shipped_stamp_knows_the_real_labels(real_alerts: Path) -> None:
    """By an alert's own object id, as an evaluation asks: its card says that all labelled objects were trained on."""
    labels = pq.ParquetFile(real_alerts / "ztf_labels.parquet").read(columns=["objectId", "candid", "class5"])
    labels = labels.filter(labels["class5"].is_valid())
    rows = pa.table(
        {"survey": ["ztf"] * labels.num_rows, "object_id": labels["objectId"], "alert_id": labels["candid"]}
    )
    names = pa.chunked_array([object_names(rows).unique()])
    known = {name: TrainedOn.beside(registry.folders()[name]).knows(names).mean() for name in SHIPPED}
    assert known["stamp"] > 0.99
    assert 0 < known["light_curve_class"] < 0.5  # most labelled objects have fewer points than it wants
    assert known["stamp_lsst"] == 0
