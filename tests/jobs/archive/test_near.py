"""What lies near a position, against a plain look at every row."""

import csv
import io

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from astropy.coordinates import SkyCoord

from jobs.archive.near import counts, row_groups, sources
from jobs.archive.position import Cone
from jobs.archive.top_alerts import top
from jobs.cli import scores, sheet, show


@pytest.fixture
def spread(tmp_path):
    """Three files of alerts about the pole and RA 0, in small row groups sorted by declination."""
    rng = np.random.default_rng(11)
    ra, dec = (
        np.concatenate([rng.uniform(0, 360, 200), rng.normal(0, 0.002, 100) % 360]),
        np.concatenate([90 - rng.exponential(0.01, 200), rng.normal(0, 0.002, 100)]),
    )
    order = np.argsort(dec)
    names = [f"o{number % 60}" for number in range(300)]
    paths = []
    for part in range(3):
        rows = order[part * 100 : part * 100 + 100]
        table = {"survey": ["ztf"] * 100, "object_id": [names[row] for row in rows], "ra": ra[rows], "dec": dec[rows]}
        paths.append(tmp_path / f"{part}.parquet")
        pq.write_table(pa.table(table), paths[-1], row_group_size=10)
    return paths, ra, dec, np.array(names)


@pytest.mark.parametrize(
    "cone", [Cone(10, 89.999, 60), Cone(359.9999, 0.0, 8), Cone(0.0005, -0.0005, 8), Cone(5, -90, 9)]
)
def test_objects_near_a_position_are_those_of_a_look_at_all(spread, cone):
    paths, ra, dec, names = spread
    distance = SkyCoord(cone.ra, cone.dec, unit="deg").separation(SkyCoord(ra, dec, unit="deg")).arcsec
    inside = distance <= cone.radius_arcsec
    expected = {
        name: (int((inside & (names == name)).sum()), distance[inside & (names == name)].min())
        for name in names[inside]
    }
    found = sources(paths, cone)
    assert {each.object_id: each.alerts for each in found} == {name: count for name, (count, _) in expected.items()}
    assert [each.distance_arcsec for each in found] == pytest.approx(sorted(least for _, least in expected.values()))


def test_row_groups_that_cannot_hold_anything_are_not_read(spread):
    paths = spread[0]
    read = [len(list(row_groups(pq.ParquetFile(path), Cone(0.0, 0.0, 8)))) for path in paths]
    assert read[-1] == 0
    assert 0 < sum(read) < 20


def test_files_without_statistics_are_read_whole(spread, tmp_path):
    table = pq.read_table(spread[0][0])
    pq.write_table(table, tmp_path / "bare.parquet", write_statistics=False, row_group_size=10)
    cone = Cone(0.0, 0.0, 8)
    assert sources([tmp_path / "bare.parquet"], cone) == sources(spread[0][:1], cone) != []


@pytest.fixture
def run(night_out, capsys):
    def run(verb, *arguments):
        code = verb.main([each.replace("DIR", str(night_out.root)) for each in arguments])
        return code, *capsys.readouterr()

    return run


def test_scores_near_a_position_are_sorted_by_distance_and_say_it(run, science):
    row = science.iloc[50]
    place = SkyCoord(row.ra, row.dec, unit="deg").to_string("hmsdms", precision=4)
    _, out, _ = run(scores, "DIR", "--near", place, "--radius", "200000", "--csv", "--top", "500", "--all-alerts")
    rows = list(csv.DictReader(io.StringIO(out)))
    expected = (
        SkyCoord(row.ra, row.dec, unit="deg")
        .separation(SkyCoord(science.ra.astype(float), science.dec.astype(float), unit="deg"))
        .arcsec
    )
    assert len(rows) == int((expected <= 200000).sum()) > 1
    assert [float(each["distance_arcsec"]) for each in rows] == pytest.approx(
        np.sort(expected[expected <= 200000]), abs=0.01
    )
    assert rows[0]["alert_id"] == str(row.alert_id)


def test_scores_and_sheet_near_a_position_keep_their_order_by_score(run, science, tmp_path):
    row = science[science.stetson_k.map(lambda answer: answer["k"] is not None)].iloc[3]
    near = ["--near", f"{row.ra:.7f} {row.dec:+.7f}", "--radius", "2"]
    code, out, _ = run(scores, "DIR", "--sort", "stetson_k.k", *near)
    assert (code, "highest stetson_k.k first" in out, row.object_id in out) == (0, True, True)
    code, out, _ = run(sheet, "DIR", "--sort", "mag", *near, "-o", str(tmp_path / "s.png"))
    assert (code, out.split(" alert")[0]) == (0, str(len({*science[science.object_id == row.object_id].object_id})))


def test_show_finds_the_nearest_object_and_tells_its_neighbours(run, science, tmp_path, night_out):
    row = science.iloc[50]
    code, out, _ = run(show, "--near", f"{row.ra:.7f},{row.dec:.7f}", "--data", "DIR", "-o", str(tmp_path / "a.png"))
    assert (code, row.object_id in out) == (0, True)
    code, _, err = run(show, "--near", f"{row.ra:.7f} {-row.dec:.7f}", "--data", "DIR", "--radius", "0.1")
    assert (code, "has no alert within 0.1 arcsec of RA" in err) == (2, True)
    for arguments, message in ((("--near", "here"), "no position"), ((), "give an ID, or --near")):
        code, _, err = run(show, *arguments, "--data", "DIR")
        assert (code, message in err) == (2, True)


def test_alerts_of_an_object_are_counted_over_all_files(night_out, science):
    files = night_out.files("science")
    rows = top(files, [("mag", "ascending")], 30, one_per_object=True)
    sizes = science.groupby("object_id").size()
    assert counts(files, rows).to_pylist() == [int(sizes[name]) for name in rows["object_id"].to_pylist()]
