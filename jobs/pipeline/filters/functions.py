"""The functions that a filter may call: what they take, what they give, and the Spark SQL that never raises.

Nothing here makes lists or text longer without bound, draws numbers, reads clocks or files, or runs code.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace

from jobs.pipeline.filters.costs import search_work
from jobs.pipeline.filters.kinds import BOOLEAN, INTEGER, NUMBER, NUMERIC, STRING, Kind
from jobs.pipeline.filters.problems import Refused
from jobs.pipeline.filters.singles import alike
from jobs.pipeline.filters.typed import Typed, combined, common, never_nan, to, wants

Build = Callable[[str, Sequence[Typed]], Typed]

_TWO_TO_63 = "9.223372036854775808e18D"
_MAX_DECIMALS = 15


@dataclass(frozen=True)
class Function:
    """A function: how many arguments it takes, how it becomes SQL, what it gives.

    Attributes
    ----------
    at_least, at_most : int
    build : callable
        `build(name, arguments) -> Typed`.
    does : str
        One line for the documentation.
    """

    at_least: int
    at_most: int
    build: Build
    does: str


def _numbers(name: str, arguments: Sequence[Typed]) -> list[str]:
    for argument in arguments:
        wants(argument, NUMERIC, f"{name}()")
    return [to(argument, NUMBER) for argument in arguments]


def _real(name: str, arguments: Sequence[Typed]) -> Typed:
    called = f"{name}({', '.join(_numbers(name, arguments))})"
    return combined(NUMBER, never_nan(called), arguments)


def _abs(name: str, arguments: Sequence[Typed]) -> Typed:
    (value,) = arguments
    wants(value, NUMERIC, "abs()")
    if value.kind == NUMBER:
        return replace(combined(NUMBER, f"abs({value.sql})", arguments), single=value.single)
    # The least integer has no positive counterpart: through a wider type, and NULL.
    return combined(INTEGER, f"try_cast(abs(CAST({value.sql} AS DECIMAL(20, 0))) AS BIGINT)", arguments)


def _whole(name: str, arguments: Sequence[Typed]) -> Typed:
    (value,) = arguments
    wants(value, NUMERIC, f"{name}()")
    if value.kind == INTEGER:
        return combined(INTEGER, value.sql, arguments)
    sql = f"IF(abs({value.sql}) < {_TWO_TO_63}, {name}({value.sql}), NULL)"
    return combined(INTEGER, sql, arguments, twice=arguments)


def _round(name: str, arguments: Sequence[Typed]) -> Typed:
    value, decimals = arguments[0], (arguments[1].literal if len(arguments) == 2 else 0)
    wants(value, NUMERIC, "round()")
    if not isinstance(decimals, int) or isinstance(decimals, bool) or not 0 <= decimals <= _MAX_DECIMALS:
        raise Refused(f"round() wants a number of decimals from 0 to {_MAX_DECIMALS}, written out", arguments[1].place)
    if value.kind == INTEGER:
        return combined(INTEGER, value.sql, arguments[:1])
    return combined(NUMBER, f"round({value.sql}, {decimals})", arguments[:1])


def _extreme(name: str, arguments: Sequence[Typed]) -> Typed:
    """`greatest` and `least`; Spark's skip NULL, these give NULL if any argument is."""
    kind = common(arguments, f"{name}()")
    for argument in arguments:
        wants(argument, NUMERIC, f"{name}()")
    parts, single = alike(arguments, kind)
    missing = " OR ".join(f"{part} IS NULL" for part in parts)
    sql = f"IF({missing}, CAST(NULL AS {kind.spark}), {name}({', '.join(parts)}))"
    return replace(combined(kind, sql, arguments, twice=arguments), single=single)


def _coalesce(name: str, arguments: Sequence[Typed]) -> Typed:
    kind = common(arguments, f"{name}()")
    parts, single = alike(arguments, kind)
    return replace(combined(kind, f"coalesce({', '.join(parts)})", arguments), single=single)


def _if(name: str, arguments: Sequence[Typed]) -> Typed:
    condition, yes, no = arguments
    wants(condition, (BOOLEAN,), "if()")
    kind = common((yes, no), "if()")
    (first, second), single = alike((yes, no), kind)
    return replace(combined(kind, f"IF({condition.sql}, {first}, {second})", arguments), single=single)


