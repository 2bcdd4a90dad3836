"""How a job's Spark session begins."""

import signal
import threading
from pathlib import Path
from types import SimpleNamespace

import pytest
from pyspark import SparkContext
from pyspark.sql import SparkSession

import jobs
from jobs.spark.session import build_session, session_for


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


@pytest.mark.spark
def test_the_session_of_a_process_outlives_what_takes_it(spark: SparkSession) -> None:
    """`strix store load` stopped the session of the notebook that called it."""
    taken: list[SparkSession] = []

    def take() -> None:
        with session_for("another") as session:
            taken.append(session)

    take()
    thread = threading.Thread(target=take)
    thread.start()
    thread.join()
    assert [each.sparkContext for each in taken] == [spark.sparkContext] * 2
    assert spark.sparkContext.appName == "strix tests"
    assert spark.range(3).count() == 3


def test_a_session_that_was_built_is_stopped_whatever_happened(monkeypatch: pytest.MonkeyPatch) -> None:
    stopped: list[str] = []
    built = SimpleNamespace(stop=lambda: stopped.append("stopped"))
    monkeypatch.setattr("jobs.spark.session.running_session", lambda: None)
    monkeypatch.setattr("jobs.spark.session.build_session", lambda *_: built)
    with pytest.raises(ValueError, match="in between"), session_for("one"):
        raise ValueError("in between")
    assert stopped == ["stopped"]


def test_sessions_are_built_in_one_place() -> None:
    """Whoever calls `build_session` and stops what it gave stops a session that may not be its own."""
    root = Path(jobs.__file__).parent
    callers = {path.relative_to(root).as_posix() for path in root.rglob("*.py") if "build_session(" in path.read_text()}
    assert callers == {"spark/session.py", "launcher/class_archive.py"}  # the second is a process of its own
