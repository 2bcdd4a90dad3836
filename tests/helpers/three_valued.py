"""An evaluator of filter expressions that shares nothing with Strix: Python values, None for NULL, one alert at a time.

An expression is a tuple: an operator's name, then its operands. It is evaluated here as docs/filters.md says, and
written as SQL text in `random_expressions`.
"""

import math
import re
from collections.abc import Callable
from decimal import ROUND_HALF_UP, Decimal, localcontext
from typing import Any

import numpy

LEAST, GREATEST = -(2**63), 2**63 - 1
Row = dict[str, Any]


def evaluate(tree: Any, row: Row) -> Any:
    """The value of an expression for an alert."""
    name, *operands = as_published(tree)
    if name == "column":
        return row[operands[0]]
    if name == "literal":
        return operands[0]
    if name in LAZY:
        return LAZY[name](operands, row)
    return STRICT[name](*(evaluate(each, row) for each in operands))


FLOAT32 = ("mag", "candidate.distnr", "candidate.ssdistnr", "rise.rate_g")
_COMPARED = ("=", "<>", "<", "<=", ">", ">=", "between", "in", "nullif", "greatest", "least", "coalesce")


def is_float32(tree: Any) -> bool:
    """Whether a tree gives one of the values of float32 columns, unchanged but for the sign."""
    name, *operands = tree
    if name == "column":
        return operands[0] in FLOAT32
    if name in ("negative", "abs"):
        return is_float32(operands[0])
    if name == "nullif":
        return is_float32(operands[0])
    if name not in ("greatest", "least", "coalesce", "if", "case"):
        return False
    taken = _taken(name, operands)
    return any(is_float32(each) for each in taken) and all(is_float32(each) or _is_float32(each) for each in taken)


def _taken(name: str, operands: list[Any]) -> list[Any]:
    """The operands of which one is the value."""
    if name == "case":
        return [then for _, then in operands[:-1]] + operands[-1:]
    return operands[1:] if name == "if" else operands


def _is_float32(tree: Any) -> bool:
    """A literal that float32 can hold once it is rounded."""
    if tree[0] != "literal":
        return False
    value = tree[1]
    if value is None or isinstance(value, int):
        return value is None or int(numpy.float32(value)) == value
    return value == 0 or 1e-45 < abs(value) < 3.4e38


def as_published(tree: Any) -> Any:
    """The tree with decimals rounded to float32 where they stand beside float32."""
    name, *operands = tree
    beside = _taken(name, operands) if name in (*_COMPARED, "if", "case") else []
    if not any(is_float32(each) for each in beside):
        return tree
    if name == "case":
        return (name, *((when, _rounded(then)) for when, then in operands[:-1]), _rounded(operands[-1]))
    return (name, *(_rounded(each) if each in beside else each for each in operands))


def _rounded(tree: Any) -> Any:
    decimal = tree[0] == "literal" and isinstance(tree[1], float) and _is_float32(tree)
    return ("literal", float(numpy.float32(tree[1]))) if decimal else tree


def no_nan(value: Any) -> Any:
    return None if isinstance(value, float) and math.isnan(value) else value


def whole(value: int) -> int | None:
    return value if LEAST <= value <= GREATEST else None


def null_if_any_is_null(function: Callable[..., Any]) -> Callable[..., Any]:
    def with_nulls(*values: Any) -> Any:
        return None if any(value is None for value in values) else no_nan(function(*values))

    return with_nulls


def is_whole(*values: Any) -> bool:
    return all(isinstance(value, int) for value in values)


def numbers(function: Callable[[Any, Any], Any]) -> Callable[[Any, Any], Any]:
    def on_numbers(left: Any, right: Any) -> Any:
        if is_whole(left, right):
            return whole(function(left, right))
        try:
            return function(float(left), float(right))
        except OverflowError:
            return math.inf if (left > 0) == (right > 0) else -math.inf

    return on_numbers


def divide(left: Any, right: Any) -> Any:
    if right == 0:
        return None
    return float(left) / float(right)


def modulo(left: Any, right: Any) -> Any:
    if right == 0:
        return None
    if is_whole(left, right):
        return abs(left) % abs(right) * (1 if left >= 0 else -1)
    if math.isinf(left):
        return None
    return math.fmod(float(left), float(right))


def compare(test: Callable[[Any, Any], bool]) -> Callable[[Any, Any], bool]:
    def compared(left: Any, right: Any) -> bool:
        if isinstance(left, float) or isinstance(right, float):
            left, right = float(left), float(right)
        return test(left, right)

    return compared


def to_integer(value: Any) -> Any:
    if isinstance(value, str):
        text = value.strip()
        return whole(int(text)) if re.fullmatch(r"[+-]?\d+", text) else None
    if isinstance(value, float):
        return None if math.isinf(value) else whole(math.trunc(value))
    return int(value)


def to_number(value: Any) -> Any:
    if not isinstance(value, str):
        return float(value)
    text = value.strip().lower()
    if re.fullmatch(r"[+-]?(inf|infinity)", text):
        return float(text)
    return float(text) if re.fullmatch(r"[+-]?(\d+\.?\d*|\.\d+)(e[+-]?\d+)?", text) else None


def rounded(value: Any, decimals: int) -> Any:
    if isinstance(value, int) or math.isinf(value):
        return value
    with localcontext() as context:
        context.prec = 400
        return float(Decimal(repr(value)).quantize(Decimal(1).scaleb(-decimals), ROUND_HALF_UP))


def floor(value: Any) -> Any:
    return value if isinstance(value, int) else (None if abs(value) >= 2**63 else math.floor(value))


