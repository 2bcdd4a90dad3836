"""Light curves of a batch of alerts as flat arrays: no dict and no Python object per point."""

from collections.abc import Iterable
from dataclasses import dataclass, replace
from functools import cached_property
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

from science_modules.common.view import BANDS, LC_KINDS

Floats = NDArray[np.float64]


@dataclass(frozen=True)
class LightCurves:
    """The sound points of n alerts' light curves, one alert after the other, each ascending in time.

    Attributes
    ----------
    offsets : numpy.ndarray of int64, shape (n + 1,)
        Alert i owns the points offsets[i]:offsets[i + 1].
    mjd, flux, flux_err : numpy.ndarray of float64, shape (n_points,)
        MJD TAI of mid-exposure; signed difference flux and error [nJy]; NaN is NULL.
    flux_total, flux_total_err, flux_total_err_point : numpy.ndarray of float64, shape (n_points,)
        Flux of the source itself [nJy]; NaN where not corrected.
    band : numpy.ndarray of int8, shape (n_points,)
        Index into view.BANDS. Another letter, which only some surveys have, is negative: -2 - its index in `others`; NULL is
        -1. So modules that have a column per band leave it out, and those that compare bands need not know it.
    kind : numpy.ndarray of int8, shape (n_points,)
        Index into view.LC_KINDS.
    corrected, dubious : numpy.ndarray of bool, shape (n_points,)
    real_bogus : numpy.ndarray of float64, shape (n_points,)
    """

    offsets: NDArray[np.int64]
    mjd: Floats
    flux: Floats
    flux_err: Floats
    flux_total: Floats
    flux_total_err: Floats
    flux_total_err_point: Floats
    band: NDArray[np.int8]
    kind: NDArray[np.int8]
    corrected: NDArray[np.bool_]
    dubious: NDArray[np.bool_]
    real_bogus: Floats
    others: tuple[str, ...] = ()

    def __len__(self) -> int:
        return len(self.offsets) - 1

    @cached_property
    def owner(self) -> NDArray[np.int64]:
        """The alert that each point belongs to, shape (n_points,)."""
        return np.repeat(np.arange(len(self)), np.diff(self.offsets))

    @cached_property
    def counts(self) -> NDArray[np.int64]:
        """Points per alert, shape (n,)."""
        return np.diff(self.offsets)

    def select(self, mask: NDArray[np.bool_]) -> "LightCurves":
        """The same alerts with only some of the points.

        Parameters
        ----------
        mask : numpy.ndarray of bool, shape (n_points,)
            True for those that stay.
        """
        kept = np.bincount(self.owner[mask], minlength=len(self))
        offsets = np.concatenate([[0], np.cumsum(kept)]).astype(np.int64)
        arrays = {name: getattr(self, name)[mask] for name in _POINT_ARRAYS}
        return replace(self, offsets=offsets, **arrays)

    def of_kind(self, *kinds: str) -> "LightCurves":
        """Only the points of these kinds.

        Parameters
        ----------
        *kinds : str
            detection, forced or upper_limit.
        """
        return self.select(np.isin(self.kind, [LC_KINDS.index(kind) for kind in kinds]))

    def in_band(self, band: str) -> "LightCurves":
        """Only the points in one band.

        Parameters
        ----------
        band : str
            Its letter; one that no point has selects none, points without a band least of all.
        """
        code = self.codes([band])[0]
        return self.select((self.band == code) & (code != -1))

    def codes(self, letters: Iterable[str | None]) -> NDArray[np.int8]:
        """Filter letters as codes of `band`; -1 for one that no point has.

        Parameters
        ----------
        letters : iterable of str or None
            None gives -1, too.

        Returns
        -------
        numpy.ndarray of int8
            One per letter.
        """
        known = {letter: code for code, letter in enumerate(BANDS)}
        known |= {letter: -2 - place for place, letter in enumerate(self.others)}
        return np.array([known.get(letter or "", -1) for letter in letters], dtype=np.int8)


_POINT_ARRAYS = tuple(name for name in LightCurves.__dataclass_fields__ if name not in ("offsets", "others"))


def light_curves(table: pa.Table) -> LightCurves:
    """Flatten the light curves of a table; points that the survey flags (`lc_flag`) are left out.

    Parameters
    ----------
    table : pyarrow.Table
        In the common view, with the lc_ columns; `lc_flag` may lack.
    """
    columns = {name: _single(table[f"lc_{name}"]) for name in _POINT_ARRAYS}
    mjd = columns["mjd"]
    offsets = np.concatenate([[0], np.cumsum(pc.fill_null(pc.list_value_length(mjd), 0).to_numpy())])
    flat = {name: _points(name, column.flatten()) for name, column in columns.items() if name != "band"}
    flat["band"], others = _band_codes(columns["band"].flatten())
    curves = LightCurves(offsets=offsets.astype(np.int64), others=others, **flat)
    sound = _sound(table)
    return curves if sound is None else curves.select(sound)


def _sound(table: pa.Table) -> NDArray[np.bool_] | None:
    """Which points the survey says nothing against; None where it says nothing against any."""
    if "lc_flag" not in table.column_names:
        return None
    words = _single(table["lc_flag"]).flatten()
    none_said = words.null_count == len(words)
    return None if none_said else np.asarray(words.is_null().to_numpy(zero_copy_only=False))


def _single(column: pa.ChunkedArray | pa.Array) -> pa.ListArray:
    return column.combine_chunks() if isinstance(column, pa.ChunkedArray) else column


def _points(name: str, values: pa.Array) -> NDArray[Any]:
    if name == "kind":
        return _codes(values, LC_KINDS)
    if pa.types.is_boolean(values.type):
        return np.asarray(pc.fill_null(values, False).to_numpy(zero_copy_only=False))
    return np.asarray(values.to_numpy(zero_copy_only=False), dtype=np.float64)


def _band_codes(letters: pa.Array) -> tuple[NDArray[np.int8], tuple[str, ...]]:
    codes = _codes(letters, BANDS)
    if (codes >= 0).all():
        return codes, ()
    others = tuple(sorted(set(pc.unique(letters).to_pylist()) - {*BANDS, None}))
    other = _codes(letters, others) if others else np.full(len(codes), -1, np.int8)
    return np.where(other >= 0, -2 - other, codes).astype(np.int8), others


def _codes(values: pa.Array, names: tuple[str, ...]) -> NDArray[np.int8]:
    codes = pc.fill_null(pc.index_in(values, value_set=pa.array(names)), -1)
    return np.asarray(codes.to_numpy(zero_copy_only=False), dtype=np.int8)
