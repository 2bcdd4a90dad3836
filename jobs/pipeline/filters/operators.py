"""The operators of a filter: what they take, and the Spark SQL that never raises."""

import math
from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import Protocol

from sqlglot import exp

from jobs.pipeline.filters.columns import sentinels
from jobs.pipeline.filters.costs import match_work
from jobs.pipeline.filters.kinds import BOOLEAN, INTEGER, NOTHING, NUMBER, NUMERIC, STRING, Kind
from jobs.pipeline.filters.parsing import place_of
from jobs.pipeline.filters.problems import Refused
from jobs.pipeline.filters.singles import alike
from jobs.pipeline.filters.typed import Typed, combined, common, literal, literal_sql, never_nan, to, wants

GREATEST_INTEGER = 2**63 - 1

_COMPARISONS = {exp.EQ: "=", exp.NEQ: "<>", exp.LT: "<", exp.LTE: "<=", exp.GT: ">", exp.GTE: ">="}
_ARITHMETIC = {exp.Add: ("+", "try_add"), exp.Sub: ("-", "try_subtract"), exp.Mul: ("*", "try_multiply")}
_CASTS = {"DOUBLE": NUMBER, "BIGINT": INTEGER, "TEXT": STRING, "VARCHAR": STRING}
_MAX_PATTERN = 100
_MAX_WILDCARDS = 4


class Compiler(Protocol):
    """What an operator asks of the walk through the tree."""

    def compile(self, node: exp.Expression) -> Typed:
        """The expression that a node is.

        Parameters
        ----------
        node : sqlglot.exp.Expression
            With all that is below it.
        """

    def boolean(self, node: exp.Expression, what: str) -> Typed:
        """A node that gives a boolean, no bare tri-state column.

        Parameters
        ----------
        node : sqlglot.exp.Expression
        what : str
            What wants the boolean, as a refusal names it.
        """

    def all(self, nodes: Sequence[exp.Expression]) -> list[Typed]:
        """The expressions that several nodes are.

        Parameters
        ----------
        nodes : sequence of sqlglot.exp.Expression
            In the order wanted.
        """

    def refuse_tri_state(self, made: Typed) -> None:
        """Refuse a bare tri-state column (`columns.TRI_STATE`).

        Parameters
        ----------
        made : Typed
            Any expression; all but those columns pass.
        """


def number(node: exp.Expression) -> int | float:
    """The value of a number as it is written.

    Parameters
    ----------
    node : sqlglot.exp.Expression
        A literal that is no text.

    Raises
    ------
    Refused
        If it is beyond 64 bits or beyond a double.
    """
    text = str(node.this)
    value = int(text) if text.isdigit() else float(text)
    if isinstance(value, int) and value > GREATEST_INTEGER:
        raise Refused(f"{text} is beyond 64 bits", place_of(node))
    if isinstance(value, float) and not math.isfinite(value):
        raise Refused(f"{text} is beyond a double", place_of(node))
    return value


def _comparison(compiler: Compiler, node: exp.Binary) -> Typed:
    sign = _COMPARISONS[type(node)]
    return _compared(compiler, sign, compiler.all([node.this, node.expression]))


def _compared(compiler: Compiler, sign: str, parts: Sequence[Typed]) -> Typed:
    left, right = parts
    for part, other in ((left, right), (right, left)):
        compiler.refuse_tri_state(part)
        _refuse_never(part, other)
    kind = common(parts, sign)
    if kind.element is not None:
        raise Refused(f"{sign} wants values, not lists", left.place)
    if kind == BOOLEAN and sign not in ("=", "<>"):
        raise Refused(f"{sign} wants numbers or strings, has booleans", left.place)
    (first, second), _ = alike(parts, kind)
    return combined(BOOLEAN, f"({first} {sign} {second})", parts)


