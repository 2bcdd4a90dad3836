"""Random expressions of the filter language, as trees for `three_valued` and as SQL text; and alerts to try them on."""

import math
import random
from typing import Any

import pyarrow as pa

NUMBERS = ("mag", "flux", "age_days", "candidate.distnr", "candidate.ssdistnr", "rise.rate_g")
INTEGERS = ("n_positive", "n_detections", "alert_id", "candidate.ndethist", "candidate.objectidps1")
BOOLEANS = ("is_positive", "quality_ok", "is_simulated")
TRI_STATES = ("is_known_sso", "stellar")
STRINGS = ("band", "object_id", "candidate.ssnamenr")
LISTS = {"number": ("lc_flux", "lc_flux_err"), "string": ("lc_band",), "boolean": ("lc_corrected",)}

# What a survey publishes for "no value", written down a second time.
NO_VALUE = {
    "candidate.distnr": (-999.0, -99999.0),
    "candidate.ssdistnr": (-999.0, -99999.0),
    "candidate.ndethist": (-99999,),
    "candidate.objectidps1": (-999,),
    "candidate.ssnamenr": ("null", ""),
}
_SPECIAL_NUMBERS = (
    0.0,
    -0.0,
    1.0,
    -1.0,
    math.inf,
    -math.inf,
    math.nan,
    1e308,
    -1e308,
    5e-324,
    2.5,
    -999.0,
    -99999.0,
    18.25,
)
_SPECIAL_INTEGERS = (0, 1, -1, 2, 5, 2**63 - 1, -(2**63), -999, 2**53 + 1, -99999)
_TEXTS = (
    "g",
    "r",
    "ZTF18abc",
    "",
    "null",
    "12",
    " 3.5 ",
    "1e5",
    "abc",
    "NaN",
    "-inf",
    "9223372036854775808",
    "a%b_c",
    "' \\ \"",
)
_LITERALS: dict[str, tuple[Any, ...]] = {
    "number": (0.0, 0.5, 0.65, 1.0, 2.5, 18.25, 1e308, 1e-5),
    "integer": (0, 1, 2, 3, 7, 2**63 - 1, 2**53 + 1),
    "string": ("g", "r", "12", "abc", "ZTF", "' \\ \"", "${env:HOME}", "a%b_c"),
    "boolean": (True, False),
}
_PATTERNS = ("%", "ZTF%", "_", "%b%", "a%b_c", "g", "", "%18%a%", "%_%b%_c", "%%a", "_%1%_", "%.%", "%' \"")


def rows(generator: random.Random, count: int) -> list[dict[str, Any]]:
    """Alerts as the survey and the modules write them, with every trap; the first two are all NULL."""
    made = [_row(generator) for _ in range(count)]
    nothing = dict.fromkeys(made[0])
    return [{**nothing, "lc_flux": []}, nothing, *made]


def _row(generator: random.Random) -> dict[str, Any]:
    def number() -> float | None:
        return generator.choice((None, *_SPECIAL_NUMBERS, *(generator.uniform(-5, 25) for _ in range(8))))

    def integer() -> int | None:
        return generator.choice((None, *_SPECIAL_INTEGERS, *(generator.randint(0, 9) for _ in range(8))))

    def truth() -> bool | None:
        return generator.choice((None, True, False))

    def text() -> str | None:
        return generator.choice((None, *_TEXTS))

    makers = {"number": number, "string": text, "boolean": truth}
    row: dict[str, Any] = {name: number() for name in NUMBERS} | {name: integer() for name in INTEGERS}
    row["candidate.ndethist"] = generator.choice((None, -99999, 0, 1, 7, 2**31 - 1))
    row |= {name: truth() for name in BOOLEANS + TRI_STATES} | {name: text() for name in STRINGS}
    for kind, names in LISTS.items():
        for name in names:
            length = generator.choice((None, 0, 1, 2, 5))
            row[name] = None if length is None else [makers[kind]() for _ in range(length)]
    for name in ("candidate.distnr", "candidate.ssdistnr", "rise.rate_g"):  # float32 columns
        row[name] = row[name] if row[name] is None else pa.scalar(row[name], pa.float32()).as_py()
    return row


