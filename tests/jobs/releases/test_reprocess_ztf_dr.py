"""ZTF's data releases through the modules: joins, partitions, what is refused, what is in the view."""

from pathlib import Path

import numpy as np
import pyarrow.compute as pc
import pyarrow.parquet as pq
import pytest
from releases import refused_of, row, run, sky, stars_of, write

from jobs.cli.main import main
from jobs.config import ConfigError
from jobs.releases.heliocentric import earth_mjd_tai


@pytest.fixture(scope="module")
def overlapping(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Two fields that overlap, in g, r and i: 200 stars in both, 50 in each alone; places differ by up to 0.4 arcsec."""
    rng, folder = np.random.default_rng(3), tmp_path_factory.mktemp("overlapping")
    for field, seen in ((500, range(250)), (501, range(50, 300))):
        for band, number in (("g", 1), ("r", 2), ("i", 3)):
            rows = []
            for star in seen:
                ra, dec = sky(300)[star]
                shift = rng.uniform(-0.2, 0.2, 2) / 3600
                rows.append(row(field * 10**7 + number * 10**5 + star, ra + shift[0], dec + shift[1], field, 3, band))
            write(folder / f"{field}_{band}.parquet", rows)
    return folder


def test_a_star_in_two_fields_and_three_filters_is_one_row_however_the_sky_is_cut(
    overlapping: Path, tmp_path: Path
) -> None:
    whole, cut = tmp_path / "whole", tmp_path / "cut"
    assert len(run(whole, overlapping).plan.partitions) == 1
    assert len(run(cut, overlapping, partition_points=4000).plan.partitions) > 10
    table = stars_of(whole)
    counts = pc.list_value_length(pc.struct_field(table["release"].combine_chunks(), "source_ids")).to_pylist()
    assert (counts.count(6), counts.count(3), len(counts)) == (200, 100, 300)
    assert table["n_detections"].to_pylist() == [8 * each for each in counts]
    assert {tuple(sorted(set(bands))) for bands in table["lc_band"].to_pylist()} == {("g", "i", "r")}
    assert stars_of(cut).equals(table)


def test_partitions_of_a_release_with_fields_ten_times_denser_weigh_at_most_three_times_the_median(
    tmp_path: Path,
) -> None:
    rows = [row(n, ra, dec) for n, (ra, dec) in enumerate(sky(300))]
    rows += [row(1000 + n, ra - 2.0, dec) for n, (ra, dec) in enumerate(sky(3000, seed=2))]
    write(tmp_path / "release" / "dense.parquet", rows)
    parts = run(tmp_path / "out", tmp_path / "release", partition_points=4000).plan.partitions
    weights = [each.weight for each in parts]
    assert len(weights) > 20
    assert max(weights) <= 3 * np.median(weights)
    assert sum(each.objects for each in parts) == 3300


def test_a_row_is_an_object_without_an_alert_whose_fluxes_are_total(tmp_path: Path) -> None:
    given = row(7, 150.0, 2.0) | {"mag": [20.0] * 8, "magerr": [0.1] * 8}
    given["hmjd"][1] = given["hmjd"][0]  # a second measurement of one time is kept
    given["catflags"] = [0, 0, 1, 32768, 32769, 0, 0, 0]
    write(tmp_path / "release" / "one.parquet", [given])
    run(tmp_path / "out", tmp_path / "release")
    found = stars_of(tmp_path / "out").to_pylist()[0]
    assert found["release"] == {
        "format": "ztf_dr",
        "flux_kind": "total",
        "source_ids": ["7"],
        "time_resolution_s": 337.5,  # float32 at 58,000 days
        "n_dropped": 2,
        "n_copies": 0,
        **dict.fromkeys(("procstatus", "baseline", "baseline_scale", "n_baseline", "no_baseline")),
    }
    none = ("alert_id", "night", "flux", "mag", "band", "real_bogus", "n_positive", "is_known_sso")
    assert {found[name] for name in none} == {None}
    assert (found["corrected"], found["quality_ok"], found["n_detections"]) == (True, True, 6)
    # 10^(0.4 (31.4 - 20)) nJy; 0.1 mag of it times ln 10 / 2.5
    assert found["lc_flux_total"] == pytest.approx([36307.805] * 6)
    assert found["lc_flux_total_err"] == pytest.approx([36307.805 * 0.1 * np.log(10) / 2.5] * 6)
    assert found["lc_flux"] == found["lc_flux_err"] == [None] * 6
    good = np.array([given["hmjd"][k] for k in (0, 1, 2, 5, 6, 7)])
    expected = earth_mjd_tai(good, np.full(6, 150.0), np.full(6, 2.0))
    assert found["lc_mjd"] == expected.tolist()
    assert found["lc_mjd"][0] == found["lc_mjd"][1]
    assert found["age_days"] == pytest.approx(expected[-1] - expected[0])
    assert found["lc_features"]["n_g"] == 6
    assert found["lc_features"]["mean_g"] == pytest.approx(20.0)
    run(tmp_path / "strict", tmp_path / "release", strict=True)
    assert stars_of(tmp_path / "strict")["n_detections"].to_pylist() == [5]


def test_modules_that_cannot_run_say_why(tmp_path: Path) -> None:
    write(tmp_path / "release" / "one.parquet", [row(7, 150.0, 2.0, epochs=30)])
    run(tmp_path / "out", tmp_path / "release", modules=("lc_features", "anomaly", "rise"))
    found = stars_of(tmp_path / "out").to_pylist()[0]
    assert -1 < found["anomaly"]["score"] < 0
    assert found["anomaly"]["error"] is None
    assert found["rise"]["error"].startswith("too few points")


def test_each_bad_row_has_its_reason_and_the_rest_is_read(tmp_path: Path) -> None:
    good = row(1, 150.0, 2.0)
    bad = {
        "lengths_differ": row(2, 150.1, 2.0) | {"mag": [18.0] * 5},
        "no_points": row(3, 150.2, 2.0) | {name: [] for name in ("hmjd", "mag", "magerr", "catflags")},
        "no_position": row(4, 450.0, 2.0),
        "wrong_unit": row(5, 150.3, 2.0) | {"hmjd": [2458300.5 + k for k in range(8)]},
    }
    flux = row(6, 150.4, 2.0) | {"mag": [54000.0] * 8}
    flags = row(7, 150.5, 2.0) | {"catflags": [32768] * 8}
    holes = row(8, 150.6, 2.0)
    holes["mag"][2] = holes["magerr"][3] = float("nan")
    rows = [good, *bad.values(), flux, flags, holes, row(1, 150.0, 2.0) | {"mag": [15.0] * 8}]
    write(tmp_path / "release" / "one.parquet", rows)
    outcome = run(tmp_path / "out", tmp_path / "release")
    named = [(str(each["objectid"]), reason) for reason, each in bad.items()]
    others = [("1", "duplicate_id"), ("6", "wrong_unit"), ("7", "no_points")]
    assert refused_of(tmp_path / "out") == sorted([*named, *others])
    found = stars_of(tmp_path / "out")
    assert found["object_id"].to_pylist() == ["1", "8"]
    assert found["lc_flux_total"].to_pylist()[0] == pytest.approx(
        [10 ** (0.4 * (31.4 - np.float32(mag))) for mag in good["mag"]]
    )
    assert [each["n_dropped"] for each in found["release"].to_pylist()] == [0, 2]
    assert sum(sum(each["refused"].values()) for each in outcome.records.values()) == 7


def test_a_file_that_is_corrupt_or_lacks_columns_is_told_and_the_others_are_read(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    folder = tmp_path / "release"
    write(folder / "good.parquet", [row(1, 150.0, 2.0)])
    whole = write(folder / "pages.parquet", [row(n, 150.1 + n / 1000, 2.0) for n in range(2, 40)])
    content = bytearray(whole.read_bytes())
    start = pq.ParquetFile(whole).metadata.row_group(0).column(8).data_page_offset
    content[start : start + 40] = b"\xff" * 40  # the footer is whole: it is found when magnitudes are read
    whole.write_bytes(bytes(content))
    (folder / "cut.parquet").write_bytes((folder / "good.parquet").read_bytes()[:-20])
    bare = pq.read_table(folder / "good.parquet").drop_columns(["magerr", "catflags"])
    pq.write_table(bare, folder / "bare.parquet")
    outcome = run(tmp_path / "out", folder)
    assert [(Path(each["file"]).name, each["reason"]) for each in outcome.plan.refused] == [
        ("bare.parquet", "missing_columns"),
        ("cut.parquet", "unreadable"),
    ]
    assert "lacks magerr, catflags" in outcome.plan.refused[0]["message"]
    assert stars_of(tmp_path / "out")["object_id"].to_pylist() == ["1"]
    assert sum(each["refused"].get("unreadable", 0) for each in outcome.records.values()) == 1


def test_a_first_look_takes_pixels_conditions_and_so_many_stars(overlapping: Path, tmp_path: Path) -> None:
    everything = stars_of(run(tmp_path / "all", overlapping).run.layout.root)
    assert stars_of(run(tmp_path / "few", overlapping, limit=20).run.layout.root).num_rows == 20
    many = run(tmp_path / "where", overlapping, where="n_detections > 30 AND NOT ra < 150.5").run.layout.root
    kept = pc.and_(pc.greater(everything["n_detections"], 30), pc.greater_equal(everything["ra"], 150.5))
    assert stars_of(many).equals(everything.filter(kept))
    fine = everything["_healpix_29"].to_numpy()
    pixel = int(fine[0]) >> 2 * (29 - 8)
    some = run(tmp_path / "pixel", overlapping, healpix=(f"8/{pixel}",)).run.layout.root
    assert 0 < stars_of(some).num_rows < 300
    assert stars_of(some).equals(everything.filter(fine >> 2 * (29 - 8) == pixel))


@pytest.mark.parametrize(
    ("keys", "told"),
    [
        ({"healpix": ("11/5",)}, "orders are 0 to 10"),
        ({"where": "n_detection > 5"}, "no column 'n_detection'"),
        ({"where": "dec LIKE 'x'"}, "found \"dec LIKE 'x'\""),
        ({"where": "object_id > 3"}, "--where"),
    ],
)
def test_what_cannot_be_asked_is_said_before_anything_is_read(
    keys: dict[str, object], told: str, overlapping: Path, tmp_path: Path
) -> None:
    with pytest.raises(ValueError, match=told.replace("(", r"\(")):
        run(tmp_path / "out", overlapping, **keys)
    assert not (tmp_path / "out").exists()


def test_an_output_of_another_run_is_refused_with_what_differs(overlapping: Path, tmp_path: Path) -> None:
    run(tmp_path / "out", overlapping, limit=5)
    with pytest.raises(ConfigError, match="limit was 5, now 6; name another --output"):
        run(tmp_path / "out", overlapping, limit=6)


def test_the_verb_says_what_is_wrong_with_its_input(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["reprocess", "--input", str(tmp_path / "none"), "--output", str(tmp_path / "out")]) == 2
    assert "is not there" in capsys.readouterr().err
