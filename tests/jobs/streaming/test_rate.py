"""The one rate of a job, by a clock that the test winds."""

import pytest

from jobs.streaming.rate import Rate


class Clock:
    now = 1000.0

    def __call__(self) -> float:
        return self.now


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def rate(clock: Clock) -> Rate:
    return Rate(clock)


def batch(rate: Rate, clock: Clock, packets: int, seconds: float) -> None:
    rate.begin()
    clock.now += seconds
    rate.close(packets)


def test_before_the_first_batch_there_is_no_rate(rate: Rate, clock: Clock) -> None:
    clock.now += 30.0
    assert (rate.last_minute(), rate.whole_run()) == (0.0, 0.0)


def test_a_run_shorter_than_a_minute_is_over_its_own_time(rate: Rate, clock: Clock) -> None:
    batch(rate, clock, 100, 10.0)
    batch(rate, clock, 300, 10.0)
    assert rate.last_minute() == pytest.approx(400 / 20)
    assert rate.whole_run() == pytest.approx(400 / 20)


def test_after_an_hour_only_the_last_minute_counts(rate: Rate, clock: Clock) -> None:
    for _ in range(60):
        batch(rate, clock, 6000, 60.0)
    clock.now += 3600.0  # nothing came for an hour
    assert rate.last_minute() == 0.0
    for _ in range(12):
        batch(rate, clock, 50, 5.0)
    assert rate.last_minute() == pytest.approx(50 * 12 / 60.0, rel=0.1)
    assert rate.whole_run() == pytest.approx((60 * 6000 + 12 * 50) / (3600 + 3600 + 60))


def test_an_idle_stream_falls_to_zero_and_its_run_rate_stays(rate: Rate, clock: Clock) -> None:
    clock.now += 100.0
    batch(rate, clock, 600, 10.0)
    assert rate.last_minute() == pytest.approx(600 / 60)
    whole = rate.whole_run()
    clock.now += 59.0
    assert rate.last_minute() == pytest.approx(600 / 69)
    clock.now += 2.0
    assert rate.last_minute() == 0.0
    assert rate.whole_run() == whole == pytest.approx(600 / 110)


def test_a_batch_of_ten_minutes_is_spread_over_its_time_not_told_as_one_minutes(rate: Rate, clock: Clock) -> None:
    batch(rate, clock, 5000, 500.0)
    assert rate.last_minute() == pytest.approx(10.0)
    rate.begin()
    clock.now += 300.0  # the next is in hand, and nothing closed for five minutes
    assert rate.last_minute() == pytest.approx(5000 / 800)


def test_a_batch_that_is_given_up_keeps_no_rate_alive(rate: Rate, clock: Clock) -> None:
    batch(rate, clock, 600, 10.0)
    rate.begin()
    rate.give_up()
    clock.now += 61.0
    assert rate.last_minute() == 0.0


def test_status_metrics_and_closing_table_have_the_same_numbers(tmp_path, clock: Clock) -> None:
    from jobs.storage.layout import Layout
    from jobs.streaming.metrics import StatusCollector
    from jobs.streaming.status import Status

    status = Status(Layout(tmp_path), "night", "s", rate=Rate(clock))
    clock.now += 200.0
    batch(status.rate, clock, 1200, 10.0)
    told = status.content()
    assert (told["alerts_per_s"], told["alerts_per_s_run"]) == (20.0, round(1200 / 210, 2))
    families = {each.name: each.samples for each in StatusCollector(status.content).collect()}
    assert families["strix_alerts_per_second"][0].value == 20.0
    assert families["strix_alerts_per_second_run"][0].value == told["alerts_per_s_run"]
