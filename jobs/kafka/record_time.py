"""The time of a Kafka record: milliseconds since 1970 by the protocol, whatever a producer has put there."""

from datetime import UTC, datetime, timedelta

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_LAST_MS = (datetime(9999, 12, 31, tzinfo=UTC) - _EPOCH) // timedelta(milliseconds=1)


def record_time(kind: int, unix_ms: int) -> datetime | None:
    """When a record was written, UTC; None where it does not say, or says what is no time in milliseconds.

    Brokers keep any 64-bit number: producers have sent microseconds (the year 58534) and -1. Such a number is not
    guessed at.

    Parameters
    ----------
    kind, unix_ms : int
        As `confluent_kafka.Message.timestamp` gives them; kind 0 means that there is no time.
    """
    return _EPOCH + timedelta(milliseconds=unix_ms) if kind > 0 and 0 <= unix_ms <= _LAST_MS else None
