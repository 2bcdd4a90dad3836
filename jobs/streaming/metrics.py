"""What Prometheus can ask a running job: the numbers of `status.json`, as they are at that moment."""

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import datetime
from typing import Any

from prometheus_client import CollectorRegistry, start_http_server
from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily, Metric
from prometheus_client.registry import Collector

from jobs.common.java import EnvironmentProblem
from jobs.common.times import tai_of_unix

SECONDS_PER_DAY = 86400.0
COUNTERS = {
    "read": "packets read since the start",
    "decoded": "alerts committed since the start",
    "duplicates": "packets dropped as duplicates since the start",
    "quarantined": "packets quarantined since the start",
    "lost": "offsets that the broker had no more since the start",
    "batches": "batches closed since the start",
}
STATES = ("starting", "running", "idle", "waiting", "failed", "interrupted", "stopped")


class StatusCollector(Collector):
    """Turns a job's status into metrics when it is asked.

    Parameters
    ----------
    status : callable
        Gives what `status.json` holds.
    """

    def __init__(self, status: Callable[[], dict[str, Any]]) -> None:
        self.status = status

    def collect(self) -> Iterator[Metric]:
        """The metrics; what is not known is left out."""
        content = self.status()
        for name, told in COUNTERS.items():
            yield CounterMetricFamily(f"strix_{name}", told, value=content[name])
        yield _labelled("strix_state", "1 for the state that the job is in", "state", _states(content["state"]))
        yield _answers(content["modules"])
        yield from _gauges(content)
        yield from _seconds(content.get("query", {}))
        kafka = content.get("kafka")
        if kafka is not None:
            yield from _partitions(kafka["partitions"])


def _states(now: str) -> dict[str, float]:
    return {state: float(state == now) for state in STATES}


def _labelled(name: str, told: str, label: str, values: dict[str, float]) -> Metric:
    metric = GaugeMetricFamily(name, told, labels=[label])
    for key, value in values.items():
        metric.add_metric([key], value)
    return metric


def _answers(modules: dict[str, dict[str, int]]) -> Metric:
    told = "alerts by what a module said since the start: answered, partial, null; failed are among partial and null"
    metric = CounterMetricFamily("strix_answers", told, labels=["module", "outcome"])
    for name, numbers in modules.items():
        for outcome, count in numbers.items():
            metric.add_metric([name, outcome], count)
    return metric


def _seconds(query: dict[str, Any]) -> Iterator[Metric]:
    for name, text, label, key in (
        ("strix_query_step_seconds", "seconds of the last micro-batch by step of Spark", "step", "steps_s"),
        (
            "strix_module_seconds",
            "seconds of the last micro-batch by module, all tasks together",
            "module",
            "modules_s",
        ),
    ):
        yield _labelled(name, text, label, query.get(key, {}))


def _gauges(content: dict[str, Any]) -> Iterator[Metric]:
    for name, told, key in (
        ("strix_alerts_per_second", "packets per second of the batches closed in the last minute", "alerts_per_s"),
        ("strix_alerts_per_second_run", "packets per second from the start to the last batch", "alerts_per_s_run"),
    ):
        yield GaugeMetricFamily(name, told, value=content[key])
    share = quarantine_share(content)
    if share is not None:
        yield GaugeMetricFamily("strix_quarantine_share", "quarantined of what was read, 0 to 1", value=share)
    age = newest_age_s(content)
    if age is not None:
        yield GaugeMetricFamily("strix_newest_alert_age_seconds", "since the exposure of the newest alert", value=age)
    for name, moment in (
        ("last_commit", content["last_commit"]),
        ("last_error", (content["last_error"] or {}).get("at")),
    ):
        if moment:
            unix = datetime.fromisoformat(moment).timestamp()
            yield GaugeMetricFamily(f"strix_{name}_timestamp_seconds", f"{name}, seconds since 1970", value=unix)


def _partitions(partitions: list[dict[str, Any]]) -> Iterator[Metric]:
    told = {"lag": "records that are there and not committed", "position": "offset behind the last committed record"}
    for name, text in told.items():
        metric = GaugeMetricFamily(f"strix_kafka_{name}", text, labels=["topic", "partition"])
        for each in partitions:
            metric.add_metric([each["topic"], str(each["partition"])], each[name])
        yield metric


def quarantine_share(content: dict[str, Any]) -> float | None:
    """Quarantined packets of those read, 0 to 1; None if none was read.

    Parameters
    ----------
    content : dict
        As `Status.content` gives it.
    """
    return content["quarantined"] / content["read"] if content["read"] else None


def newest_age_s(content: dict[str, Any]) -> float | None:
    """Seconds since the exposure of the newest alert; None if there is none.

    Parameters
    ----------
    content : dict
        As `Status.content` gives it.
    """
    newest = content["newest_mjd"]
    return None if newest is None else (tai_of_unix(time.time()) - newest) * SECONDS_PER_DAY


@contextmanager
def served(host: str, port: int, status: Callable[[], dict[str, Any]]) -> Iterator[None]:
    """Answer Prometheus at http://host:port/metrics while the job runs; port 0: nobody.

    Anybody who reaches the port reads the job's numbers, its topics and its brokers: so the host is this machine's
    loopback unless the configuration says otherwise.

    Parameters
    ----------
    host : str
        Address to listen at.
    port : int
        0 for none.
    status : callable
        Gives what `status.json` holds.

    Raises
    ------
    EnvironmentProblem
        If the port is taken or is none, or the host is no address of this machine.
    """
    if not port:
        yield
        return
    registry = CollectorRegistry()
    registry.register(StatusCollector(status))
    try:
        server, thread = start_http_server(port, host, registry)
    except (OSError, OverflowError) as error:
        told = error.strerror if isinstance(error, OSError) else error
        raise EnvironmentProblem(
            f"metrics_host {host}, metrics_port {port}: {told}; give an address of this machine and a free port, or port 0"
            " for none"
        ) from None
    try:
        yield
    finally:
        server.shutdown()
        server.server_close()
        thread.join()
