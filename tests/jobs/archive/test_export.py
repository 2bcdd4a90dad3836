"""Exported files, read by the programs they are for and compared with the Parquet that they were made of."""

import csv
import json
import os

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from astropy import units as u
from astropy.io import fits, votable
from astropy.io.votable.ucd import check_ucd
from astropy.table import Table

from jobs import scan
from jobs.archive import export as exporting
from jobs.archive.export import TooManyRows, export
from jobs.archive.flat import flat_names
from jobs.archive.portable import portable
from jobs.archive.ucds import UCDS
from jobs.archive.votable import votable as as_votable
from jobs.cli import export as verb
from jobs.common.plain_text import defused

FORMATS = ("fits", "vot", "ecsv", "parquet", "csv")


@pytest.fixture(scope="module")
def files(night_out, tmp_path_factory):
    folder = tmp_path_factory.mktemp("exported")
    return {form: export(night_out.root, folder / f"x.{form}").path for form in FORMATS}


@pytest.fixture(scope="module")
def truth(night_out):
    """Row by row as pyarrow reads the files, structs flattened by hand."""
    rows = [row for path in night_out.files("science") for row in pq.ParquetFile(path).read().to_pylist()]
    return [
        {
            (f"{name}_{inner}" if inner else name): value
            for name, whole in row.items()
            for inner, value in (whole.items() if isinstance(whole, dict) else [("", whole)])
        }
        for row in rows
    ]


def same(read, expected):
    """One cell: None is masked, NaN or empty."""
    if expected is None:
        return read is np.ma.masked or read in ("", None) or read != read
    if isinstance(expected, float):
        return float(read) == expected
    return read == expected or (isinstance(expected, bool) and int(read) == int(expected))


def compare(table, truth, names):
    assert len(table) == len(truth)
    for name in names:
        wrong = [(read, row[name]) for read, row in zip(table[name], truth, strict=True) if not same(read, row[name])]
        assert wrong == [], name


LEFT_OUT = ("candidate", "provenance", "content_hash")


def scalars(truth):
    lists = {name for row in truth for name, value in row.items() if isinstance(value, list)}
    return [name for name in truth[0] if name not in lists and not name.startswith(LEFT_OUT)]


@pytest.mark.parametrize("form", ["fits", "vot", "ecsv"])
def test_astropy_reads_every_value_and_every_null(files, truth, form):
    table = Table.read(files[form])
    names = scalars(truth)
    assert len(names) > 60
    assert {"stetson_k_k", "stetson_k_version", "stetson_k_error", "anomaly_percentile"} <= set(names)
    assert any(row["stetson_k_k"] is None for row in truth)
    compare(table, truth, names)


@pytest.mark.parametrize("form", ["fits", "vot", "ecsv"])
def test_units_and_ids_are_what_they_were(files, truth, form):
    table = Table.read(files[form])
    assert table["alert_id"].dtype.newbyteorder("=") == np.int64
    assert table["alert_id"].tolist() == [row["alert_id"] for row in truth]
    for name, unit in (("ra", u.deg), ("mjd", u.day), ("flux", u.nJy), ("mag", u.mag), ("lc_flux", u.nJy)):
        assert table[name].unit == unit


@pytest.mark.parametrize("form", ["fits", "vot", "ecsv"])
def test_light_curves_are_arrays_of_their_own_length(files, truth, form):
    table = Table.read(files[form])
    for name in ("lc_mjd", "lc_flux", "lc_flux_err"):
        for read, row in zip(table[name], truth, strict=True):
            values = np.ma.filled(np.ma.asarray(read, dtype=float), np.nan)
            assert np.array_equal(values, np.array(row[name], dtype=float), equal_nan=True)
    assert list(table["lc_band"]) == ["".join(row["lc_band"]) for row in truth]
    assert list(table["lc_kind"]) == ["".join(word[0] for word in row["lc_kind"]) for row in truth]


def test_fits_says_frames_ucds_and_descriptions(files):
    fits.open(files["fits"]).verify("exception")
    header = fits.getheader(files["fits"], 1)
    assert (header["TIMESYS"], header["RADESYS"], header["EXTNAME"]) == ("TAI", "ICRS", "ALERTS")
    names = {header[f"TTYPE{n}"]: n for n in range(1, header["TFIELDS"] + 1)}
    assert (header[f"TUCD{names['ra']}"], header[f"TUNIT{names['flux']}"]) == ("pos.eq.ra;meta.main", "nJy")
    assert header[f"TCOMM{names['flux']}"] == "signed difference flux"
    assert header[f"TFORM{names['alert_id']}"] == "K"


def test_votable_is_valid_and_says_frames_and_ucds(files):
    document = votable.parse(files["vot"], verify="exception")
    fields = {field.name: field for field in document.get_first_table().fields}
    assert (fields["alert_id"].datatype, fields["is_known_sso"].datatype) == ("long", "boolean")
    assert (fields["dec"].ucd, fields["dec"].ref, fields["mjd"].ref) == ("pos.eq.dec;meta.main", "icrs", "tai")
    assert fields["flux"].description == "signed difference flux"