def meaning(row: dict[str, Any]) -> dict[str, Any]:
    """The values as a filter reads them: no sentinel, no NaN."""
    return {name: _meant(value, NO_VALUE.get(name, ())) for name, value in row.items()}


def _meant(value: Any, no_value: tuple[Any, ...]) -> Any:
    if isinstance(value, list):
        return [_meant(each, ()) for each in value]
    if value in no_value or (isinstance(value, float) and math.isnan(value)):
        return None
    return value


class Expressions:
    """Makes random trees of a kind; inside a lambda, `variables` holds its variables by kind."""

    def __init__(self, generator: random.Random) -> None:
        self.random = generator
        self.variables: dict[str, list[str]] = {}

    def make(self, kind: str, depth: int) -> Any:
        """A tree that gives a value of a kind."""
        if depth <= 0:
            return self._leaf(kind)
        return getattr(self, f"_{kind}")(depth - 1)

    def _leaf(self, kind: str) -> Any:
        if self.random.random() < 0.35:
            return ("literal", self.random.choice(_LITERALS[kind]))
        names = {"number": NUMBERS, "integer": INTEGERS, "boolean": BOOLEANS, "string": STRINGS}[kind]
        own = self.variables.get(kind, [])
        return ("column", self.random.choice(own if own and self.random.random() < 0.7 else names))

    def _numeric(self, depth: int) -> Any:
        return self.make(self.random.choice(("number", "number", "integer")), depth)

    def _number(self, depth: int) -> Any:
        operators = ["+", "-", "*", "/", "%", "/", "%", "negative", "abs", "sqrt", "round", "greatest", "least"]
        operators += ["coalesce", "if", "case", "nullif", "as number", "widen", "leaf"]
        operators += (
            [] if self.variables else ["subscript", "element_at", "array_min", "array_max", "subscript of made"]
        )
        name = self.random.choice(operators)
        if name == "leaf":
            return self._leaf("number")
        if name == "subscript of made":
            return ("subscript", self._list("number", depth), self.make("integer", depth))
        if name in ("+", "-", "*", "%"):
            return self._shuffled(name, self.make("number", depth), self._numeric(depth))
        if name == "/":
            return (name, self._numeric(depth), self._numeric(depth))
        if name in ("negative", "abs"):
            return (name, self.make("number", depth))
        if name == "round":
            return (name, self.make("number", depth), ("literal", self.random.randint(0, 3)))
        if name in ("sqrt", "widen"):
            return (name, self.make("integer", depth) if name == "widen" else self._numeric(depth))
        if name == "as number":
            return (name, self.make(self.random.choice(("string", "boolean", "number")), depth))
        return self._any("number", name, depth)

    def _integer(self, depth: int) -> Any:
        operators = ["+", "-", "*", "%", "negative", "abs", "floor", "ceil", "coalesce", "if", "case", "nullif"]
        operators += ["as integer", "length", "leaf", "greatest"]
        operators += [] if self.variables else ["size", "size of made"]
        name = self.random.choice(operators)
        if name == "leaf":
            return self._leaf("integer")
        if name in ("+", "-", "*", "%"):
            return (name, self.make("integer", depth), self.make("integer", depth))
        if name in ("negative", "abs"):
            return (name, self.make("integer", depth))
        if name in ("floor", "ceil"):
            return (name, self._numeric(depth))
        if name == "as integer":
            return (name, self.make(self.random.choice(("number", "string", "boolean")), depth))
        if name == "length":
            return (name, self.make("string", depth))
        if name == "size":
            return (name, ("column", self.random.choice(("lc_flux", "lc_band", "lc_corrected"))))
        if name == "size of made":
            return ("size", self._list(self.random.choice(("number", "string", "boolean")), depth))
        return self._any("integer", name, depth)

    def _string(self, depth: int) -> Any:
        operators = [
            "lower",
            "upper",
            "trim",
            "concat",
            "substring",
            "coalesce",
            "if",
            "case",
            "nullif",
            "as text",
            "leaf",
        ]
        operators += [] if self.variables else ["subscript", "element_at"]
        name = self.random.choice(operators)
        if name == "leaf":
            return self._leaf("string")
        if name in ("lower", "upper", "trim"):
            return (name, self.make("string", depth))
        if name == "concat":
            return (name, self.make("string", depth), self.make("string", depth))
        if name == "substring":
            start, length = self.random.randint(1, 4), self.random.randint(0, 3)
            return (name, self.make("string", depth), ("literal", start), ("literal", length))
        if name == "as text":
            return (name, self.make("integer", depth))
        return self._any("string", name, depth)

    def _any(self, kind: str, name: str, depth: int) -> Any:
        if name in ("coalesce", "nullif", "greatest", "least"):
            return (name, self.make(kind, depth), self.make(kind, depth))
        if name == "if":
            return (name, self.make("boolean", depth), self.make(kind, depth), self._or_null(kind, depth))
        if name == "case":
            branches = [(self.make("boolean", depth), self.make(kind, depth)) for _ in range(self.random.randint(1, 2))]
            return (name, *branches, self._or_null(kind, depth))
        if name == "subscript":
            return (name, ("column", self.random.choice(LISTS[kind])), self.make("integer", depth))
        if name == "element_at":
            at = self.random.choice((1, 2, -1, -2, 9, -9))
            return (name, ("column", self.random.choice(LISTS[kind])), ("literal", at))
        return (name, self._list(kind, depth))  # array_min, array_max

    def _or_null(self, kind: str, depth: int) -> Any:
        return ("literal", None) if self.random.random() < 0.3 else self.make(kind, depth)

    def _boolean(self, depth: int) -> Any:
        operators = [
            "and",
            "or",
            "not",
            "is null",
            "is true",
            "is false",
            "tri",
            "between",
            "in",
            "like",
            "text",
            "leaf",
        ]
        operators += ["compare"] * 6 + ["and", "or"] + ["if", "case", "coalesce"]
        operators += (
            [] if self.variables else ["exists", "forall", "array_contains", "exists", "element_at", "subscript"]
        )
        name = self.random.choice(operators)
        if name == "leaf":
            return self._leaf("boolean")
        if name == "compare":
            return self._comparison(depth)
        if name in ("and", "or"):
            return (name, *(self.make("boolean", depth) for _ in range(self.random.randint(2, 3))))
        if name in ("not", "is true", "is false"):
            return (name, self.make("boolean", depth))
        if name == "tri":
            return (self.random.choice(("is true", "is false", "is null")), ("column", self.random.choice(TRI_STATES)))
        if name == "is null":
            return (name, self.make(self.random.choice(("number", "integer", "string", "boolean")), depth))
        if name == "between":
            return (name, self._numeric(depth), self._numeric(depth), self._numeric(depth))
        if name == "in":
            kind = self.random.choice(("number", "integer", "string"))
            listed = [("literal", self.random.choice(_LITERALS[kind])) for _ in range(self.random.randint(1, 3))]
            return (name, self.make(kind, depth), *listed)
        if name == "like":
            return (name, self.make("string", depth), ("literal", self.random.choice(_PATTERNS)))
        if name == "text":
            test = self.random.choice(("startswith", "endswith", "contains"))
            return (test, self.make("string", depth), self.make("string", depth))
        if name == "array_contains":
            kind = self.random.choice(("number", "string", "boolean"))
            return (name, self._list(kind, depth), self.make(kind, depth))
        if name in ("exists", "forall"):
            return (name, *self._lambda(self.random.choice(("number", "string", "boolean")), "boolean", depth))
        return self._any("boolean", name, depth)

    def _comparison(self, depth: int) -> Any:
        sign = self.random.choice(("=", "<>", "<", "<=", ">", ">="))
        if self.random.random() < 0.2:
            return (sign, self.make("string", depth), self.make("string", depth))
        if sign in ("=", "<>") and self.random.random() < 0.2:
            return (sign, self.make("boolean", depth), self.make("boolean", depth))
        return (sign, self._numeric(depth), self._numeric(depth))

    def _list(self, kind: str, depth: int) -> Any:
        name = self.random.choice(("column", "column", "filter", "transform", "zip_with"))
        if name == "column" or self.variables:
            return ("column", self.random.choice(LISTS[kind]))
        if name == "filter":
            return (name, *self._lambda(kind, "boolean", depth))
        if name == "transform":
            return (name, *self._lambda(self.random.choice(("number", "string", "boolean")), kind, depth))
        left, right = self.random.choice(("number", "string")), self.random.choice(("number", "boolean"))
        self.variables = {left: ["x"]}
        self.variables.setdefault(right, []).append("y")
        body = self.make(kind, min(depth, 2))
        self.variables = {}
        return (name, ("column", LISTS[left][0]), ("column", self.random.choice(LISTS[right])), body)

    def _lambda(self, of: str, kind: str, depth: int) -> tuple[Any, Any]:
        values = ("column", self.random.choice(LISTS[of]))
        self.variables = {of: ["x"]}
        body = self.make(kind, min(depth, 2))
        self.variables = {}
        return values, body

    def _shuffled(self, name: str, *operands: Any) -> Any:
        return (name, *self.random.sample(operands, len(operands)))


