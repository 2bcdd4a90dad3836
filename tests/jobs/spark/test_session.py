"""How a job's Spark session begins."""

import signal
from types import SimpleNamespace

import pytest
from pyspark import SparkContext
from pyspark.sql import SparkSession

from jobs.spark.session import build_session


def test_a_ctrl_c_while_the_session_begins_is_heard_by_the_job(monkeypatch: pytest.MonkeyPatch) -> None:
    """PySpark takes SIGINT with the context; seconds later the session is there."""
    heard: list[str] = []
    begun: list[object] = []

    def context(conf: object = None) -> None:
        if not begun:
            signal.signal(signal.SIGINT, lambda *_: heard.append("pyspark"))
        begun.append(conf)

    def session(builder: object) -> SimpleNamespace:
        SparkContext.getOrCreate()
        signal.raise_signal(signal.SIGINT)
        return SimpleNamespace(sparkContext=SimpleNamespace(setLogLevel=lambda level: None))

    monkeypatch.setattr(SparkContext, "getOrCreate", context)
    monkeypatch.setattr(SparkSession.Builder, "getOrCreate", session)
    before = signal.signal(signal.SIGINT, lambda *_: heard.append("job"))
    try:
        build_session("test", "local[1]")
    finally:
        signal.signal(signal.SIGINT, before)
    assert heard == ["job"]
