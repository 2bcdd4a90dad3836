"""An object's light curve and its alert's stamps, against the packets' own numbers."""

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from astropy import units as u
from astropy.coordinates import SkyCoord
from astropy.table import QTable
from astropy.time import Time

from jobs import cone, cutouts, light_curve
from jobs.archive.cutouts import images
from jobs.archive.find import NotFound
from jobs.archive.find_cutouts import find_cutouts
from jobs.archive.light_curve import SAME_EXPOSURE_DAYS
from jobs.storage.layout import Layout
from science_modules.common.fits import first_image


@pytest.fixture(scope="module")
def rows(night_out):
    return [row for path in night_out.files("science") for row in pq.ParquetFile(path).read().to_pylist()]


def by_hand(alerts):
    """Every point of every packet, newest packet first, kept unless one of its band and kind is within an exposure."""
    kept = []
    for row in sorted(alerts, key=lambda row: (-row["mjd"], row["alert_id"])):
        for point in zip(
            row["lc_mjd"], row["lc_band"], row["lc_kind"], row["lc_flux"], row["lc_flux_err"], strict=True
        ):
            same = (each for each in kept if each[1:3] == point[1:3] and abs(each[0] - point[0]) <= SAME_EXPOSURE_DAYS)
            if next(same, None) is None:
                kept.append(point)
    return sorted(kept)


def several(rows):
    """The alerts of an object that has two or more with a history."""
    objects = {}
    for row in rows:
        objects.setdefault(row["object_id"], []).append(row)
    return max(objects.values(), key=lambda own: (len(own), sum(len(row["lc_mjd"]) for row in own)))


def test_points_of_several_packets_are_told_once(night_out, rows):
    alerts = several(rows)
    table = light_curve(alerts[0]["object_id"], data=night_out.root)
    expected = by_hand(alerts)
    assert isinstance(table, QTable)
    assert len(table) == len(expected) >= 1
    columns = [
        sorted(zip(table["mjd"].value, table["band"], table["kind"], strict=True)),
        [each[:3] for each in expected],
    ]
    assert columns[0] == columns[1]
    flux = np.array([np.nan if each[3] is None else each[3] for each in expected])
    order = np.lexsort((table["kind"], table["band"], table["mjd"].value))
    assert np.array_equal(table["flux"][order].to_value(u.nJy), flux, equal_nan=True)
    assert table.meta["NALERTS"] == len(alerts)


def test_fluxes_magnitudes_and_times_are_quantities(night_out, rows):
    alerts = several(rows)
    table = light_curve(alerts[0]["object_id"], data=night_out.root)
    detected = table["kind"] == "detection"
    assert (table["flux"].unit, table["mag"].unit, table["mjd"].unit) == (u.nJy, u.ABmag, u.day)
    assert isinstance(table["time"], Time)
    assert table["time"].scale == "tai"
    assert np.allclose(table["mag"][detected].to(u.nJy).value, abs(table["flux"][detected].value), rtol=1e-12)
    row = max(alerts, key=lambda row: row["mjd"])
    own = table[np.ma.filled(table["alert_id"] == row["alert_id"], False)]
    assert len(own) == 1
    assert own["mag"][0].value == pytest.approx(row["mag"], abs=1e-9)
    assert own["mag_err"][0].value == pytest.approx(row["mag_err"], rel=1e-9)
    limits = table[table["kind"] == "upper_limit"]
    assert np.allclose(limits["limit_mag"].value, -2.5 * np.log10(5 * limits["flux_err"].to_value(u.Jy) / 3631))
    assert sorted(table["alert_id"].compressed().tolist()) == sorted(row["alert_id"] for row in alerts)


def test_a_light_curve_can_be_written_and_read(night_out, rows, tmp_path):
    table = light_curve(several(rows)[0]["object_id"], data=night_out.root)
    for name in ("a.fits", "a.ecsv"):
        table.write(tmp_path / name)
        read = QTable.read(tmp_path / name)
        assert np.array_equal(read["flux"].value, table["flux"].value, equal_nan=True)


def test_files_of_older_versions_lack_columns_and_no_points(night_out, rows, tmp_path):
    """The words of a survey against its points came later than the first archives."""
    import shutil

    object_id = several(rows)[0]["object_id"]
    shutil.copytree(night_out.root, tmp_path / "out")
    for path in Layout(tmp_path / "out").files("science"):
        table = pq.ParquetFile(path).read()
        pq.write_table(
            table.drop_columns([name for name in ("lc_flag", "lc_public") if name in table.column_names]), path
        )
    assert len(light_curve(object_id, data=tmp_path / "out")) == len(light_curve(object_id, data=night_out.root))