def _refuse_never(part: Typed, other: Typed) -> None:
    """Refuse comparisons that are always NULL: with NULL, with a value that means "no value"."""
    if part.kind == NOTHING:
        raise Refused("a comparison with NULL is always NULL; write IS NULL or IS NOT NULL", part.place or other.place)
    survey_field = other.column.removeprefix("candidate.")
    if survey_field == other.column or part.literal is None or isinstance(part.literal, bool):
        return
    if any(part.literal in values for values in sentinels(survey_field).values()):
        raise Refused(
            f"{other.column} is NULL where the survey publishes {part.literal!r}; write {other.column} IS NULL",
            part.place,
        )


def _between(compiler: Compiler, node: exp.Between) -> Typed:
    value, low, high = compiler.all([node.this, node.args["low"], node.args["high"]])
    parts = [_compared(compiler, ">=", (value, low)), _compared(compiler, "<=", (value, high))]
    return combined(BOOLEAN, f"({parts[0].sql} AND {parts[1].sql})", parts)


def _in(compiler: Compiler, node: exp.In) -> Typed:
    if not node.expressions or any(node.args.get(key) for key in ("query", "unnest", "field")):
        raise Refused("IN wants a list of values", place_of(node))
    value, listed = compiler.compile(node.this), compiler.all(node.expressions)
    if any(each.literal is None for each in listed):
        raise Refused("IN wants values written out, without NULL", place_of(node))
    for each in listed:
        compiler.refuse_tri_state(value)
        _refuse_never(each, value)
    kind = common([value, *listed], "IN")
    wants(replace(value, kind=kind), (INTEGER, NUMBER, STRING), "IN")
    (first, *others), _ = alike([value, *listed], kind)
    return combined(BOOLEAN, f"({first} IN ({', '.join(others)}))", [value, *listed])


def _like(compiler: Compiler, node: exp.Like) -> Typed:
    value, pattern = compiler.all([node.this, node.expression])
    wants(value, (STRING,), "LIKE")
    if not isinstance(pattern.literal, str) or "\\" in pattern.literal or len(pattern.literal) > _MAX_PATTERN:
        raise Refused(f"LIKE wants a pattern written out, without \\, up to {_MAX_PATTERN} characters", pattern.place)
    if pattern.literal.count("%") > _MAX_WILDCARDS:
        raise Refused(f"LIKE takes at most {_MAX_WILDCARDS} %", pattern.place)
    more = match_work(value.size, len(pattern.literal))
    return combined(BOOLEAN, _liked(value.sql, pattern.literal), [value, pattern], more=more)


def _liked(value: str, pattern: str) -> str:
    """LIKE as a regular expression that never goes back: Spark's own takes time n^4 for four % in a text of n characters.

    What stands between two % is taken where it comes first, for good (an atomic group): if the rest does not fit then,
    it fits from no later place either.
    """
    first, *rest = pattern.split("%")
    if not rest:
        return f"({value} LIKE {literal_sql(pattern)})"
    *middle, last = rest
    found = "".join(f"(?>.*?{_regular(part)})" for part in middle if part)
    regular = rf"(?s)\A{_regular(first)}{found}.*{_regular(last)}\z"
    return f"({value} RLIKE {literal_sql(regular)})"


def _regular(part: str) -> str:
    """Text of a LIKE pattern as a regular expression."""
    return "".join("." if letter == "_" else rf"\x{{{ord(letter):x}}}" for letter in part)


def _arithmetic(compiler: Compiler, node: exp.Binary) -> Typed:
    sign, tried = _ARITHMETIC[type(node)]
    kind, (left, right), parts = _operands(compiler, node, sign)
    if kind == INTEGER:
        return combined(INTEGER, f"{tried}({left}, {right})", parts)
    return combined(NUMBER, never_nan(f"({left} {sign} {right})"), parts)


