"""The near misses of a clause: the alerts that come nearest to passing it, of those that fail it alone."""

from dataclasses import dataclass, field

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray
from sqlglot import exp

from jobs.pipeline.filters.columns import Catalogue
from jobs.pipeline.filters.leaves import ALWAYS
from jobs.pipeline.filters.misses import Floats, Leaf, Tree, leaves_in, missed, scale_of, tree_of
from jobs.storage.schema_union import joined

SAMPLES = 10
MISSES = ("missed_by", "comparison", "of_spread")


@dataclass
class Nearest:
    """Keeps the nearest misses of one clause, while tables of alerts go by.

    Attributes
    ----------
    number : int
        Of the clause.
    scales : list of float
        Of its comparisons, from the first table of alerts.
    """

    tree: Tree
    number: int
    scales: list[float] = field(default_factory=list)
    _kept: pa.Table | None = None

    @classmethod
    def of(cls, clause: exp.Expression, number: int, catalogue: Catalogue) -> "Nearest":
        """Near misses of a clause, none of them seen yet.

        Parameters
        ----------
        clause : sqlglot.exp.Expression
            As `compiling.clause_trees` gives it.
        number : int
            Of the clause; names the columns that `asked` adds.
        catalogue : Catalogue
            The columns that the clause may name.
        """
        return cls(tree_of(clause, catalogue), number)

    @property
    def leaves(self) -> list[Leaf]:
        """The comparisons of the clause."""
        return leaves_in(self.tree)

    @property
    def asked(self) -> dict[str, str]:
        """The SQL that has to be evaluated beside the clauses."""
        return {f"leaf {self.number} {at}": leaf.sql for at, leaf in enumerate(self.leaves)}

    def add(self, alerts: pa.Table, found: pa.Table, near: NDArray[np.bool_], columns: list[str]) -> pa.Table:
        """Add a table of alerts, and give the nearest so far.

        Parameters
        ----------
        alerts : pyarrow.Table
            Clean columns (`leaves`), one row per alert.
        found : pyarrow.Table
            What `asked` gave for the alerts.
        near : numpy.ndarray of bool, shape (n,)
            The alerts that fail this clause alone, which is FALSE.
        columns : list of str
            To be shown, beside the ids and MISSES.

        Returns
        -------
        pyarrow.Table
            Up to SAMPLES alerts, the nearest first.
        """
        values = [_floats(found[name]) for name in self.asked]
        self.scales = self.scales or [scale_of(each) for each in values]
        rows = np.flatnonzero(near)
        told = missed(self.tree, [each[rows] for each in values], self.scales)
        order = np.lexsort((rows, told.relative))[:SAMPLES]
        shown = alerts.select([*ALWAYS, *(name for name in columns if name not in ALWAYS)]).take(pa.array(rows[order]))
        texts = pa.array([self.leaves[at].text for at in told.leaf[order]], pa.string())
        misses = (_known(told.by[order]), texts, _known(told.relative[order]))
        for name, column in zip(MISSES, misses, strict=True):
            shown = shown.append_column(name, column)
        both = shown if self._kept is None else joined([self._kept, shown])
        self._kept = both.sort_by([("of_spread", "ascending"), ("alert_id", "ascending")]).slice(0, SAMPLES)
        return self._kept


def _floats(column: pa.ChunkedArray) -> Floats:
    values: Floats = column.cast(pa.float64()).to_numpy().astype(np.float64)
    return values


def _known(values: Floats) -> pa.Array:
    """Numbers, NULL for what is none."""
    return pa.array(values, pa.float64(), mask=~np.isfinite(values))
