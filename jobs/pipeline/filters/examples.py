"""Whether a filter's examples give what they claim, by the same way that alerts go."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc
from pyspark.sql import SparkSession

from jobs.pipeline.filters.definition import Filter
from jobs.pipeline.filters.engine import run
from jobs.pipeline.filters.kinds import STRING
from jobs.pipeline.filters.leaves import clean_leaf
from jobs.pipeline.filters.problems import FilterError, Problem
from jobs.pipeline.filters.singles import as_published

Example = str | Mapping[str, Any]

AS_CLAIMED, NOT_AS_CLAIMED, NOT_CHECKED = "as claimed", "not as claimed", "not checked"


@dataclass(frozen=True)
class Checked:
    """One example, looked at.

    Attributes
    ----------
    filter : str
    path : str
        The filter's file.
    claim : str
        match or no_match.
    example : str or mapping
        As the file has it.
    outcome : str
        as claimed, not as claimed, or not checked.
    found : str
        What came out, or why it was not checked.
    """

    filter: str
    path: str
    claim: str
    example: Example
    outcome: str
    found: str

    @property
    def problem(self) -> Problem:
        """As a problem of the filter's file."""
        return Problem(f"{self.path}: examples.{self.claim}", f"{_shown(self.example)} {self.found}")


def check_examples(spark: SparkSession, filters: Sequence[Filter], alerts: pa.Table | None = None) -> list[Checked]:
    """Evaluate the examples of all filters, in one pass.

    Parameters
    ----------
    spark : SparkSession
    filters : sequence of Filter
    alerts : pyarrow.Table, optional
        Clean columns (`leaves`) of the real alerts that examples name, by `example_alerts.find_examples`; what is not
        there is `not checked`.

    Returns
    -------
    list of Checked
        One per example: filter by filter, first match, then no_match.
    """
    claims = [
        (number, claim, example)
        for number, each in enumerate(filters)
        for claim in ("match", "no_match")
        for example in getattr(each.examples, claim)
    ]
    asked = [(number, claim, example, _row(filters[number], example, alerts)) for number, claim, example in claims]
    there = [(number, row) for number, _, _, row in asked if row is not None]
    answers = iter(_answers(spark, filters, there) if there else ())
    return [
        _checked(filters[number], claim, example, "" if row is None else next(answers))
        for number, claim, example, row in asked
    ]


def require_examples(spark: SparkSession, filters: Sequence[Filter], alerts: pa.Table | None = None) -> None:
    """Require that every example gives what it claims; examples that cannot be evaluated are no error.

    Parameters
    ----------
    spark : SparkSession
    filters : sequence of Filter
    alerts : pyarrow.Table, optional
        As for `check_examples`.

    Raises
    ------
    FilterError
        With a problem per example that does not give what it claims.
    """
    wrong = [each.problem for each in check_examples(spark, filters, alerts) if each.outcome == NOT_AS_CLAIMED]
    if wrong:
        raise FilterError(wrong)


def _row(each: Filter, example: Example, alerts: pa.Table | None) -> Mapping[str, Any] | None:
    """The clean values of an example, as precise as packets have them; None if it is an alert that is not at hand."""
    if not isinstance(example, str):
        return {name: as_published(value) if name in each.singles else value for name, value in example.items()}
    if alerts is None:
        return None
    survey, alert_id = example.split(":")
    here = pc.and_(pc.equal(alerts["survey"], survey), pc.equal(alerts["alert_id"], int(alert_id)))
    found: list[dict[str, Any]] = alerts.filter(here).slice(0, 1).to_pylist()
    return found[0] if found else None


def _answers(
    spark: SparkSession, filters: Sequence[Filter], asked: Sequence[tuple[int, Mapping[str, Any]]]
) -> list[str]:
    """What each row's own filter says of it: TRUE, FALSE or NULL.

    Parameters
    ----------
    asked : sequence of (int, mapping)
        Number of the filter and the row.
    """
    kinds = {name: kind for each in filters for name, kind in each.kinds.items()} | {"survey": STRING}
    survey = pa.array([row.get("survey") for _, row in asked], pa.string())
    columns = {
        name: clean_leaf(pa.array([row.get(name) for _, row in asked], kind.arrow), name, survey)
        for name, kind in kinds.items()
    }
    conditions = {f"filter {number}": filters[number].condition.sql for number, _ in asked}
    found = run(spark, pa.table(columns), conditions, "local")
    answers = [found[f"filter {number}"][at].as_py() for at, (number, _) in enumerate(asked)]
    return ["NULL" if answer is None else str(answer).upper() for answer in answers]


def _checked(each: Filter, claim: str, example: Example, answer: str) -> Checked:
    """The verdict on an answer: TRUE, FALSE, NULL, or empty where the alert was not at hand."""
    said = (each.name, each.path, claim, example)
    if not answer:
        return Checked(*said, NOT_CHECKED, "is not at hand")
    as_claimed = (answer == "TRUE") == (claim == "match")
    wanted = "TRUE" if claim == "match" else "anything but TRUE"
    found = f"gives {answer}" if as_claimed else f"should give {wanted}, gives {answer}"
    return Checked(*said, AS_CLAIMED if as_claimed else NOT_AS_CLAIMED, found)


def _shown(example: Example) -> str:
    if isinstance(example, str):
        return f"alert {example}"
    return "row {" + ", ".join(f"{name}: {value}" for name, value in example.items()) + "}"
