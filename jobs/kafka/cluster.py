"""What is there: topics, their ids, partitions, first and last offsets, as one look at a cluster gives them."""

import re
from collections.abc import Iterable, Mapping, Sequence
from concurrent.futures import Future
from dataclasses import dataclass
from typing import Any, TypeVar

from confluent_kafka import IsolationLevel, KafkaError, KafkaException, TopicCollection
from confluent_kafka import TopicPartition as Assignment
from confluent_kafka.admin import AdminClient
from confluent_kafka.admin._config import ConfigResource
from confluent_kafka.admin._listoffsets import OffsetSpec
from confluent_kafka.admin._resource import ResourceType

from jobs.kafka.connection import SILENT, Connection
from jobs.kafka.topic_partition import TopicPartition
from jobs.packets.problems import AccessDenied, ServiceUnavailable

TIMEOUT_S = 8.0
# Brokers before 2.8 have no topic ids.
_NO_ID = "AAAAAAAAAAAAAAAAAAAAAA"
_REFUSED = {
    KafkaError._AUTHENTICATION,
    KafkaError.SASL_AUTHENTICATION_FAILED,
    KafkaError.UNSUPPORTED_SASL_MECHANISM,
    KafkaError.CLUSTER_AUTHORIZATION_FAILED,
    KafkaError.TOPIC_AUTHORIZATION_FAILED,
    KafkaError._SSL,
}
_MISSING = {KafkaError.UNKNOWN_TOPIC_OR_PART, KafkaError._UNKNOWN_TOPIC, KafkaError._UNKNOWN_PARTITION}

# The client's own hints leave these functions out.
_SPECS: Any = OffsetSpec

Answer = TypeVar("Answer")


@dataclass(frozen=True)
class ClusterSnapshot:
    """What was there at one moment.

    Attributes
    ----------
    cluster : str
        The cluster's own id.
    names : tuple of str
        Every topic that we may see.
    low, end : dict
        Per partition of the wanted topics: its first offset, and the one behind its last committed record.
    """

    cluster: str
    names: tuple[str, ...]
    low: Mapping[TopicPartition, int]
    end: Mapping[TopicPartition, int]


