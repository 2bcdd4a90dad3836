"""The options of format "strix": as Spark's own sources name theirs, and nothing unknown."""

import json
import os

import pytest

from jobs.kafka.secrets import SettingsError
from jobs.spark.options import OptionProblem, ReadOptions, message_first
from jobs.spark.rows import schema_of

TOPIC = {"subscribe": "a, b", "kafka.bootstrap.servers": "host:9092"}


def test_names_have_no_case_and_values_become_what_they_mean(tmp_path):
    given = {"PATH": str(tmp_path), "MAXALERTSPERTRIGGER": "25", "columns": "alert_id, mjd", "rejected": "True"}
    asked = ReadOptions.parse(given)
    assert (asked.paths, asked.limit, asked.columns, asked.rejected) == (
        (str(tmp_path),),
        25,
        ("alert_id", "mjd"),
        True,
    )
    assert asked.surveys == ("ztf", "lsst")


def test_paths_are_a_list_or_separated_by_commas_and_a_path_that_has_a_comma_is_one(tmp_path):
    one, other, odd = tmp_path / "one", tmp_path / "other", tmp_path / "a,b"
    odd.mkdir()
    assert ReadOptions.parse({"path": f"{one},file://{other}"}).paths == (str(one), str(other))
    assert ReadOptions.parse({"paths": json.dumps([str(one), str(odd)])}).paths == (str(one), str(odd))
    assert ReadOptions.parse({"path": str(odd)}).paths == (str(odd),)


def test_settings_of_kafka_are_the_connections_of_the_jobs():
    asked = ReadOptions.parse(
        TOPIC
        | {
            "kafka.security.protocol": "SASL_SSL",
            "kafka.sasl.mechanism": "SCRAM-SHA-512",
            "kafka.sasl.username": "me",
            "kafka.password_env": "SECRET",
            "kafka.fetch.wait.max.ms": "10",
        }
    )
    assert asked.topics == ("a", "b") and asked.connection is not None
    settings = dict(asked.connection.settings)
    assert (settings["security.protocol"], settings["fetch.wait.max.ms"]) == ("SASL_SSL", "10")
    assert [name for name, _ in asked.connection.secrets] == ["sasl.password"]
    with pytest.raises(SettingsError, match="password_env"):
        ReadOptions.parse(TOPIC | {"kafka.sasl.password": "secret"})


def test_a_pattern_of_topics_means_whole_names():
    asked = ReadOptions.parse({"subscribePattern": "ztf_.*|lsst", "kafka.bootstrap.servers": "host:9092"})
    assert asked.topics == ("^(?:ztf_.*|lsst)$",)


@pytest.mark.parametrize(
    ("options", "told"),
    [
        ({"path": "x", "surveys": "ztf"}, r"no option surveys \(did you mean survey\?\)"),
        (
            {"path": "x", "maxFilesPerTrigger": "1"},
            r"no option maxFilesPerTrigger \(did you mean maxAlertsPerTrigger\?\)",
        ),
        ({"path": "x", "survey": "atlas"}, "survey wants auto, ztf, lsst; found 'atlas'"),
        ({"path": "x", "maxAlertsPerTrigger": "0"}, "wants a whole number above 0, found '0'"),
        ({"path": "x", "rejected": "yes"}, "rejected wants true, false; found 'yes'"),
        ({"path": "x", "settleSeconds": "nan"}, "settleSeconds wants a number of seconds, found 'nan'"),
        ({"path": "x", "schemas": "/nowhere"}, "schemas wants a directory of Avro schemas, found none at /nowhere"),
        ({"path": "x", "startingOffsets": "latest"}, "startingOffsets belong to topics .*, found a path"),
        ({"path": "x"} | TOPIC, "wants one input: .*; found path and subscribe"),
        ({}, "wants one input: .*; found none of them"),
        ({"subscribe": "a"}, r"topics need option kafka\.bootstrap\.servers .*, found none"),
        ({"path": "s3a://bucket/x"}, "path is s3a://bucket/x"),
    ],
)
def test_what_cannot_be_is_refused_with_both_sides(options, told):
    with pytest.raises(ValueError, match=told):
        ReadOptions.parse(options)


def test_candidate_is_of_the_surveys_own_type_and_not_there_for_several():
    ztf, auto = (schema_of(ReadOptions.parse({"path": "x", "survey": each})) for each in ("ztf", "auto"))
    assert "candidate" not in auto.names and ztf.field("candidate").type.get_field_index("magpsf") >= 0
    assert ztf.field("candidate").type.get_field_index("midpointMjdTai") == -1
    with pytest.raises(OptionProblem, match="set option survey to ztf or lsst"):
        schema_of(ReadOptions.parse({"path": "x", "columns": "alert_id,candidate"}))


def test_columns_are_those_that_are_named_in_their_order():
    assert schema_of(ReadOptions.parse({"path": "x", "columns": "value,alert_id"})).names == ["value", "alert_id"]
    with pytest.raises(
        OptionProblem, match=r"columns names 'alertid' \(did you mean alert_id\?\); the rows have survey"
    ):
        schema_of(ReadOptions.parse({"path": "x", "columns": "alertid"}))


@pytest.mark.parametrize("in_a_worker", [True, False])
def test_traces_are_left_away_where_spark_makes_a_source_alone(
    in_a_worker: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("SPARK_HIDE_TRACEBACK", "1")  # so that it is as before when the test is over
    monkeypatch.delenv("SPARK_HIDE_TRACEBACK")
    if in_a_worker:
        monkeypatch.setenv("SPARK_SIMPLIFIED_TRACEBACK", "1")
    with message_first():
        ReadOptions.parse({"path": "/"})
    assert "SPARK_HIDE_TRACEBACK" not in os.environ
    with pytest.raises(OptionProblem), message_first():
        ReadOptions.parse({"survye": "ztf"})
    assert ("SPARK_HIDE_TRACEBACK" in os.environ) is in_a_worker
