"""Light curves without what a survey does not show to everybody."""

import pyarrow as pa

from jobs.pipeline.filters.public_points import public_points

_LISTS = {"lc_mjd": pa.list_(pa.float64()), "lc_band": pa.list_(pa.string()), "lc_public": pa.list_(pa.bool_())}


def table(*public: list[bool | None] | None) -> pa.Table:
    rows = [
        {
            "alert_id": number,
            "lc_mjd": None if flags is None else [10.0 * number + at for at in range(len(flags))],
            "lc_band": None if flags is None else ["gr"[at % 2] for at in range(len(flags))],
            "lc_public": flags,
        }
        for number, flags in enumerate(public)
    ]
    return pa.Table.from_pylist(rows, schema=pa.schema([("alert_id", pa.int64()), *_LISTS.items()]))


def test_private_points_are_left_out_of_every_array_and_unsaid_ones_stay() -> None:
    given = table([True, False, True], [False], [], None, [None, False, True])
    expected = [
        {"alert_id": 0, "lc_mjd": [0.0, 2.0], "lc_band": ["g", "g"], "lc_public": [True, True]},
        {"alert_id": 1, "lc_mjd": [], "lc_band": [], "lc_public": []},
        {"alert_id": 2, "lc_mjd": [], "lc_band": [], "lc_public": []},
        {"alert_id": 3, "lc_mjd": None, "lc_band": None, "lc_public": None},
        {"alert_id": 4, "lc_mjd": [40.0, 42.0], "lc_band": ["g", "g"], "lc_public": [None, True]},
    ]
    for shown in (public_points(given), public_points(pa.concat_tables([given.slice(0, 2), given.slice(2)]))):
        assert shown.to_pylist() == expected
        assert shown.schema == given.schema
    assert public_points(given.slice(1, 3)).to_pylist() == expected[1:4]


def test_a_table_without_private_points_is_left_as_it_is() -> None:
    for given in (table([True, None], None), table(), table([False]).drop_columns(["lc_public"])):
        assert public_points(given) is given


def test_a_column_that_is_null_where_points_are_hidden_stays_null_there() -> None:
    given = table([True, False], [False, True], None, [False])
    place = given.schema.get_field_index("lc_band")
    bands = pa.array([None, ["g", "r"], ["i"], None], _LISTS["lc_band"])
    shown = public_points(given.set_column(place, "lc_band", bands))
    assert shown["lc_band"].to_pylist() == [None, ["r"], ["i"], None]
    assert shown["lc_mjd"].to_pylist() == [[0.0], [11.0], None, []]
