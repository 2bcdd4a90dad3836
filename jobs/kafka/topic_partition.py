"""A partition of a topic, by names that stay."""

from dataclasses import dataclass


@dataclass(frozen=True, order=True)
class TopicPartition:
    """A partition: the topic's name and the broker's own id of it, which another topic of this name does not have."""

    topic: str
    topic_id: str
    partition: int

    def __str__(self) -> str:
        return f"{self.topic}/{self.partition}"
