import pickle
from concurrent.futures import Future

import pytest
from confluent_kafka import KafkaError, KafkaException

from jobs.kafka.cluster import Cluster, matching
from jobs.kafka.connection import Connection
from jobs.kafka.secrets import SettingsError
from jobs.kafka.topics import TopicRefused, _check_same
from jobs.listen.listener import matches as listens_to
from jobs.packets.problems import ServiceUnavailable
from jobs.pipeline.sources.kafka.start import Start

SCRAM = {"bootstrap": "b:9094", "protocol": "SASL_SSL", "mechanism": "SCRAM-SHA-512", "username": "u"}
WORD = "correct-horse"


def test_a_secret_is_read_where_the_client_is_made_and_held_nowhere_else(monkeypatch, tmp_path):
    (tmp_path / "key").write_text(f"{WORD}-key\n")
    mapping = {**SCRAM, "password_env": "STRIX_TEST_WORD", "key_password_file": str(tmp_path / "key")}
    connection = Connection.of(mapping)
    monkeypatch.setenv("STRIX_TEST_WORD", WORD)
    settings = connection.client(group_id="g")
    assert settings["sasl.password"] == WORD
    assert settings["ssl.key.password"] == f"{WORD}-key"
    assert settings["group.id"] == "g"
    assert WORD not in repr(connection) and WORD.encode() not in pickle.dumps(connection)


@pytest.mark.parametrize("key", ["password", "client_secret", "librdkafka.sasl.password", "librdkafka.ssl.key.pem"])
def test_a_secret_that_is_written_into_the_configuration_is_refused_without_being_repeated(key):
    with pytest.raises(SettingsError, match="_env") as refused:
        Connection.of({**SCRAM, key: WORD})
    assert WORD not in str(refused.value)


def test_a_secret_that_is_not_there_names_the_variable_or_the_file(monkeypatch, tmp_path):
    monkeypatch.delenv("STRIX_TEST_WORD", raising=False)
    with pytest.raises(SettingsError, match="STRIX_TEST_WORD"):
        Connection.of({**SCRAM, "password_env": "STRIX_TEST_WORD"}).client()
    with pytest.raises(SettingsError, match="absent"):
        Connection.of({**SCRAM, "password_file": str(tmp_path / "absent")}).client()


@pytest.mark.parametrize(
    ("mapping", "told"),
    [
        ({}, "bootstrap"),
        ({"bootstrap": "b:1", "protocoll": "SSL"}, "did you mean protocol"),
        ({"bootstrap": "b:1", "protocol": "TLS"}, "SASL_SSL"),
        ({"bootstrap": "b:1", "mechanism": "PLAIN"}, "needs protocol"),
        (SCRAM, "password_env or password_file"),
        ({**SCRAM, "mechanism": "OAUTHBEARER"}, "token_url, client_id"),
        ({**SCRAM, "password_env": "A", "password_file": "B"}, "one of them"),
    ],
)
def test_settings_that_do_not_go_together_say_what_is_missing(mapping, told):
    with pytest.raises(SettingsError, match=told):
        Connection.of(mapping)


PLAIN = {
    "bootstrap": "b:9094",
    "protocol": "SASL_PLAINTEXT",
    "mechanism": "PLAIN",
    "username": "u",
    "password_env": "W",
}
TOKEN = {"mechanism": "OAUTHBEARER", "token_url": "https://idp/token", "client_id": "c", "client_secret_env": "W"}


@pytest.mark.parametrize(
    ("mapping", "told"),
    [
        (PLAIN, "PLAIN over SASL_PLAINTEXT shows the password .* b:9094; wants protocol SASL_SSL, or insecure: true"),
        ({**PLAIN, "bootstrap": "localhost:9092,b:9094"}, "shows the password"),
        ({**PLAIN, "bootstrap": "localhost.example.org:9092"}, "shows the password"),
        ({**PLAIN, **TOKEN}, "shows the token"),
        (
            {
                "bootstrap": "b:1",
                "librdkafka.security.protocol": "SASL_PLAINTEXT",
                "librdkafka.sasl.mechanisms": "PLAIN",
                "username": "u",
                "password_env": "W",
            },
            "shows the password",
        ),
        ({**PLAIN, **TOKEN, "protocol": "SASL_SSL", "token_url": "http://idp/token"}, "plain http .* wants https"),
    ],
)
def test_a_secret_that_others_could_read_is_refused_unless_told(mapping, told):
    with pytest.raises(SettingsError, match=told):
        Connection.of(mapping)
    assert "insecure" not in Connection.of({**mapping, "insecure": "true"}).settings
    if mapping["bootstrap"] == "b:9094" and mapping["protocol"] == "SASL_PLAINTEXT":
        for here in ("localhost:9092", "127.0.0.1:1,127.0.1.1:2", "[::1]:9092", "SASL_PLAINTEXT://localhost:9092"):
            assert Connection.of({**mapping, "bootstrap": here}).bootstrap == here


