"""Functions over the lists of a light curve that take a lambda: `filter(lc_flux, f -> f > 0)`.

A lambda sees its own variables and single values, never a list, so that the work grows with the light curve and not
with its square.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace

from jobs.pipeline.filters.costs import POINTS, size_of, text_of
from jobs.pipeline.filters.kinds import BOOLEAN, INTEGER, NOTHING, Kind, list_of
from jobs.pipeline.filters.problems import Refused
from jobs.pipeline.filters.typed import Typed, combined, wants


@dataclass(frozen=True)
class ListFunction:
    """A function of lists and a lambda.

    Attributes
    ----------
    lists : int
        How many lists come before the lambda.
    least_variables, most_variables : int
        Of the lambda; beyond the elements, the element's number from 0.
    written : str
        As messages show it.
    does : str
    """

    lists: int
    least_variables: int
    most_variables: int
    written: str
    does: str


FUNCTIONS = {
    "exists": ListFunction(1, 1, 1, "exists(list, x -> condition)", "whether the condition is TRUE for any element"),
    "forall": ListFunction(1, 1, 1, "forall(list, x -> condition)", "whether the condition is TRUE for every element"),
    "filter": ListFunction(
        1, 1, 2, "filter(list, x -> condition) or filter(list, (x, i) -> condition)", "elements where it is TRUE"
    ),
    "transform": ListFunction(
        1, 1, 2, "transform(list, x -> value) or transform(list, (x, i) -> value)", "a value per element"
    ),
    "zip_with": ListFunction(
        2, 2, 2, "zip_with(list, list, (x, y) -> value)", "a value per pair of elements; the shorter list ends in NULL"
    ),
}


def variables(function: ListFunction, values: Sequence[Typed], names: Sequence[str]) -> list[Typed]:
    """The lambda's variables: the elements, then the element's number; in SQL they are named v0, v1.

    Parameters
    ----------
    function : ListFunction
        The one that takes the lambda.
    values : sequence of Typed
        The lists that it goes over.
    names : sequence of str
        The variables as the author named them; only their number counts.
    """
    kinds: list[Kind] = [each.kind.element for each in values if each.kind.element is not None] + [INTEGER]
    # Spark counts in 32 bits; a filter has one kind of integer.
    singles = [each.single for each in values] + [False]
    sizes = [text_of(each) or size_of(kind) for each, kind in zip(values, kinds, strict=False)] + [size_of(INTEGER)]
    found = [Typed(kind, f"v{at}", single=singles[at], size=sizes[at]) for at, kind in enumerate(kinds[: len(names)])]
    if len(names) > function.lists:
        found[-1] = Typed(INTEGER, f"CAST(v{len(names) - 1} AS BIGINT)")
    return found


def build(name: str, values: Sequence[Typed], taken: Sequence[Typed], body: Typed) -> Typed:
    """The call of a list function, once its lambda's body is compiled.

    Parameters
    ----------
    name : str
        Of the function, a key of FUNCTIONS.
    values : sequence of Typed
        The lists that it goes over.
    taken : sequence of Typed
        The lambda's variables, as `variables` gives them.
    body : Typed
        What the lambda gives.

    Raises
    ------
    Refused
        If the lambda gives no boolean where a condition is wanted, a list or always NULL, or costs too much.
    """
    signature = ", ".join(f"v{at}" for at in range(len(taken)))
    if len(taken) > 1:
        signature = f"({signature})"
    called = f"{name}({', '.join(each.sql for each in values)}, {signature} -> {body.sql})"
    parts = [*values, body]
    if name in ("exists", "forall", "filter"):
        wants(body, (BOOLEAN,), f"the lambda of {name}()")
        made = combined(values[0].kind if name == "filter" else BOOLEAN, called, parts, more=POINTS * body.work)
        return replace(made, single=name == "filter" and values[0].single)
    if body.kind.element is not None or body.kind == NOTHING:
        raise Refused(f"the lambda of {name}() wants a value, gives {body.kind}", body.place)
    made = combined(list_of(body.kind), called, parts, size=POINTS * body.size, more=POINTS * body.work)
    return replace(made, single=body.single)
