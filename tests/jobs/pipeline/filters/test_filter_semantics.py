"""Random expressions mean in Spark what they mean to an evaluator that shares nothing with Strix."""

import math
import random
import time
from typing import Any

import pyarrow as pa
import pytest
import random_expressions as made
from alerts_tables import science
from filter_files import filter_of
from pyspark.sql import SparkSession
from three_valued import STRICT, evaluate

from jobs.pipeline.filters.columns import Catalogue
from jobs.pipeline.filters.compiling import compile_condition, compile_value
from jobs.pipeline.filters.engine import How, run
from jobs.pipeline.filters.examples import AS_CLAIMED, check_examples
from jobs.pipeline.filters.leaves import clean

pytestmark = pytest.mark.spark

PER_SELECT = 500
ALERTS = 16


def leaves_of(rows: list[dict[str, Any]]) -> pa.Table:
    return clean(science(rows), list(rows[0]))


def disagreements(
    spark: SparkSession,
    trees: list[Any],
    texts: list[str],
    sql: list[str],
    rows: list[dict[str, Any]],
    how: How,
    together: int = PER_SELECT,
) -> tuple[list[str], dict[Any, int]]:
    """Where Spark and the evaluator differ, and how often each answer came."""
    leaves, meant = leaves_of(rows), [made.meaning(row) for row in rows]
    found, answers = [], {True: 0, False: 0, None: 0}
    for start in range(0, len(trees), together):
        part = range(start, min(start + together, len(trees)))
        table = run(spark, leaves, {str(number): sql[number] for number in part}, how)
        for number in part:
            wanted = [evaluate(trees[number], row) for row in meant]
            given = table[str(number)].to_pylist()
            if given != wanted:
                at = next(row for row in range(len(rows)) if given[row] != wanted[row])
                found.append(f"{texts[number]}: wants {wanted[at]}, gives {given[at]} for {meant[at]}")
            for answer in wanted:
                answers[answer] = answers.get(answer, 0) + 1
    return found, answers


def random_conditions(catalogue: Catalogue, seed: int, count: int, depths: tuple[int, ...]) -> tuple[list[Any], ...]:
    """Distinct conditions: trees, texts, Spark SQL."""
    generator = random.Random(seed)
    expressions = made.Expressions(generator)
    trees: dict[str, Any] = {}
    while len(trees) < count:
        tree = expressions.make("boolean", generator.choice(depths))
        trees[made.sql(tree)] = tree
    return list(trees.values()), list(trees), [compile_condition(text, catalogue).sql for text in trees]


def test_random_conditions_give_what_three_valued_logic_gives(spark: SparkSession, catalogue: Catalogue) -> None:
    trees, texts, sql = random_conditions(catalogue, 20261, 3000, (1, 2, 2, 2, 3))
    found, answers = disagreements(spark, trees, texts, sql, made.rows(random.Random(1), ALERTS), "local")
    assert not found, "\n".join(found[:5])
    assert min(answers[each] for each in (True, False, None)) > 0.1 * sum(answers.values())


def test_deep_conditions_give_the_same_in_a_job_and_in_the_driver(spark: SparkSession, catalogue: Catalogue) -> None:
    trees, texts, sql = random_conditions(catalogue, 20262, 200, (3, 4, 4))
    rows = made.rows(random.Random(2), ALERTS)
    for how in ("local", "job"):
        found, _ = disagreements(spark, trees, texts, sql, rows, how)
        assert not found, f"{how}: " + "\n".join(found[:5])


def test_random_values_are_the_evaluators_to_the_bit(spark: SparkSession, catalogue: Catalogue) -> None:
    generator = random.Random(20263)
    expressions = made.Expressions(generator)
    kinds = ("number", "integer", "string")
    trees = [expressions.make(generator.choice(kinds), generator.choice((1, 2, 2, 3))) for _ in range(600)]
    texts = [made.sql(tree) for tree in trees]
    sql = [compile_value(text, catalogue).sql for text in texts]
    found, _ = disagreements(spark, trees, texts, sql, made.rows(generator, ALERTS), "local")
    assert not found, "\n".join(found[:5])


