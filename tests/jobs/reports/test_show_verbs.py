"""`strix show`, `strix scores`, `strix sheet` as a person or another program meets them."""

import csv
import io
import json
import shutil

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from astropy.io import votable
from matplotlib.image import imread
from matplotlib.text import Text

from jobs.archive.alert import alerts_of, merged
from jobs.archive.find import find_alert, find_object
from jobs.archive.find_cutouts import find_cutouts
from jobs.archive.table_files import to_csv, to_json, to_votable
from jobs.cli import scores, sheet, show
from jobs.cli.main import VERBS
from jobs.reports.pictures.sheet import Entry, contact_sheet
from jobs.reports.pictures.show import picture
from jobs.storage.layout import Layout


@pytest.fixture
def run(night_out, capsys):
    def run(verb, *arguments):
        code = verb.main([each.replace("DIR", str(night_out.root)) for each in arguments])
        return code, *capsys.readouterr()

    return run


def words(figure):
    return " ".join(text.get_text() for text in figure.findobj(Text))


def test_the_verbs_are_on_the_command_line():
    for name in ("show", "scores", "sheet", "report"):
        assert callable(VERBS[name].main())


def test_show_draws_an_alert_and_says_that_it_is_simulated(run, science, tmp_path):
    row = science.iloc[20]
    code, out, _ = run(show, str(row.alert_id), "--data", "DIR", "-o", str(tmp_path / "a.png"))
    assert code == 0
    assert "SIMULATED" in out
    assert row.object_id in out
    assert str(row.alert_id) in out
    assert imread(tmp_path / "a.png").std() > 0.05  # not an empty canvas


def test_the_picture_has_three_stamps_times_scores_and_the_word_simulated(night_out, science):
    row = science[science.anomaly.map(lambda answer: answer["percentile"] is not None)].iloc[2]
    (alert,) = alerts_of(find_alert(night_out, int(row.alert_id)))
    triplet = find_cutouts(night_out, [(*alert.key, int(row.night))])[alert.key]
    figure = picture(alert, triplet)
    said = words(figure)
    for expected in ("SIMULATED", row.object_id, str(row.alert_id), alert.time, "science", "template", "difference"):
        assert expected in said
    assert said.count("N") >= 3
    assert said.count("10″") == 3
    assert "percentile" in said
    assert all(reason in said for reason in row.anomaly["why"])
    assert sum(len(axes.images) for axes in figure.axes) == 3


def test_without_stamps_the_picture_says_so(night_out, science):
    (alert,) = alerts_of(find_alert(night_out, int(science.alert_id.iloc[0])))
    assert words(picture(alert, None)).count("the output holds no stamps") == 3


def test_show_refuses_what_is_not_there_with_what_is(run, tmp_path):
    code, _, err = run(show, "ZTF1", "--data", "DIR")
    assert (code, "2 nights, 20240208 to 20240210" in err) == (2, True)
    code, _, err = run(show, "ZTF1", "--data", "DIR", "-o", str(tmp_path / "a.gif"))
    assert (code, ".png, .svg" in err) == (2, True)


def test_scores_are_the_highest_and_ids_are_strings(run, science):
    values = science.stetson_k.map(lambda answer: answer["k"]).astype(float)
    expected = (
        science.assign(k=values).dropna(subset="k").sort_values(["k", "alert_id"], ascending=[False, True]).head(5)
    )
    _, out, _ = run(scores, "DIR", "--module", "stetson_k", "--sort", "k", "--top", "5", "--json")
    rows = json.loads(out)
    assert [row["alert_id"] for row in rows] == [str(alert) for alert in expected.alert_id]
    assert np.allclose([row["stetson_k.k"] for row in rows], expected.k)
    _, out, _ = run(scores, "DIR", "--module", "stetson_k", "--top", "5", "--csv")
    assert [row["alert_id"] for row in csv.DictReader(io.StringIO(out))] == [row["alert_id"] for row in rows]
    assert f'"{rows[0]["alert_id"]}"' in out  # quoted, so that no reader rounds it
    read = pd.read_csv(io.StringIO(out), float_precision="round_trip")
    assert read["stetson_k.k"].tolist() == [row["stetson_k.k"] for row in rows]


def test_scores_on_the_screen_have_whole_ids_and_the_word_simulated(run, science):
    code, out, _ = run(scores, "DIR", "--sort", "anomaly.percentile", "--night", "20240210", "--top", "3")
    assert code == 0
    assert out.count("SIMULATED") == 3
    assert sum(str(alert) in out for alert in science[science.night == 20240210].alert_id) == 3


