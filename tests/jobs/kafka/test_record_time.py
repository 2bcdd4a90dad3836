from datetime import UTC, datetime

import pytest
from confluent_kafka import TIMESTAMP_CREATE_TIME, TIMESTAMP_LOG_APPEND_TIME, TIMESTAMP_NOT_AVAILABLE

from jobs.kafka.record_time import record_time

MS = 1_785_000_000_123


def test_milliseconds_are_a_time_whoever_gave_it():
    wanted = datetime(2026, 7, 25, 17, 20, 0, 123_000, tzinfo=UTC)
    assert record_time(TIMESTAMP_CREATE_TIME, MS) == record_time(TIMESTAMP_LOG_APPEND_TIME, MS) == wanted
    assert record_time(TIMESTAMP_NOT_AVAILABLE, MS) is None


@pytest.mark.parametrize("unix", [-1, -(2**63), MS * 1000, MS * 1_000_000, 2**63 - 1])
def test_what_is_no_time_in_milliseconds_is_none(unix):
    assert record_time(TIMESTAMP_CREATE_TIME, unix) is None


def test_the_ends_of_what_is_a_time():
    assert record_time(TIMESTAMP_CREATE_TIME, 0) == datetime(1970, 1, 1, tzinfo=UTC)
    assert record_time(TIMESTAMP_CREATE_TIME, 253_402_214_400_000) == datetime(9999, 12, 31, tzinfo=UTC)
    assert record_time(TIMESTAMP_CREATE_TIME, 253_402_214_400_001) is None