@pytest.mark.soak
@pytest.mark.timeout(1800)
@pytest.mark.parametrize("seed", range(10))
def test_many_more_random_conditions(spark: SparkSession, catalogue: Catalogue, seed: int) -> None:
    trees, texts, sql = random_conditions(catalogue, 1000 + seed, 10_000, (1, 2, 3, 4))
    rows = made.rows(random.Random(seed), ALERTS)
    found, _ = disagreements(spark, trees, texts, sql, rows, "local", together=50)  # deep ones fill a heap of 1 GiB
    assert not found, "\n".join(found[:5])


@pytest.mark.parametrize(
    ("text", "alert", "wanted"),
    [
        ("1 / (n_positive - n_positive) > 0", {"n_positive": 3}, None),
        ("n_positive % 0 = 0", {"n_positive": 3}, None),
        ("n_positive * 9223372036854775807 > 0", {"n_positive": 3}, None),
        ("abs(alert_id) > 0", {"alert_id": -(2**63)}, None),
        ("-alert_id > 0", {"alert_id": -(2**63)}, None),
        ("CAST(mag AS BIGINT) > 0", {"mag": 1e300}, None),
        ("CAST(mag AS BIGINT) > 0", {"mag": 9.223372036854775807e18}, None),
        ("CAST(band AS DOUBLE) > 0", {"band": "g"}, None),
        ("lc_flux[5] > 0", {"lc_flux": [1.0]}, None),
        ("lc_flux[-1] > 0", {"lc_flux": [1.0]}, None),
        ("lc_flux[n_positive] > 0", {"lc_flux": [1.0], "n_positive": 2**40}, None),
        ("element_at(lc_flux, -2) > 0", {"lc_flux": [1.0]}, None),
        ("mag > 5", {"mag": math.nan}, None),
        ("flux - flux_err < 5", {"flux": math.inf, "flux_err": math.inf}, None),
        ("mag > 5", {"mag": math.inf}, True),
        ("sqrt(flux) < 5", {"flux": -1.0}, None),
        ("floor(flux) < 5", {"flux": -1e300}, None),
        ("greatest(mag, flux) > 5", {"mag": 9.0, "flux": None}, None),
        ("array_max(lc_flux) > 5", {"lc_flux": [9.0, None]}, None),
        ("array_max(lc_flux) > 5", {"lc_flux": [9.0, math.nan]}, None),
        ("array_max(lc_flux) > 5", {"lc_flux": []}, None),
        ("size(lc_flux) < 5", {"lc_flux": None}, None),
        ("candidate.ssdistnr < 10", {"candidate.ssdistnr": -999.0}, None),
        ("candidate.ssdistnr < 10", {"candidate.ssdistnr": -99999.0}, None),
        ("candidate.ssdistnr < 10", {"candidate.ssdistnr": -998.0}, True),
        ("candidate.ssnamenr LIKE 'n%'", {"candidate.ssnamenr": "null"}, None),
        ("candidate.diaObjectId < 10", {"survey": "lsst", "candidate.diaObjectId": 0}, None),
        ("candidate.diaObjectId < 10", {"survey": "lsst", "candidate.diaObjectId": 5}, True),
        ("mag > 5 OR flux > 5", {"mag": None, "flux": 9.0}, True),
        ("mag > 5 AND flux > 5", {"mag": None, "flux": 1.0}, False),
        ("NOT mag > 5", {"mag": None}, None),
        ("is_known_sso IS FALSE", {"is_known_sso": None}, False),
        ("is_known_sso IS NOT TRUE", {"is_known_sso": None}, True),
        ("array_contains(lc_band, 'g')", {"lc_band": ["r", None]}, None),
        ("exists(lc_flux, f -> f > 5)", {"lc_flux": [1.0, None]}, None),
        ('object_id = "ZTF18\'${env:HOME}\\\\"', {"object_id": "ZTF18'${env:HOME}\\"}, True),
        ("object_id = 'Förster 漢 🔭'", {"object_id": "Förster 漢 🔭"}, True),
    ],
)
def test_an_edge_means_what_the_documentation_says(
    spark: SparkSession, catalogue: Catalogue, text: str, alert: dict[str, Any], wanted: Any
) -> None:
    compiled = compile_condition(text, catalogue)
    leaves = clean(science([alert]), sorted({*alert, *compiled.columns}))
    for how in ("local", "job"):
        assert run(spark, leaves, {"answer": compiled.sql}, how)["answer"].to_pylist() == [wanted]


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("ln(mag)", math.log(18.25)), ("log10(mag)", math.log10(18.25)), ("log2(mag)", math.log2(18.25)),
        ("exp(-mag)", math.exp(-18.25)), ("sin(mag)", math.sin(18.25)), ("cos(mag)", math.cos(18.25)),
        ("tan(mag)", math.tan(18.25)), ("asin(mag / 20)", math.asin(18.25 / 20)), ("acos(mag / 20)", math.acos(18.25 / 20)),
        ("atan(mag)", math.atan(18.25)), ("atan2(mag, -3)", math.atan2(18.25, -3)), ("hypot(mag, 3)", math.hypot(18.25, 3)),
        ("pow(mag, 1.5)", 18.25**1.5), ("power(mag, -2)", 18.25**-2), ("cbrt(mag)", 18.25 ** (1 / 3)),
        ("radians(mag)", math.radians(18.25)), ("degrees(mag)", math.degrees(18.25)), ("sign(-mag)", -1.0),
        ("nvl(flux, mag)", 18.25), ("ln(-mag)", None), ("log10(0)", None), ("acos(mag)", None), ("pow(-mag, 0.5)", None),
    ],
)  # fmt: skip
def test_a_real_function_is_the_mathematical_one(
    spark: SparkSession, catalogue: Catalogue, text: str, value: float | None
) -> None:
    leaves = clean(science([{"mag": 18.25, "flux": None}]), ["mag", "flux"])
    (answer,) = run(spark, leaves, {"answer": compile_value(text, catalogue).sql})["answer"].to_pylist()
    assert answer == (None if value is None else pytest.approx(value, rel=1e-14))


