"""Nights of the science table to look things up in: simulated alerts, issued again as those of objects that come back.

Objects have as many alerts as a survey's have: most a few, some hundreds, spread over all nights. Each alert is a row as a
job writes it, with its own numbers (all within a thousandth of the simulated ones), so that files are as large as a
survey's; nights are as `strix compact` leaves them.
"""

from dataclasses import dataclass, replace
from datetime import date, timedelta

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq
from numpy.typing import NDArray

from jobs.bench.inputs import Bench, passes_of
from jobs.pipeline.batch.night_file import of_schema, write_parquet_options
from jobs.pipeline.tables import science_schema
from jobs.storage.layout import Layout
from science_modules import registry

FIRST_NIGHT, FIRST_MJD = date(2024, 1, 1), 60_310.0
DISTINCT = 1000
# Alerts of an object: P(n) ~ 1/n^2, at most one per night of a season.
_MOST_ALERTS = 200
_SURVEY, _POSITION_ERROR = "ztf", 0.1 / 3600  # [deg]
_ROW_GROUP = 8192

Ints = NDArray[np.int64]
Floats = NDArray[np.float64]


@dataclass(frozen=True)
class Sky:
    """Objects, and which alert is of which of them, in which night.

    Attributes
    ----------
    ra, dec : numpy.ndarray of float64, shape (objects,)
        [deg]
    object, night : numpy.ndarray of int64, shape (alerts,)
    """

    ra: Floats
    dec: Floats
    object: Ints
    night: Ints

    @classmethod
    def of(cls, alerts: int, nights: int, rng: np.random.Generator) -> "Sky":
        """A sky north of -30 deg.

        Parameters
        ----------
        alerts, nights : int
        rng : numpy.random.Generator
        """
        counts = np.minimum(rng.zipf(2.0, alerts), _MOST_ALERTS)
        counts = counts[: int(np.searchsorted(np.cumsum(counts), alerts)) + 1]
        ra, dec = rng.uniform(0, 360, len(counts)), np.degrees(np.arcsin(rng.uniform(-0.5, 1, len(counts))))
        of = np.repeat(np.arange(len(counts)), counts)[:alerts]
        return cls(ra, dec, of, rng.integers(0, nights, alerts))

    def names(self, objects: Ints) -> pa.Array:
        """Object ids.

        Parameters
        ----------
        objects : numpy.ndarray of int64, shape (n,)
        """
        numbers = pc.utf8_lpad(pa.array(objects).cast(pa.string()), 13, "0")
        return pc.binary_join_element_wise(pa.scalar("SIM"), numbers, "")


def night_name(night: int) -> str:
    """YYYYMMDD of a night.

    Parameters
    ----------
    night : int
        From 0.
    """
    return (FIRST_NIGHT + timedelta(days=night)).strftime("%Y%m%d")


def templates(bench: Bench) -> pa.Table:
    """Rows of the science table of a thousand simulated alerts.

    Parameters
    ----------
    bench : Bench
    """
    bench = replace(bench, alerts=DISTINCT)
    science = bench.science()
    one_pass = bench.one_pass(science)
    schema = science_schema(registry.resolve(science.names))
    passed = [one_pass(some).alerts for some in passes_of(bench.files())]
    return pa.concat_tables([of_schema(each, schema) for each in passed]).combine_chunks()


def write_night(layout: Layout, sky: Sky, night: int, rows: pa.Table, rng: np.random.Generator) -> None:
    """Write the science file of a night.

    Parameters
    ----------
    layout : Layout
    sky : Sky
    night : int
        From 0.
    rows : pyarrow.Table
        As `templates` gives them.
    rng : numpy.random.Generator
    """
    alerts = np.flatnonzero(sky.night == night)
    alerts = alerts[np.argsort(sky.object[alerts], kind="stable")]
    table = _shaken(rows.take(pa.array(rng.integers(0, rows.num_rows, len(alerts)))), rng)
    objects, count = sky.object[alerts], len(alerts)
    own = {
        "survey": pa.array([_SURVEY] * count),
        "alert_id": pa.array((alerts + 1) * 10**10),
        "object_id": sky.names(objects),
        "ra": pa.array((sky.ra[objects] + rng.normal(0, _POSITION_ERROR, count)) % 360),
        "dec": pa.array(np.clip(sky.dec[objects] + rng.normal(0, _POSITION_ERROR, count), -90, 90)),
        "mjd": pa.array(FIRST_MJD + night + rng.uniform(0.1, 0.5, count)),
        "night": pa.array(np.full(count, int(night_name(night))), pa.int32()),
        "content_hash": pa.array(rng.integers(-(2**62), 2**62, count)),
    }
    for name, column in own.items():
        place = table.schema.get_field_index(name)
        table = table.set_column(place, table.schema.field(place), column)
    path = layout.published("science", night_name(night), "compact", 0, 0)
    path.parent.mkdir(parents=True)
    with pq.ParquetWriter(path, table.schema, **write_parquet_options(table.schema)) as writer:
        writer.write_table(table, row_group_size=_ROW_GROUP)


def _shaken(table: pa.Table, rng: np.random.Generator) -> pa.Table:
    """The table with all its numbers changed a little."""
    columns = [_shaken_array(column.combine_chunks(), rng) for column in table.columns]
    return pa.Table.from_arrays(columns, schema=table.schema)


def _shaken_array(array: pa.Array, rng: np.random.Generator) -> pa.Array:
    mask = array.is_null() if array.null_count else None
    if pa.types.is_struct(array.type):
        children = [_shaken_array(array.field(at), rng) for at in range(array.type.num_fields)]
        return pa.StructArray.from_arrays(children, fields=list(array.type), mask=mask)
    if pa.types.is_list(array.type) and pa.types.is_floating(array.type.value_type) and array.offset == 0:
        return pa.ListArray.from_arrays(array.offsets, _shaken_array(array.values, rng), array.type, mask=mask)
    if not pa.types.is_floating(array.type) or array.null_count == len(array):
        return array
    values = array.to_numpy(zero_copy_only=False)
    changed = (values * (1 + 1e-3 * rng.standard_normal(len(values), np.float32))).astype(values.dtype)
    return pa.array(changed, array.type, mask=None if mask is None else mask.to_numpy(zero_copy_only=False))
