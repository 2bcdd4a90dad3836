"""The planner of a query, called as Spark calls it: one plan per micro-batch, the ledger as the only memory."""

import json
import re
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pyarrow as pa
import pytest

from jobs.ledger.records import LedgerError, Plan, Record
from jobs.ledger.streams import StreamLedger
from jobs.packets.problems import InputChanged, InputUnreadable, ServiceUnavailable
from jobs.packets.ranges import Range
from jobs.pipeline.batch.spec import BatchSpec
from jobs.pipeline.batch.staging import manifest_schema
from jobs.storage.layout import Layout
from jobs.streaming.batch_source import BatchSource, BatchStream
from jobs.streaming.exchange import Exchange, Task
from jobs.streaming.planning import pause_s

STREAM = "s"
SPEC = BatchSpec(("raw",), ("ztf",), None, (), {}, dict)


class Numbers:
    """A source of `count` packets; what it was told is written down in a file."""

    tasks = 4
    reader = None

    def __init__(self, folder: Path, count: int, problem: Exception | None = None, settling: bool = False) -> None:
        self.notes = folder / "notes.jsonl"
        self.count = count
        self.problem = problem
        self.settling = settling
        self.next = 0

    def _write(self, *told: Any) -> None:
        with open(self.notes, "a") as file:
            print(json.dumps(told), file=file)

    def note(self, record: Record) -> None:
        self.next = max(self.next, record.plan.ranges[-1].stop)
        self._write("note", record.batch)

    def commit(self, ranges: Sequence[Range]) -> None:
        self._write("done", [each.spool for each in ranges])

    def plan(self, limit: int) -> list[Range]:
        if self.problem:
            raise self.problem
        stop = min(self.next + limit, self.count)
        ranges = [Range("raw", "numbers", self.next, stop, spool=f"spool {self.next}")] if stop > self.next else []
        self.next = stop
        return ranges

    def ready(self, ranges: Sequence[Range], folder: Path) -> list[Range]:
        if self.problem:
            raise self.problem
        self._write("ready", [each.spool for each in ranges], folder.name)
        return list(ranges)

    def waiting_s(self) -> float | None:
        return 0.4 if self.settling else None

    def share(self) -> float:
        return self.next / self.count

    def report(self) -> dict[str, Any]:
        return {"planned": self.next}


def begun(tmp_path: Path, source: Numbers, interval_s: float | None = None) -> tuple[BatchStream, Exchange]:
    exchange = Exchange(tmp_path / "query")
    exchange.begin(Task(Layout(tmp_path), STREAM, "night", source, SPEC, "run", 200, 2, interval_s, {}))
    return BatchStream(str(exchange.folder)), exchange


def ledger(tmp_path: Path) -> StreamLedger:
    return StreamLedger(Layout(tmp_path), STREAM)


def close(tmp_path: Path, number: int, state: str = "closed") -> None:
    own = ledger(tmp_path)
    own.write(Record(own.read_plan(number), "run", (), {}, (), {}, {}, state=state))


def told(source: Numbers) -> list[list[Any]]:
    return [json.loads(line) for line in source.notes.read_text().splitlines()]


def test_a_plan_is_written_once_and_the_next_comes_when_it_is_closed(tmp_path: Path) -> None:
    source = Numbers(tmp_path, 300)
    stream, exchange = begun(tmp_path, source)
    assert stream.initialOffset() == {"plan": 0}
    assert [stream.latestOffset(), stream.latestOffset()] == [{"plan": 1}, {"plan": 1}]
    assert ledger(tmp_path).read_plan(0).ranges == (Range("raw", "numbers", 0, 200),)
    works = stream.partitions({"plan": 0}, {"plan": 1})
    assert [each.ranges for each in works] == [[Range("raw", "numbers", 0, 200)]]  # type: ignore[attr-defined]
    close(tmp_path, 0, "sealed")
    assert stream.latestOffset() == {"plan": 1}  # to be finished
    assert stream.partitions({"plan": 0}, {"plan": 1}) == []  # and not read again
    close(tmp_path, 0)
    assert stream.latestOffset() == {"plan": 2}
    close(tmp_path, 1)
    assert stream.latestOffset() == {"plan": 2}
    news = exchange.news()
    assert news is not None
    assert (news.state, news.batch, news.share, news.report) == ("done", 2, 1.0, {"planned": 300})
    # What only this process knows of its own plans, their spool files, is used and given back.
    spool = [["spool 0"], ["spool 200"]]
    assert told(source) == [
        ["ready", spool[0], "spool-run"], ["note", 0], ["done", spool[0]], ["note", 1], ["done", spool[1]]
    ]  # fmt: skip


def test_the_plan_of_another_planner_that_was_first_holds(tmp_path: Path) -> None:
    stream, _ = begun(tmp_path, Numbers(tmp_path, 300))
    assert stream.initialOffset() == {"plan": 0}
    source = stream._plans().source
    first = Plan(STREAM, 0, "night", "", 0.0, (Range("raw", "numbers", 0, 50),))
    plan = source.plan

    def overtaken(limit: int) -> list[Range]:
        assert ledger(tmp_path).begin_plan(first)
        return plan(limit)  # type: ignore[no-any-return]

    source.plan = overtaken
    assert stream.latestOffset() == {"plan": 1}
    assert ledger(tmp_path).read_plan(0) == first
    assert not list(tmp_path.rglob("*.tmp"))
    close(tmp_path, 0)
    assert stream.latestOffset() == {"plan": 2}
    assert ledger(tmp_path).read_plan(1).ranges == (Range("raw", "numbers", 50, 250),)