@pytest.mark.parametrize(
    ("text", "alert", "wanted"),
    [
        ("candidate.rb >= 0.65", {"candidate.rb": 0.65}, True),
        ("candidate.rb > 0.65", {"candidate.rb": 0.65}, False),
        ("candidate.rb <= 0.7", {"candidate.rb": 0.7}, True),
        ("0.65 <= candidate.rb", {"candidate.rb": 0.65}, True),
        ("candidate.rb = 0.65", {"candidate.rb": 0.65}, True),
        ("candidate.rb <> 0.65", {"candidate.rb": 0.65}, False),
        ("candidate.rb BETWEEN 0.65 AND 0.7", {"candidate.rb": 0.65}, True),
        ("candidate.rb BETWEEN 0.6 AND 0.7", {"candidate.rb": 0.7}, True),
        ("candidate.rb IN (0.1, 0.65)", {"candidate.rb": 0.65}, True),
        ("CASE candidate.rb WHEN 0.65 THEN TRUE ELSE FALSE END", {"candidate.rb": 0.65}, True),
        ("-candidate.rb <= -0.65", {"candidate.rb": 0.65}, True),
        ("abs(candidate.rb) >= 0.65", {"candidate.rb": 0.65}, True),
        ("coalesce(candidate.rb, 0.65) >= 0.65", {"candidate.rb": None}, True),
        ("coalesce(candidate.rb, 0) >= 0.65", {"candidate.rb": 0.65}, True),
        ("if(candidate.rb > 0.1, candidate.rb, 0.65) = 0.65", {"candidate.rb": 0.05}, True),
        ("greatest(candidate.rb, candidate.drb) >= 0.65", {"candidate.rb": 0.65, "candidate.drb": 0.1}, True),
        ("greatest(candidate.rb, 0.65) = 0.65", {"candidate.rb": 0.1}, True),
        ("nullif(candidate.rb, 0.65) IS NULL", {"candidate.rb": 0.65}, True),
        ("acai.acai_h >= 0.8", {"acai.acai_h": 0.8}, True),
        ("lc_real_bogus[0] >= 0.65", {"lc_real_bogus": [0.65]}, True),
        ("array_max(lc_real_bogus) >= 0.65", {"lc_real_bogus": [0.1, 0.65]}, True),
        ("array_contains(lc_real_bogus, 0.65)", {"lc_real_bogus": [0.65]}, True),
        ("exists(lc_real_bogus, s -> s >= 0.65)", {"lc_real_bogus": [0.65]}, True),
        ("exists(filter(lc_real_bogus, s -> s > 0.1), s -> s = 0.65)", {"lc_real_bogus": [0.65]}, True),
        ("exists(transform(lc_real_bogus, s -> -s), s -> s = -0.65)", {"lc_real_bogus": [0.65]}, True),
        # Beyond float32 nothing is rounded, an integer that is no float32 neither.
        ("candidate.rb < 1e300", {"candidate.rb": math.inf}, False),
        ("candidate.rb >= 1e-60", {"candidate.rb": 0.0}, False),
        ("candidate.rb = 16777217", {"candidate.rb": 16777216.0}, False),
        # Arithmetic is done in doubles, with what packets publish, and against the decimal as it is written.
        ("candidate.rb + 0 >= 0.65", {"candidate.rb": 0.65}, False),
        ("candidate.rb >= CAST(0.65 AS DOUBLE)", {"candidate.rb": 0.65}, False),
        ("round(candidate.rb, 2) >= 0.65", {"candidate.rb": 0.65}, True),
        ("flux >= 0.65", {"flux": 0.65}, True),
        ("flux >= candidate.rb", {"flux": 0.65, "candidate.rb": 0.65}, True),
    ],
)
def test_a_decimal_beside_float32_is_the_one_that_packets_publish(
    spark: SparkSession, catalogue: Catalogue, text: str, alert: dict[str, Any], wanted: Any
) -> None:
    """0.65 as float32 is 0.64999998: it is what an author means by 0.65, in the job and in the examples alike."""
    compiled = compile_condition(text, catalogue)
    single = {name: _single(value) if name == "lc_real_bogus" else value for name, value in alert.items()}
    leaves = clean(science([single]), sorted({*alert, *compiled.columns}))
    assert run(spark, leaves, {"answer": compiled.sql}, "local")["answer"].to_pylist() == [wanted]
    each = filter_of(catalogue, "x", text, examples={"match": [alert]})
    (checked,) = check_examples(spark, [each])
    assert (checked.outcome == AS_CLAIMED) == (wanted is True)