def test_what_is_not_there_is_said(night_out):
    with pytest.raises(NotFound, match="has no object 'ZTF1'"):
        light_curve("ZTF1", data=night_out.root)
    with pytest.raises(NotFound, match="has no alert 17 of lsst"):
        cutouts(17, data=night_out.root, survey="lsst")


def test_a_cone_is_a_flat_table_sorted_by_distance(night_out, rows):
    row = rows[50]
    found = cone(row["ra"], row["dec"], 200_000, data=night_out.root)
    distance = (
        SkyCoord(row["ra"], row["dec"], unit="deg")
        .separation(SkyCoord([each["ra"] for each in rows], [each["dec"] for each in rows], unit="deg"))
        .arcsec
    )
    assert found["distance_arcsec"].to_pylist() == pytest.approx(np.sort(distance[distance <= 200_000]), abs=0.01)
    assert found["stetson_k_k"][0].as_py() == row["stetson_k"]["k"]
    assert cone(row["ra"], row["dec"], 1, data=night_out.root, columns=["object_id"]).column_names == [
        "object_id",
        "distance_arcsec",
    ]


def test_stamps_are_as_received_and_the_alert_is_where_its_position_is(night_out, rows):
    row = rows[20]
    found = cutouts(row["alert_id"], data=night_out.root)
    key = (row["survey"], row["alert_id"])
    received = find_cutouts(night_out, [(*key, row["night"])])[key]
    assert list(found) == ["science", "template", "difference"]
    table = pa.table({f"cutout_{name}": pa.array([data], pa.binary()) for name, data in received.items()})
    from science_modules.common.cutouts import stamps

    for name, image in found.items():
        assert np.array_equal(np.asarray(image), stamps(table).images[name][0], equal_nan=True)
        assert image.wcs.pixel_to_world(31, 31).separation(SkyCoord(row["ra"], row["dec"], unit="deg")).arcsec < 1e-6
        # row 0 is north, column 0 is east (the survey's documentation of its stamps)
        centre = SkyCoord(row["ra"], row["dec"], unit="deg")
        north, east = image.wcs.pixel_to_world(31, 21), image.wcs.pixel_to_world(21, 31)
        assert [value.to_value(u.arcsec) for value in centre.spherical_offsets_to(north)] == pytest.approx(
            [0, 10.1], abs=1e-3
        )
        assert [value.to_value(u.arcsec) for value in centre.spherical_offsets_to(east)] == pytest.approx(
            [10.1, 0], abs=1e-3
        )


@pytest.mark.parametrize(("positive", "sign"), [(True, 1), (False, -1)])
def test_a_faded_source_is_negative_where_that_is_asked_for(night_out, rows, positive, sign):
    row = rows[20]
    key = (row["survey"], row["alert_id"])
    received = find_cutouts(night_out, [(*key, row["night"])])[key]
    facts = {**row, "is_positive": positive}
    as_received, signed = images(facts, received), images(facts, received, signed=True)
    assert np.array_equal(signed["difference"].data, sign * as_received["difference"].data, equal_nan=True)
    assert np.array_equal(signed["science"].data, as_received["science"].data, equal_nan=True)


def test_rubins_stamps_bring_their_coordinates_and_unit(real_alerts):
    import fastavro

    path = sorted((real_alerts / "lsst_alerts").glob("lsst_v10*.avro"))[0]
    with open(path, "rb") as handle:
        packet = next(each for each in fastavro.reader(handle) if each["cutoutDifference"])
    source = packet["diaSource"]
    facts = {
        "survey": "lsst",
        "alert_id": 1,
        "object_id": "2",
        "ra": source["ra"],
        "dec": source["dec"],
        "is_positive": True,
    }
    received = {name: packet[f"cutout{name.capitalize()}"] for name in ("science", "template", "difference")}
    found = images(facts, received)
    place = SkyCoord(source["ra"], source["dec"], unit="deg")
    for name, image in found.items():
        assert np.array_equal(image.data, first_image(received[name]), equal_nan=True)
        column, row = image.wcs.world_to_pixel(place)
        assert abs(column - (image.shape[1] - 1) / 2) < 2
        assert abs(row - (image.shape[0] - 1) / 2) < 2
        assert image.unit == u.nJy
