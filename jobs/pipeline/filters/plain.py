"""Conditions of comparisons and simple arithmetic, evaluated by Arrow: Spark takes 7 s to start, and a person waits.

What Spark would be given (`Typed.sql`) is evaluated here part by part, so that kinds, float32 and NULL are decided once, by
the compiler. Only what gives the same to the bit is on the list; the rest (light curves, most functions, integers that
might overflow) is Spark's.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import reduce
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc
import sqlglot
from sqlglot import exp

from jobs.pipeline.filters.kinds import BOOLEAN, INTEGER, NUMBER, SCALARS, STRING, Kind
from jobs.pipeline.filters.typed import Typed

# An Arrow array, or a scalar where nothing depends on the alert.
Values = Any
_BY_NAME = {"DOUBLE": NUMBER, "BIGINT": INTEGER, "TEXT": STRING, "BOOLEAN": BOOLEAN}


class _ForSpark(Exception):
    """Something that is not on the list."""


@dataclass(frozen=True)
class _Part:
    """A part of a condition: its kind, and its values for a table of clean leaves."""

    kind: Kind
    of: Callable[[pa.Table], Values]


def plain(condition: Typed, kinds: Mapping[str, Kind]) -> Callable[[pa.Table], pa.Array] | None:
    """A condition as a function of clean leaves.

    Parameters
    ----------
    condition : Typed
        As `compile_condition` gives it.
    kinds : mapping of str to Kind
        Of the columns that it names.

    Returns
    -------
    callable or None
        Gives the condition's value for each row of a table that has the columns, NULL where it is not known; None if the
        condition is Spark's to evaluate.
    """
    if "\\" in condition.sql:  # text in escapes
        return None
    try:
        part = _Maker(kinds).made(sqlglot.parse_one(condition.sql, dialect="spark"))
    except _ForSpark:
        return None

    def evaluate(leaves: pa.Table) -> pa.Array:
        found = part.of(leaves)
        if isinstance(found, pa.Scalar):
            return pa.repeat(found, leaves.num_rows)
        return found.combine_chunks() if isinstance(found, pa.ChunkedArray) else found

    return evaluate


@dataclass(frozen=True)
class _Maker:
    """Makes the parts of a condition whose columns are of some kinds."""

    kinds: Mapping[str, Kind]

    def made(self, node: exp.Expression) -> _Part:
        """The part that a node is; raises _ForSpark where it is not on the list."""
        make = _NODES.get(type(node))
        if make is None:
            raise _ForSpark
        return make(self, node)

    def all(self, *nodes: exp.Expression) -> list[_Part]:
        """Several."""
        return [self.made(node) for node in nodes]


def _column(maker: _Maker, node: exp.Column) -> _Part:
    kind = maker.kinds[node.name]
    if kind not in SCALARS:
        raise _ForSpark
    return _Part(kind, lambda leaves: leaves[node.name])


def _constant(kind: Kind, value: Any) -> _Part:
    scalar = pa.scalar(value, kind.arrow)
    return _Part(kind, lambda leaves: scalar)


def _literal(maker: _Maker, node: exp.Literal) -> _Part:
    if not node.is_string:  # a number has a suffix, which is a cast
        raise _ForSpark
    return _constant(STRING, str(node.this))


def _boolean(maker: _Maker, node: exp.Boolean) -> _Part:
    return _constant(BOOLEAN, bool(node.this))


def _cast(maker: _Maker, node: exp.Cast) -> _Part:
    """A number as it is written, a NULL of a kind, or an integer as a number."""
    kind, inner = _BY_NAME.get(node.to.this.name), node.this
    if kind is None:
        raise _ForSpark
    if isinstance(inner, exp.Null):
        return _constant(kind, None)
    if isinstance(inner, exp.Literal) and not inner.is_string:
        return _constant(kind, int(inner.this) if kind == INTEGER else float(inner.this))
    part = maker.made(inner)
    if (part.kind, kind) != (INTEGER, NUMBER):
        raise _ForSpark
    return _Part(NUMBER, lambda leaves: pc.cast(part.of(leaves), pa.float64(), safe=False))


def _paren(maker: _Maker, node: exp.Paren) -> _Part:
    return maker.made(node.this)


def _logic(combine: Callable[[Values, Values], Values]) -> Callable[[_Maker, exp.Connector], _Part]:
    def make(maker: _Maker, node: exp.Connector) -> _Part:
        parts = maker.all(*node.flatten())  # type: ignore[no-untyped-call]
        return _Part(BOOLEAN, lambda leaves: reduce(combine, (part.of(leaves) for part in parts)))

    return make


def _not(maker: _Maker, node: exp.Not) -> _Part:
    part = maker.made(node.this)
    return _Part(BOOLEAN, lambda leaves: pc.invert(part.of(leaves)))


def _is(maker: _Maker, node: exp.Is) -> _Part:
    part, state = maker.made(node.this), node.expression
    if isinstance(state, exp.Null):
        return _Part(BOOLEAN, lambda leaves: pc.is_null(part.of(leaves)))
    wanted = bool(state.this)
    return _Part(BOOLEAN, lambda leaves: pc.fill_null(pc.equal(part.of(leaves), wanted), False))


def _binary(compute: Callable[[Values, Values], Values], kind: Kind) -> Callable[[_Maker, exp.Binary], _Part]:
    def make(maker: _Maker, node: exp.Binary) -> _Part:
        left, right = maker.all(node.this, node.expression)
        if left.kind != right.kind or (kind == NUMBER and left.kind != NUMBER):
            raise _ForSpark
        return _Part(kind, lambda leaves: compute(left.of(leaves), right.of(leaves)))

    return make


def _in(maker: _Maker, node: exp.In) -> _Part:
    value, listed = maker.made(node.this), maker.all(*node.expressions)
    if any(each.kind != value.kind for each in listed):
        raise _ForSpark

    def of(leaves: pa.Table) -> Values:
        own = value.of(leaves)
        return reduce(pc.or_kleene, (pc.equal(own, each.of(leaves)) for each in listed))

    return _Part(BOOLEAN, of)


def _one_number(compute: Callable[[Values], Values]) -> Callable[[_Maker, exp.Unary], _Part]:
    def make(maker: _Maker, node: exp.Unary) -> _Part:
        if isinstance(node.this, exp.Cast) and isinstance(node.this.this, exp.Literal):
            part = _cast(maker, node.this)  # a literal below 0, of either kind
        else:
            part = maker.made(node.this)
            if part.kind != NUMBER:
                raise _ForSpark
        return _Part(part.kind, lambda leaves: compute(part.of(leaves)))

    return make


def _if(maker: _Maker, node: exp.If) -> _Part:
    condition, yes, no = maker.all(node.this, node.args["true"], node.args["false"])
    if yes.kind != no.kind:
        raise _ForSpark

    def of(leaves: pa.Table) -> Values:
        return pc.if_else(pc.fill_null(condition.of(leaves), False), yes.of(leaves), no.of(leaves))

    return _Part(yes.kind, of)


def _of_alike(compute: Callable[..., Values]) -> Callable[[_Maker, exp.Func], _Part]:
    def make(maker: _Maker, node: exp.Func) -> _Part:
        parts = maker.all(node.this, *node.expressions)
        if len({part.kind for part in parts}) > 1:
            raise _ForSpark
        return _Part(parts[0].kind, lambda leaves: compute(*(part.of(leaves) for part in parts)))

    return make


def _called(maker: _Maker, node: exp.Anonymous) -> _Part:
    make = _FUNCTIONS.get(str(node.this).lower())
    if make is None:
        raise _ForSpark
    return make(maker.all(*node.expressions))


def _nanvl(parts: Sequence[_Part]) -> _Part:
    """NULL where a number is NaN: the compiler writes no other."""
    number = parts[0]
    null = pa.scalar(None, pa.float64())

    def of(leaves: pa.Table) -> Values:
        values = number.of(leaves)
        return pc.if_else(pc.is_nan(values), null, values)

    return _Part(NUMBER, of)


def _divided(parts: Sequence[_Part]) -> _Part:
    """NULL where the divisor is 0."""
    above, below = parts
    if (above.kind, below.kind) != (NUMBER, NUMBER):
        raise _ForSpark
    null = pa.scalar(None, pa.float64())

    def of(leaves: pa.Table) -> Values:
        divisor = below.of(leaves)
        return pc.divide(above.of(leaves), pc.if_else(pc.equal(divisor, 0.0), null, divisor))

    return _Part(NUMBER, of)


_FUNCTIONS: dict[str, Callable[[Sequence[_Part]], _Part]] = {"nanvl": _nanvl, "try_divide": _divided}
_NODES: dict[type[exp.Expression], Callable[[_Maker, Any], _Part]] = {
    exp.Column: _column,
    exp.Literal: _literal,
    exp.Boolean: _boolean,
    exp.Cast: _cast,
    exp.TryCast: _cast,
    exp.Paren: _paren,
    exp.And: _logic(pc.and_kleene),
    exp.Or: _logic(pc.or_kleene),
    exp.Not: _not,
    exp.Is: _is,
    exp.In: _in,
    exp.EQ: _binary(pc.equal, BOOLEAN),
    exp.NEQ: _binary(pc.not_equal, BOOLEAN),
    exp.LT: _binary(pc.less, BOOLEAN),
    exp.LTE: _binary(pc.less_equal, BOOLEAN),
    exp.GT: _binary(pc.greater, BOOLEAN),
    exp.GTE: _binary(pc.greater_equal, BOOLEAN),
    exp.Add: _binary(pc.add, NUMBER),
    exp.Sub: _binary(pc.subtract, NUMBER),
    exp.Mul: _binary(pc.multiply, NUMBER),
    exp.Neg: _one_number(pc.negate),
    exp.Abs: _one_number(pc.abs),
    exp.Anonymous: _called,
    exp.If: _if,
    exp.Coalesce: _of_alike(pc.coalesce),
    exp.Greatest: _of_alike(lambda *values: pc.max_element_wise(*values, skip_nulls=False)),
    exp.Least: _of_alike(lambda *values: pc.min_element_wise(*values, skip_nulls=False)),
}
