"""A configuration says what it means, and what it cannot mean is named with what it could."""

import argparse
from pathlib import Path
from typing import Any

import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st

from jobs.config import ConfigError, JobConfig, SourceConfig, add_options, load, overrides
from jobs.config.job_config import KEYS, Sections, load_as
from jobs.config.keys import kind_of
from jobs.config.reprocess import ReprocessConfig

ROOT = Path(__file__).resolve().parents[3]
FIELDS = KEYS


def written(tmp_path: Path, text: str) -> Path:
    path = tmp_path / "job.yaml"
    path.write_text(text)
    return path


def parsed(*arguments: str, told: type[Sections] = JobConfig) -> dict[str, Any]:
    parser = argparse.ArgumentParser()
    add_options(parser, told)
    return overrides(parser.parse_args(arguments), told)


def test_the_command_line_wins_over_the_file_and_the_file_over_defaults(tmp_path: Path) -> None:
    path = written(tmp_path, "output: file\nsurvey: ztf\n")
    config = load(path, {"output": "line"}, {"output": "default", "survey": "lsst", "settle_s": 7})
    assert (config.tables.output, config.source.survey, config.source.settle_s, config.tables.raw) == (
        "line",
        "ztf",
        7.0,
        True,
    )


@pytest.mark.parametrize(
    ("wrong", "nearest"), [("modles", "modules"), ("outputs", "output"), ("max_alerts", "max_alerts_per_batch")]
)
def test_an_unknown_key_is_named_with_the_nearest_and_all_others(tmp_path: Path, wrong: str, nearest: str) -> None:
    with pytest.raises(ConfigError) as caught:
        load(written(tmp_path, f"{wrong}: 1"))
    assert f"unknown key {wrong!r} (did you mean {nearest}?)" in str(caught.value)
    assert all(name in str(caught.value) for name in FIELDS)


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("1: x", "unknown key 1"),
        ("- a\n- b", "should hold `key: value` lines, it holds a list"),
        ("a: [", "is not plain YAML"),
        ("output: a\noutput: b\n", "keys that stand twice: output"),
        ("output: &a x\nsurvey: *a\n", r"aliases \(\*name\) are not allowed"),
        ("output: 2001-99-99", "is not plain YAML"),
        ("? [a]\n: b", "is not plain YAML"),
        ("[" * 3000, "nested too deep"),
        ("#" * 300_000, "more than 262144 bytes"),
        ("settle_s: soon", "settle_s is 'soon', it should be a number"),
        ("settle_s: .nan", "settle_s is nan, it should be at least 0"),
        ("settle_s: -1", "settle_s is -1.0, it should be at least 0"),
        ("max_alerts_per_batch: 0", "max_alerts_per_batch is 0, it should be at least 1"),
        ("max_alerts_per_batch: 10.5.1", "max_alerts_per_batch is '10.5.1', it should be a whole number"),
        ("max_alerts_per_batch: true", "max_alerts_per_batch is True, it should be a whole number"),
        ("output:", "output is None, it should be a text"),
        ("output: [a, b]", r"output is \['a', 'b'\], it should be a text"),
        ("modules: {a: b}", "modules is {'a': 'b'}, it should be a list"),
        ("modules:", "modules is None, it should be a list"),
        ("tasks: .inf", "tasks is inf, it should be a whole number"),
        ("raw: perhaps", "raw is 'perhaps', it should be true or false"),
        ("survey: sdss", "survey is 'sdss', it can be auto, ztf, lsst"),
        ("on_error: ignore", "on_error is 'ignore', it can be record, raise"),
    ],
)
def test_what_a_file_cannot_say_is_named(tmp_path: Path, text: str, message: str) -> None:
    with pytest.raises(ConfigError, match=message):
        load(written(tmp_path, text))


def test_a_file_that_cannot_be_read_is_named(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match=r"no configuration file .*nowhere\.yaml"):
        load(tmp_path / "nowhere.yaml")
    with pytest.raises(ConfigError, match="cannot be read as a configuration file"):
        load(tmp_path)
    path = tmp_path / "latin.yaml"
    path.write_bytes("output: é".encode("latin-1"))
    with pytest.raises(ConfigError, match=r"latin\.yaml is not plain YAML: .*utf-8"):
        load(path)


def test_an_empty_file_is_all_defaults(tmp_path: Path) -> None:
    assert load(written(tmp_path, "# nothing\n")) == load(None) == JobConfig()


def test_every_key_is_an_option_with_its_meaning_and_default() -> None:
    parser = argparse.ArgumentParser()
    add_options(parser)
    text = " ".join(parser.format_help().split())
    for name, field in FIELDS.items():
        assert f"--{name.replace('_', '-')}" in text
        assert " ".join(field.metadata["help"].split()) in text.replace("- ", "-") or field.metadata["help"] in text
    assert parsed() == {}


