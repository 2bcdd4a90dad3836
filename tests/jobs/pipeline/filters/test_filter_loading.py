"""A YAML file becomes a filter, or everything that is wrong with it is said at once."""

import re
from pathlib import Path

import pytest
import yaml
from filter_files import filter_of

from jobs.pipeline.filters import FilterError, lists, load_filters
from jobs.pipeline.filters.columns import Catalogue
from jobs.pipeline.filters.compiling import compile_condition
from jobs.pipeline.filters.definition import make_filter
from jobs.pipeline.filters.functions import FUNCTIONS
from science_modules import registry

GOOD = """description: "d"
owner: me
where: mag < 19
"""


def problems_of(tmp_path: Path, text: str, name: str = "x.yaml") -> str:
    (tmp_path / name).write_text(text, encoding="utf-8")
    with pytest.raises(FilterError) as found:
        load_filters(tmp_path, ["acai"])
    return str(found.value)


def test_a_file_becomes_a_filter_named_as_the_file(tmp_path: Path) -> None:
    keys = "annotations: {m: mag, h: 'round(acai.acai_h, 2)'}\nper_object: {every_hours: 12}\nmax_per_night: 5\ncutouts: true\n"
    (tmp_path / "bright_one.yaml").write_text(GOOD + keys)
    (each,) = load_filters(tmp_path, ["acai"])
    assert (each.name, each.owner, each.where, each.cutouts) == ("bright_one", "me", "mag < 19", True)
    assert (each.per_object.rule, each.per_object.days_between, each.max_per_night) == ("every_hours", 0.5, 5)
    assert each.columns == {"mag", "acai.acai_h"}
    assert {name: str(value.kind) for name, value in each.values.items()} == {"m": "number", "h": "number"}


@pytest.mark.parametrize(
    ("text", "said"),
    [
        (GOOD.replace("where", "were"), "unknown key 'were'; did you mean where"),
        (GOOD.replace("owner: me\n", ""), "the key owner is missing"),
        (GOOD + "owner: you\n", "keys that stand twice: owner"),
        ("a: &a [1]\nb: *a\n", "aliases"),
        ("- 1\n- 2\n", "`key: value` lines are wanted, this is a list"),
        ("", "`key: value` lines are wanted"),
        ("description: [", "not valid YAML"),
        ("description: !!python/object:os.system 'x'\n", "not valid YAML"),
        ("[" * 3000, "not valid YAML"),
        (GOOD + "cutouts: perhaps\n", "true or false is wanted, this is 'perhaps'"),
        (GOOD + "per_object: once\n", "first, all or `every_hours: N`"),
        (GOOD + "per_object: {every_hours: 0}\n", "over 0"),
        (GOOD + "per_object: {every_hours: 1000}\n", "up to 720"),
        (GOOD + "max_per_night: 0\n", "a whole number over 0"),
        (GOOD + "max_per_night: true\n", "a whole number over 0"),
        (GOOD + "annotations: {Bad Name: mag}\n", "a name is small letters"),
        (GOOD + "annotations: {m: magg}\n", "annotations.m: line 1, column 1: unknown column magg"),
        (GOOD + "examples: {matches: []}\n", "`match: [...]` and `no_match: [...]`"),
        (GOOD + "examples: {match: 12}\n", "a list in [ ] is wanted, this is 12"),
        (GOOD + "examples: {no_match: 'ztf:12'}\n", "a list in [ ] is wanted, this is 'ztf:12'"),
        (GOOD + "examples: {match: [12]}\n", "`survey:alert id` (ztf:1234)"),
        (GOOD + "examples: {match: [{magg: 1}]}\n", "unknown column magg"),
        (GOOD + "examples: {match: [{mag: bright}]}\n", "mag is a number, the example gives 'bright'"),
        (GOOD + "examples: {match: [{is_positive: 1}]}\n", "is_positive is a boolean"),
        (GOOD.replace("mag < 19", "braai.p_real > 0.5"), "needs the module braai, the job has acai"),
        (GOOD + "# " + "x" * 70_000, "more than 65536 bytes"),
    ],
)
def test_what_is_wrong_with_a_file_is_said(tmp_path: Path, text: str, said: str) -> None:
    message = problems_of(tmp_path, text)
    assert said in message
    assert "x.yaml" in message


