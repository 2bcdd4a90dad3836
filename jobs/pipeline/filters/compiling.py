"""From a tree to checked Spark SQL: what is not on a list here is refused, and the refusal points at it."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace

from sqlglot import exp

from jobs.pipeline.filters import lists
from jobs.pipeline.filters.columns import Catalogue
from jobs.pipeline.filters.costs import size_of
from jobs.pipeline.filters.functions import FUNCTIONS, INSTEAD
from jobs.pipeline.filters.kinds import BOOLEAN, INTEGER, NOTHING
from jobs.pipeline.filters.operators import OPERATORS, number
from jobs.pipeline.filters.parsing import MAX_DEPTH, parse, place_of, split_at_and
from jobs.pipeline.filters.problems import Refused, nearest
from jobs.pipeline.filters.typed import Typed, combined, literal, wants


def compile_condition(text: str, catalogue: Catalogue) -> Typed:
    """The checked condition of a filter.

    Parameters
    ----------
    text : str
        The condition as its author wrote it.
    catalogue : Catalogue
        The columns that it may name.

    Raises
    ------
    Refused
        If it is not allowed or gives no boolean.
    """
    return _Compiler(catalogue).boolean(parse(text), "the filter")


def compile_value(text: str, catalogue: Catalogue) -> Typed:
    """The checked expression of an annotation; a tri-state column may stand alone here.

    Parameters
    ----------
    text : str
        The expression as its author wrote it.
    catalogue : Catalogue
        The columns that it may name.

    Raises
    ------
    Refused
        If it is not allowed or always NULL.
    """
    value = _Compiler(catalogue).compile(parse(text))
    if value.kind == NOTHING:
        raise Refused("an annotation wants a value, this is always NULL", value.place)
    return value


def compile_tree(tree: exp.Expression, catalogue: Catalogue) -> Typed:
    """The checked expression of a part of a tree.

    Parameters
    ----------
    tree : sqlglot.exp.Expression
        As `parse` gives it, or a part of that.
    catalogue : Catalogue
        The columns that it may name.

    Raises
    ------
    Refused
        If it is not allowed by itself.
    """
    return _Compiler(catalogue).compile(tree)


def clause_trees(text: str) -> list[exp.Expression]:
    """The trees of the parts of a condition that AND joins, in the order of `clauses`.

    Parameters
    ----------
    text : str
        The condition as its author wrote it.
    """
    return _parts(parse(text))


def clauses(text: str, catalogue: Catalogue) -> list[tuple[str, Typed]]:
    """The parts of a condition that AND joins, as they are written, each compiled by itself.

    Parameters
    ----------
    text : str
        The condition as its author wrote it; without AND at its top it is one clause.
    catalogue : Catalogue
        The columns that it may name.

    Raises
    ------
    Refused
        If a clause is not allowed or gives no boolean.
    """
    parts = _parts(parse(text))
    written = split_at_and(text)
    if len(written) != len(parts):  # one pair of brackets around all
        written = [part.sql(dialect="spark") for part in parts]
    return [(shown, _Compiler(catalogue).boolean(part, "a clause")) for shown, part in zip(written, parts, strict=True)]


def refusals(text: str, catalogue: Catalogue) -> list[Refused]:
    """Everything that is wrong with a condition: the first problem in each of its clauses.

    Parameters
    ----------
    text : str
        The condition as its author wrote it.
    catalogue : Catalogue
        The columns that it may name.

    Returns
    -------
    list of Refused
        Not raised; empty if no clause has a problem.
    """
    found = []
    try:
        parts = _parts(parse(text))
    except Refused as refusal:
        return [refusal]
    for part in parts:
        try:
            _Compiler(catalogue).boolean(part, "the filter")
        except Refused as refusal:
            found.append(refusal)
    return found


def _parts(tree: exp.Expression) -> list[exp.Expression]:
    inner = _unwrapped(tree)
    return _joined(inner) if isinstance(inner, exp.And) else [tree]


def _joined(node: exp.Expression) -> list[exp.Expression]:
    """The parts of a chain of ANDs or of ORs."""
    parts: list[exp.Expression] = list(node.flatten())  # type: ignore[no-untyped-call]
    return parts


def _unwrapped(tree: exp.Expression) -> exp.Expression:
    return _unwrapped(tree.this) if isinstance(tree, exp.Paren) else tree


@dataclass
class _Compiler:
    """Walks a tree once.

    Attributes
    ----------
    variables : dict
        The lambda's variables by name, inside a lambda.
    depth : int
        Of the node in hand; a chain of ANDs or ORs counts once.
    """

    catalogue: Catalogue
    variables: Mapping[str, Typed] = field(default_factory=dict)
    depth: int = 0

    def compile(self, node: exp.Expression) -> Typed:
        """The expression that a node is."""
        build = _NODES.get(type(node))
        if build is None:
            raise Refused(f"{_construct(node)} is not allowed in a filter", place_of(node))
        if self.depth >= MAX_DEPTH:
            raise Refused(f"nested more than {MAX_DEPTH} deep", place_of(node))
        deeper = replace(self, depth=self.depth + (not isinstance(node, exp.Paren)))
        made = build(deeper, node)
        return made if made.place else replace(made, place=place_of(node))

    def boolean(self, node: exp.Expression, what: str) -> Typed:
        """A node that gives a boolean, in a place where NULL must not decide unsaid."""
        made = self.compile(node)
        wants(made, (BOOLEAN,), what)
        self.refuse_tri_state(made)
        return made

    def refuse_tri_state(self, made: Typed) -> None:
        """Refuse a bare tri-state column: the author has to say what its NULL means."""
        column = self.catalogue.columns.get(made.column)
        if column is not None and column.null_means:
            name = made.column
            raise Refused(
                f"{name} can be NULL ({column.null_means}); say what that means:"
                f" `{name} IS TRUE` and `{name} IS FALSE` do not pass it, `{name} IS NOT TRUE` and"
                f" `{name} IS NOT FALSE` do",
                made.place,
            )

    def all(self, nodes: Sequence[exp.Expression]) -> list[Typed]:
        """Several nodes."""
        return [self.compile(node) for node in nodes]


def _column(compiler: _Compiler, node: exp.Column) -> Typed:
    parts = [part.name for part in node.parts]
    name = ".".join(parts)
    if isinstance(node.this, exp.Star):
        raise Refused("* is not allowed in a filter", place_of(node))
    if name in compiler.variables:
        return replace(compiler.variables[name], place=place_of(node))
    try:
        column = compiler.catalogue.find(name)
    except Refused as refusal:
        raise Refused(refusal.message, place_of(node), refusal.lacking) from None
    if compiler.variables and column.kind.element is not None:
        raise Refused(f"a lambda runs once per element and may not go through {name} each time", place_of(node))
    return Typed(
        column.kind,
        f"`{name}`",
        frozenset({name}),
        place=place_of(node),
        column=name,
        single=column.single,
        size=size_of(column.kind),
    )


def _identifier(compiler: _Compiler, node: exp.Identifier) -> Typed:
    if node.name not in compiler.variables:
        raise Refused(f"unknown name {node.name}", place_of(node))
    return replace(compiler.variables[node.name], place=place_of(node))


def _literal(compiler: _Compiler, node: exp.Literal) -> Typed:
    if node.is_string:
        return literal(str(node.this), place_of(node))
    return literal(number(node), place_of(node))


def _paren(compiler: _Compiler, node: exp.Paren) -> Typed:
    return compiler.compile(node.this)


def _logic(compiler: _Compiler, node: exp.And | exp.Or) -> Typed:
    word = "AND" if isinstance(node, exp.And) else "OR"
    parts = [compiler.boolean(part, word) for part in _joined(node)]
    return combined(BOOLEAN, "(" + f" {word} ".join(part.sql for part in parts) + ")", parts)


def _not(compiler: _Compiler, node: exp.Not) -> Typed:
    part = compiler.boolean(node.this, "NOT")
    return combined(BOOLEAN, f"(NOT {part.sql})", [part])


def _is(compiler: _Compiler, node: exp.Is) -> Typed:
    part, state = compiler.compile(node.this), node.expression
    if isinstance(state, exp.Null):
        return combined(BOOLEAN, f"({part.sql} IS NULL)", [part])
    if not isinstance(state, exp.Boolean):
        raise Refused("IS wants NULL, TRUE or FALSE", place_of(node))
    wants(part, (BOOLEAN,), "IS TRUE and IS FALSE")
    return combined(BOOLEAN, f"({part.sql} IS {'TRUE' if state.this else 'FALSE'})", [part])


def _subscript(compiler: _Compiler, node: exp.Bracket) -> Typed:
    if len(node.expressions) != 1 or isinstance(node.expressions[0], exp.Slice):
        raise Refused("a subscript is one number: list[0] is the first element", place_of(node))
    values, at = compiler.all([node.this, node.expressions[0]])
    if values.kind.element is None:
        raise Refused(f"a subscript wants a list, has a {values.kind}", values.place)
    wants(at, (INTEGER,), "a subscript")
    made = combined(values.kind.element, f"get({values.sql}, try_cast({at.sql} AS INT))", [values, at])
    return replace(made, single=values.single)


def _call(compiler: _Compiler, node: exp.Anonymous) -> Typed:
    name = str(node.this).lower()
    if name in lists.FUNCTIONS:
        return _over_list(compiler, node, name)
    function = FUNCTIONS.get(name)
    if function is None:
        known = [*FUNCTIONS, *lists.FUNCTIONS]
        hint = f": {INSTEAD[name]}" if name in INSTEAD else nearest(name, known)
        raise Refused(f"the function {name} is not allowed{hint}", place_of(node))
    arguments = compiler.all(node.expressions)
    if not function.at_least <= len(arguments) <= function.at_most:
        raise Refused(_arguments(name, function.at_least, function.at_most, len(arguments)), place_of(node))
    _refuse_null(name, arguments)
    if name not in ("coalesce", "nvl"):
        for each in arguments:
            compiler.refuse_tri_state(each)
    return function.build(name, arguments)


def _refuse_null(name: str, arguments: Sequence[Typed]) -> None:
    for each in arguments:
        if each.kind == NOTHING and name != "if":
            raise Refused(f"{name}() of NULL", each.place)


def _arguments(name: str, least: int, most: int, given: int) -> str:
    wanted = str(least) if least == most else f"{least} to {most}"
    return f"{name}() wants {wanted} argument{'' if wanted == '1' else 's'}, has {given}"


def _over_list(compiler: _Compiler, node: exp.Anonymous, name: str) -> Typed:
    function = lists.FUNCTIONS[name]
    if compiler.variables:
        raise Refused(f"{name}() inside a lambda is not allowed: it would run once per element", place_of(node))
    if len(node.expressions) != function.lists + 1 or not isinstance(node.expressions[-1], exp.Lambda):
        raise Refused(f"{name}() is written {function.written}", place_of(node))
    values = compiler.all(node.expressions[:-1])
    for each in values:
        if each.kind.element is None:
            raise Refused(f"{name}() wants a list, has a {each.kind}", each.place)
    given = node.expressions[-1]
    names = [each.name for each in given.expressions]
    if not function.least_variables <= len(names) <= function.most_variables or len(set(names)) != len(names):
        raise Refused(f"{name}() is written {function.written}", place_of(node))
    _refuse_shadows(names, compiler, given)
    variables = lists.variables(function, values, names)
    inside = replace(compiler, variables=dict(zip(names, variables, strict=True)))
    return lists.build(name, values, variables, inside.compile(given.this))


def _refuse_shadows(names: Sequence[str], compiler: _Compiler, given: exp.Expression) -> None:
    for name in names:
        if name in compiler.catalogue.columns:
            raise Refused(f"the variable {name} has the name of a column; call it x", place_of(given))


def _null(compiler: _Compiler, node: exp.Null) -> Typed:
    return Typed(NOTHING, "NULL")


def _truth(compiler: _Compiler, node: exp.Boolean) -> Typed:
    return literal(bool(node.this))


def _construct(node: exp.Expression) -> str:
    """How a message names what sqlglot has found."""
    said = {
        exp.Select: "SELECT", exp.Subquery: "a sub-query", exp.Exists: "EXISTS with a query", exp.Alias: "a name (AS)",
        exp.Window: "OVER", exp.Concat: "text after text", exp.DPipe: "||", exp.Dot: "a dot after an expression",
        exp.Lambda: "a lambda outside a list function", exp.RegexpLike: "RLIKE", exp.IntDiv: "DIV",
        exp.NullSafeEQ: "<=>", exp.NullSafeNEQ: "IS DISTINCT FROM", exp.Interval: "INTERVAL", exp.Star: "*",
        exp.Tuple: "a list in brackets",
    }  # fmt: skip
    return said.get(type(node), type(node).__name__)


_NODES: dict[type[exp.Expression], Callable[..., Typed]] = {
    exp.Column: _column,
    exp.Identifier: _identifier,
    exp.Literal: _literal,
    exp.Boolean: _truth,
    exp.Null: _null,
    exp.Paren: _paren,
    exp.And: _logic,
    exp.Or: _logic,
    exp.Not: _not,
    exp.Is: _is,
    **OPERATORS,
    exp.Bracket: _subscript,
    exp.Anonymous: _call,
}
