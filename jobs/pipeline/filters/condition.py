"""A condition in the filters' language by itself: which rows of the science table pass it."""

from collections.abc import Callable, Iterable
from contextlib import AbstractContextManager
from dataclasses import dataclass

import pyarrow as pa
import pyarrow.compute as pc
from pyspark.sql import SparkSession

from jobs.pipeline.filters.columns import Catalogue
from jobs.pipeline.filters.compiling import compile_condition, refusals
from jobs.pipeline.filters.engine import run
from jobs.pipeline.filters.kinds import Kind
from jobs.pipeline.filters.leaves import clean, with_missing
from jobs.pipeline.filters.plain import plain
from jobs.pipeline.filters.problems import FilterError, Problem, Refused
from jobs.pipeline.filters.public_points import public_points
from jobs.pipeline.filters.typed import Typed

_ANSWER = "answer"


@dataclass(frozen=True)
class Condition:
    """A checked condition.

    Attributes
    ----------
    text : str
        As its author wrote it.
    compiled : Typed
    kinds : dict of str to Kind
        Of the columns that it names.
    """

    text: str
    compiled: Typed
    kinds: dict[str, Kind]

    @classmethod
    def of(cls, text: str, modules: Iterable[str], where: str) -> "Condition":
        """A condition as its author wrote it.

        Parameters
        ----------
        text : str
        modules : iterable of str
            Whose columns it may name.
        where : str
            Where it stands, for messages.

        Raises
        ------
        FilterError
            With everything that is wrong with it.
        """
        catalogue = Catalogue(modules)
        try:
            compiled = compile_condition(text, catalogue)
        except Refused as first:
            found = refusals(text, catalogue) or [first]
            raise FilterError(
                [Problem(where, each.message, text, each.place, each.lacking) for each in found]
            ) from None
        return cls(text, compiled, {name: catalogue.find(name).kind for name in compiled.columns})

    def passing(self, rows: pa.Table, spark: Callable[[], AbstractContextManager[SparkSession]]) -> pa.Table:
        """The rows for which it is TRUE, as a filter would have it.

        Parameters
        ----------
        rows : pyarrow.Table
            Of the science table; with `lc_public` where the condition names a light curve: it reads the points that the
            survey shows to everybody.
        spark : callable
            Gives a session, for a condition that Arrow does not evaluate.
        """
        if not rows.num_rows:
            return rows
        hidden = {"lc_public"} if any(name.startswith("lc_") for name in self.kinds) else set()
        leaves = public_points(with_missing(clean(rows, sorted({*self.kinds, *hidden})), self.kinds))
        evaluate = plain(self.compiled, self.kinds)
        if evaluate is not None:
            answer = evaluate(leaves)
        else:
            with spark() as session:
                answer = run(session, leaves, {_ANSWER: self.compiled.sql})[_ANSWER]
        return rows.filter(pc.fill_null(answer, False))
