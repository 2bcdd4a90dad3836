"""The same points through the alert door and through the release door: the same features, bit for bit."""

from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq
import pytest
from releases import run, stars_of
from small_outputs import run_night, write_packets

from jobs.spark.interactive import enrich, read_packets
from science_modules import registry

STRIPE_82 = {
    "object_id": "object", "mjd": "mjd", "band": "band", "mag": "mag", "mag_err": "magerr", "flux_kind": "total"
}  # fmt: skip
MODULES = ("lc_features",)  # others read the alert's own band, or what the survey says of earlier detections


def bits(column: pa.ChunkedArray) -> list[tuple[object, ...]]:
    """Each row of a module's column, numbers as their bits."""
    rows = column.combine_chunks().flatten()
    as_bits = [each.view(pa.int32()) if each.type == pa.float32() else each for each in rows]
    as_bits = [each.view(pa.int64()) if each.type == pa.float64() else each for each in as_bits]
    return list(zip(*(each.to_pylist() for each in as_bits), strict=True))


def newest_of_each(alerts: pa.Table) -> pa.Table:
    """The alert of each object that comes last."""
    alerts = alerts.sort_by([("object_id", "ascending"), ("mjd", "ascending")])
    names = alerts["object_id"].to_pylist()
    return alerts.take([k for k, name in enumerate(names) if name not in names[k + 1 :]])


def as_science(alerts: pa.Table, folder: Path) -> Path:
    """The alerts as a job's science table."""
    path = folder / "science" / "night=20240101" / "s-000000000-0000.parquet"
    path.parent.mkdir(parents=True)
    pq.write_table(alerts.drop_columns(["candidate", "provenance"]), path)
    return folder


def test_an_archive_of_real_alerts_gives_the_features_of_the_alerts(real_alerts: Path, tmp_path: Path) -> None:
    file = sorted((real_alerts / "ztf_alerts").glob("*.avro"))[0]
    alerts = newest_of_each(read_packets(file))
    by_alert = enrich(alerts, MODULES)
    run(tmp_path / "out", as_science(alerts, tmp_path / "in"), modules=MODULES, format="archive")
    stars = stars_of(tmp_path / "out")
    assert stars["object_id"].to_pylist() == by_alert["object_id"].to_pylist()
    assert stars.num_rows > 50
    assert (
        sum(each is None for each in pc.struct_field(stars["lc_features"].combine_chunks(), "error").to_pylist()) > 40
    )
    for name in MODULES:
        assert bits(stars[name]) == bits(by_alert[name])


@pytest.mark.parametrize("kind", ["total", "difference"])
def test_points_in_a_plain_table_give_the_features_of_the_alerts_that_they_are_from(
    kind: str, real_alerts: Path, tmp_path: Path
) -> None:
    """A module never knows through which door a light curve came: it has the points, and whether they are corrected."""
    file = sorted((real_alerts / "ztf_alerts").glob("*.avro"))[0]
    alerts = newest_of_each(read_packets(file))
    corrected = pc.fill_null(alerts["corrected"], False)
    alerts = alerts.filter(corrected if kind == "total" else pc.invert(corrected))
    suffix = "_total" if kind == "total" else ""
    # A release knows no flux as NULL: a point without one, as an upper limit, is no row of it.
    rows = [
        (star["object_id"], *point)
        for star in alerts.to_pylist()
        for point in zip(
            *(star[f"lc_{name}"] for name in ("mjd", "band", f"flux{suffix}", f"flux{suffix}_err", "kind")), strict=True
        )
    ]
    names = ("object", "t", "filter", "f", "e", "what")
    table = pa.table({name: list(column) for name, column in zip(names, zip(*rows, strict=True), strict=True)})
    (tmp_path / "in").mkdir()
    pq.write_table(table, tmp_path / "in" / "points.parquet")
    columns = dict(zip(("object_id", "mjd", "band", "flux", "flux_err", "kind"), names, strict=True)) | {
        "flux_kind": kind
    }
    run(tmp_path / "out", tmp_path / "in", format="plain", columns=columns)
    stars = stars_of(tmp_path / "out")
    known = alerts.filter(pc.is_in(alerts["object_id"], value_set=stars["object_id"].combine_chunks()))
    by_alert = bits(enrich(known.sort_by("object_id"), ["lc_features"])["lc_features"])
    left = [output.name for output in registry.get("lc_features").outputs].index("n_left_out")
    assert stars.num_rows > 20

    def without(row: tuple[object, ...]) -> tuple[object, ...]:
        return row[:left] + row[left + 1 :]  # points without a flux are left out before the module counts them

    assert [without(each) for each in bits(stars["lc_features"])] == [without(each) for each in by_alert]


def test_years_of_alerts_are_one_light_curve_with_each_exposure_once(tmp_path: Path) -> None:
    output = tmp_path / "night"
    run_night(output, write_packets(tmp_path / "packets", range(12)))
    file = next((output / "science").rglob("*.parquet"))
    first = pq.read_table(file, partitioning=None).slice(0, 1).to_pylist()[0]
    points = [name for name in first if name.startswith("lc_")]
    later = dict(first, mjd=first["mjd"] + 30, alert_id=first["alert_id"] + 1)
    for name in points:  # the newest packet has lost the two oldest points and has a new one
        later[name] = [*first[name][2:], first[name][-1]]
    later["lc_mjd"][-1] = later["mjd"]
    later["lc_real_bogus"] = [0.123] * len(later["lc_mjd"])
    schema = pq.read_schema(file)
    archive = tmp_path / "archive" / "science"
    for night, alert in (("20240101", later), ("20240202", first)):  # files are not in the order of time
        (archive / f"night={night}").mkdir(parents=True)
        pq.write_table(
            pa.Table.from_pylist([alert], schema=schema), archive / f"night={night}" / "a-000000000-0000.parquet"
        )
    run(tmp_path / "out", archive.parent, format="archive")
    found = stars_of(tmp_path / "out").to_pylist()
    assert len(found) == 1
    assert found[0]["lc_mjd"] == [*first["lc_mjd"], later["mjd"]]
    assert found[0]["lc_real_bogus"] == [*first["lc_real_bogus"][:2], *[0.123] * (len(first["lc_mjd"]) - 1)]
    assert found[0]["release"]["n_copies"] == len(first["lc_mjd"]) - 2
    assert found[0]["release"]["flux_kind"] == "both"
    assert found[0]["corrected"] == first["corrected"]
    assert np.all(np.diff(found[0]["lc_mjd"]) > 0)


def test_stripe_82_rr_lyrae_have_their_published_periods_through_the_door(real_alerts: Path, tmp_path: Path) -> None:
    table = pq.read_table(real_alerts / "lightcurves" / "sdss_s82_rrlyrae.parquet")
    names = sorted(set(table["object"].to_pylist()))[::16]
    (tmp_path / "in").mkdir()
    own = table.filter(pc.is_in(table["object"], value_set=pa.array(names, table["object"].type)))
    pq.write_table(own, tmp_path / "in" / "points.parquet")
    run(tmp_path / "out", tmp_path / "in", format="plain", columns=STRIPE_82, modules=("period",))
    found = {each["object_id"]: each["period"]["period"] for each in stars_of(tmp_path / "out").to_pylist()}
    true = dict(zip(own["object"].to_pylist(), own["period"].to_pylist(), strict=True))
    assert sorted(found) == names
    right = [abs(found[name] / true[name] - 1) < 1e-3 for name in names]
    assert (len(names), sum(right) >= 16) == (18, True)
