"""A release as a HATS catalog: its layout, its rows, and back again through `strix reprocess --format hats`."""

import csv
from pathlib import Path

import astropy.units as u
import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from astropy_healpix import HEALPix
from releases import refused_of, row, run, sky, stars_of, write

from jobs.archive.hats_catalog import Tile, tiles_of, write_hats
from jobs.cli.main import main
from jobs.storage.writing import replace_table

N = 150


@pytest.fixture(scope="module")
def scored(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Stars in a square degree, and one far from them."""
    folder = tmp_path_factory.mktemp("hats")
    rows = [row(n, ra, dec) for n, (ra, dec) in enumerate(sky(N - 1))]
    write(folder / "release" / "a.parquet", [*rows, row(N - 1, 10.0, -45.0, band="r")])
    run(folder / "out", folder / "release", partition_points=1500)
    return folder / "out"


@pytest.fixture(scope="module")
def catalog(scored: Path) -> Path:
    """The same as HATS, fifty stars a pixel at most."""
    path = scored.parent / "stars.hats"
    assert write_hats(scored, path, 50).rows == N
    return path


def tiles(catalog: Path) -> list[Tile]:
    """What partition_info.csv lists."""
    with (catalog / "partition_info.csv").open(encoding="utf-8") as file:
        return [Tile(int(each["Norder"]), int(each["Npix"])) for each in csv.DictReader(file)]


def rows_of(catalog: Path) -> pa.Table:
    """All files that the catalog lists, in the order of names."""
    files = [catalog / "dataset" / tile.file for tile in tiles(catalog)]
    return pa.concat_tables(pq.read_table(file, partitioning=None) for file in files).sort_by("object_id")


def test_each_star_is_in_the_pixel_of_its_place(catalog: Path) -> None:
    found = tiles(catalog)
    assert len(found) > 4
    assert Tile(0, 8) in found  # the lone star: no smaller pixel is needed
    for tile in found:
        stars = pq.read_table(catalog / "dataset" / tile.file, partitioning=None)
        grid = HEALPix(nside=2**tile.order, order="nested")
        pixel = grid.lonlat_to_healpix(stars["ra"].to_numpy() * u.deg, stars["dec"].to_numpy() * u.deg)
        assert set(pixel.tolist()) == {tile.pixel}
        assert 0 < stars.num_rows <= 50
        assert np.all(np.diff(stars["_healpix_29"].to_numpy()) >= 0)


def test_rows_are_those_of_the_science_table(scored: Path, catalog: Path) -> None:
    stars, found = stars_of(scored), rows_of(catalog)
    assert found["object_id"].to_pylist() == stars["object_id"].to_pylist()
    for name in ("ra", "dec", "mjd", "n_detections", "_healpix_29"):
        assert found[name].to_pylist() == stars[name].to_pylist()
    features = [each["mean_g"] for each in stars["lc_features"].to_pylist()]
    assert found["lc_features_mean_g"].to_pylist() == features
    nested = found["lc"].to_pylist()
    for name in ("mjd", "band", "flux_total", "flux_total_err", "kind"):
        assert [each[name] for each in nested] == stars[f"lc_{name}"].to_pylist()


def test_metadata_and_properties_say_what_there_is(catalog: Path) -> None:
    metadata = pq.read_metadata(catalog / "dataset" / "_metadata")
    files = {metadata.row_group(k).column(0).file_path for k in range(metadata.num_row_groups)}
    assert (metadata.num_rows, files) == (N, {tile.file for tile in tiles(catalog)})
    one = pq.read_schema(catalog / "dataset" / tiles(catalog)[0].file)
    assert pq.read_schema(catalog / "dataset" / "_common_metadata").equals(one)
    lines = (catalog / "hats.properties").read_text(encoding="utf-8").splitlines()
    said = dict(line.split("=") for line in lines)
    assert said["obs_collection"] == "stars"
    assert (said["hats_nrows"], said["hats_col_ra"], said["dataproduct_type"]) == (str(N), "ra", "object")
    assert said["hats_order"] == str(max(tile.order for tile in tiles(catalog)))


def test_pixels_are_cut_until_they_hold_few_enough() -> None:
    cells = np.sort(np.array([0, 1, 2, 3, 3, 4**10, 12 * 4**10 - 1]))
    assert list(tiles_of(cells, 5)) == [Tile(0, 0), Tile(0, 1), Tile(0, 11)]
    assert list(tiles_of(cells, 4)) == [*(Tile(10, k) for k in range(4)), Tile(0, 1), Tile(0, 11)]
    assert Tile(6, 27256).file == "Norder=6/Dir=20000/Npix=27256.parquet"


def test_a_catalog_is_a_release(scored: Path, catalog: Path, tmp_path: Path) -> None:
    replace_table(catalog / "dataset" / "data_thumbnail.parquet", rows_of(catalog).slice(0, 3))
    run(tmp_path / "out", catalog, format="hats")
    again, stars = stars_of(tmp_path / "out"), stars_of(scored)
    assert again.num_rows == N
    for name in ("object_id", "ra", "dec", "lc_mjd", "lc_band", "lc_flux_total", "lc_flux_total_err", "lc_features"):
        assert again[name].equals(stars[name])
    assert {each["format"] for each in again["release"].to_pylist()} == {"hats"}


def test_lists_of_structs_and_other_names_are_read_with_a_map_of_columns(tmp_path: Path) -> None:
    points = [{"t": 59000.0 + k, "m": 18.0 + k / 10, "e": 0.05, "b": "g"} for k in range(6)]
    table = pa.table({"id": ["a", "b"], "light": pa.array([points, points[:4]])})
    replace_table(tmp_path / "in" / "dataset" / "Norder=0" / "Dir=0" / "Npix=4" / "part0.parquet", table)
    columns = {"object_id": "id", "mjd": "light.t", "band": "light.b", "mag": "light.m", "mag_err": "light.e"}
    run(tmp_path / "out", tmp_path / "in", format="hats", columns=columns | {"flux_kind": "total"})
    stars = stars_of(tmp_path / "out")
    assert stars["lc_mjd"].to_pylist() == [[59000.0 + k for k in range(n)] for n in (6, 4)]
    assert stars["lc_flux_total"][0][0].as_py() == pytest.approx(10 ** (0.4 * (31.4 - 18.0)), rel=1e-12)
    run(tmp_path / "bad", tmp_path / "in", format="hats", columns=columns | {"flux_kind": "total", "mjd": "light.x"})
    assert refused_of(tmp_path / "bad") == []  # the plan refuses the file
    assert not (tmp_path / "bad" / "science").exists()


def test_the_verb_writes_one_and_says_what_cannot_be(
    scored: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    output = tmp_path / "all.hats"
    assert main(["export", str(scored), "-o", str(output)]) == 0
    assert f"{N} stars" in capsys.readouterr().out
    assert main(["export", str(scored), "-o", str(output)]) == 2
    assert "is there" in capsys.readouterr().err
    assert main(["export", str(scored), "-o", str(tmp_path / "b.hats"), "--columns", "ra"]) == 2
    assert "leave out --columns" in capsys.readouterr().err
    assert main(["export", str(tmp_path), "-o", str(tmp_path / "b.hats")]) == 2
    assert "output of `strix reprocess`" in capsys.readouterr().err
    (scored / "_reprocess" / "partitions" / "000001.json").rename(tmp_path / "kept.json")
    assert main(["export", str(scored), "-o", str(tmp_path / "b.hats")]) == 2
    (tmp_path / "kept.json").rename(scored / "_reprocess" / "partitions" / "000001.json")
    assert "it goes on there" in capsys.readouterr().err


def test_lsdb_opens_it(scored: Path, catalog: Path) -> None:
    lsdb = pytest.importorskip("lsdb", reason="lsdb is no dependency of Strix; where it is, it opens the catalog")
    frame = lsdb.open_catalog(catalog).compute().sort_values("object_id")
    stars = stars_of(scored)
    assert frame["object_id"].tolist() == stars["object_id"].to_pylist()
    found = frame["lc_features_mean_g"].astype("float64").fillna(-1.0).tolist()
    assert found == [-1.0 if each["mean_g"] is None else each["mean_g"] for each in stars["lc_features"].to_pylist()]
    assert [each["flux_total"].tolist() for each in frame["lc"]] == stars["lc_flux_total"].to_pylist()