def test_scores_refuse_what_is_not_there(run, tmp_path):
    for arguments, message in (
        (["DIR", "--sort", "nonsense"], "no column 'nonsense'"),
        (["DIR", "--module", "acai"], "it has stetson_k, lc_features, anomaly"),
        (["DIR", "--sort", "mag", "--night", "20200101"], "no night 20200101; it has 2"),
        (["DIR"], "give --sort or --module"),
        ([str(tmp_path), "--sort", "mag"], "no science table"),
    ):
        code, _, err = run(scores, *arguments)
        assert (code, message in err) == (2, True), err


def awkward():
    fields = [
        pa.field("alert_id", pa.int64(), metadata={"unit": "", "description": 'a <b> & "c"'}),
        pa.field("object_id", pa.string()),
        pa.field("ra", pa.float64(), metadata={"unit": "deg", "description": ""}),
        pa.field("x.small", pa.float32()),
        pa.field("n", pa.int32()),
        pa.field("yes", pa.bool_()),
        pa.field("why", pa.list_(pa.string())),
    ]
    columns = [
        [-121540793515135001, 3367537290415015010],
        ["a,b;<&>", None],
        [359.999999999, None],
        [0.1, float("nan")],
        [7, None],
        [True, None],
        [["p", "q"], None],
    ]
    return pa.table([pa.array(c, f.type) for c, f in zip(columns, fields, strict=True)], schema=pa.schema(fields))


def test_a_votable_is_read_by_astropy_with_ids_units_and_nulls(tmp_path):
    path = tmp_path / "t.xml"
    path.write_text(to_votable(awkward(), "alerts", "two < three"))
    table = votable.parse_single_table(path, verify="exception")
    read = table.to_table()
    assert read["alert_id"].tolist() == ["-121540793515135001", "3367537290415015010"]
    assert table.get_field_by_id_or_name("alert_id").datatype == "char"
    assert table.get_field_by_id_or_name("alert_id").description == 'a <b> & "c"'
    assert (str(read["ra"].unit), read["ra"][0]) == ("deg", 359.999999999)
    assert read["x.small"][0] == np.float32(0.1)
    assert [bool(np.ma.is_masked(read[name][1]) or read[name][1] != read[name][1]) for name in ("ra", "n", "yes")] == [
        True
    ] * 3
    assert (read["object_id"][0], read["why"][0], read["n"][0]) == ("a,b;<&>", "p; q", 7)
    votable.parse(path, verify="exception")


def test_csv_and_json_keep_what_is_awkward():
    rows = json.loads(to_json(awkward()))
    assert [row["alert_id"] for row in rows] == ["-121540793515135001", "3367537290415015010"]
    assert rows[1] == {**dict.fromkeys(rows[1]), "alert_id": "3367537290415015010"}
    assert rows[0]["why"] == ["p", "q"]
    read = list(csv.reader(io.StringIO(to_csv(awkward()))))
    assert read[1][:2] == ["-121540793515135001", "a,b;<&>"]
    assert read[2] == ["3367537290415015010", "", "", "nan", "", "", ""]


def test_a_sheet_has_a_cell_for_every_object(run, science, tmp_path):
    code, out, _ = run(sheet, "DIR", "--sort", "anomaly.percentile", "-n", "7", "-o", str(tmp_path / "s.png"))
    assert (code, "7 alerts, highest anomaly.percentile first" in out) == (0, True)
    assert imread(tmp_path / "s.png").std() > 0.05
    assert run(sheet, "DIR", "--sort", "mag", "-n", "0")[0] == 2


def test_a_sheet_marks_what_is_simulated_and_can_be_empty(night_out, science):
    rows = find_alert(night_out, int(science.alert_id.iloc[4]))
    entries = [Entry(alert, 0.5) for alert in alerts_of(rows)]
    figure = contact_sheet("title", "subtitle", entries, {})
    assert "SIMULATED" in words(figure)
    assert science.object_id.iloc[4] in words(figure)
    assert len(figure.axes) == 4
    assert "none here" in words(contact_sheet("none here", "", [], {}))