def _nullif(name: str, arguments: Sequence[Typed]) -> Typed:
    value = arguments[0]
    kind = common(arguments, "nullif()")
    if kind.element is not None:
        raise Refused("nullif() wants values, not lists", value.place)
    (first, second), single = alike(arguments, kind)
    sql = f"IF(({first} = {second}), CAST(NULL AS {kind.spark}), {first})"
    return replace(combined(kind, sql, arguments, twice=(value,)), single=single)


def _of_text(gives: Kind) -> Build:
    def build(name: str, arguments: Sequence[Typed]) -> Typed:
        for argument in arguments:
            wants(argument, (STRING,), f"{name}()")
        called = f"{name}({', '.join(argument.sql for argument in arguments)})"
        size = sum(argument.size for argument in arguments) if name == "concat" else None
        more = search_work(*(argument.size for argument in arguments)) if name == "contains" else 0
        sql = f"CAST({called} AS BIGINT)" if gives == INTEGER else called
        return combined(gives, sql, arguments, size=size, more=more)

    return build


def _substring(name: str, arguments: Sequence[Typed]) -> Typed:
    wants(arguments[0], (STRING,), "substring()")
    if any(not isinstance(each.literal, int) or abs(each.literal) > 1000 for each in arguments[1:]):
        raise Refused("substring() wants start (from 1) and length written out, up to 1000", arguments[1].place)
    places = ", ".join(f"CAST({each.sql} AS INT)" for each in arguments[1:])
    return combined(STRING, f"substring({arguments[0].sql}, {places})", arguments)


def _size(name: str, arguments: Sequence[Typed]) -> Typed:
    _list(name, arguments[0])
    return combined(INTEGER, f"CAST(array_size({arguments[0].sql}) AS BIGINT)", arguments)


def _array_extreme(name: str, arguments: Sequence[Typed]) -> Typed:
    """`array_min` and `array_max`; Spark's skip NULL, these give NULL if any element is."""
    (values,) = arguments
    element = _list(name, values)
    if element not in NUMERIC:
        raise Refused(f"{name}() wants a list of numbers, has a {values.kind}", values.place)
    sql = f"IF(exists({values.sql}, e -> e IS NULL), CAST(NULL AS {element.spark}), {name}({values.sql}))"
    return replace(combined(element, sql, arguments, twice=arguments), single=values.single)


def _array_contains(name: str, arguments: Sequence[Typed]) -> Typed:
    values, wanted = arguments
    element = _list(name, values)
    wants(wanted, NUMERIC if element == NUMBER else (element,), "array_contains()")
    (_, looked_for), _ = alike((replace(values, kind=element), wanted), element)
    return combined(BOOLEAN, f"array_contains({values.sql}, {looked_for})", arguments)


def _element_at(name: str, arguments: Sequence[Typed]) -> Typed:
    values, at = arguments
    element = _list(name, values)
    if not isinstance(at.literal, int) or not 0 < abs(at.literal) <= 100_000:
        raise Refused("element_at() wants a place written out: 1 is the first, -1 the last, 0 there is none", at.place)
    return replace(combined(element, f"try_element_at({values.sql}, {at.literal})", arguments), single=values.single)


def _list(name: str, values: Typed) -> Kind:
    if values.kind.element is None:
        raise Refused(f"{name}() wants a list, has a {values.kind}", values.place)
    return values.kind.element


_REAL_FUNCTIONS = {
    "sqrt": "square root; NULL below 0",
    "cbrt": "cube root",
    "exp": "e to the power of x",
    "ln": "natural logarithm; NULL at and below 0",
    "log10": "logarithm to base 10; NULL at and below 0",
    "log2": "logarithm to base 2; NULL at and below 0",
    "sin": "sine of radians",
    "cos": "cosine of radians",
    "tan": "tangent of radians",
    "asin": "arc sine, radians; NULL outside -1 to 1",
    "acos": "arc cosine, radians; NULL outside -1 to 1",
    "atan": "arc tangent, radians",
    "radians": "degrees to radians",
    "degrees": "radians to degrees",
    "sign": "-1, 0 or 1",
}

