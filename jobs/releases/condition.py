"""`--where`: one boolean expression over the columns of the view, evaluated by pyarrow on each chunk before any module."""

from collections.abc import Callable

import pyarrow as pa
import pyarrow.compute as pc
import sqlglot
from sqlglot import exp

from jobs.releases.view import VIEW_SCHEMA

_COMPARISONS: dict[type[exp.Expression], Callable[[pc.Expression, pc.Expression], pc.Expression]] = {
    exp.GT: lambda a, b: a > b,
    exp.GTE: lambda a, b: a >= b,
    exp.LT: lambda a, b: a < b,
    exp.LTE: lambda a, b: a <= b,
    exp.EQ: lambda a, b: a == b,
    exp.NEQ: lambda a, b: a != b,
    exp.And: lambda a, b: a & b,
    exp.Or: lambda a, b: a | b,
}
_SCALARS = tuple(each.name for each in VIEW_SCHEMA if not pa.types.is_nested(each.type))


class BadCondition(ValueError):
    """The text is no condition; the message says what one looks like."""


def condition(text: str) -> pc.Expression:
    """A condition that pyarrow evaluates; NULL is not taken.

    Parameters
    ----------
    text : str
        Comparisons of columns of the common view with numbers, texts, true and false; AND, OR, NOT, BETWEEN, IS NULL.

    Raises
    ------
    BadCondition
        For anything else, or a column that is not there.
    """
    try:
        tree = sqlglot.parse_one(text, dialect="spark")
    except sqlglot.errors.ParseError as error:
        raise BadCondition(f"--where {text!r} is no SQL condition: {error.errors[0]['description']}") from None
    made = _compiled(tree)
    try:
        VIEW_SCHEMA.empty_table().filter(made)
    except (pa.ArrowException, TypeError) as error:
        raise BadCondition(f"--where {text!r}: {error}") from None
    return made


def _compiled(tree: exp.Expression) -> pc.Expression:
    if isinstance(tree, exp.Paren):
        return _compiled(tree.this)
    if isinstance(tree, exp.Not):
        return ~_compiled(tree.this)
    if isinstance(tree, exp.Neg):
        return pc.multiply(_compiled(tree.this), pc.scalar(-1))
    if isinstance(tree, exp.Is) and isinstance(tree.expression, exp.Null):
        return _compiled(tree.this).is_null()
    if isinstance(tree, exp.Between):
        value = _compiled(tree.this)
        return (value >= _compiled(tree.args["low"])) & (value <= _compiled(tree.args["high"]))
    if type(tree) in _COMPARISONS:
        return _COMPARISONS[type(tree)](_compiled(tree.this), _compiled(tree.expression))
    return _leaf(tree)


def _leaf(tree: exp.Expression) -> pc.Expression:
    if isinstance(tree, exp.Boolean):
        return pc.scalar(bool(tree.this))
    if isinstance(tree, exp.Literal):
        return pc.scalar(str(tree.this) if tree.is_string else float(tree.this))
    if isinstance(tree, exp.Column) and tree.name in _SCALARS:
        return pc.field(tree.name)
    if isinstance(tree, exp.Column):
        raise BadCondition(f"--where: no column {tree.sql()!r} that can be compared; there are {', '.join(_SCALARS)}")
    raise BadCondition(f"--where takes comparisons, AND, OR, NOT, BETWEEN and IS NULL; found {tree.sql()!r}")
