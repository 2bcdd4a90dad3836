"""From rows of the science table to rows of the store: which cells each table gets of an alert.

All of it depends on the alert alone: the same alert gives the same bytes under the same keys, however often and in
whatever batch it is written.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any

import numpy as np
import pyarrow as pa

from jobs.store import keys, light_curve_codec
from jobs.store.struct_codec import StructCodec, codec
from jobs.store.summary import COLUMNS, SCORES
from jobs.store.tables import ALERT_INDEX, ALERTS, CUTOUTS, LATEST, OBJECTS, SKY, StoreTable
from science_modules.common.view import CUTOUTS as CUTOUT_COLUMNS

SCALARS, LIGHT_CURVE, CANDIDATE, MODULE = b"s", b"lc", b"candidate", b"m."

Cells = list[tuple[bytes, bytes]]


@dataclass
class Rows:
    """Rows of one table: key, and columns with their values."""

    table: StoreTable
    rows: list[tuple[bytes, Cells]] = field(default_factory=list)

    def __len__(self) -> int:
        return len(self.rows)

    @property
    def cells(self) -> int:
        """How many cells all rows have."""
        return sum(len(cells) for _, cells in self.rows)

    @property
    def bytes(self) -> int:
        """Size of keys, columns and values together."""
        return sum(len(key) + sum(len(column) + len(value) for column, value in cells) for key, cells in self.rows)


@dataclass
class AlertRows:
    """What the store holds of some alerts.

    Parameters
    ----------
    science : pyarrow.RecordBatch, shape (n,)
        Rows of the science table, whatever modules it has.
    matches : mapping of (str, int) to sequence of str
        By survey and alert id, the filters that sent it; of other alerts, too.
    """

    science: pa.RecordBatch
    matches: Mapping[tuple[str, int], Sequence[str]] = field(default_factory=dict)

    @cached_property
    def codecs(self) -> dict[bytes, StructCodec]:
        """The types of the cells, by their ids: what `types` has to hold before any of these rows."""
        kinds = [self._scalars.type, self._summary.type, *(column.type for column in self._structs.values())]
        return {codec(kind).id: codec(kind) for kind in kinds}

    def tables(self) -> list[Rows]:
        """The rows of all tables but `cutouts`, in the order in which they are written."""
        return [self.of_alerts(), self.of_objects(), self.of_index(), self.of_sky(), self.of_latest()]

    def of_alerts(self) -> Rows:
        """Rows of `alerts`."""
        named = {SCALARS: codec(self._scalars.type).encode(self._scalars)}
        if set(light_curve_codec.COLUMNS) & set(self.science.schema.names):
            named[LIGHT_CURVE] = list(light_curve_codec.encode(self.science))
        named |= {name: codec(column.type).encode(column) for name, column in self._structs.items()}
        columns = [_column(ALERTS, name) for name in named]
        rows = Rows(ALERTS)
        for key, cells in zip(self.keys, zip(*named.values(), strict=True), strict=True):
            rows.rows.append((key, [each for each in zip(columns, cells, strict=True) if each[1] is not None]))
        return rows

    def of_objects(self) -> Rows:
        """Rows of `objects`: per alert one cell, named by time and alert id."""
        named = zip(self._objects, keys.numbers(self._mjd), self._alert_keys, self._summaries, strict=True)
        return Rows(OBJECTS, [(key, [(_column(OBJECTS, mjd + alert), cell)]) for key, mjd, alert, cell in named])

    def of_index(self) -> Rows:
        """Rows of `alert_index`."""
        named = zip(self._surveys, self._alert_keys, self.keys, strict=True)
        column = _column(ALERT_INDEX, b"k")
        return Rows(ALERT_INDEX, [(keys.index_key(survey, alert), [(column, key)]) for survey, alert, key in named])

    def of_sky(self) -> Rows:
        """Rows of `sky`; an alert without a position has none."""
        ra, dec = (self._numbers(name) for name in ("ra", "dec"))
        known = np.isfinite(ra) & np.isfinite(dec)
        pixels = np.zeros(len(ra), np.int64)
        pixels[known] = pixels_of(ra[known], dec[known])
        named = zip(keys.sky_keys(pixels, self._surveys, self._alert_ids), self._summaries, known, strict=True)
        column = _column(SKY, b"s")
        return Rows(SKY, [(key, [(column, cell)]) for key, cell, is_known in named if is_known])

    def of_latest(self) -> Rows:
        """Rows of `latest`: in the list of its night, of its Solar-system body, and of each filter that it matched."""
        salts = keys.salts_of(self._alert_ids, keys.LATEST_SALTS)
        newest = keys.reversed_numbers(self._mjd)
        column = _column(LATEST, b"s")
        lists = list(self._lists())
        named = zip(lists, salts, newest, self._surveys, self._alert_keys, self._summaries, strict=True)
        return Rows(
            LATEST,
            [
                (keys.latest_key(prefix, salt, mjd, survey, alert), [(column, cell)])
                for prefixes, salt, mjd, survey, alert, cell in named
                for prefix in prefixes
            ],
        )

    def of_cutouts(self, cutouts: pa.RecordBatch | pa.Table) -> Rows:
        """Rows of `cutouts`.

        Parameters
        ----------
        cutouts : pyarrow.RecordBatch or pyarrow.Table
            Rows of the cutouts table; those of other alerts are left out.
        """
        at = dict(zip(zip(self._surveys, self._alert_ids.tolist(), strict=True), self.keys, strict=True))
        ids = zip(cutouts.column("survey").to_pylist(), cutouts.column("alert_id").to_pylist(), strict=True)
        columns = [(_column(CUTOUTS, c.name.encode()), cutouts.column(c.name).to_pylist()) for c in CUTOUT_COLUMNS]
        rows = []
        for row, alert in enumerate(ids):
            cells: Cells = [(column, values[row]) for column, values in columns if values[row] is not None]
            if alert in at and cells:
                rows.append((at[alert], cells))
        return Rows(CUTOUTS, rows)

    @cached_property
    def keys(self) -> list[bytes]:
        """Where `alerts` and `cutouts` keep the alerts."""
        return keys.alert_keys(self._objects, self._mjd, self._alert_ids)

    def _lists(self) -> Iterator[list[bytes]]:
        nights, bodies = (self._plain(name) for name in ("night", "sso_name"))
        ids = self._alert_ids.tolist()
        for row, of in enumerate(zip(nights, bodies, strict=True)):
            known = [(kind, str(name)) for kind, name in zip(("night", "sso"), of, strict=True) if name is not None]
            known += [("filter", name) for name in self.matches.get((self._surveys[row], ids[row]), ())]
            yield [keys.latest_prefix(kind, name) for kind, name in known]

    @cached_property
    def _scalars(self) -> pa.StructArray:
        schema = self.science.schema
        names = [each.name for each in schema if not pa.types.is_struct(each.type) and not pa.types.is_list(each.type)]
        return _struct({name: self.science.column(name) for name in (*names, "provenance") if name in schema.names})

    @cached_property
    def _structs(self) -> dict[bytes, pa.StructArray]:
        """The survey's fields and each module's answer, by the name of their cell."""
        schema = self.science.schema
        found = {CANDIDATE: self.science.column("candidate")} if "candidate" in schema.names else {}
        return found | {MODULE + name.encode(): self.science.column(name) for name in module_names(schema)}

    @cached_property
    def _summary(self) -> pa.StructArray:
        schema = self.science.schema
        values = {name: self.science.column(name) for name in COLUMNS if name in schema.names}
        for module, output in SCORES:
            if module in schema.names and schema.field(module).type.get_field_index(output) >= 0:
                flat = self.science.column(module).flatten()
                values[f"{module}_{output}"] = flat[schema.field(module).type.get_field_index(output)]
        return _struct(values)

    @cached_property
    def _summaries(self) -> list[bytes]:
        return [cell for cell in codec(self._summary.type).encode(self._summary) if cell is not None]

    @cached_property
    def _surveys(self) -> list[str]:
        return list(self.science.column("survey").to_pylist())

    @cached_property
    def _alert_ids(self) -> np.ndarray:
        return np.asarray(self.science.column("alert_id").to_numpy(zero_copy_only=False))

    @cached_property
    def _alert_keys(self) -> list[bytes]:
        return keys.numbers(self._alert_ids)

    @cached_property
    def _objects(self) -> list[bytes]:
        names = self.science.column("object_id").to_pylist()
        return [keys.object_key(survey, name) for survey, name in zip(self._surveys, names, strict=True)]

    @property
    def _mjd(self) -> np.ndarray:
        return self._numbers("mjd")

    def _plain(self, name: str) -> list[Any]:
        there = name in self.science.schema.names
        return list(self.science.column(name).to_pylist()) if there else [None] * len(self.science)

    def _numbers(self, name: str) -> np.ndarray:
        if name not in self.science.schema.names:
            return np.full(len(self.science), np.nan)
        return np.asarray(self.science.column(name).fill_null(np.nan).to_numpy(zero_copy_only=False))


def module_names(schema: pa.Schema) -> list[str]:
    """The columns of a science table that are modules' answers.

    Parameters
    ----------
    schema : pyarrow.Schema
    """
    return [
        each.name
        for each in schema
        if pa.types.is_struct(each.type) and {"version", "error"} <= {inner.name for inner in each.type}
    ]


def pixels_of(ra: np.ndarray, dec: np.ndarray) -> np.ndarray:
    """HEALPix pixels of positions: nested, of the order of the keys of `sky`.

    Parameters
    ----------
    ra, dec : numpy.ndarray of float64, shape (n,)
        [deg], ICRS.

    Returns
    -------
    numpy.ndarray of int64, shape (n,)
    """
    # Half a second to import; who reads rows wants none of it.
    from astropy import units
    from astropy_healpix import lonlat_to_healpix

    return np.asarray(lonlat_to_healpix(ra * units.deg, dec * units.deg, 2**keys.SKY_ORDER, order="nested"), np.int64)


def _struct(columns: Mapping[str, pa.Array]) -> pa.StructArray:
    arrays = [each.dictionary_decode() if pa.types.is_dictionary(each.type) else each for each in columns.values()]
    return pa.StructArray.from_arrays(arrays, names=list(columns))


def _column(table: StoreTable, qualifier: bytes) -> bytes:
    return table.family.encode() + b":" + qualifier