def _single(values: list[float]) -> list[float]:
    return list(pa.array(values, pa.float32()).to_pylist())


LIKED = ("", "a", "b", "ab", "aab", "abab", "a.b", "xaxbx", "a\nb", "ab🔭", "🔭", "aaab" * 3, "%", "a%b_c", "\\E.*")


def test_like_is_like(spark: SparkSession, catalogue: Catalogue) -> None:
    """As a regular expression that does not go back it takes what a slow one takes."""
    generator = random.Random(3)
    patterns = {"".join(generator.choice("ab%%_.🔭") for _ in range(generator.randint(0, 7))) for _ in range(150)}
    patterns = {pattern for pattern in patterns if pattern.count("%") <= 4}
    leaves = pa.table({"object_id": LIKED})
    asked = {text: compile_condition(f"object_id LIKE '{text}'", catalogue).sql for text in patterns}
    found = run(spark, leaves, asked, "local")
    wanted = {text: [STRICT["like"](value, text) for value in LIKED] for text in patterns}
    assert {text: found[text].to_pylist() for text in patterns} == wanted
    assert sum(sum(each) for each in wanted.values()) > 100


def test_like_takes_time_that_grows_with_the_text(spark: SparkSession, catalogue: Catalogue) -> None:
    """Spark's own LIKE took n^4 steps: 10^12 for this text."""
    long = compile_condition(f"concat('{'a' * 4000}', object_id) LIKE '%a%a%a%ab'", catalogue).sql
    leaves = pa.table({"object_id": ["a" * 1000, "ab"] * 50})
    started = time.monotonic()
    assert run(spark, leaves, {"answer": long}, "local")["answer"].to_pylist() == [False, True] * 50
    assert time.monotonic() - started < 10


def test_what_is_longer_than_any_name_or_light_curve_is_null() -> None:
    rows = [
        {"object_id": "a" * 1024, "lc_flux": [1.0] * 10_000, "lc_band": ["g", "r" * 1024]},
        {"object_id": "a" * 1025, "lc_flux": [1.0] * 10_001, "lc_band": ["g", "r" * 1025]},
        {"object_id": None, "lc_flux": None, "lc_band": None},
    ]
    leaves = clean(science(rows), ["object_id", "lc_flux", "lc_band"])
    assert leaves["object_id"].to_pylist() == ["a" * 1024, None, None]
    assert [None if each is None else len(each) for each in leaves["lc_flux"].to_pylist()] == [10_000, None, None]
    assert leaves["lc_band"].to_pylist() == [["g", "r" * 1024], ["g", None], None]
