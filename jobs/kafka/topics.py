"""Topics of a broker: made, listed and removed, with what is wrong in words."""

from concurrent.futures import Future
from dataclasses import dataclass

from confluent_kafka.cimpl import NewTopic

from jobs.common.counting import counted
from jobs.kafka.cluster import TIMEOUT_S, Cluster

MS_PER_DAY = 86_400_000
DEFAULT_DAYS = 7.0


class TopicRefused(ValueError):
    """A topic cannot be made or removed as it was asked for."""


@dataclass(frozen=True)
class Topic:
    """A topic as the broker has it.

    Attributes
    ----------
    offsets : int
        First to last of all partitions: its messages, and the marks of transactions among them.
    """

    name: str
    partitions: int
    offsets: int


def topics(cluster: Cluster) -> list[Topic]:
    """The topics that are not the broker's own.

    Parameters
    ----------
    cluster : Cluster

    Raises
    ------
    ServiceUnavailable, AccessDenied
    """
    snapshot = cluster.snapshot(["^"])
    names = [name for name in snapshot.names if not name.startswith("__")]
    parts = {name: [part for part in snapshot.end if part.topic == name] for name in names}
    return [
        Topic(name, len(own), sum(snapshot.end[part] - snapshot.low.get(part, 0) for part in own))
        for name, own in parts.items()
    ]


def make_topic(cluster: Cluster, name: str, partitions: int = 1, retention_days: float = DEFAULT_DAYS) -> bool:
    """Make a topic; False if it is there already and is as wanted.

    Parameters
    ----------
    cluster : Cluster
    name : str
        The topic's.
    partitions : int
        How many; each on one broker only (no replicas).
    retention_days : float
        How long the broker keeps its messages [d].

    Raises
    ------
    TopicRefused
        If it is there and is another, or the broker does not take it.
    ServiceUnavailable, AccessDenied
    """
    retention = {"retention.ms": str(round(retention_days * MS_PER_DAY))}
    there = cluster.parts([name]) if name in cluster.names() else []
    if there:
        _check_same(cluster, name, len(there), partitions, retention)
        return False
    future = cluster.admin.create_topics([NewTopic(name, partitions, 1, config=retention)], operation_timeout=TIMEOUT_S)
    _check_done(cluster, future[name], f"topic {name!r} cannot be made")
    return True


def remove_topic(cluster: Cluster, name: str) -> None:
    """Remove a topic with all that is in it.

    Parameters
    ----------
    cluster : Cluster
    name : str
        The topic's; none of the broker's own.

    Raises
    ------
    TopicRefused
        If there is none of this name, or the broker keeps it.
    ServiceUnavailable, AccessDenied
    """
    names = [each for each in cluster.names() if not each.startswith("__")]
    if name not in names:
        raise TopicRefused(f"no topic {name} at {cluster.connection.bootstrap}; there are {', '.join(names) or 'none'}")
    future = cluster.admin.delete_topics([name], operation_timeout=TIMEOUT_S)
    _check_done(cluster, future[name], f"topic {name} cannot be removed")


def _check_same(cluster: Cluster, name: str, there: int, wanted: int, retention: dict[str, str]) -> None:
    told = cluster.setting(name, "retention.ms")
    asked = float(retention["retention.ms"]) / MS_PER_DAY
    if there != wanted or told is None or abs(float(told) / MS_PER_DAY - asked) > 1 / MS_PER_DAY:
        kept = "for a time that the broker does not tell" if told is None else f"{float(told) / MS_PER_DAY:g} days"
        raise TopicRefused(
            f"topic {name} is there with {counted(there, 'partition')}, kept {kept}; wanted {wanted}, kept {asked:g} days"
            f" (`strix services topic {name} --delete` removes it)"
        )


def _check_done(cluster: Cluster, future: "Future[None]", what: str) -> None:
    why = cluster.refusal(future)
    if why:
        raise TopicRefused(f"{what} at {cluster.connection.bootstrap}: {why}")
