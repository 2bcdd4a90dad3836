"""Plain tables with a map of columns, and ELAsTiCC's."""

from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from releases import refused_of, run, stars_of

COLUMNS = {
    "object_id": "name", "jd_utc": "jd", "band": "filter", "mag": "m", "mag_err": "dm", "ra": "ra", "dec": "dec",
    "flux_kind": "total",
}  # fmt: skip
CSV = """name,jd,filter,m,dm,ra,dec
a,2459250.5,g,20.0,0.1,10.5,-3.25
a,2459251.5,r,21.0,0.1,10.5,-3.25
a,2459251.5,r,21.0,0.1,10.5,-3.25
b,2459250.5,g,20.0,,11.5,-3.25
c,2459250.5,g,19.0,0.1,11.6,-3.25
c,2459252.5,g,,0.1,11.6,-3.25
"""


def test_a_csv_of_magnitudes_is_read_as_its_map_says(tmp_path: Path) -> None:
    (tmp_path / "points.csv").write_text(CSV)
    run(tmp_path / "out", tmp_path / "points.csv", format="plain", columns=COLUMNS)
    found = stars_of(tmp_path / "out").to_pylist()
    assert [each["object_id"] for each in found] == ["a", "c"]
    assert (found[0]["ra"], found[0]["dec"]) == (10.5, -3.25)
    assert found[0]["lc_mjd"] == pytest.approx([59250 + 37 / 86400, 59251 + 37 / 86400], abs=1e-9)
    assert found[0]["lc_flux_total"] == pytest.approx([36307.805, 14454.398])
    assert found[0]["release"]["n_copies"] == 1  # the same point twice
    assert found[1]["release"]["n_dropped"] == 1
    assert refused_of(tmp_path / "out") == [("b", "no_points")]


def test_a_catalogs_99_for_no_magnitude_and_times_of_another_kind_are_no_points(tmp_path: Path) -> None:
    """A flux of 1e-27 nJy with an error of its own size would outweigh every other point."""
    odd = "a,2459252.5,g,99.99,99.999,10.5,-3.25\na,2459253.5,g,-99,0.1,10.5,-3.25\na,0,g,20,0.1,10.5,-3.25\n"
    (tmp_path / "points.csv").write_text(CSV + odd)
    run(tmp_path / "out", tmp_path / "points.csv", format="plain", columns=COLUMNS)
    first = stars_of(tmp_path / "out").to_pylist()[0]
    assert first["lc_flux_total"] == pytest.approx([36307.805, 14454.398])
    assert first["release"]["n_dropped"] == 3


def test_rows_with_lists_are_objects_and_lists_of_two_lengths_are_refused(tmp_path: Path) -> None:
    table = pa.table(
        {
            "id": [1, 2, 3],
            "t": [[60000.0, 60001.0], [60000.0], []],
            "b": [["g", "g"], ["g", "r"], []],
            "f": [[100.0, -5.0], [1.0, 2.0], []],
            "e": [[1.0, 1.0], [1.0, 1.0], []],
        }
    )
    pq.write_table(table, tmp_path / "lists.parquet")
    columns = {"object_id": "id", "mjd": "t", "band": "b", "flux": "f", "flux_err": "e", "flux_kind": "difference"}
    run(tmp_path / "out", tmp_path / "lists.parquet", format="plain", columns=columns)
    found = stars_of(tmp_path / "out").to_pylist()
    assert [(each["object_id"], each["lc_flux"], each["n_positive"]) for each in found] == [("1", [100.0, -5.0], 1)]
    assert refused_of(tmp_path / "out") == [("2", "lengths_differ"), ("3", "no_points")]


@pytest.mark.parametrize(
    ("change", "told"),
    [
        ({"flux_kind": "both"}, "total or difference, found both"),
        ({"mjd": "t"}, "one time"),
        ({"zero_point": "zp"}, "found zero_point"),
    ],
)
def test_a_map_that_does_not_say_enough_is_refused_before_anything_is_read(
    change: dict[str, str], told: str, tmp_path: Path
) -> None:
    (tmp_path / "points.csv").write_text(CSV)
    with pytest.raises(ValueError, match=told):
        run(tmp_path / "out", tmp_path / "points.csv", format="plain", columns=COLUMNS | change)


def test_a_unit_that_cannot_be_and_a_broken_csv_are_told(tmp_path: Path) -> None:
    folder = tmp_path / "in"
    folder.mkdir()
    (folder / "good.csv").write_text(CSV)
    (folder / "mjd.csv").write_text(CSV.replace("24592", "592"))
    (folder / "broken.csv").write_text(CSV + "d,1\n")
    (folder / "lacking.csv").write_text(CSV.replace("dm", "sigma"))
    outcome = run(tmp_path / "out", folder, format="plain", columns=COLUMNS)
    assert [(Path(each["file"]).name, each["reason"]) for each in outcome.plan.refused] == [
        ("broken.csv", "unreadable"),
        ("lacking.csv", "missing_columns"),
    ]
    assert sum(each["refused"].get("wrong_unit", 0) for each in outcome.records.values()) == 1
    assert stars_of(tmp_path / "out").num_rows == 2


def test_elasticc_objects_are_simulated_differences_of_lsst(real_alerts: Path, tmp_path: Path) -> None:
    source = real_alerts / "lightcurves" / "elasticc_simulated_lc.parquet"
    run(tmp_path / "out", source, format="elasticc")
    stars, given = stars_of(tmp_path / "out"), pq.read_table(source)
    assert stars.num_rows == len(set(given["object"].to_pylist())) == 541
    assert sum(map(len, stars["lc_flux"].to_pylist())) + sum(
        each["n_dropped"] + each["n_copies"] for each in stars["release"].to_pylist()
    ) == len(given)
    assert set(stars["survey"].to_pylist()) == {"lsst"}
    assert set(stars["is_simulated"].to_pylist()) == {True}
    assert set(stars["ra"].to_pylist()) == {None}
    assert {band for each in stars["lc_band"].to_pylist() for band in each} == set("ugrizy")
    assert {kind for each in stars["lc_kind"].to_pylist() for kind in each} == {"detection", "forced"}