_BETWEEN_OPERANDS = {"+", "-", "*", "/", "%", "=", "<>", "<", "<=", ">", ">=", "and", "or", "like"}
_AFTER = {"is null": "IS NULL", "is true": "IS TRUE", "is false": "IS FALSE"}
_CASTS = {"as integer": "BIGINT", "as number": "DOUBLE", "as text": "STRING", "widen": "DOUBLE"}


def sql(tree: Any) -> str:
    """The text of a tree, in brackets wherever there could be doubt."""
    name, *operands = tree
    if name == "column":
        return str(operands[0])
    if name == "literal":
        return _literal(operands[0])
    if name == "case":
        return _case(operands)
    if name in ("exists", "forall", "filter", "transform"):
        return f"{name}({sql(operands[0])}, x -> {sql(operands[1])})"
    if name == "zip_with":
        return f"zip_with({sql(operands[0])}, {sql(operands[1])}, (x, y) -> {sql(operands[2])})"
    texts = [sql(each) for each in operands]
    if name in _BETWEEN_OPERANDS:
        return "(" + f" {name.upper()} ".join(texts) + ")"
    if name in _AFTER:
        return f"({texts[0]} {_AFTER[name]})"
    if name in _CASTS:
        return f"CAST({texts[0]} AS {_CASTS[name]})"
    return _other(name, texts)


def _other(name: str, texts: list[str]) -> str:
    first, *rest = texts
    special = {
        "not": f"(NOT {first})",
        "negative": f"(-{first})",
        "between": f"({first} BETWEEN {' AND '.join(rest)})",
        "in": f"({first} IN ({', '.join(rest)}))",
        "subscript": f"{first}[{', '.join(rest)}]",
    }
    return special.get(name, f"{name}({', '.join(texts)})")


def _case(operands: list[Any]) -> str:
    *branches, otherwise = operands
    whens = " ".join(f"WHEN {sql(when)} THEN {sql(then)}" for when, then in branches)
    return f"CASE {whens} ELSE {sql(otherwise)} END"


def _literal(value: Any) -> str:
    if value is None:
        return "NULL"
    if isinstance(value, bool):
        return str(value).upper()
    if isinstance(value, str):
        return "'" + value.replace("\\", "\\\\").replace("'", "\\'") + "'"
    return repr(value)
