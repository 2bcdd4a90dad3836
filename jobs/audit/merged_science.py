"""The merged science files of a night, gone through once, so that each batch's numbers can be counted from them again.

A batch's alerts are known by its id file; no two batches of a table share an alert.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq
from numpy.typing import NDArray

from jobs.audit.recount import Outcome, outcomes, totals
from jobs.ledger.counts import Counts
from jobs.packets.content import content_hash
from jobs.storage.schema_union import is_module

MEASUREMENT = ("mjd", "ra", "dec", "band", "flux", "flux_err")
KEYS = ["survey", "alert_id"]
_ROWS_AT_ONCE = 4096
_NO_COLUMN = Outcome("no such column", 1, 1)

Codes = NDArray[np.int16]


@dataclass
class _Vocabulary:
    """Texts as small numbers."""

    texts: list[str] = field(default_factory=list)

    def codes(self, texts: pa.Array) -> Codes:
        """The number of each text; new texts get new ones. NULL is the text None."""
        encoded = pc.dictionary_encode(texts, null_encoding="encode")
        numbers = np.array([self._code(str(each)) for each in encoded.dictionary.to_pylist()], dtype=np.int16)
        found: Codes = numbers[encoded.indices.to_numpy(zero_copy_only=False)]
        return found

    def _code(self, text: str) -> int:
        if text not in self.texts:
            self.texts.append(text)
        return self.texts.index(text)


@dataclass
class _Module:
    """What a module said of every row: its outcome and its version."""

    outcomes: list[Codes] = field(default_factory=list)
    versions: list[Codes] = field(default_factory=list)
    known: dict[Outcome, int] = field(default_factory=dict)
    version_names: _Vocabulary = field(default_factory=_Vocabulary)

    def add(self, column: pa.StructArray) -> None:
        """Take note of the next rows."""
        found, codes = outcomes(column)
        self.outcomes.append(self._places(found)[codes])
        self.versions.append(self.version_names.codes(pc.struct_field(column, "version")))

    def lack(self, rows: int) -> None:
        """Take note of rows of files that lack the module: no version, no answer."""
        self.outcomes.append(np.repeat(self._places([_NO_COLUMN]), rows))
        self.versions.append(self.version_names.codes(pa.nulls(rows, pa.string())))

    def counts(self, rows: NDArray[np.int64]) -> Counts:
        """What the ledger should say of some rows."""
        numbers = np.bincount(np.concatenate(self.outcomes)[rows], minlength=len(self.known)).tolist()
        return totals(zip(self.known, numbers, strict=True))

    def versions_of(self, rows: NDArray[np.int64]) -> set[str]:
        """The versions among some rows."""
        return {self.version_names.texts[code] for code in np.unique(np.concatenate(self.versions)[rows]).tolist()}

    def _places(self, found: Sequence[Outcome]) -> Codes:
        return np.array([self.known.setdefault(each, len(self.known)) for each in found], dtype=np.int16)


class MergedScience:
    """The rows of a night's merged science files, about 50 bytes each.

    Attributes
    ----------
    alerts : pyarrow.Table
        survey, alert_id, content_hash, night.
    """

    def __init__(self, paths: Sequence[Path]) -> None:
        self._alerts: list[pa.Table] = []
        self._null_flux: list[NDArray[np.bool_]] = []
        self._bad_history: list[NDArray[np.int64]] = []
        self._sound: list[NDArray[np.bool_]] = []
        self._modules: dict[str, _Module] = {}
        for batch in _batches(paths):
            self._add(batch)
        self.alerts = pa.concat_tables(self._alerts)

    def rows_of(self, ids: pa.Table) -> NDArray[np.int64]:
        """The rows that hold these alerts.

        Parameters
        ----------
        ids : pyarrow.Table
            With survey and alert_id.

        Returns
        -------
        numpy.ndarray of int64
            Row numbers in `alerts`, ascending; alerts that are not there have none.
        """
        numbered = self.alerts.select(KEYS).append_column("_row", pa.array(np.arange(self.alerts.num_rows)))
        joined = numbered.join(ids.select(KEYS), KEYS, join_type="left semi")
        return np.sort(np.asarray(joined["_row"].to_numpy(), dtype=np.int64))

    def counts(self, rows: NDArray[np.int64], modules: Sequence[str]) -> Counts:
        """The numbers that the ledger keeps of science rows, for some of them.

        Parameters
        ----------
        rows : numpy.ndarray of int64
            Row numbers, as `rows_of` gives them.
        modules : sequence of str
            Names of science modules; each should be a column of one of the files.
        """
        return {
            "enriched": len(rows),
            "null_flux": int(np.concatenate(self._null_flux)[rows].sum()),
            "bad_history": int(np.concatenate(self._bad_history)[rows].sum()),
            "modules": {name: self._modules[name].counts(rows) for name in modules},
        }

    def versions(self, rows: NDArray[np.int64], module: str) -> set[str]:
        """A module's versions among some rows.

        Parameters
        ----------
        rows : numpy.ndarray of int64
            Row numbers, as `rows_of` gives them.
        module : str
            Its name.
        """
        return self._modules[module].versions_of(rows)

    def changed(self, rows: NDArray[np.int64]) -> int:
        """How many of some rows have a measurement that does not give their content hash.

        Parameters
        ----------
        rows : numpy.ndarray of int64
            Row numbers, as `rows_of` gives them.
        """
        return int(np.count_nonzero(~np.concatenate(self._sound)[rows]))

    def _add(self, table: pa.Table) -> None:
        self._alerts.append(table.select([*KEYS, "content_hash", "night"]))
        self._null_flux.append(np.asarray(table["flux"].is_null().to_numpy()))
        self._bad_history.append(np.asarray(pc.fill_null(table["n_bad_history"], 0).to_numpy(), dtype=np.int64))
        self._sound.append(content_hash(table) == table["content_hash"].to_numpy())
        for name in table.column_names:
            if is_module(table[name].type):
                self._module(name, table.num_rows).add(table[name].combine_chunks())
        for module in self._modules.values():
            _pad(module, sum(map(len, self._null_flux)))

    def _module(self, name: str, rows: int) -> _Module:
        if name not in self._modules:
            self._modules[name] = _Module()
            _pad(self._modules[name], sum(map(len, self._null_flux)) - rows)
        return self._modules[name]


def _pad(module: _Module, rows: int) -> None:
    """Rows of files that lack the module: no version, no answer."""
    lacking = rows - sum(map(len, module.outcomes))
    if lacking > 0:
        module.lack(lacking)


def _batches(paths: Sequence[Path]) -> Iterator[Any]:
    for path in paths:
        with pq.ParquetFile(path) as file:
            modules = [each.name for each in file.schema_arrow if is_module(each.type)]
            columns = [*KEYS, "content_hash", "night", *MEASUREMENT, "n_bad_history", *modules]
            for batch in file.iter_batches(_ROWS_AT_ONCE, columns=columns):
                yield pa.Table.from_batches([batch])