def test_options_say_what_the_file_says(tmp_path: Path) -> None:
    given_ = parsed(
        *("--input", "a,b", "c", "--modules", "x,y", "--raw", "false", "--durable", "--tasks", "3"),
        *("--settle-s", "0.5", "--spark", "a=1,b=c=d", "--schemas", "s"),
    )
    text = {
        "input": ["a,b", "c"],
        "modules": ["x", "y"],
        "raw": False,
        "durable": True,
        "tasks": 3,
        "settle_s": 0.5,
        "spark": {"a": 1, "b": "c=d"},
        "schemas": "s",
    }
    assert load(None, given_) == load(written(tmp_path, yaml.safe_dump(text)))


NUMBERS = [
    pytest.param(told, name, int if kind_of(key).startswith("int") else float, id=f"{told.__name__}-{name}")
    for told in (JobConfig, ReprocessConfig)
    for name, key in told.keys().items()
    if kind_of(key).startswith(("int", "float"))
]


@pytest.mark.parametrize(("told", "name", "number"), NUMBERS)
def test_a_number_is_a_number_from_the_command_line_and_from_a_file(
    tmp_path: Path, told: type[Sections], name: str, number: type
) -> None:
    """`strix reprocess --limit 300`, of type `int | None`, once took a text."""
    path = written(tmp_path, f"{name}: 300")
    for config in (
        load_as(told, None, parsed(f"--{name.replace('_', '-')}", "300", told=told)),
        load_as(told, path),
    ):
        assert config.value(name) == 300 and type(config.value(name)) is number
    with pytest.raises(ConfigError, match=f"{name} is 'soon', it should be a "):
        load_as(told, written(tmp_path, f"{name}: soon"))


def test_a_limit_of_no_stars_is_refused_and_null_is_no_limit(tmp_path: Path) -> None:
    assert load_as(ReprocessConfig, written(tmp_path, "limit: null")).value("limit") is None
    with pytest.raises(ConfigError, match="limit is 0, it should be at least 1"):
        load_as(ReprocessConfig, written(tmp_path, "limit: 0"))


@given(
    st.fixed_dictionaries(
        {},
        optional={
            "output": st.text(st.characters(codec="utf-8", exclude_categories=["Cc", "Cs"]), min_size=1),
            "modules": st.lists(st.text("abc_", min_size=1), min_size=1),
            "raw": st.booleans(),
            "tasks": st.integers(0, 1000),
            "settle_s": st.floats(0, 1e6),
            "trigger": st.sampled_from(["available_now", "continuous"]),
        },
    )
)
def test_what_is_written_as_yaml_is_what_the_job_is_told(content: dict[str, Any]) -> None:
    config = load(None, yaml.safe_load(yaml.safe_dump(content)))
    for name, value in content.items():
        assert config.value(name) == (tuple(value) if isinstance(value, list) else value)


@pytest.mark.parametrize("path", sorted((ROOT / "conf" / "jobs").glob("*.yaml")), ids=lambda path: path.stem)
def test_the_shipped_configurations_load(path: Path) -> None:
    if path.stem.startswith("reprocess"):
        assert load_as(ReprocessConfig, path).release.output
    else:
        assert load(path).tables.output


def test_schemas_come_from_the_configuration_then_from_the_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("STRIX_SCHEMAS", "/from/environment")
    assert SourceConfig().schema_directory == "/from/environment"
    assert SourceConfig(schemas="/given").schema_directory == "/given"
    assert SourceConfig(schemas="given").schema_directory == str(Path("given").absolute())
    monkeypatch.setenv("STRIX_SCHEMAS", "file:///from/environment")
    assert SourceConfig().schema_directory == "/from/environment"
    monkeypatch.delenv("STRIX_SCHEMAS")
    assert SourceConfig().schema_directory is None


def test_null_on_the_command_line_is_null() -> None:
    """`--master null` once started a master of that name."""
    assert load(None, parsed("--master", "null", "--checkpoint", "~", "--output", "null")).spark.master is None
    config = load(None, parsed("--master", "null", "--output", "null"))
    assert (config.spark.master, config.tables.output) == (None, "null")


def test_sparks_pages_are_on_or_off_by_one_key():
    assert load(None).spark.settings == {"spark.ui.enabled": "false"}
    assert load(None, {"ui": "true"}).spark.settings == {"spark.ui.enabled": "true"}
    given = load(None, {"ui": "true", "spark": {"spark.ui.port": "4050", "spark.ui.enabled": "false"}}).spark.settings
    assert given == {"spark.ui.enabled": "false", "spark.ui.port": "4050"}, "what is given key by key wins"
