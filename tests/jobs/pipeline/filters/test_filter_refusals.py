"""What a filter may not say is refused before Spark sees it, at its word; what it may say is not."""

import re
from pathlib import Path

import pytest
from filter_files import filter_of

from jobs.pipeline.filters.columns import Catalogue
from jobs.pipeline.filters.compiling import compile_condition
from jobs.pipeline.filters.parsing import MAX_CHARACTERS
from jobs.pipeline.filters.problems import FilterError, Problem, Refused

HOSTILE = [
    line
    for line in (Path(__file__).parent / "hostile.txt").read_text(encoding="utf-8").splitlines()
    if line and not line.startswith("#")
]

ACCEPTED = (
    "acai.acai_h > 0.8 AND greatest(acai.acai_b, acai.acai_n) < 0.1",
    "is_known_sso IS FALSE AND stellar IS NOT TRUE",
    "coalesce(is_known_sso, FALSE)",
    "size(filter(lc_flux, f -> f > 0)) > 2",
    "exists(zip_with(lc_flux, lc_band, (f, b) -> f > 3 AND b = 'g'), both -> both)",
    "lc_flux[0] > 1 AND element_at(lc_mjd, -1) < 60000",
    "candidate.ssdistnr IS NULL OR candidate.ssdistnr BETWEEN 5 AND 10",
    "CASE band WHEN 'g' THEN mag < 19 WHEN 'r' THEN mag < 18 ELSE FALSE END",
    "object_id LIKE 'ZTF18%' AND NOT band IN ('g', 'r')",
    "CAST(n_positive AS DOUBLE) / n_detections >= 0.5",
    "band = '${env:HOME}'",
    "abs(alert_id) % 113 = 0",
    "(mag > 18)",
    "TRUE",
)


def test_there_are_more_than_two_hundred_hostile_expressions() -> None:
    assert len(set(HOSTILE)) > 200


@pytest.mark.parametrize("text", HOSTILE)
def test_a_hostile_expression_is_refused_with_a_message(text: str, catalogue: Catalogue) -> None:
    with pytest.raises(Refused) as refused:
        compile_condition(text, catalogue)
    assert len(refused.value.message) > 10


@pytest.mark.parametrize("text", ACCEPTED)
def test_an_honest_expression_is_accepted(text: str, catalogue: Catalogue) -> None:
    assert compile_condition(text, catalogue).sql


@pytest.mark.parametrize(
    ("text", "word", "said"),
    [
        ("mag > 1 AND\n  acai_h > 0.8", "acai_h", "did you mean acai.acai_h?"),
        ("mag > 1 AND candidate.ndethits < 3", "candidate.ndethits", "did you mean candidate.ndethist"),
        ("mag > 1 OR braai.p_real > 0.5", "braai.p_real", "needs the module braai, the job has acai, rise"),
        ("mag < 1 AND sqr(flux) > 1", "sqr", "did you mean sqrt"),
        ("mag < 1 AND rand() > 1", "rand", "the same answer for the same alert"),
        ("is_positive AND NOT is_known_sso", "is_known_sso", "`is_known_sso IS FALSE`"),
        ("mag > 1 AND candidate.ssdistnr < -999", "999", "write candidate.ssdistnr IS NULL"),
        ("mag > 1 AND band = 3", "band", "band (string)"),
        ("mag BETWEEN 1 AND AND 2", "AND", "no Spark SQL expression"),
        ("mag > 1 -- bright", "1", "comments are not allowed"),
    ],
)
def test_a_message_points_at_the_word(text: str, word: str, said: str, catalogue: Catalogue) -> None:
    with pytest.raises(Refused) as refused:
        compile_condition(text, catalogue)
    place = refused.value.place
    assert said in refused.value.message
    assert place is not None
    assert text[place.start : place.end] == word
    shown = str(Problem("f.yaml: where", refused.value.message, text, place)).splitlines()
    assert shown[-1].index("^") == shown[-2].rindex(word)
    assert shown[-1].count("^") == len(word)