def test_csv_has_ids_as_digits_and_no_light_curves(files, truth):
    with open(files["csv"], newline="") as handle:
        rows = list(csv.DictReader(handle))
    assert [row["alert_id"] for row in rows] == [str(row["alert_id"]) for row in truth]
    assert not [name for name in rows[0] if name.startswith("lc_") and not name.startswith("lc_features")]
    assert [row["mag"] for row in rows] == ["" if row["mag"] is None else row["mag"] for row in rows]
    frame = pd.read_csv(files["csv"], float_precision="round_trip")
    assert frame["alert_id"].tolist() == [row["alert_id"] for row in truth]
    for name in ("ra", "flux", "stetson_k_k", "anomaly_percentile"):
        expected = np.array([np.nan if row[name] is None else row[name] for row in truth])
        assert np.array_equal(frame[name].to_numpy(float), expected, equal_nan=True)


def test_parquet_is_the_flat_scan(files, truth, night_out):
    table = pq.read_table(files["parquet"], partitioning=None)
    assert table.to_pylist() == [{name: row[name] for name in table.column_names} for row in truth]
    assert table.schema.field("flux").metadata[b"unit"] == b"nJy"
    flat = scan(night_out.root, flat=True)
    assert flat.select(table.column_names).to_pylist() == table.to_pylist()
    assert {"candidate_rb", "provenance_file"} <= set(flat.column_names)


def test_what_is_asked_for_is_what_is_written(night_out, tmp_path, truth):
    done = export(
        night_out.root, tmp_path / "a.fits", [20240208], columns=["object_id", "candidate.rb"], modules=["stetson_k"]
    )
    names = ("object_id", "candidate_rb", "stetson_k_k", "stetson_k_n", "stetson_k_version", "stetson_k_error")
    assert (done.rows, set(done.columns)) == (40, set(names))
    compare(Table.read(done.path), truth[:40], names)
    done = export(night_out.root, tmp_path / "b.csv", columns=["alert_id", "lc_mjd"])
    assert pd.read_csv(done.path)["lc_mjd"][0] == "; ".join(map(str, truth[0]["lc_mjd"]))
    done = export(night_out.root, tmp_path / "c.parquet", columns=["stetson_k_k", "provenance"])
    assert "provenance_file" in done.columns