def test_offsets_that_go_back_are_refused(tmp_path: Path) -> None:
    stream, _ = begun(tmp_path, Numbers(tmp_path, 300))
    stream.latestOffset()
    assert stream.partitions({"plan": 1}, {"plan": 1}) == []
    for end in (0, 3):
        with pytest.raises(LedgerError, match=f"from plan 1 to {end}"):
            stream.partitions({"plan": 1}, {"plan": end})


@pytest.mark.parametrize(
    ("source", "interval_s", "state"),
    [
        ({}, None, "done"),
        ({"settling": True}, None, "settling"),
        ({}, 0.1, "idle"),
        ({"settling": True}, 0.1, "idle"),
    ],
)
def test_nothing_to_read_says_whether_there_may_be_more(
    tmp_path: Path, source: dict[str, Any], interval_s: float | None, state: str
) -> None:
    numbers = Numbers(tmp_path, **{**source, "count": 1})
    numbers.next = 1
    stream, exchange = begun(tmp_path, numbers, interval_s)
    assert stream.latestOffset() == {"plan": 0}
    all_read = "settling" not in source
    news = exchange.news()
    assert news is not None and (news.state, news.nothing_left) == (state, all_read)
    exchange.ask_to_stop()
    assert stream.latestOffset() == {"plan": 0}
    news = exchange.news()
    assert news is not None and (news.state, news.nothing_left) == ("stopped", all_read)


def test_what_is_planned_when_somebody_asks_to_stop_is_processed_still(tmp_path: Path) -> None:
    stream, exchange = begun(tmp_path, Numbers(tmp_path, 300))
    assert stream.latestOffset() == {"plan": 1}
    exchange.ask_to_stop()
    assert stream.latestOffset() == {"plan": 1}
    close(tmp_path, 0)
    assert stream.latestOffset() == {"plan": 1}
    assert not ledger(tmp_path).is_begun(1)
    news = exchange.news()
    assert news is not None and (news.state, news.nothing_left) == ("stopped", False)


def test_a_service_that_is_unavailable_is_told_and_asked_again(tmp_path: Path) -> None:
    numbers = Numbers(tmp_path, 300, ServiceUnavailable("broker b:9092 does not answer"))
    stream, exchange = begun(tmp_path, numbers)
    assert stream.latestOffset() == {"plan": 0}
    first = exchange.news()
    assert first is not None
    assert (first.state, first.problem, first.unavailable_s) == ("unavailable", "broker b:9092 does not answer", 0.0)
    assert stream.latestOffset() == {"plan": 0}
    second = exchange.news()
    assert second is not None and 0.5 <= second.unavailable_s < 5.0
    stream._plans().source.problem = None
    assert stream.latestOffset() == {"plan": 1}
    assert [pause_s(seconds) for seconds in (0, 10, 100)] == [0.5, 5.0, 15.0]


class Odd(Exception):
    """It cannot be sent to another process."""

    def __init__(self, one: int, two: int) -> None:
        super().__init__(f"{one} and {two}")


@pytest.mark.parametrize(
    ("problem", "kind", "text"),
    [
        (InputUnreadable("/a.avro", "Permission denied"), InputUnreadable, "/a.avro cannot be read: Permission denied"),
        (OSError(28, "No space left on device", "/out"), OSError, "[Errno 28] No space left on device: '/out'"),
        (Odd(1, 2), RuntimeError, "Odd: 1 and 2"),
    ],
)
def test_whatever_planning_raises_reaches_the_driver_with_its_type(
    tmp_path: Path, problem: Exception, kind: type[Exception], text: str
) -> None:
    stream, exchange = begun(tmp_path, Numbers(tmp_path, 300))
    stream._plans().source.problem = problem
    assert stream.latestOffset() == {"plan": 0}
    news = exchange.news()
    assert news is not None and type(news.failure) is kind
    assert str(news.failure) == text


def test_a_file_that_changed_before_its_tasks_are_made_reaches_the_driver(tmp_path: Path) -> None:
    stream, exchange = begun(tmp_path, Numbers(tmp_path, 300))
    assert stream.latestOffset() == {"plan": 1}
    stream._plans().source.problem = InputChanged("a.avro was planned with 10 bytes")
    assert stream.partitions({"plan": 0}, {"plan": 1}) == []
    news = exchange.news()
    assert news is not None and isinstance(news.failure, InputChanged)


@pytest.mark.parametrize("modules", [(), ("stetson_k", "rise")])
def test_spark_is_told_the_columns_that_the_tasks_write(modules: tuple[str, ...]) -> None:
    source = BatchSource({"folder": "", "modules": " ".join(modules)})
    told = [field.split(" ", 1) for field in re.split(r", (?![^<]*>)", source.schema())]
    types = {"string": pa.string(), "binary": pa.binary(), "bigint": pa.int64()}
    struct = pa.struct([(name, pa.float64()) for name in modules])
    assert pa.schema([(name, types.get(type_, struct)) for name, type_ in told]) == manifest_schema(modules)
    assert all(f"{name}: double" in source.schema() for name in modules)