@pytest.mark.parametrize(
    "text",
    [
        "mag > 1" + " AND mag > 1" * (MAX_CHARACTERS // 12),
        "(" * 500 + "mag > 1" + ")" * 500,
        "NOT " * 1500 + "is_positive",
        "-" * 4000 + "mag > 1",
        "mag > " + " + ".join(["1"] * 300),
        "if(" * 30 + "is_positive" + ", TRUE, FALSE)" * 30,
        "greatest(1, " * 22 + "mag" + ")" * 22 + " > 1",
        "CASE WHEN " * 40 + "is_positive" + " THEN TRUE END" * 40,
        "lc_flux" + "[0]" * 60 + " > 1",
        " OR ".join(["is_positive"] * 500),
    ],
)
def test_what_is_too_long_or_too_deep_is_refused(text: str, catalogue: Catalogue) -> None:
    with pytest.raises(Refused):
        compile_condition(text, catalogue)


def test_what_unfolds_without_bound_is_refused(catalogue: Catalogue) -> None:
    """Each greatest writes its arguments twice."""
    text = "mag"
    for _ in range(14):
        text = f"greatest({text}, 1)"
    with pytest.raises(Refused, match="unfolds"):
        compile_condition(f"{text} > 1", catalogue)


def test_no_text_of_the_author_reaches_spark(catalogue: Catalogue) -> None:
    """Literals come in escapes, names only from the catalogue: neither a quote nor ${...} can be carried in."""
    sql = compile_condition("band = '\\' OR 1=1 ${env:HOME} `x` -- ' AND contains(object_id, \"'\")", catalogue).sql
    inside = sql.split("'")[1::2]
    assert all(letter.isalnum() or letter in " _-+.:,/%\\" for text in inside for letter in text)
    assert sql.count("'") == 4
    assert "${" not in sql


LONG = "a" * 3500


@pytest.mark.parametrize(
    ("text", "said"),
    [
        (f"exists(transform(lc_flux, x -> '{LONG}'), x -> x = 'a')", "this gives 3,500,000 bytes"),
        (f"size(zip_with(lc_flux, lc_mjd, (x, y) -> concat('{LONG}', 'b'))) > 2", "this gives 3,501,000 bytes"),
        ("size(transform(lc_band, b -> concat(b, object_id, b, object_id, b))) > 2", "a value may have 262,144"),
        (f"exists(lc_band, b -> contains('{LONG}', b))", "steps for an alert with a light curve of 1,000 points"),
        (f"exists(lc_band, b -> concat('{LONG}', b) LIKE '%a%a%ab')", "an expression may take 2,000,000"),
    ],
)
def test_an_expression_that_grows_without_bound_is_refused_with_its_size(
    catalogue: Catalogue, text: str, said: str
) -> None:
    with pytest.raises(Refused, match=re.escape(said)):
        compile_condition(text, catalogue)


def test_annotations_are_bounded_each_and_together(catalogue: Catalogue) -> None:
    """8,000 characters per point of the light curve filled a heap."""
    each = {"long": f"transform(lc_flux, x -> '{'a' * 8000}')"}
    with pytest.raises(FilterError, match=r"annotations\.long.*this gives 8,000,000 bytes"):
        filter_of(catalogue, "x", "mag > 1", annotations=each)
    many = {f"a{at}": "transform(lc_band, b -> concat(b, object_id))" for at in range(9)}
    with pytest.raises(FilterError, match=r"they have 1,152,000 bytes .* those of a filter may have 1,048,576"):
        filter_of(catalogue, "x", "mag > 1", annotations=many)
    curve = {name: name for name in ("lc_mjd", "lc_flux", "lc_flux_err", "lc_band", "lc_kind", "lc_real_bogus")}
    assert len(filter_of(catalogue, "x", "mag > 1", annotations=curve).values) == 6