class Cluster:
    """Asks a cluster; a method raises ServiceUnavailable if it does not answer, AccessDenied if it denies access.

    Parameters
    ----------
    connection : Connection
        Used when the first question is asked.
    """

    def __init__(self, connection: Connection) -> None:
        self.connection = connection
        self._last_error: KafkaError | None = None
        self._refusal: KafkaError | None = None
        self._client: AdminClient | None = None

    @property
    def admin(self) -> AdminClient:
        """The client, made at the first use."""
        if self._client is None:
            settings: dict[str, Any] = {**self.connection.client(), "error_cb": self._note}
            self._client = AdminClient(settings, logger=SILENT)
        return self._client

    def snapshot(self, wanted: Sequence[str]) -> ClusterSnapshot:
        """The partitions of the topics that are wanted, with their first and last offsets.

        Parameters
        ----------
        wanted : sequence of str
            Names of topics, or patterns that begin with `^`.
        """
        metadata = self._ask(lambda: self.admin.list_topics(timeout=TIMEOUT_S))
        names = tuple(sorted(metadata.topics))
        parts = self.parts(matching(wanted, names))
        low, end = self.offsets(parts, _SPECS.earliest()), self.offsets(parts, _SPECS.latest())
        return ClusterSnapshot(str(metadata.cluster_id), names, low, end)

    def names(self) -> tuple[str, ...]:
        """Every topic that we may see."""
        return tuple(sorted(self._ask(lambda: self.admin.list_topics(timeout=TIMEOUT_S)).topics))

    def parts(self, topics: Sequence[str]) -> list[TopicPartition]:
        """The partitions of these topics; one that is gone has none.

        Parameters
        ----------
        topics : sequence of str
            Names, not patterns.

        Returns
        -------
        list of TopicPartition
            Sorted; `topic_id` is empty where the brokers have no ids.
        """
        if not topics:
            return []
        answers = self._ask(
            lambda: self.admin.describe_topics(TopicCollection(list(topics)), request_timeout=TIMEOUT_S)
        )
        found = []
        for name, future in answers.items():
            described = self._result(future, missing=None)
            if described is not None:
                topic_id = "" if str(described.topic_id) == _NO_ID else str(described.topic_id)
                found += [TopicPartition(name, topic_id, each.id) for each in described.partitions]
        return sorted(found)

    def offsets(self, parts: Sequence[TopicPartition], spec: OffsetSpec) -> dict[TopicPartition, int]:
        """The offset that a spec stands for in each partition, for readers of committed data; -1 if there is none.

        Parameters
        ----------
        parts : sequence of TopicPartition
            Found by the topic's name; one that is gone is left out of the answer.
        spec : confluent_kafka.admin.OffsetSpec
            Earliest, latest, or at a time.
        """
        if not parts:
            return {}
        specs = {Assignment(part.topic, part.partition): spec for part in parts}
        level = IsolationLevel.READ_COMMITTED
        answers = self._ask(lambda: self.admin.list_offsets(specs, isolation_level=level, request_timeout=TIMEOUT_S))
        known = {(part.topic, part.partition): part for part in parts}
        results = {known[(at.topic, at.partition)]: self._result(future, None) for at, future in answers.items()}
        return {part: int(result.offset) for part, result in results.items() if result is not None}

    def at_time(self, parts: Sequence[TopicPartition], unix_ms: int) -> dict[TopicPartition, int]:
        """The first offset of each partition whose record is not older; -1 if there is none.

        Parameters
        ----------
        parts : sequence of TopicPartition
            One that is gone is left out of the answer.
        unix_ms : int
            The time [ms since 1970, UTC].
        """
        return self.offsets(parts, _SPECS.for_timestamp(unix_ms))

    def is_compacted(self, topic: str) -> bool:
        """Whether the broker removes records between others; False if it does not tell us.

        Parameters
        ----------
        topic : str
            Its name.
        """
        return "compact" in (self.setting(topic, "cleanup.policy") or "")

    def setting(self, topic: str, key: str) -> str | None:
        """A setting of a topic, as text; None if the broker answers and does not tell us.

        Parameters
        ----------
        topic : str
            Its name.
        key : str
            As brokers name it: `cleanup.policy`.
        """
        resource = ConfigResource(ResourceType.TOPIC, topic)
        answers = self._ask(lambda: self.admin.describe_configs([resource], request_timeout=TIMEOUT_S))
        try:
            told = answers[resource].result(timeout=2 * TIMEOUT_S).get(key)
        except KafkaException as error:
            if error.args[0].code() < 0:  # the client's own: it could not ask
                raise self._told(error.args[0]) from None
            return None
        except TimeoutError:
            raise self._silent() from None
        return None if told is None or told.value is None else str(told.value)

    def refusal(self, future: "Future[None]") -> str:
        """Wait until the broker has done something; why it did not, empty if it was done.

        Parameters
        ----------
        future : concurrent.futures.Future
            What the admin client gave for the request.

        Raises
        ------
        ServiceUnavailable, AccessDenied
        """
        try:
            future.result(timeout=2 * TIMEOUT_S)
        except KafkaException as error:
            problem: KafkaError = error.args[0]
            if problem.code() < 0 or problem.code() in _REFUSED:  # the client's own: it could not ask
                raise self._told(problem) from None
            return problem.str()
        except TimeoutError:
            raise self._silent() from None
        return ""

    def _note(self, error: KafkaError) -> None:
        """What the client says by itself: after a refusal also that all brokers are down, which is not the reason."""
        if error.code() in _REFUSED:
            self._refusal = error
        else:
            self._last_error = error

    def _ask(self, question: Any) -> Any:
        try:
            return question()
        except KafkaException as error:
            raise self._told(error.args[0]) from None

    def _result(self, future: "Future[Answer]", missing: Answer | None) -> Answer | None:
        try:
            return future.result(timeout=2 * TIMEOUT_S)
        except KafkaException as error:
            if error.args[0].code() in _MISSING:
                return missing
            raise self._told(error.args[0]) from None
        except TimeoutError:
            raise self._silent() from None

    def _silent(self) -> ServiceUnavailable:
        return ServiceUnavailable(f"Kafka at {self.connection.bootstrap} did not answer in {2 * TIMEOUT_S:g} s")

    def _told(self, error: KafkaError) -> ServiceUnavailable | AccessDenied:
        """What an error means for us; a refused log-in comes as a time-out, the reason through the callback."""
        assert self._client is not None
        self._client.poll(0)
        refusal = error if error.code() in _REFUSED else self._refusal
        if refusal is not None:
            return AccessDenied(f"Kafka at {self.connection.bootstrap} refuses us: {refusal.str()}")
        why = (self._last_error or error).str()
        return ServiceUnavailable(f"Kafka at {self.connection.bootstrap} does not answer: {why}")


def matching(wanted: Iterable[str], names: Iterable[str]) -> list[str]:
    """The names that are wanted, sorted; a pattern never means the broker's own topics (`__...`).

    Patterns are searched for, as Kafka's own consumers do: the second part of `^a|b` is found anywhere in a name.

    Parameters
    ----------
    wanted : iterable of str
        Names, or patterns that begin with `^`.
    names : iterable of str
        The topics that there are.
    """
    given = list(wanted)
    return [name for name in sorted(names) if any(is_wanted(each, name) for each in given)]


def is_wanted(wanted: str, name: str) -> bool:
    """Whether a topic's name is the one that is wanted, or has what a pattern looks for.

    Parameters
    ----------
    wanted : str
        A name, or a pattern that begins with `^`.
    name : str
        A topic's.
    """
    if not wanted.startswith("^"):
        return wanted == name
    return not name.startswith("__") and re.search(wanted, name) is not None