def _divide(compiler: Compiler, node: exp.Div) -> Typed:
    _, _, parts = _operands(compiler, node, "/")
    left, right = (to(part, NUMBER) for part in parts)
    return combined(NUMBER, never_nan(f"try_divide({left}, {right})"), parts)


def _modulo(compiler: Compiler, node: exp.Mod) -> Typed:
    kind, (left, right), parts = _operands(compiler, node, "%")
    called = f"try_mod({left}, {right})"
    return combined(kind, never_nan(called) if kind == NUMBER else called, parts)


def _operands(compiler: Compiler, node: exp.Binary, sign: str) -> tuple[Kind, tuple[str, str], list[Typed]]:
    parts = compiler.all([node.this, node.expression])
    for part in parts:
        wants(part, NUMERIC, sign)
    kind = common(parts, sign)
    return kind, (to(parts[0], kind), to(parts[1], kind)), parts


def _negative(compiler: Compiler, node: exp.Neg) -> Typed:
    if isinstance(node.this, exp.Literal) and not node.this.is_string:
        return literal(-number(node.this), place_of(node))
    part = compiler.compile(node.this)
    wants(part, NUMERIC, "-")
    sql = f"try_subtract(0L, {part.sql})" if part.kind == INTEGER else f"(- {part.sql})"
    return replace(combined(part.kind, sql, [part]), single=part.single)


def _cast(compiler: Compiler, node: exp.Cast) -> Typed:
    part, name = compiler.compile(node.this), node.to.this.name if isinstance(node.to, exp.DataType) else ""
    kind = _CASTS.get(name)
    if kind is None or node.to.expressions or node.args.get("format"):
        asked = node.to.sql(dialect="spark")
        raise Refused(f"CAST AS {asked} is not allowed; DOUBLE, BIGINT and STRING are", place_of(node))
    wants(part, (INTEGER,) if kind == STRING else (*NUMERIC, STRING, BOOLEAN), f"CAST AS {kind.spark}")
    if part.kind == BOOLEAN:
        return combined(kind, f"CAST({part.sql} AS {kind.spark})", [part])
    tried = f"try_cast({part.sql} AS {kind.spark})"
    if (part.kind, kind) == (NUMBER, INTEGER):
        # Spark takes 2^63 itself for the greatest integer.
        return combined(INTEGER, f"IF({part.sql} < 9.223372036854775808e18D, {tried}, NULL)", [part], twice=[part])
    return combined(kind, never_nan(tried) if kind == NUMBER else tried, [part])


def _case(compiler: Compiler, node: exp.Case) -> Typed:
    base = compiler.compile(node.this) if node.this else None
    whens, thens = [], []
    for each in node.args["ifs"]:
        when = _compared(compiler, "=", (base, compiler.compile(each.this))) if base else None
        whens.append(when or compiler.boolean(each.this, "CASE WHEN"))
        thens.append(compiler.compile(each.args["true"]))
    default = node.args.get("default")
    otherwise = compiler.compile(default) if default else Typed(NOTHING, "NULL")
    for each in (*thens, otherwise):
        compiler.refuse_tri_state(each)
    kind = common([*thens, otherwise], "CASE")
    (*results, last), single = alike([*thens, otherwise], kind)
    branches = " ".join(f"WHEN {when.sql} THEN {then}" for when, then in zip(whens, results, strict=True))
    made = combined(kind, f"(CASE {branches} ELSE {last} END)", [*whens, *thens, otherwise])
    return replace(made, single=single)


OPERATORS: dict[type[exp.Expression], Callable[..., Typed]] = {
    **dict.fromkeys(_COMPARISONS, _comparison),
    exp.Between: _between,
    exp.In: _in,
    exp.Like: _like,
    **dict.fromkeys(_ARITHMETIC, _arithmetic),
    exp.Div: _divide,
    exp.Mod: _modulo,
    exp.Neg: _negative,
    exp.Cast: _cast,
    exp.TryCast: _cast,
    exp.Case: _case,
}