def ceil(value: Any) -> Any:
    return value if isinstance(value, int) else (None if abs(value) >= 2**63 else math.ceil(value))


def extreme(choose: Callable[..., Any]) -> Callable[..., Any]:
    def chosen(*values: Any) -> Any:
        return choose(values) if is_whole(*values) else choose(float(value) for value in values)

    return chosen


def like(text: str, pattern: str) -> bool:
    translated = "".join({"%": ".*", "_": "."}.get(letter, re.escape(letter)) for letter in pattern)
    return re.fullmatch(translated, text, re.DOTALL) is not None


def subscript(values: list[Any], at: int) -> Any:
    return values[at] if 0 <= at < len(values) else None


def element_at(values: list[Any], at: int) -> Any:
    at = at - 1 if at > 0 else len(values) + at
    return values[at] if 0 <= at < len(values) else None


def array_contains(values: list[Any], wanted: Any) -> Any:
    return any_of([None if value is None else compare(lambda a, b: a == b)(value, wanted) for value in values])


def array_extreme(choose: Callable[..., Any]) -> Callable[..., Any]:
    return lambda values: choose(values) if values and None not in values else None


def any_of(values: list[Any]) -> Any:
    return True if True in values else (None if None in values else False)


def all_of(values: list[Any]) -> Any:
    return False if False in values else (None if None in values else True)


def negated(value: Any) -> Any:
    return None if value is None else not value


STRICT: dict[str, Callable[..., Any]] = {
    "and": lambda *values: all_of(list(values)),
    "or": lambda *values: any_of(list(values)),
    "not": negated,
    "is null": lambda value: value is None,
    "is true": lambda value: value is True,
    "is false": lambda value: value is False,
    "coalesce": lambda *values: next((value for value in values if value is not None), None),
    "if": lambda condition, yes, no: yes if condition is True else no,
    **{
        name: null_if_any_is_null(function)
        for name, function in {
            "+": numbers(lambda a, b: a + b),
            "-": numbers(lambda a, b: a - b),
            "*": numbers(lambda a, b: a * b),
            "/": divide,
            "%": modulo,
            "negative": lambda a: whole(-a) if isinstance(a, int) else -a,
            "=": compare(lambda a, b: a == b),
            "<>": compare(lambda a, b: a != b),
            "<": compare(lambda a, b: a < b),
            "<=": compare(lambda a, b: a <= b),
            ">": compare(lambda a, b: a > b),
            ">=": compare(lambda a, b: a >= b),
            "abs": lambda a: whole(abs(a)) if isinstance(a, int) else abs(a),
            "sqrt": lambda a: None if a < 0 else math.sqrt(a),
            "floor": floor,
            "ceil": ceil,
            "round": rounded,
            "greatest": extreme(max),
            "least": extreme(min),
            "as integer": to_integer,
            "as number": to_number,
            "as text": str,
            "widen": float,
            "like": like,
            "lower": str.lower,
            "upper": str.upper,
            "trim": lambda text: text.strip(" "),
            "length": len,
            "startswith": str.startswith,
            "endswith": str.endswith,
            "contains": lambda text, part: part in text,
            "concat": lambda *texts: "".join(texts),
            "substring": lambda text, start, length: text[start - 1 : start - 1 + length],
            "size": len,
            "subscript": subscript,
            "element_at": element_at,
            "array_min": array_extreme(min),
            "array_max": array_extreme(max),
            "array_contains": array_contains,
        }.items()
    },
}


def nullif(operands: list[Any], row: Row) -> Any:
    value, other = (evaluate(each, row) for each in operands)
    return None if STRICT["="](value, other) else value


def between(operands: list[Any], row: Row) -> Any:
    value, low, high = (evaluate(each, row) for each in operands)
    return all_of([STRICT[">="](value, low), STRICT["<="](value, high)])


def one_of(operands: list[Any], row: Row) -> Any:
    value, *listed = (evaluate(each, row) for each in operands)
    return any_of([STRICT["="](value, each) for each in listed])


def case(operands: list[Any], row: Row) -> Any:
    *branches, otherwise = operands
    for when, then in branches:
        if evaluate(when, row) is True:
            return evaluate(then, row)
    return evaluate(otherwise, row)


def over_list(gather: Callable[[list[Any], list[Any]], Any]) -> Callable[[list[Any], Row], Any]:
    """`values, body`: the body is evaluated with the element as column x and its number as column i."""

    def evaluated(operands: list[Any], row: Row) -> Any:
        values = evaluate(operands[0], row)
        if values is None:
            return None
        return gather(values, [evaluate(operands[1], {**row, "x": each, "i": at}) for at, each in enumerate(values)])

    return evaluated


def zip_with(operands: list[Any], row: Row) -> Any:
    left, right = (evaluate(each, row) for each in operands[:2])
    if left is None or right is None:
        return None
    length = max(len(left), len(right))
    pairs = zip(left + [None] * (length - len(left)), right + [None] * (length - len(right)), strict=True)
    return [evaluate(operands[2], {**row, "x": x, "y": y}) for x, y in pairs]


LAZY: dict[str, Callable[[list[Any], Row], Any]] = {
    "nullif": nullif,
    "between": between,
    "in": one_of,
    "case": case,
    "exists": over_list(lambda values, answers: any_of(answers)),
    "forall": over_list(lambda values, answers: all_of(answers)),
    "filter": over_list(
        lambda values, answers: [each for each, answer in zip(values, answers, strict=True) if answer is True]
    ),
    "transform": over_list(lambda values, answers: answers),
    "zip_with": zip_with,
}
