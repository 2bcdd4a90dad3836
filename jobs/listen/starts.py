"""Where a listener begins in each partition: a word, a time, a span back from now."""

from collections.abc import Callable
from datetime import UTC, datetime, timedelta

from confluent_kafka import OFFSET_BEGINNING, OFFSET_END, Consumer, TopicPartition

STARTS = "resume, earliest, latest, a time (2026-01-31T12:00) or a span back from now (90min, 12h, 7d)"
METADATA_TIMEOUT_S = 15.0
_FIRST = datetime(1970, 1, 1, tzinfo=UTC)
_SPANS = {"min": timedelta(minutes=1), "h": timedelta(hours=1), "d": timedelta(days=1)}

Places = Callable[[list[TopicPartition]], list[TopicPartition]]


def beginnings(parts: list[TopicPartition]) -> list[TopicPartition]:
    """The first record of each partition.

    Parameters
    ----------
    parts : list of confluent_kafka.TopicPartition
        Their offsets do not matter.
    """
    return [TopicPartition(each.topic, each.partition, OFFSET_BEGINNING) for each in parts]


def place_finder(start: str, consumer: Consumer) -> Places:
    """What gives the place in each partition that a start stands for.

    Parameters
    ----------
    start : str
        One of STARTS.
    consumer : confluent_kafka.Consumer
        Asked for the group's places and for offsets by time.

    Returns
    -------
    callable
        From partitions to partitions with an offset; asks the brokers when it is called.

    Raises
    ------
    ValueError
        For a start that cannot be; names what can.
    """
    fixed = {"earliest": OFFSET_BEGINNING, "latest": OFFSET_END}
    if start in fixed:
        return lambda parts: [TopicPartition(each.topic, each.partition, fixed[start]) for each in parts]
    if start == "resume":
        return lambda parts: [_resumed(each) for each in consumer.committed(parts, timeout=METADATA_TIMEOUT_S)]
    moment = int(parse_time(start).timestamp() * 1000)
    return lambda parts: consumer.offsets_for_times(
        [TopicPartition(each.topic, each.partition, moment) for each in parts], timeout=METADATA_TIMEOUT_S
    )


def _resumed(place: TopicPartition) -> TopicPartition:
    at = place.offset if place.offset >= 0 else OFFSET_BEGINNING
    return TopicPartition(place.topic, place.partition, at)


def parse_time(text: str, now: datetime | None = None) -> datetime:
    """A moment, not before 1970.

    Parameters
    ----------
    text : str
        ISO 8601 (UTC where it names no zone), or a span back from now: 90min, 12h, 7d.
    now : datetime.datetime, optional
        What spans count back from; by default the clock's time.

    Raises
    ------
    ValueError
        For text that is neither.
    """
    for unit, span in _SPANS.items():
        number = text.removesuffix(unit)
        if number != text and number.replace(".", "", 1).isdecimal():
            return _back(now or datetime.now(UTC), float(number), span)
    try:
        moment = datetime.fromisoformat(text)
    except ValueError:
        raise ValueError(f"--from is {text!r}, it can be {STARTS}") from None
    return max(moment if moment.tzinfo else moment.replace(tzinfo=UTC), _FIRST)


def _back(now: datetime, number: float, span: timedelta) -> datetime:
    """A time before `now`, but not before there was Kafka's clock."""
    return now - number * span if number < (now - _FIRST) / span else _FIRST
