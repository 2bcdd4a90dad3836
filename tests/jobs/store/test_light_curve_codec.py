"""Light curves come back to the bit, NULL points and NULL columns too."""

import math
from typing import Any

import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st

from jobs.store.light_curve_codec import BAND, BOOLEANS, COLUMNS, FLAG, KIND, NUMBERS, decode, encode
from jobs.store.struct_codec import UnknownCell
from science_modules.common.view import LC_KINDS, LIGHT_CURVE

SCHEMA = pa.schema([column.field for column in LIGHT_CURVE])
_VALUES: dict[str, st.SearchStrategy[Any]] = {
    **{name: st.floats() for name in NUMBERS},
    **{name: st.booleans() for name in BOOLEANS},
    BAND: st.sampled_from("ugrizyco"),
    KIND: st.sampled_from(LC_KINDS),
    FLAG: st.sampled_from(["bad_pixel", "saturated,é"]),
}


@st.composite
def curve(draw: st.DrawFn) -> dict[str, Any]:
    points = draw(st.integers(0, 4))
    return {
        name: draw(st.none() | st.lists(st.none() | values, min_size=points, max_size=points))
        for name, values in _VALUES.items()
    }


def plain(rows: list[list[Any] | None]) -> list[Any]:
    return [row and [value.hex() if isinstance(value, float) else value for value in row] for row in rows]


def test_every_column_of_the_view_has_its_place() -> None:
    assert set(COLUMNS) == set(SCHEMA.names)


@given(st.lists(curve(), max_size=5))
def test_everything_comes_back(curves: list[dict[str, Any]]) -> None:
    table = pa.Table.from_pylist(curves, SCHEMA)
    cells = encode(table)
    back = decode(cells)
    for name in COLUMNS:
        assert plain(back[name].to_pylist()) == plain(table[name].to_pylist()), name
        assert back[name].type == SCHEMA.field(name).type
    # The same alert is the same bytes, whatever it is encoded with.
    assert [encode(table.slice(row, 1))[0] for row in range(len(curves))] == cells


def test_a_column_that_an_older_version_lacks_is_null() -> None:
    table = pa.Table.from_pylist(
        [{"lc_mjd": [1.0, 2.0], "lc_band": ["g", None], "lc_kind": ["forced", "detection"]}], SCHEMA
    )
    back = decode(encode(table.select(["lc_mjd", "lc_band", "lc_kind"])))
    assert back["lc_mjd"].to_pylist() == [[1.0, 2.0]] and back["lc_band"].to_pylist() == [["g", None]]
    assert {name for name in COLUMNS if back[name].to_pylist() == [None]} == set(COLUMNS) - {
        "lc_mjd",
        "lc_band",
        "lc_kind",
    }


def test_columns_of_different_length_are_refused() -> None:
    table = pa.Table.from_pylist(
        [{"lc_mjd": [1.0], "lc_flux": [1.0]}, {"lc_mjd": [1.0], "lc_flux": [1.0, 2.0]}], SCHEMA
    )
    with pytest.raises(ValueError, match="lc_flux of row 1 has 2 points, the columns before it 1"):
        encode(table)


@pytest.mark.parametrize(
    ("name", "value", "says"),
    [("lc_band", "gr", "lc_band 'gr' is not one ASCII letter"), ("lc_kind", "guess", "lc_kind 'guess' is not one of")],
)
def test_what_the_codec_cannot_hold_is_refused(name: str, value: str, says: str) -> None:
    with pytest.raises(ValueError, match=says):
        encode(pa.Table.from_pylist([{name: [value]}], SCHEMA))


def test_another_version_is_refused() -> None:
    (cell,) = encode(pa.Table.from_pylist([{"lc_mjd": [math.nan]}], SCHEMA))
    with pytest.raises(UnknownCell, match="a light curve of version 02; this Strix reads 01"):
        decode([b"\x02" + cell[1:]])