def test_all_that_is_wrong_is_said_at_once(tmp_path: Path) -> None:
    (tmp_path / "y.yaml").write_text(
        GOOD.replace("mag < 19", "magg < 19\n  AND fluxx > 1").replace("where:", "where: |\n ")
    )
    message = problems_of(tmp_path, GOOD + "cutouts: 1\nmax_per_night: -1\n")
    for said in ("magg", "fluxx", "cutouts", "max_per_night", "x.yaml", "y.yaml"):
        assert said in message


NEEDY = """description: d
owner: me
where: acai.acai_h > 0.8 AND acai.acai_b < 0.1
annotations: {h: acai.acai_h}
examples: {match: [{acai: {acai_h: 0.9, acai_b: 0.0}}]}
"""


def test_what_comes_of_one_lacking_module_is_said_once(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("STRIX_MODELS", str(tmp_path / "no_models"))
    (tmp_path / "x.yaml").write_text(NEEDY)
    said = "the module acai, the job has rise; its weights are not here: strix models add acai"
    with pytest.raises(FilterError) as alone:
        load_filters(tmp_path, ["rise"])
    assert str(alone.value) == f"{tmp_path}/x.yaml: needs {said}"
    (tmp_path / "y.yaml").write_text(NEEDY)
    (tmp_path / "z.yaml").write_text(GOOD.replace("mag", "magg"))
    with pytest.raises(FilterError) as found:
        load_filters(tmp_path, ["rise"])
    needing = [line for line in str(found.value).splitlines() if "acai" in line]
    assert needing == [f"2 filters need {said}, or give a directory without them: {tmp_path}/x.yaml, {tmp_path}/y.yaml"]
    assert "unknown column magg" in str(found.value)


def test_a_module_whose_weights_are_here_has_only_to_be_added_to_the_job(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "models/acai").mkdir(parents=True)
    for each in registry.get("acai").artefacts:
        (tmp_path / "models/acai" / each.name).touch()
    monkeypatch.setenv("STRIX_MODELS", str(tmp_path / "models"))
    (tmp_path / "x.yaml").write_text(NEEDY)
    with pytest.raises(FilterError, match=r"the job has rise; add acai to it$"):
        load_filters(tmp_path, ["rise"])


@pytest.mark.parametrize("name", ["Bad.yaml", "1st.yaml", "a-b.yaml", "x" * 61 + ".yaml"])
def test_a_name_that_is_no_topic_is_refused(tmp_path: Path, name: str) -> None:
    assert "small letters, digits and _" in problems_of(tmp_path, GOOD, name)


def test_a_file_with_another_ending_is_not_passed_over(tmp_path: Path) -> None:
    assert "rename it x.yaml" in problems_of(tmp_path, GOOD, "x.yml")


def test_the_version_follows_what_is_sent_and_nothing_else(catalogue: Catalogue) -> None:
    plain = filter_of(catalogue, "x", "mag < 19 AND is_positive")
    same = filter_of(
        catalogue, "x", "(mag<19.0)\n  and IS_POSITIVE".replace("IS_POSITIVE", "is_positive"), owner="other"
    )
    others = [
        filter_of(catalogue, "x", "mag <= 19 AND is_positive"),
        filter_of(catalogue, "x", "mag < 19 AND is_positive", cutouts=True),
        filter_of(catalogue, "x", "mag < 19 AND is_positive", annotations={"m": "mag"}),
        filter_of(catalogue, "x", "mag < 19 AND is_positive", per_object="first"),
        filter_of(catalogue, "x", "mag < 19 AND is_positive", max_per_night=3),
    ]
    assert same.version == plain.version
    assert len({plain.version, *(each.version for each in others)}) == 6


def test_what_the_documentation_shows_can_be_used(catalogue: Catalogue) -> None:
    text = (Path(__file__).resolve().parents[4] / "docs/filters.md").read_text(encoding="utf-8")
    blocks = dict(re.findall(r"```(yaml|sql)\n(.*?)```", text, re.DOTALL))
    made, problems = make_filter("shown", yaml.safe_load(blocks["yaml"]), catalogue)
    assert made is not None, problems
    assert compile_condition(blocks["sql"], catalogue).columns == {"lc_flux", "lc_band", "lc_kind"}
    table = re.findall(r"^\| (?:numbers|angles|NULL|strings|lists)[^|]*\|([^|]*)\|", text, re.MULTILINE)
    named = {name for line in table for name in line.split()}
    synonyms = {"power", "cardinality", "array_size"}
    assert named == (set(FUNCTIONS) | set(lists.FUNCTIONS)) - synonyms
