"""Small outputs of made-up alerts, with all that look-ups stumble over, and what a plain look at every row says of them."""

from collections.abc import Sequence
from datetime import date
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
from astropy.coordinates import SkyCoord

from jobs.pipeline.batch.night_file import write_parquet_options
from jobs.pipeline.surveys.candidate import candidate_type
from jobs.storage.layout import Layout
from jobs.storage.schema_union import NOT_RUN
from science_modules.common.view import PROVENANCE, VIEW

NIGHTS = ("20240208", "20240210", "20240211", "20240301")
SUMMARY = (
    "survey", "alert_id", "object_id", "ra", "dec", "mjd", "night", "band", "flux", "flux_err", "mag", "real_bogus",
    "braai_p_real", "acai_acai_h", "acai_acai_n", "acai_acai_v", "acai_acai_o", "acai_acai_b", "anomaly_percentile",
)  # fmt: skip
_TAIL = [pa.field("version", pa.string()), pa.field("error", pa.string())]
MODULES = {
    "acai": pa.struct([*(pa.field(f"acai_{each}", pa.float32()) for each in "hnvob"), *_TAIL]),
    "anomaly": pa.struct([pa.field("percentile", pa.float64()), pa.field("why", pa.list_(pa.string())), *_TAIL]),
    "stetson_k": pa.struct([pa.field("k", pa.float64()), *_TAIL]),
}
_SOME = ("jd", "ndethist", "isdiffpos", "diaSourceId", "psfFlux")
Row = dict[str, Any]


def made_up(root: Path, seed: int = 0, files: int = 3, rows: int = 25, nights: Sequence[str] = NIGHTS) -> Layout:
    """An output with a science table: two surveys, objects in several nights, positions at the poles and at RA 0."""
    layout, rng, number = Layout(root), np.random.default_rng(seed), 0
    for night in nights:
        for part in range(files):
            modules = [name for name in MODULES if rng.random() < 0.7]
            write_science(layout, night, f"aaaa-{part:09d}-0000.parquet", alerts(rng, night, number, rows, modules))
            number += rows
    return layout


def write_science(layout: Layout, night: str, name: str, table: pa.Table, group: int = 10) -> Path:
    """Write a file of the science table as batches do, in small row groups."""
    path = layout.table("science") / f"night={night}" / name
    path.parent.mkdir(parents=True, exist_ok=True)
    with pq.ParquetWriter(path, table.schema, **write_parquet_options(table.schema)) as writer:
        writer.write_table(table, row_group_size=group)
    return path


def alerts(rng: np.random.Generator, night: str, first: int, count: int, modules: Sequence[str]) -> pa.Table:
    """Rows of the science table; alert ids are negative, too, and those of two surveys are the same now and then."""
    candidate = pa.struct([field for field in candidate_type() if field.name in _SOME])
    schema = pa.schema(
        [
            *(column.field for column in VIEW),
            pa.field("candidate", candidate),
            pa.field("content_hash", pa.int64()),
            pa.field("provenance", PROVENANCE),
            *(pa.field(name, MODULES[name]) for name in modules),
        ]
    )
    points = rng.integers(0, 4, count)
    columns = {field.name: _random(rng, field.type, count, points) for field in schema}
    ra, dec = _positions(rng, count)
    ids = np.arange(first, first + count)
    survey = ["ztf" if each else "lsst" for each in rng.random(count) < 0.6]
    columns |= {
        "survey": survey,
        "alert_id": np.where(ids % 3 == 0, -ids - 1, ids * 10**14),
        "object_id": [f"obj{each}" for each in rng.integers(0, 30, count)],
        "ra": ra,
        "dec": dec,
        "mjd": date.fromisoformat(night).toordinal() - 678_576 + 0.1 + np.round(rng.random(count), 1),
        "night": [int(night)] * count,
        "band": [str(each) for each in rng.choice(list("gri"), count)],
        "sso_name": [str(each) if each else None for each in rng.choice(["", "", "Ceres", "2010 AB"], count)],
    }
    bands = [str(each) for each in rng.choice(list("gri"), count)]
    columns["lc_band"] = [[band] * n for band, n in zip(bands, points, strict=True)]
    columns["lc_kind"] = [["detection"] * n for n in points]
    return pa.table([pa.array(columns[field.name], field.type) for field in schema], schema=schema)


def twins(table: pa.Table) -> pa.Table:
    """The same alerts as another survey's, under the same ids and at the same places."""
    other = ["lsst" if each == "ztf" else "ztf" for each in table["survey"].to_pylist()]
    return table.set_column(table.schema.get_field_index("survey"), table.schema.field("survey"), pa.array(other))


