"""Two runs side by side: versions of modules over the same alerts, a release twice, or a stream and a release."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

from jobs.archive.scan import Scan, scan
from jobs.releases.joining import JOIN_ARCSEC, close_pairs
from jobs.storage.schema_union import is_module

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]
KEYS = ("survey", "alert_id", "object_id", "ra", "dec", "mjd")
_ABOUT = ("version", "error")  # what a module says of itself


class NothingInCommon(LookupError):
    """Two runs share no module, or no alert and no star."""


@dataclass(frozen=True)
class Changed:
    """How one output of a module differs between two runs.

    Attributes
    ----------
    output : str
        As `lc_features.mean_g`.
    both, only_a, only_b : int
        Pairs of which both have a value, or one alone.
    equal : int
        Pairs of one value; of numbers bit for bit.
    a, b : numpy.ndarray of float64, shape (both,)
        The values; empty of an output that is no number.
    """

    output: str
    both: int
    only_a: int
    only_b: int
    equal: int
    a: Floats
    b: Floats

    @property
    def differ(self) -> int:
        """Pairs of which the answers are not the same."""
        return self.both - self.equal + self.only_a + self.only_b

    def difference(self, percent: float) -> float:
        """A percentile of |b - a|; NaN where nothing can be subtracted.

        Parameters
        ----------
        percent : float
            0 to 100.
        """
        return float(np.percentile(np.abs(self.b - self.a), percent)) if len(self.a) else float("nan")


@dataclass(frozen=True)
class Comparison:
    """Two runs.

    Attributes
    ----------
    how : str
        What was paired by what.
    pairs, only_a, only_b : int
        Alerts or stars that both have, or one alone.
    outputs : list of Changed
        In the order of the first run.
    versions : dict of str to (str, str)
        Of each module, in either run.
    """

    how: str
    pairs: int
    only_a: int
    only_b: int
    outputs: list[Changed]
    versions: dict[str, tuple[str, str]]


def compare(a: str | Path, b: str | Path, modules: Sequence[str] = ()) -> Comparison:
    """What changed from one run to another, output by output.

    Parameters
    ----------
    a, b : path
        Outputs of jobs, or of `strix reprocess`.
    modules : sequence of str, optional
        Only these; else all that both have.

    Raises
    ------
    NothingInCommon
        If they share no module, or nothing can be paired.
    FileNotFoundError
        If one of them has no science table.
    """
    names = _modules_of(a, b, modules)
    first, second = (scan(each, columns=[*KEYS, *names]) for each in (a, b))
    how, rows_a, rows_b = _paired(first, second)
    if not len(rows_a):
        raise NothingInCommon(f"{a} and {b}: no pair {how}; {first.num_rows} rows and {second.num_rows}")
    one, other = first.take(pa.array(rows_a)), second.take(pa.array(rows_b))
    outputs = [each for name in names for each in _changes(name, one, other)]
    versions = {name: (_version(one, name), _version(other, name)) for name in names}
    left = first.num_rows - len(rows_a), second.num_rows - len(rows_b)
    return Comparison(how, len(rows_a), *left, outputs, versions)


def _modules_of(a: str | Path, b: str | Path, wanted: Sequence[str]) -> list[str]:
    there = [[each.name for each in Scan.of(run).whole if is_module(each.type)] for run in (a, b)]
    common = [name for name in there[0] if name in there[1] and (not wanted or name in wanted)]
    if not common or not set(wanted) <= set(common):
        told = " and ".join(", ".join(each) or "none" for each in there)
        raise NothingInCommon(f"wants modules that both runs have{_named(wanted)}; they have {told}")
    return common


def _named(wanted: Sequence[str]) -> str:
    return f", {', '.join(wanted)}" if wanted else ""


def _paired(a: pa.Table, b: pa.Table) -> tuple[str, Ints, Ints]:
    """Rows that belong together."""
    alerts = [each["alert_id"].null_count < each.num_rows for each in (a, b)]
    if alerts[0] == alerts[1]:
        key = "alert_id" if alerts[0] else "object_id"
        return f"by survey and {key}", *_by_name(a, b, key)
    return f"by place, within {JOIN_ARCSEC:g} arcsec; of alerts the newest of each object", *_by_place(a, b)


def _by_name(a: pa.Table, b: pa.Table, key: str) -> tuple[Ints, Ints]:
    one, other = (list(zip(each["survey"].to_pylist(), each[key].to_pylist(), strict=True)) for each in (a, b))
    places = {name: row for row, name in enumerate(other)}
    rows = [(row, places[name]) for row, name in enumerate(one) if name in places and name[1] is not None]
    return _columns(rows)


def _by_place(a: pa.Table, b: pa.Table) -> tuple[Ints, Ints]:
    """Each object with the nearest of the other run, nearest pairs first."""
    own, others = _newest(a), _newest(b)
    ra, dec = (
        np.concatenate(
            [np.asarray(table[name].to_numpy(), np.float64)[rows] for table, rows in ((a, own), (b, others))]
        )
        for name in ("ra", "dec")
    )
    first, second, distance = close_pairs(ra, dec, JOIN_ARCSEC)
    across = (first < len(own)) & (second >= len(own))
    first, second, distance = first[across], second[across], distance[across]
    taken: set[int] = set()
    rows = []
    for pair in np.lexsort((second, first, distance)).tolist():
        one, other = int(first[pair]), int(second[pair])
        if one not in taken and other not in taken:
            taken |= {one, other}
            rows.append((int(own[one]), int(others[other - len(own)])))
    return _columns(sorted(rows))


def _newest(table: pa.Table) -> Ints:
    """The row of each object that comes last."""
    newest: dict[tuple[str, str], tuple[float, int]] = {}
    columns = (table[name].to_pylist() for name in ("survey", "object_id", "mjd"))
    for row, (survey, name, mjd) in enumerate(zip(*columns, strict=True)):
        newest[survey, name] = max(newest.get((survey, name), (-np.inf, -1)), (mjd or -np.inf, row))
    return np.array(sorted(row for _, row in newest.values()), dtype=np.int64)


def _columns(rows: list[tuple[int, int]]) -> tuple[Ints, Ints]:
    pairs = np.array(rows, dtype=np.int64).reshape(-1, 2)
    return pairs[:, 0], pairs[:, 1]


def _version(table: pa.Table, name: str) -> str:
    versions = pc.unique(pc.struct_field(table[name].combine_chunks(), "version")).drop_null().to_pylist()
    return ", ".join(sorted(versions)) or "none"


def _changes(name: str, a: pa.Table, b: pa.Table) -> list[Changed]:
    one, other = a[name].combine_chunks(), b[name].combine_chunks()
    there = [field.name for field in other.type]
    common = [field.name for field in one.type if field.name in there and field.name not in _ABOUT]
    return [_changed(f"{name}.{each}", pc.struct_field(one, each), pc.struct_field(other, each)) for each in common]


def _changed(output: str, a: pa.Array, b: pa.Array) -> Changed:
    has_a, has_b = (each.is_valid().to_numpy(zero_copy_only=False) for each in (a, b))
    both = has_a & has_b
    one, other = a.filter(pa.array(both)), b.filter(pa.array(both))
    if pa.types.is_integer(a.type) or pa.types.is_floating(a.type):
        x, y = (np.asarray(each.to_numpy(zero_copy_only=False), dtype=np.float64) for each in (one, other))
        equal = int((x == y).sum())
    else:
        x = y = np.empty(0)
        equal = sum(p == q for p, q in zip(one.to_pylist(), other.to_pylist(), strict=True))
    return Changed(output, int(both.sum()), int((has_a & ~has_b).sum()), int((has_b & ~has_a).sum()), equal, x, y)
