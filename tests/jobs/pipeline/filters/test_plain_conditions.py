"""Conditions that Arrow evaluates, against the evaluator that shares nothing with Strix (which Spark agrees with, too)."""

import random
from typing import Any

import pyarrow as pa
import pytest
import random_expressions as made
from three_valued import evaluate

from jobs.pipeline.filters.columns import Catalogue
from jobs.pipeline.filters.compiling import compile_condition
from jobs.pipeline.filters.leaves import clean_leaf
from jobs.pipeline.filters.plain import plain
from science_modules import registry

CATALOGUE = Catalogue(registry.names())


def leaves_of(rows: list[dict[str, Any]]) -> pa.Table:
    survey = pa.array(["ztf"] * len(rows))
    kinds = {name: CATALOGUE.find(name).kind.arrow for name in rows[0]}
    columns = {name: pa.array([row[name] for row in rows], kind) for name, kind in kinds.items()}
    return pa.table({name: clean_leaf(column, name, survey) for name, column in columns.items()})


def evaluator(text: str) -> Any:
    condition = compile_condition(text, CATALOGUE)
    return plain(condition, {name: CATALOGUE.find(name).kind for name in condition.columns})


def test_random_conditions_give_what_three_valued_logic_gives() -> None:
    rows = made.rows(random.Random(3), 40)
    leaves, meant = leaves_of(rows), [made.meaning(row) for row in rows]
    generator = random.Random(20264)
    expressions, compared, answers = made.Expressions(generator), 0, {True: 0, False: 0, None: 0}
    while compared < 500:
        tree = expressions.make("boolean", generator.choice((1, 1, 2, 2, 3)))
        evaluate_leaves = evaluator(made.sql(tree))
        if evaluate_leaves is None:
            continue
        compared += 1
        wanted = [evaluate(tree, row) for row in meant]
        assert evaluate_leaves(leaves).to_pylist() == wanted, made.sql(tree)
        for answer in wanted:
            answers[answer] += 1
    assert min(answers.values()) > 0.1 * sum(answers.values())


@pytest.mark.parametrize(
    "text",
    [
        "mag < 19.5 AND band IN ('g', 'r')",
        "candidate.rb >= 0.65 AND NOT is_known_sso IS TRUE",
        "abs(flux / flux_err) > 5 OR real_bogus BETWEEN 0.3 AND 0.9",
        "acai.acai_h > 0.8 AND greatest(acai.acai_b, acai.acai_n) < 0.1 AND n_positive < 5 AND is_positive",
        "coalesce(candidate.ssdistnr, 99) > 10 AND mjd > 60000 AND alert_id <> -3",
    ],
)
def test_what_people_ask_does_not_wait_for_spark(text: str) -> None:
    assert evaluator(text) is not None


@pytest.mark.parametrize(
    "text", ["size(lc_flux) > 3", "n_positive + 1 > 2", "object_id LIKE 'ZTF%'", "band = 'it\\'s'", "sqrt(mag) > 4"]
)
def test_the_rest_is_spark_s(text: str) -> None:
    assert evaluator(text) is None