def _positions(rng: np.random.Generator, count: int) -> tuple[list[float | None], list[float | None]]:
    kind = rng.integers(0, 5, count)
    ra = np.select([kind == 0, kind == 1, kind == 2], [rng.normal(0, 0.02, count) % 360, 150.0, 210.5], 0.0)
    ra = np.where(kind == 3, rng.uniform(0, 360, count), ra + np.where(kind == 1, rng.normal(0, 3, count), 0))
    dec = np.select([kind == 0, kind == 1], [rng.normal(0, 0.02, count), rng.normal(2, 3, count)], -30.0)
    dec = np.where(kind == 3, np.where(rng.random(count) < 0.5, -1, 1) * (90 - rng.exponential(0.5, count)), dec)
    known = (kind != 4) | (rng.random(count) < 0.5)
    return tuple([float(x) if there else None for x, there in zip(each, known, strict=True)] for each in (ra, dec))


def _random(rng: np.random.Generator, kind: pa.DataType, count: int, points: np.ndarray) -> list[Any]:
    if pa.types.is_list(kind):
        if pa.types.is_string(kind.value_type):
            return [[f"t{n}"] * n if rng.random() < 0.9 else None for n in points]
        return [_random(rng, kind.value_type, n, points) if rng.random() < 0.9 else None for n in points]
    if pa.types.is_struct(kind):
        fields = {field.name: _random(rng, field.type, count, points) for field in kind}
        return [dict(zip(fields, values, strict=True)) for values in zip(*fields.values(), strict=True)] or [{}] * count
    values: list[Any]
    if pa.types.is_floating(kind):
        values = rng.normal(0, 100, count).astype(kind.to_pandas_dtype()).tolist()
        values = [float("nan") if rng.random() < 0.05 else value for value in values]
    elif pa.types.is_boolean(kind):
        values = (rng.random(count) < 0.5).tolist()
    elif pa.types.is_string(kind):
        values = [f"s{each}" for each in rng.integers(0, 5, count)]
    else:
        values = rng.integers(0, 10**6, count).tolist()
    return [None if rng.random() < 0.2 else value for value in values]


def every_row(layout: Layout) -> list[Row]:
    """All rows of the science table, file by file; each with only the columns that its file has."""
    paths = sorted(layout.table("science").glob("night=*/*.parquet"))
    return [row for path in paths for row in pq.ParquetFile(path).read().to_pylist()]


def same_rows(answer: pa.Table, expected: Sequence[Row]) -> None:
    """The answer has these rows, in this order, with every value; columns that a row's file lacks say so."""
    names = dict.fromkeys(name for row in expected for name in row)
    assert set(answer.column_names) == set(names)
    found = answer.to_pylist()
    for got, want in zip(found, expected, strict=True):
        own = {name: _fit(want[name], got[name]) for name in want}
        assert repr({name: got[name] for name in want}) == repr(own)
        for name in names.keys() - want.keys():
            assert got[name] is None or got[name] == dict.fromkeys(got[name]) | {"error": NOT_RUN}


def _fit(want: Any, got: Any) -> Any:
    """The value with fields that another file's struct has: NULL."""
    return {name: want.get(name) for name in got} if isinstance(want, dict) and isinstance(got, dict) else want


def summary(row: Row) -> Row:
    """What lists show of a row."""
    scores = {f"{module}_{name}": (row.get(module) or {}).get(name) for module, name in _SCORES}
    return {**{name: row[name] for name in SUMMARY if name in row}, **scores}


_SCORES = (("braai", "p_real"), *(("acai", f"acai_{each}") for each in "hnvob"), ("anomaly", "percentile"))


def same_summaries(answer: pa.Table, expected: Sequence[Row]) -> None:
    """The answer has the summaries of these rows, in this order."""
    assert answer.column_names[: len(SUMMARY)] == list(SUMMARY)
    assert repr(answer.select(SUMMARY).to_pylist()) == repr([summary(row) for row in expected])


def separations(rows: Sequence[Row], ra: float, dec: float) -> np.ndarray:
    """Distances of rows from a place [arcsec] as astropy measures them; NaN where a position is not known."""
    places = np.array([(row["ra"], row["dec"]) for row in rows], float)
    known = np.isfinite(places).all(axis=1)
    found = np.full(len(rows), np.nan)
    there = SkyCoord(*places[known].T, unit="deg")
    found[known] = SkyCoord(ra, dec, unit="deg").separation(there).arcsec
    return found
