"""`jobs.get_object` and its like: the rows of an archive as tables of astropy, pandas and Arrow."""

from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from astropy.table import Table
from looked_up import NIGHTS, Row, every_row, made_up, separations

from jobs import get_alert, get_cone, get_latest, get_object
from jobs.lookup import BadQuestion, NotThere


@pytest.fixture(scope="module")
def archive(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return made_up(tmp_path_factory.mktemp("functions"), seed=9, files=1).root


@pytest.fixture(scope="module")
def rows(archive: Path) -> list[Row]:
    from jobs.storage.layout import Layout

    return every_row(Layout(archive))


def test_an_object_in_every_form(archive: Path, rows: list[Row]) -> None:
    name = rows[0]["object_id"]
    own = sorted((row for row in rows if row["object_id"] == name), key=lambda row: (row["mjd"], row["alert_id"]))
    ids = [row["alert_id"] for row in own]
    assert len(ids) > 1
    table = get_object(name, data=archive)
    assert isinstance(table, Table) and table["alert_id"].tolist() == ids and str(table["flux"].unit) == "nJy"
    frame = get_object(name, data=archive, form="pandas")
    assert isinstance(frame, pd.DataFrame) and frame["alert_id"].tolist() == ids
    counts = [row["candidate"]["ndethist"] if row["candidate"] else None for row in own]
    assert [None if pd.isna(each) else int(each) for each in frame["candidate_ndethist"]] == counts
    assert str(frame["candidate_diaSourceId"].dtype) == "Int64"  # 64-bit ids are no doubles where one is NULL
    arrow = get_object(name, data=str(archive), form="arrow")
    assert arrow["alert_id"].to_pylist() == ids and arrow["candidate"].to_pylist()[0].keys() >= {"ndethist"}


def test_where_leaves_what_passes(archive: Path, rows: list[Row]) -> None:
    name = next(row["object_id"] for row in rows if row["band"] == "g")
    wanted = {row["alert_id"] for row in rows if row["object_id"] == name and row["band"] == "g"}
    assert set(get_object(name, where="band = 'g'", data=archive)["alert_id"].tolist()) == wanted
    night = get_latest(night=int(NIGHTS[0]), where="band = 'g'", limit=3, data=archive, form="pandas")
    newest = sorted(
        (row for row in rows if row["night"] == int(NIGHTS[0]) and row["band"] == "g"),
        key=lambda row: (-row["mjd"], row["survey"], row["alert_id"]),
    )
    assert night["alert_id"].tolist() == [row["alert_id"] for row in newest[:3]]


def test_a_cone_is_all_of_it_unless_a_limit_is_given(archive: Path, rows: list[Row]) -> None:
    distances = separations(rows, 210.5, -30.0)
    wanted = np.sort(distances[distances <= 3600.0])
    assert len(wanted) > 5
    found = get_cone(210.5, -30.0, 3600.0, alerts=True, data=archive)
    np.testing.assert_allclose(found["separation_arcsec"], wanted, atol=1e-6)
    objects = get_cone(210.5, -30.0, 3600.0, limit=2, data=archive, form="arrow")
    assert objects.num_rows == 2 and objects["n_alerts"].to_pylist()[0] >= 1
    assert len(get_cone(60.0, -60.0, 1.0, data=archive)) == 0


def test_an_alert_and_a_body(archive: Path, rows: list[Row]) -> None:
    row = rows[4]
    found = get_alert(row["alert_id"], row["survey"], cutouts=True, data=archive, form="arrow").to_pylist()
    assert [(each["alert_id"], each["object_id"], each["cutout_science"]) for each in found] == [
        (row["alert_id"], row["object_id"], None)
    ]
    bodies = get_latest(sso="Ceres", limit=1000, data=archive, form="pandas")
    assert len(bodies) == sum(each["sso_name"] == "Ceres" for each in rows) > 0


def test_what_cannot_be_asked_is_said(archive: Path) -> None:
    with pytest.raises(NotThere, match="no object 'nobody'"):
        get_object("nobody", data=archive)
    with pytest.raises(BadQuestion, match="unknown column magg"):
        get_object("nobody", where="magg < 3", data=archive)
    with pytest.raises(BadQuestion, match="one of filter, night and sso is wanted, found filter, night"):
        get_latest("young_rising", NIGHTS[0], data=archive)
    with pytest.raises(BadQuestion, match="forms are astropy, pandas and arrow, found 'polars'"):
        get_latest(night=NIGHTS[0], data=archive, form="polars")  # type: ignore[arg-type]
    with pytest.raises(BadQuestion, match="cutouts are bytes"):
        get_alert(1, cutouts=True, data=archive)
