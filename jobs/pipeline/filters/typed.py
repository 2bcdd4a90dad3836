"""An expression whose kind is known, and the Spark SQL that gives it without ever raising.

Every piece of SQL that reaches Spark is written here or in `functions` and `compiling`, from names and literals that
were checked: nothing of an author's text is passed on.
"""

from collections.abc import Sequence
from dataclasses import dataclass

from jobs.pipeline.filters.costs import check, size_of, work_of
from jobs.pipeline.filters.kinds import BOOLEAN, INTEGER, NOTHING, NUMBER, NUMERIC, STRING, Kind
from jobs.pipeline.filters.problems import Place, Refused

MAX_WEIGHT = 5000
NULL_NUMBER = "CAST(NULL AS DOUBLE)"


@dataclass(frozen=True)
class Typed:
    """An expression.

    Attributes
    ----------
    kind : Kind
    sql : str
        Spark SQL over columns whose names are in backticks, e.g. `acai.acai_h`.
    columns : frozenset of str
        What it reads.
    weight : int
        Parts that Spark evaluates; some are written twice.
    place : Place or None
        Where it begins in the author's text.
    column : str
        Its name, if it is nothing but a column.
    literal : bool, int, float, str or None
        Its value, if it is nothing but a literal.
    single : bool
        Whether its value, or each of its elements, is a float32 that was widened.
    size, work : int
        Bytes that its value takes and steps that making it takes, for an ordinary alert (see `costs`).
    """

    kind: Kind
    sql: str
    columns: frozenset[str] = frozenset()
    weight: int = 1
    place: Place | None = None
    column: str = ""
    literal: bool | int | float | str | None = None
    single: bool = False
    size: int = 8
    work: int = 1


def combined(
    kind: Kind, sql: str, parts: Sequence[Typed], twice: Sequence[Typed] = (), size: int | None = None, more: int = 0
) -> Typed:
    """An expression made of others.

    Parameters
    ----------
    kind : Kind
        Of its value.
    sql : str
        Its Spark SQL, with that of the parts in it.
    parts : sequence of Typed
        The expressions that it is made of.
    twice : sequence of Typed
        Those whose SQL stands in it a second time.
    size : int, optional
        Bytes of its value, where it is longer than the parts that it may be.
    more : int
        Steps that it takes beyond those of its parts.

    Raises
    ------
    Refused
        If it has become too large for Spark to plan quickly, or costs too much per alert.
    """
    weight = 1 + sum(part.weight for part in parts) + sum(part.weight for part in twice)
    place = next((part.place for part in parts if part.place), None)
    if weight > MAX_WEIGHT:
        raise Refused(f"the expression unfolds to more than {MAX_WEIGHT} parts; nest less", place)
    size = size_of(kind, parts) if size is None else size
    work = work_of([*parts, *twice], size) + more
    check(size, work, place)
    columns = frozenset().union(*(part.columns for part in parts))
    return Typed(kind, sql, columns, weight, place, size=size, work=work)


def never_nan(number: str) -> str:
    """SQL of a number, NULL where it is NaN: NaN is no value at any point of a filter.

    Parameters
    ----------
    number : str
        SQL of a double.
    """
    return f"nanvl({number}, {NULL_NUMBER})"


def to(part: Typed, kind: Kind) -> str:
    """SQL of an expression as a kind that holds all its values: NULL as anything, an integer as a number.

    Parameters
    ----------
    part : Typed
    kind : Kind
        The part's own, or a wider one.
    """
    if part.kind == kind:
        return part.sql
    if isinstance(part.literal, int) and kind == NUMBER:
        return literal_sql(float(part.literal))
    return f"CAST({part.sql} AS {kind.spark})"


def common(parts: Sequence[Typed], what: str) -> Kind:
    """The kind that several expressions have together.

    Parameters
    ----------
    parts : sequence of Typed
        At least one.
    what : str
        What takes them, as a refusal names it.

    Raises
    ------
    Refused
        If they have none: nothing turns into another kind but an integer into a number.
    """
    kinds = {part.kind for part in parts} - {NOTHING}
    if not kinds:
        raise Refused(f"{what}: every value is NULL", parts[0].place)
    if len(kinds) == 1:
        return kinds.pop()
    if kinds <= set(NUMERIC):
        return NUMBER
    names = " and ".join(sorted({f"{_shown(part)} ({part.kind})" for part in parts if part.kind != NOTHING}))
    raise Refused(
        f"{what} wants values of one kind, has {names}; write CAST(x AS DOUBLE) if you mean it", parts[0].place
    )


def wants(part: Typed, kinds: Sequence[Kind], what: str) -> None:
    """Refuse an expression of another kind than these.

    Parameters
    ----------
    part : Typed
        The expression.
    kinds : sequence of Kind
        Those that are allowed.
    what : str
        What takes it, as the refusal names it.

    Raises
    ------
    Refused
        Says what is wanted and what was found.
    """
    if part.kind not in kinds:
        wanted = " or ".join(kind.name for kind in kinds)
        raise Refused(f"{what} wants {_article(wanted)}, {_shown(part)} is {_article(part.kind.name)}", part.place)


def literal_sql(value: bool | int | float | str) -> str:
    """A literal as Spark SQL; text in escapes, so that neither quotes nor Spark's ${variables} can end or enter it.

    Parameters
    ----------
    value : bool, int, float or str
        A float has to be finite.
    """
    if isinstance(value, bool):
        return "TRUE" if value else "FALSE"
    if isinstance(value, int):
        return f"{value}L" if value >= 0 else f"({value}L)"
    if isinstance(value, float):
        return f"{value!r}D" if value >= 0 else f"({value!r}D)"
    return "'" + "".join(_escaped(letter) for letter in value) + "'"


def literal(value: bool | int | float | str, place: Place | None = None) -> Typed:
    """A literal as an expression.

    Parameters
    ----------
    value : bool, int, float or str
        Gives the kind, too.
    place : Place, optional
        Where it stands in the author's text.
    """
    kinds = {bool: BOOLEAN, int: INTEGER, float: NUMBER, str: STRING}
    size = len(value.encode()) if isinstance(value, str) else size_of(kinds[type(value)])
    return Typed(kinds[type(value)], literal_sql(value), place=place, literal=value, size=size)


def _escaped(letter: str) -> str:
    if letter.isascii() and (letter.isalnum() or letter in " _-+.:,/%"):
        return letter
    code = ord(letter)
    return f"\\u{code:04x}" if code <= 0xFFFF else f"\\U{code:08x}"


def _shown(part: Typed) -> str:
    if part.column:
        return part.column
    return repr(part.literal) if part.literal is not None else "the expression"


def _article(name: str) -> str:
    if name in ("NULL", "nothing"):
        return name
    return f"{'an' if name[0] in 'aeiou' else 'a'} {name}"
