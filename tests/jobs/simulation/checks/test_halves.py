"""The simulator's numbers are measured on one half of the real objects and checked on the other."""

import pandas as pd
import pyarrow.parquet as pq

from jobs.simulation.checks.halves import of_half
from jobs.simulation.checks.night_alerts import real_alerts as alerts_of
from jobs.simulation.ztf.real_detections import real_detections


def test_every_object_is_in_one_half_whatever_stands_beside_it():
    names = [f"ZTF20a{i:06d}" for i in range(2000)]
    measure, check = of_half(names, "measure"), of_half(names, "check")
    assert (measure ^ check).all()
    assert 0.45 < check.mean() < 0.55
    assert of_half(names[:7][::-1], "check").tolist() == check[:7][::-1].tolist()


def test_nothing_is_measured_on_what_is_checked(real_alerts):
    detections, exposures = real_detections(real_alerts)
    checked = set(alerts_of(real_alerts, "check").batch.table["object_id"].to_pylist())
    assert len(checked) > 500
    assert not checked & {*detections["object"], *exposures["object"]}
    assert {"SN", "VS", "AGN", "asteroid", "bogus"} == set(detections["kind"])
    assert detections.groupby("object").size().max() <= 8
    assert isinstance(exposures, pd.DataFrame)
    assert exposures["pid"].is_unique
    assert len(pq.read_table(real_alerts / "ztf_index.parquet")) > len(checked)
