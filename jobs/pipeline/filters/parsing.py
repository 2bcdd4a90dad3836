"""From a filter's text to a tree: one Spark SQL expression, of bounded size, without comments.

The dialect is Spark's with all of sqlglot's knowledge of functions taken out: every call is just a name with arguments,
so that nothing is renamed, rewritten or given a meaning before the allow-list has seen it.
"""

import logging

from sqlglot import exp
from sqlglot.dialects.spark import Spark
from sqlglot.errors import ParseError, TokenError
from sqlglot.tokens import Token, TokenType

from jobs.pipeline.filters.problems import Place, Refused

MAX_CHARACTERS = 8192
MAX_NODES = 400
MAX_DEPTH = 20
MAX_BRACKETS = 24

_OPEN = (TokenType.L_PAREN, TokenType.L_BRACKET, TokenType.L_BRACE)
_CLOSE = (TokenType.R_PAREN, TokenType.R_BRACKET, TokenType.R_BRACE)
_PREFIXES = (TokenType.NOT, TokenType.DASH, TokenType.CASE)

# sqlglot warns of what it does not know; here that is refused with a message of our own.
logging.getLogger("sqlglot").setLevel(logging.ERROR)


class _PlainParser(Spark.Parser):  # type: ignore[misc, name-defined, unused-ignore]
    FUNCTIONS = {}  # noqa: RUF012 - sqlglot's own style
    FUNCTION_PARSERS = {name: Spark.Parser.FUNCTION_PARSERS[name] for name in ("CAST", "TRY_CAST")}  # noqa: RUF012
    NO_PAREN_FUNCTIONS = {}  # noqa: RUF012
    NO_PAREN_FUNCTION_PARSERS = {"CASE": Spark.Parser.NO_PAREN_FUNCTION_PARSERS["CASE"]}  # noqa: RUF012


class _Plain(Spark):
    Parser = _PlainParser


def parse(text: str) -> exp.Expression:
    """The tree of an expression.

    Parameters
    ----------
    text : str
        As its author wrote it, in Spark SQL.

    Raises
    ------
    Refused
        For text that is no single expression, is too large or too deep, or holds a comment.
    """
    if len(text) > MAX_CHARACTERS:
        raise Refused(f"the text has {len(text)} characters, a filter may have {MAX_CHARACTERS}")
    tokens = _tokens(text)
    _check_tokens(tokens)
    tree = _tree(text, tokens)
    nodes = sum(1 for _ in tree.walk())
    if nodes > MAX_NODES:
        raise Refused(f"the expression has {nodes} parts, a filter may have {MAX_NODES}")
    return tree


def place_of(node: exp.Expression) -> Place | None:
    """Where a node's first word stands in the text; for a column all of its name.

    Parameters
    ----------
    node : sqlglot.exp.Expression
        Of a tree that `parse` gave.

    Returns
    -------
    Place or None
        None if the parser kept no place for it.
    """
    found = sorted((each.meta["start"], each.meta["end"] + 1) for each in node.walk() if "start" in each.meta)
    if not found:
        return None
    return Place(found[0][0], found[-1][1] if isinstance(node, exp.Column) else found[0][1])


def split_at_and(text: str) -> list[str]:
    """The text between the ANDs that stand in no bracket, CASE or BETWEEN, with blanks and line ends as single blanks.

    Parameters
    ----------
    text : str
        A condition that `parse` takes.
    """
    cuts, depth, betweens = [0], 0, 0
    for token in _tokens(text):
        kind = token.token_type
        depth += (kind in (*_OPEN, TokenType.CASE)) - (kind in (*_CLOSE, TokenType.END))
        betweens += kind == TokenType.BETWEEN and depth == 0
        if kind == TokenType.AND and depth == 0:
            if not betweens:
                cuts += [token.start, token.end + 1]
            betweens = max(betweens - 1, 0)
    cuts.append(len(text))
    return [" ".join(text[start:end].split()) for start, end in zip(cuts[::2], cuts[1::2], strict=True)]


def _tokens(text: str) -> list[Token]:
    try:
        return list(_Plain().tokenize(text))
    except TokenError:
        raise Refused("a quote is not closed") from None


def _check_tokens(tokens: list[Token]) -> None:
    """Refuse what would not reach the tree (comments, further statements) or make the parser recurse without bound."""
    if not tokens:
        raise Refused("the expression is empty")
    depth = prefixes = 0
    for token in tokens:
        place = Place(token.start, token.end + 1)
        if token.comments:
            raise Refused("comments are not allowed in an expression; YAML comments are", place)
        if token.token_type in (TokenType.SEMICOLON, TokenType.HINT):
            raise Refused("one expression is wanted, without ; or hints", place)
        depth += (token.token_type in _OPEN) - (token.token_type in _CLOSE)
        prefixes = prefixes + 1 if token.token_type in _PREFIXES else 0
        if max(depth, prefixes) > MAX_BRACKETS:
            raise Refused(f"more than {MAX_BRACKETS} brackets or NOTs within one another", place)


def _tree(text: str, tokens: list[Token]) -> exp.Expression:
    try:
        trees = _Plain().parser().parse(tokens, text)
    except ParseError as error:
        raise _unparsable(text, error) from None
    except RecursionError:
        raise Refused("the expression is nested too deep") from None
    if len(trees) != 1 or trees[0] is None:
        raise Refused("one expression is wanted")
    return trees[0]


def _unparsable(text: str, error: ParseError) -> Refused:
    first = error.errors[0] if error.errors else {}
    word = str(first.get("highlight") or "")
    message = f"this is no Spark SQL expression{f' from {word!r} on' if word else ''}"
    lines = text.splitlines(keepends=True)
    line, column = first.get("line"), first.get("col")  # of the word's last character, from 1
    if not word or not line or not column or line > len(lines):
        return Refused(message)
    end = sum(len(each) for each in lines[: line - 1]) + column
    return Refused(message, Place(end - len(word), end))
