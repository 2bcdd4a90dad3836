"""What a filter would have done to alerts that are there: rates, what each clause costs, what it just missed."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray
from pyspark.sql import SparkSession

from jobs.pipeline.filters.columns import Catalogue
from jobs.pipeline.filters.compiling import clause_trees, clauses
from jobs.pipeline.filters.definition import Filter
from jobs.pipeline.filters.engine import run
from jobs.pipeline.filters.evaluation import names_read
from jobs.pipeline.filters.leaves import ALWAYS, read_leaves, with_missing
from jobs.pipeline.filters.nearest import SAMPLES, Nearest
from jobs.pipeline.filters.public_points import public_points
from jobs.storage.schema_union import joined

_ANSWERED = "answer"


@dataclass
class Clause:
    """One of the conditions that AND joins.

    Attributes
    ----------
    text : str
    after : int
        Alerts that this and all clauses before it let pass.
    alone : int
        Alerts that it lets pass by itself.
    null : int
        Alerts for which it is NULL.
    misses : int
        Alerts that fail this clause alone, and for which it is FALSE: those that `near` is taken from.
    keeps_out : int
        Near misses: alerts that all other clauses let pass.
    near : pyarrow.Table
        The nearest of them for which it is FALSE: the ids, by how much the comparison that decides is missed
        (`missed_by`; NULL if it compares no numbers), which that is (`comparison`), the distance as a part of the spread of
        that difference among the alerts (`of_spread`), and the columns of this clause.
    """

    text: str
    after: int = 0
    alone: int = 0
    null: int = 0
    keeps_out: int = 0
    misses: int = 0
    near: pa.Table | None = None


@dataclass
class DryRun:
    """The outcome over all alerts that were looked at.

    Attributes
    ----------
    total, matched : int
    nights : dict of int to list
        Per night: alerts, matches.
    clauses : list of Clause
    nulls : dict of str to int
        Per column: alerts for which it is NULL.
    unanswered : int
        Alerts for which the whole condition is NULL: they do not pass.
    null_then : dict of str to int
        Per column: of these, for how many it is NULL.
    matches : pyarrow.Table or None
        All matches: the ids and the filter's columns.
    annotations : pyarrow.Table or None
        Of the first SAMPLES matches: what the filter adds.
    """

    clauses: list[Clause]
    total: int = 0
    matched: int = 0
    nights: dict[int, list[int]] = field(default_factory=dict)
    nulls: dict[str, int] = field(default_factory=dict)
    unanswered: int = 0
    null_then: dict[str, int] = field(default_factory=dict)
    matches: pa.Table | None = None
    annotations: pa.Table | None = None


def dry_run(spark: SparkSession, each: Filter, files: Sequence[Path], catalogue: Catalogue) -> DryRun:
    """Try a filter on science files.

    Parameters
    ----------
    spark : SparkSession
    each : Filter
        The filter to try.
    files : sequence of pathlib.Path
        Parquet files of the science table.
    catalogue : Catalogue
        The one that the filter was compiled with.

    Notes
    -----
    `per_object` and `max_per_night` are not applied: this says what the condition does.
    """
    parts = clauses(each.where, catalogue)
    nothing = dict.fromkeys(sorted(each.condition.columns), 0)
    done = DryRun([Clause(text) for text, _ in parts], nulls=dict(nothing), null_then=dict(nothing))
    asked = {f"clause {number}": part.sql for number, (_, part) in enumerate(parts)}
    nearest = [Nearest.of(tree, number, catalogue) for number, tree in enumerate(clause_trees(each.where))]
    more = {name: sql for clause in nearest for name, sql in clause.asked.items()}
    for leaves in read_leaves(files, names_read([each])):
        leaves = (leaves if each.private else public_points(leaves)).select([*ALWAYS, *_there(each, leaves)])
        leaves = with_missing(leaves, each.kinds)
        found = run(spark, leaves, {**asked, **more, _ANSWERED: each.condition.sql})
        _count(done, leaves, found[_ANSWERED])
        answers = np.stack([_truth(found[name]) for name in asked])
        _count_clauses(done, answers, [found[name].null_count for name in asked])
        for number, (_, part) in enumerate(parts):
            near = _near(answers, number)
            said = near & pc.is_valid(found[f"clause {number}"]).to_numpy()
            done.clauses[number].keeps_out += int(near.sum())
            done.clauses[number].misses += int(said.sum())
            done.clauses[number].near = nearest[number].add(leaves, found, said, sorted(part.columns))
    if done.matches is not None and each.values:
        done.annotations = run(
            spark, done.matches.slice(0, SAMPLES), {name: value.sql for name, value in each.values.items()}
        )
    return done


def _there(each: Filter, leaves: pa.Table) -> list[str]:
    """The columns of a filter that files have."""
    return [name for name in leaves.column_names if name in each.columns and name not in ALWAYS]


def _truth(answers: pa.ChunkedArray) -> NDArray[np.bool_]:
    found: NDArray[np.bool_] = pc.fill_null(answers, False).to_numpy()
    return found


def _count(done: DryRun, leaves: pa.Table, answers: pa.ChunkedArray) -> None:
    passed = pc.fill_null(answers, False)
    done.total += leaves.num_rows
    done.unanswered += answers.null_count
    unanswered = leaves.filter(pc.is_null(answers))
    for name in done.null_then:
        done.null_then[name] += unanswered[name].null_count
    for name in done.nulls:
        done.nulls[name] += leaves[name].null_count
    of_nights = pa.table({"night": leaves["night"], "passed": passed}).group_by("night")
    for row in of_nights.aggregate([("passed", "count"), ("passed", "sum")]).to_pylist():
        counts = done.nights.setdefault(row["night"], [0, 0])
        counts[0] += row["passed_count"]
        counts[1] += row["passed_sum"]
    matches = leaves.select([*ALWAYS, *(name for name in leaves.column_names if name not in ALWAYS)]).filter(passed)
    done.matched += matches.num_rows
    done.matches = _joined(done.matches, matches)


def _count_clauses(done: DryRun, answers: NDArray[np.bool_], nulls: Sequence[int]) -> None:
    after = np.logical_and.accumulate(answers, axis=0).sum(axis=1)
    for clause, left, alone, null in zip(done.clauses, after, answers.sum(axis=1), nulls, strict=True):
        clause.after += int(left)
        clause.alone += int(alone)
        clause.null += null


def _near(answers: NDArray[np.bool_], number: int) -> NDArray[np.bool_]:
    """Rows that fail this clause and no other."""
    near: NDArray[np.bool_] = (~answers[number]) & ((~answers).sum(axis=0) == 1)
    return near


def _joined(before: pa.Table | None, more: pa.Table) -> pa.Table:
    return more if before is None else joined([before, more])
