"""Packets in the layouts of ZTF: the survey's schemas; in 4.02 forced photometry of every visit."""

import io

import fastavro
import numpy as np
import pytest

from jobs.simulation.sky_night import simulate_night
from jobs.simulation.ztf.maker import maker_of
from jobs.simulation.ztf.schemas import SCHEMAS


def plain(schema):
    """A schema without texts: names, types and defaults."""
    ignored = ("doc", "__fastavro_parsed__", "__named_schemas")
    if isinstance(schema, dict):
        return {key: plain(value) for key, value in schema.items() if key not in ignored}
    return [plain(part) for part in schema] if isinstance(schema, list) else schema


@pytest.fixture(scope="module")
def packets(tmp_path_factory):
    night = tmp_path_factory.mktemp("schema_4") / "night"
    simulate_night(maker_of("4.02"), night, 6, seed=5, workers=1)
    return [one for path in night.glob("*.avro") for one in fastavro.reader(io.BytesIO(path.read_bytes()))]


# 3.3 is about in two forms, with null as the first and as the second branch of a union; ours is the second
@pytest.mark.parametrize(
    ("version", "files"), [("3.3", "ztf_native_old/v3.3_*.avro"), ("4.02", "ztf_native_v4/*_v4.02.avro")]
)
def test_the_schema_has_the_surveys_fields_types_and_order(real_alerts, version, files):
    real = []
    for path in sorted(real_alerts.glob(files)):
        with path.open("rb") as file:
            real.append(plain(fastavro.reader(file).writer_schema))
    assert plain(SCHEMAS[version]) in real


def test_forced_photometry_is_there_for_every_visit_of_the_history(packets):
    assert {one["schemavsn"] for one in packets} == {"4.02"}
    for one in packets:
        history, forced = one["prv_candidates"] or [], one["fp_hists"] or []
        assert [row["jd"] for row in forced] == [row["jd"] for row in history]
        assert all(len(row) == 29 for row in forced)


def test_forced_flux_is_that_of_the_detection(packets):
    ratios, failed = [], []
    for one in packets:
        for row, forced in zip(one["prv_candidates"] or [], one["fp_hists"] or [], strict=True):
            failed.append(forced["procstatus"] == "61")
            assert (forced["forcediffimflux"] == -99999) == (forced["procstatus"] == "61")
            if row["magpsf"] is not None and forced["procstatus"] == "0":
                sign = 1 if row["isdiffpos"] == "t" else -1
                flux = sign * 10 ** (0.4 * (row["magzpsci"] - row["magpsf"]))
                ratios.append(forced["forcediffimflux"] / flux)
    assert 0.1 < np.mean(failed) < 0.6
    assert len(ratios) > 2
    np.testing.assert_allclose(ratios, 1, rtol=1e-4)