@pytest.fixture
def crowded(night_out, tmp_path):
    """The output with an object of three alerts, another 0.8 arcsec beside it, and the survey's name for it on the sky."""
    shutil.copytree(night_out.root, tmp_path / "crowded")
    (path,) = (tmp_path / "crowded" / "science").glob("night=20240210/*.parquet")
    table = pq.ParquetFile(path).read()
    ids = table["object_id"].to_pylist()
    ra, dec = table["ra"].to_pylist(), table["dec"].to_pylist()
    ids[1] = ids[2] = ids[0] = "ZTF24aaaaaaa"
    ids[3] = "ZTF24aaaaaab"
    ra[1] = ra[2] = ra[3] = ra[0] = 0.0001  # across RA 0
    ra[3] = 360 + ra[0] - 0.8 / 3600 / np.cos(np.radians(dec[0]))
    dec[1] = dec[2] = dec[3] = dec[0]
    simulated = [False] * len(ids)
    for name, values in (("object_id", ids), ("ra", ra), ("dec", dec), ("is_simulated", simulated)):
        place = table.schema.get_field_index(name)
        table = table.set_column(place, table.schema.field(name), pa.array(values, table.schema.field(name).type))
    pq.write_table(table, path)
    return tmp_path / "crowded", table.slice(0, 4).to_pylist()


def test_show_draws_the_alert_that_is_asked_for_with_the_whole_light_curve(crowded, capsys, tmp_path):
    root, rows = crowded
    own = sorted(rows[:3], key=lambda row: row["mjd"])
    for number, row in enumerate(own):
        path = str(tmp_path / "a.png")
        arguments = [row["object_id"], "--alert", str(row["alert_id"]), "--data", str(root), "-o", path]
        assert show.main(arguments) == 0
        out = capsys.readouterr().out
        assert f"alert {row['alert_id']}, {'newest' if number == 2 else 'one'} of 3" in out
    assert show.main([own[0]["object_id"], "--alert", "17", "--data", str(root)]) == 2
    assert f"has no alert 17; its newest is {own[2]['alert_id']}" in capsys.readouterr().err
    alerts = alerts_of(find_object(Layout(root), own[0]["object_id"]))
    curves = [merged(alerts, row["alert_id"]) for row in own]
    assert [each.facts["mag"] for each in curves] == [row["mag"] for row in own]
    assert len({len(each.curve) for each in curves}) == 1


def test_show_tells_what_else_is_here_and_where_to_look_it_up(crowded, capsys, tmp_path):
    root, rows = crowded
    assert show.main([rows[3]["object_id"], "--data", str(root), "-o", str(tmp_path / "a.png")]) == 0
    out = capsys.readouterr().out
    assert "also here: object ZTF24aaaaaaa, 0.8 arcsec, 3 alerts" in out
    for address in (
        "https://alerce.online/object/ZTF24aaaaaab",
        "https://ztf.fink-portal.org/ZTF24aaaaaab",
        "simbad",
        "wis-tns",
    ):
        assert address in out


def test_scores_have_one_row_per_object_and_say_how_many_alerts_it_has(crowded, capsys):
    root, rows = crowded
    best = min(rows[:3], key=lambda row: row["mag"])
    arguments = [str(root), "--sort", "mag", "--ascending", "--top", "999", "--csv"]
    assert scores.main(arguments) == 0
    listed = list(csv.DictReader(io.StringIO(capsys.readouterr().out)))
    assert len({row["object_id"] for row in listed}) == len(listed)
    (own,) = [row for row in listed if row["object_id"] == "ZTF24aaaaaaa"]
    assert (own["alert_id"], own["n_alerts"]) == (str(best["alert_id"]), "3")
    assert scores.main([*arguments, "--all-alerts"]) == 0
    listed = list(csv.DictReader(io.StringIO(capsys.readouterr().out)))
    assert sum(row["object_id"] == "ZTF24aaaaaaa" for row in listed) == 3
    assert scores.main([str(root), "--near", f"{rows[0]['ra']} {rows[0]['dec']}", "--radius", "0.5"]) == 0
    out = capsys.readouterr().out
    assert "1 objects by their best alert, nearest first" in out
    assert "next: strix show ZTF24aaaaaaa --alert" in out


@pytest.mark.parametrize("arguments", [["--sort", "mag"], ["--module", "lc_features"], ["--sort", "anomaly.band"]])
def test_no_two_columns_have_one_name(run, arguments):
    _, out, _ = run(scores, "DIR", *arguments, "--top", "3")
    heads = [head.strip() for head in next(line for line in out.splitlines() if line.startswith("┃")).split("┃")[1:-1]]
    assert len(set(heads)) == len(heads)
    assert heads.count("mag") == heads.count("band") == 1
    _, out, _ = run(scores, "DIR", *arguments, "--top", "3", "--csv")
    names = next(csv.reader(io.StringIO(out)))
    assert len({name.casefold() for name in names}) == len(names)