FUNCTIONS: Mapping[str, Function] = {
    **{name: Function(1, 1, _real, does) for name, does in _REAL_FUNCTIONS.items()},
    "pow": Function(2, 2, _real, "x to the power of y"),
    "power": Function(2, 2, _real, "x to the power of y"),
    "atan2": Function(2, 2, _real, "angle of (y, x), radians"),
    "hypot": Function(2, 2, _real, "square root of x squared plus y squared"),
    "abs": Function(1, 1, _abs, "absolute value"),
    "floor": Function(1, 1, _whole, "next integer below; NULL beyond 64 bits"),
    "ceil": Function(1, 1, _whole, "next integer above; NULL beyond 64 bits"),
    "round": Function(1, 2, _round, "rounded to so many decimals, halves away from 0"),
    "greatest": Function(2, 20, _extreme, "the greatest; NULL if any is NULL"),
    "least": Function(2, 20, _extreme, "the least; NULL if any is NULL"),
    "coalesce": Function(2, 20, _coalesce, "the first that is not NULL"),
    "nvl": Function(2, 2, _coalesce, "the first that is not NULL"),
    "if": Function(3, 3, _if, "if(condition, yes, no); NULL counts as no"),
    "nullif": Function(2, 2, _nullif, "NULL where both are equal, else the first"),
    "lower": Function(1, 1, _of_text(STRING), "in small letters"),
    "upper": Function(1, 1, _of_text(STRING), "in capitals"),
    "trim": Function(1, 1, _of_text(STRING), "without blanks at both ends"),
    "length": Function(1, 1, _of_text(INTEGER), "number of characters"),
    "startswith": Function(2, 2, _of_text(BOOLEAN), "whether the first begins with the second"),
    "endswith": Function(2, 2, _of_text(BOOLEAN), "whether the first ends with the second"),
    "contains": Function(2, 2, _of_text(BOOLEAN), "whether the first holds the second"),
    "concat": Function(2, 10, _of_text(STRING), "one after the other; NULL if any is NULL"),
    "substring": Function(3, 3, _substring, "substring(text, start from 1, length)"),
    "size": Function(1, 1, _size, "number of elements; NULL for NULL"),
    "cardinality": Function(1, 1, _size, "number of elements; NULL for NULL"),
    "array_size": Function(1, 1, _size, "number of elements; NULL for NULL"),
    "array_min": Function(1, 1, _array_extreme, "the least element; NULL if any is NULL or there is none"),
    "array_max": Function(1, 1, _array_extreme, "the greatest element; NULL if any is NULL or there is none"),
    "array_contains": Function(2, 2, _array_contains, "whether an element is equal; NULL if none is but one is NULL"),
    "element_at": Function(
        2, 2, _element_at, "the nth element, from 1; from the end if negative; NULL if there is none"
    ),
}

# What people write who know another dialect, and what is meant here.
INSTEAD: Mapping[str, str] = {
    "isnan": "NaN is NULL in filters: write x IS NULL",
    "nanvl": "NaN is NULL in filters: write coalesce(x, y)",
    "isnull": "write x IS NULL",
    "isnotnull": "write x IS NOT NULL",
    "log": "say which: ln (base e), log10 or log2",
    "max": "max is over rows: write greatest(a, b) or array_max(list)",
    "min": "min is over rows: write least(a, b) or array_min(list)",
    "sum": "sums over rows or lists are the work of a science module",
    "avg": "means are the work of a science module",
    "count": "write size(filter(list, x -> condition))",
    "ifnull": "write coalesce(a, b)",
    "ceiling": "write ceil(x)",
    "signum": "write sign(x)",
    "char_length": "write length(x)",
    "len": "write length(x)",
    "substr": "write substring(x, start, length)",
    "rlike": "regular expressions can take for ever: write LIKE, contains, startswith or endswith",
    "regexp_like": "regular expressions can take for ever: write LIKE, contains, startswith or endswith",
    "rand": "a filter gives the same answer for the same alert",
    "now": "a filter knows no clock: write mjd",
    "current_timestamp": "a filter knows no clock: write mjd",
}