def test_near_a_position_the_distance_is_a_column(night_out, tmp_path, truth):
    row = truth[50]
    done = export(night_out.root, tmp_path / "a.vot", near=f"{row['ra']:.9f} {row['dec']:.9f}", columns=["alert_id"])
    table = Table.read(done.path)
    assert row["alert_id"] in table["alert_id"]
    assert table["distance_arcsec"].unit == u.arcsec
    assert done.rows == sum(
        abs(each["ra"] - row["ra"]) < 1e-3 and abs(each["dec"] - row["dec"]) < 1e-3 for each in truth
    )
    assert export(night_out.root, tmp_path / "b.fits", near="0 -89.9").rows == 0
    assert len(Table.read(tmp_path / "b.fits")) == 0


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["-o", "x.xlsx"], "one of .fits, .vot, .csv, .parquet, .ecsv, not .xlsx"),
        (["-o", "x.fits", "--night", "20200101"], "no night 20200101"),
        (["-o", "x.fits", "--modules", "acai"], "it has stetson_k, lc_features, anomaly"),
        (["-o", "x.fits", "--columns", "fluxx"], "no column 'fluxx'"),
        (["-o", "x.fits", "--near", "there"], "no position"),
    ],
)
def test_the_verb_refuses_what_is_not_there(night_out, capsys, arguments, message, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    assert verb.main([str(night_out.root), *arguments]) == 2
    assert message in capsys.readouterr().err
    assert list(tmp_path.iterdir()) == []


def test_the_verb_says_what_it_wrote(night_out, capsys, tmp_path):
    assert (
        verb.main(
            [str(night_out.root), "-o", str(tmp_path / "x.csv"), "--columns", "object_id,mag", "--night", "20240208"]
        )
        == 0
    )
    assert f"40 alerts, 2 columns: {tmp_path / 'x.csv'}" in capsys.readouterr().out


def test_more_rows_than_fit_are_refused_before_they_are_read(night_out, tmp_path, monkeypatch):
    monkeypatch.setitem(exporting.MOST_ROWS, ".fits", 100)
    with pytest.raises(TooManyRows, match="at most 100 rows, and there are 130 or more: take fewer nights"):
        export(night_out.root, tmp_path / "x.fits")
    assert export(night_out.root, tmp_path / "x.fits", [20240210]).rows == 90


def test_a_file_that_cannot_be_written_whole_leaves_the_old_one(night_out, tmp_path, monkeypatch):
    path = tmp_path / "x.fits"
    path.write_bytes(b"before")
    monkeypatch.setattr(os, "replace", lambda *_: (_ for _ in ()).throw(OSError("disk full")))
    with pytest.raises(OSError, match="disk full"):
        export(night_out.root, path)
    assert (path.read_bytes(), [each.name for each in tmp_path.iterdir()]) == (b"before", ["x.fits"])


@pytest.mark.parametrize("form", FORMATS)
def test_hostile_texts_are_written_readable_and_harmless(hostile_out, tmp_path, form):
    done = export(hostile_out.root, tmp_path / f"x.{form}")
    names = [
        row["object_id"] for path in hostile_out.files("science") for row in pq.ParquetFile(path).read().to_pylist()
    ]
    if form == "csv":
        with open(done.path, newline="") as handle:
            assert [row["object_id"] for row in csv.DictReader(handle)] == [defused(name) for name in names]
    elif form == "parquet":
        assert pq.read_table(done.path)["object_id"].to_pylist() == names
    else:
        read = [str(each) for each in Table.read(done.path)["object_id"]]
        assert read[0] == "[/b]"
        assert all(each.isprintable() for each in read)
        assert len(set(read)) == len(names)


def awkward():
    """Every type there may be, with a NULL in each, and numbers that a float64 does not hold."""
    stamp = pa.scalar(1_707_500_000_000_001, pa.timestamp("us", "UTC"))
    return pa.table(
        {
            "k": pa.array([2**63 - 1, -(2**53) - 1, None], pa.int64()),
            "j": pa.array([1, -1, None], pa.int32()),
            "i": pa.array([1, -1, None], pa.int16()),
            "b": pa.array([True, False, None]),
            "f": pa.array([0.1, 1e300, None], pa.float64()),
            "e": pa.array([0.1, 1e30, None], pa.float32()),
            "s": pa.array(["µ<&", "", None]),
            "t": pa.array([stamp.as_py(), None, None], pa.timestamp("us", "UTC")),
            "lf": pa.array([[0.5, None], [], None], pa.list_(pa.float64())),
            "lb": pa.array([[True, None, False], [], None], pa.list_(pa.bool_())),
            "lk": pa.array([[2**62 + 1], [], None], pa.list_(pa.int64())),
            "ls": pa.array([["a", None], [], None], pa.list_(pa.string())),
            "x": pa.array([b"1", b"2", None], pa.binary()),
        }
    )


@pytest.mark.parametrize("form", ["fits", "vot", "ecsv"])
def test_every_type_comes_back_with_its_null(tmp_path, form):
    path = tmp_path / f"x.{form}"
    if form == "fits":
        exporting.write_fits(awkward(), path, "A")
    elif form == "vot":
        path.write_bytes(as_votable(awkward(), "a", "b"))
    else:
        exporting.as_astropy(awkward()).write(path, format="ascii.ecsv")
    read = Table.read(path)
    assert "x" not in read.colnames
    for name in ("k", "j", "i", "b", "f", "e"):
        assert [bool(np.ma.is_masked(each)) for each in read[name]] == [False, False, True], name
    assert read["k"].tolist()[:2] == [2**63 - 1, -(2**53) - 1]
    assert [int(each) for each in read["b"][:2]] == [1, 0]
    assert (float(read["f"][1]), np.float32(read["e"][0])) == (1e300, np.float32(0.1))
    assert read["t"][0] == "2024-02-09T17:33:20.000001Z"
    assert read["s"][0] == ("\\xb5<&" if form == "fits" else "µ<&")
    lists = {name: [np.ma.filled(np.ma.asarray(each, dtype), fill).tolist() for each in read[name]]
             for name, dtype, fill in (("lf", float, np.nan), ("lb", float, np.nan), ("lk", np.int64, 0))}  # fmt: skip
    assert json.dumps(lists["lf"]) == "[[0.5, NaN], [], []]"
    assert json.dumps(lists["lb"]) == "[[1.0, NaN, 0.0], [], []]"
    assert lists["lk"] == [[2**62 + 1], [], []]
    assert read["ls"][0] == "a; -"


def test_empty_tables_and_slices_are_written(tmp_path):
    exporting.write_fits(awkward().slice(0, 0), tmp_path / "e.fits", "A")
    assert len(Table.read(tmp_path / "e.fits")) == 0
    assert portable(awkward().slice(1, 1))["lf"].to_pylist() == [[]]
    assert portable(awkward().slice(0, 2)).num_rows == 2
    as_votable(awkward().slice(0, 0), "a", "b")


def test_every_ucd_is_in_the_vocabulary_and_every_column_has_one():
    from science_modules.common.view import VIEW_NAMES

    assert all(check_ucd(ucd, check_controlled_vocabulary=True) for ucd in UCDS.values())
    assert {"ra", "dec", "alert_id", "mjd", "flux"} <= set(UCDS)
    assert {name for name in VIEW_NAMES if name not in UCDS} <= {"night"}


def test_flat_names_are_unique_whatever_their_case():
    inner = pa.struct([("B_c", pa.int8()), ("d", pa.struct([("e", pa.int8())]))])
    schema = pa.schema([("a", inner), ("a_b_C", pa.int8()), ("A_B", pa.struct([("c", pa.int8())]))])
    assert flat_names(schema) == {"a__B_c": "a.B_c", "a_d_e": "a.d.e", "a_b_C": "a_b_C", "A_B__c": "A_B.c"}
