"""How near an alert comes to a clause that it fails: by how much the comparison that decides is missed.

A clause is a tree of comparisons of numbers and of other conditions. Of what AND joins the worst counts, of what OR joins
the best; comparisons are made alike by their scale, the spread of their difference among the alerts.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from sqlglot import exp

from jobs.pipeline.filters.columns import Catalogue
from jobs.pipeline.filters.compiling import compile_tree
from jobs.pipeline.filters.kinds import NUMBER, NUMERIC
from jobs.pipeline.filters.problems import Refused
from jobs.pipeline.filters.singles import alike

Floats = NDArray[np.float64]

_SIGNS: dict[type[exp.Expression], str] = {exp.LT: "<", exp.LTE: "<", exp.GT: ">", exp.GTE: ">", exp.EQ: "="}
_OPPOSITES: dict[type[exp.Expression], type[exp.Expression]] = {
    exp.LT: exp.GTE, exp.LTE: exp.GT, exp.GT: exp.LTE, exp.GTE: exp.LT,
}  # fmt: skip


@dataclass(frozen=True)
class Leaf:
    """A comparison of numbers, or another condition.

    Attributes
    ----------
    text : str
        As it is written.
    sql : str
        Of a comparison, the difference of its sides; of another condition, itself as 1 or 0.
    sign : str
        < or > or =: how the difference stands to 0 where the comparison is TRUE; empty for another condition.
    """

    text: str
    sql: str
    sign: str = ""

    def missed_by(self, values: Floats) -> Floats:
        """By how much, in the comparison's unit; 0 where it is TRUE, NaN where that is not known.

        Parameters
        ----------
        values : numpy.ndarray of float64, shape (n,)
            What `sql` gave per alert, NaN for NULL.
        """
        if self.sign == "<":
            return np.maximum(values, 0.0)
        if self.sign == ">":
            return np.maximum(-values, 0.0)
        return np.abs(values) if self.sign == "=" else np.where(values == 1.0, 0.0, np.nan)


@dataclass(frozen=True)
class Joined:
    """What AND or OR joins.

    Attributes
    ----------
    word : str
        AND or OR.
    parts : tuple of Leaf or Joined
        From left to right.
    """

    word: str
    parts: "tuple[Leaf | Joined, ...]"


Tree = Leaf | Joined


def tree_of(clause: exp.Expression, catalogue: Catalogue) -> Tree:
    """A clause as a tree of what can be missed by more or less.

    Parameters
    ----------
    clause : sqlglot.exp.Expression
        As `compiling.clause_trees` gives it.
    catalogue : Catalogue
        The columns that it may name.

    Raises
    ------
    Refused
        If a part of it is not allowed by itself.
    """
    if isinstance(clause, exp.Paren):
        return tree_of(clause.this, catalogue)
    if isinstance(clause, exp.And | exp.Or):
        parts = tuple(tree_of(each, catalogue) for each in (clause.left, clause.right))
        return Joined("AND" if isinstance(clause, exp.And) else "OR", parts)
    if isinstance(clause, exp.Between):
        low = exp.GTE(this=clause.this.copy(), expression=clause.args["low"].copy())
        high = exp.LTE(this=clause.this.copy(), expression=clause.args["high"].copy())
        return Joined("AND", (tree_of(low, catalogue), tree_of(high, catalogue)))
    if isinstance(clause, exp.Not) and (turned := _turned(clause.this)) is not None:
        return tree_of(turned, catalogue)
    return _comparison(clause, catalogue) or _other(clause, catalogue)


def leaves_in(tree: Tree) -> list[Leaf]:
    """The leaves of a tree, from left to right.

    Parameters
    ----------
    tree : Leaf or Joined
        As `tree_of` gives it.
    """
    return [tree] if isinstance(tree, Leaf) else [leaf for part in tree.parts for leaf in leaves_in(part)]


def _turned(inner: exp.Expression) -> exp.Expression | None:
    """NOT of something, without the NOT, where that is a comparison with an opposite, AND or OR."""
    if isinstance(inner, exp.Paren):
        return _turned(inner.this)
    if type(inner) in _OPPOSITES:
        return _OPPOSITES[type(inner)](this=inner.this.copy(), expression=inner.expression.copy())
    if isinstance(inner, exp.And | exp.Or):
        other = exp.Or if isinstance(inner, exp.And) else exp.And
        sides = [exp.Not(this=exp.Paren(this=side.copy())) for side in (inner.left, inner.right)]
        return other(this=sides[0], expression=sides[1])
    return None


def _comparison(node: exp.Expression, catalogue: Catalogue) -> Leaf | None:
    if type(node) not in _SIGNS:
        return None
    try:
        sides = [compile_tree(side, catalogue) for side in (node.this, node.expression)]
    except Refused:
        return None
    if any(side.kind not in NUMERIC for side in sides):
        return None
    (left, right), _ = alike(sides, NUMBER)
    return Leaf(node.sql(dialect="spark"), f"({left} - {right})", _SIGNS[type(node)])


def _other(node: exp.Expression, catalogue: Catalogue) -> Leaf:
    return Leaf(node.sql(dialect="spark"), f"CAST({compile_tree(node, catalogue).sql} AS DOUBLE)")


@dataclass(frozen=True)
class Missed:
    """By how much alerts miss a clause, shape (n,).

    Attributes
    ----------
    by : numpy.ndarray of float64
        In the unit of the comparison that decides; NaN where none does.
    relative : numpy.ndarray of float64
        As a part of that comparison's scale; infinite where no number says it.
    leaf : numpy.ndarray of int64
        Which leaf decides, from the left.
    """

    by: Floats
    relative: Floats
    leaf: NDArray[np.int64]


def missed(tree: Tree, values: Sequence[Floats], scales: Sequence[float]) -> Missed:
    """By how much a clause is missed.

    Parameters
    ----------
    tree : Leaf or Joined
        The clause.
    values : sequence of numpy.ndarray of float64, shape (n,)
        What the SQL of its leaves gave, from left to right.
    scales : sequence of float
        Spread of each leaf's values (`scale_of`), from left to right.
    """
    return _missed(tree, iter(range(len(values))), values, scales)


def _missed(tree: Tree, numbers: Iterator[int], values: Sequence[Floats], scales: Sequence[float]) -> Missed:
    if isinstance(tree, Leaf):
        at = next(numbers)
        by = tree.missed_by(values[at])
        return Missed(by, np.where(np.isnan(by), np.inf, by / scales[at]), np.full(len(by), at))
    parts = [_missed(part, numbers, values, scales) for part in tree.parts]
    relative = np.stack([part.relative for part in parts])
    chosen = relative.argmax(axis=0) if tree.word == "AND" else relative.argmin(axis=0)
    rows = np.arange(relative.shape[1])
    by, leaf = (np.stack([getattr(part, name) for part in parts])[chosen, rows] for name in ("by", "leaf"))
    return Missed(by, relative[chosen, rows], leaf)


def scale_of(values: Floats) -> float:
    """The spread of a difference: the interquartile range of its values; if that is 0, the largest magnitude, or 1.

    Parameters
    ----------
    values : numpy.ndarray of float64
        What is not finite is left out.
    """
    known = values[np.isfinite(values)]
    if not len(known):
        return 1.0
    low, high = np.percentile(known, [25, 75])
    return float(high - low) or float(np.abs(known).max()) or 1.0