def test_scram_without_tls_is_said_once(caplog):
    scram = {**PLAIN, "mechanism": "SCRAM-SHA-512", "bootstrap": "once:9094"}
    for _ in range(3):
        Connection.of(scram)
    assert [each.message.count("once:9094: SCRAM-SHA-512 over SASL_PLAINTEXT") for each in caplog.records] == [1]
    caplog.clear()
    Connection.of({**scram, "bootstrap": "told:9094", "insecure": "true"})
    Connection.of({**scram, "bootstrap": "127.0.0.1:9094"})
    Connection.of({**scram, "bootstrap": "tls:9094", "protocol": "SASL_SSL"})
    assert caplog.records == []


def test_oauthbearer_becomes_the_client_credentials_flow(monkeypatch):
    monkeypatch.setenv("STRIX_TEST_WORD", WORD)
    keys = {"token_url": "https://idp/token", "client_id": "strix", "client_secret_env": "STRIX_TEST_WORD"}
    base = {"bootstrap": "b:1", "protocol": "SASL_SSL", "mechanism": "OAUTHBEARER"}
    settings = Connection.of({**base, **keys}).client()
    assert settings["sasl.oauthbearer.method"] == "oidc"
    assert settings["sasl.oauthbearer.client.secret"] == WORD


def test_a_pattern_takes_nightly_topics_and_never_the_brokers_own():
    names = ["__consumer_offsets", "ztf_20240101_programid1", "ztf_20240101_programid2", "alerts"]
    assert matching([r"^ztf_\d{8}_programid1$"], names) == ["ztf_20240101_programid1"]
    assert matching(["^.*"], names) == sorted(names[1:])
    assert matching(["alerts", "missing"], names) == ["alerts"]
    # As Kafka's consumers search, and the same for jobs and listeners; a generator is gone through once.
    assert matching((each for each in ["^alerts|programid2$", "none"]), names) == ["alerts", "ztf_20240101_programid2"]
    assert [name for name in names if listens_to("^alerts|programid2$", name)] == ["ztf_20240101_programid2", "alerts"]


@pytest.mark.parametrize("problem", [TimeoutError(), KafkaException(KafkaError(KafkaError._TIMED_OUT))])
def test_a_setting_that_nobody_answers_for_is_a_service_that_is_unavailable(monkeypatch, problem):
    answer = Future()
    answer.set_exception(problem)
    cluster = Cluster(Connection.of({"bootstrap": "127.0.0.1:9"}))
    monkeypatch.setattr(cluster.admin, "describe_configs", lambda asked, **_: {asked[0]: answer})
    for ask in (lambda: cluster.setting("t", "retention.ms"), lambda: cluster.is_compacted("t")):
        with pytest.raises(ServiceUnavailable, match=r"Kafka at 127\.0\.0\.1:9 d"):
            ask()


def test_a_topic_of_which_the_broker_does_not_tell_how_long_it_keeps_is_not_the_one_that_is_wanted():
    class Silent:
        connection = Connection.of({"bootstrap": "b:1"})

        def setting(self, topic, key):
            assert (topic, key) == ("t", "retention.ms")

    wanted = "1 partition, kept for a time that the broker does not tell; wanted 1, kept 7"
    with pytest.raises(TopicRefused, match=wanted):
        _check_same(Silent(), "t", 1, 1, {"retention.ms": str(7 * 86_400_000)})


def test_a_start_is_a_word_a_time_or_offsets_and_anything_else_names_them():
    assert Start.parse("2026-11-21T04:00:00").unix_ms == Start.parse("2026-11-21T05:00:00+01:00").unix_ms
    assert Start.parse("1970-01-02").unix_ms == 86_400_000
    assert Start.parse("a.b:0=5; a.b:1=7").offsets == {("a.b", 0): 5, ("a.b", 1): 7}
    for wrong in ("yesterday", "a=5", "a:x=5"):
        with pytest.raises(ValueError, match="earliest, latest"):
            Start.parse(wrong)
