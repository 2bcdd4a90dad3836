"""Outputs of many small batches, made by the pipeline itself without Spark, and what a reader sees of them."""

import json
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import replace
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq

from jobs.audit.check import check_ledger
from jobs.ledger.identity import open_stream
from jobs.pipeline.batch.spec import BatchSpec
from jobs.pipeline.batch.staging import manifest_schema
from jobs.pipeline.sources.files.source import FileSource
from jobs.simulation.night import container
from jobs.simulation.packets import packet
from jobs.storage.layout import TABLES, Layout
from jobs.streaming.batch_source import BatchStream
from jobs.streaming.exchange import Exchange, News
from jobs.streaming.query import Query
from jobs.streaming.runner import Runner
from science_modules import registry

MODULES = ("stetson_k", "rise")
SEED = 9
ALERTS, PER_FILE = 36, 6


class LocalFrame:
    """A DataFrame of numbered tasks, for the one thing that a second read of packets does with one."""

    def __init__(self, numbers: Sequence[int], work: Callable[..., Iterator[pa.RecordBatch]] | None = None) -> None:
        self.numbers = numbers
        self.work = work

    def mapInArrow(self, work: Callable[..., Iterator[pa.RecordBatch]], schema: object) -> "LocalFrame":
        del schema
        return LocalFrame(self.numbers, work)

    def toArrow(self) -> pa.Table:
        assert self.work is not None
        numbers = pa.RecordBatch.from_pydict({"id": pa.array(self.numbers, pa.int64())})
        return pa.Table.from_batches(list(self.work(iter([numbers]))))


class LocalSpark:
    """A session that runs tasks in this process, one after the other."""

    streams = SimpleNamespace(addListener=lambda listener: None, removeListener=lambda listener: None)
    sparkContext = SimpleNamespace(
        defaultParallelism=2,
        broadcast=lambda value: SimpleNamespace(value=value),
    )

    def range(self, start: int, stop: int, step: int, partitions: int) -> LocalFrame:
        del partitions
        return LocalFrame(list(range(start, stop, step)))


class LocalQuery(Query):
    """A query as Spark runs it, in this thread and without Spark: planning, offsets, tasks, `foreachBatch`, commits."""

    def __init__(
        self, spark: Any, exchange: Exchange, checkpoint: Path, name: str, modules: Sequence[str], each_batch: Any
    ) -> None:
        del spark, name, modules
        self.exchange, self.checkpoint, self.each_batch = exchange, checkpoint, each_batch
        for log in ("offsets", "commits"):
            (checkpoint / log).mkdir(parents=True, exist_ok=True)

    def watch(self, tell: Callable[[News], None], stop: Callable[[], bool]) -> None:
        stream = BatchStream(str(self.exchange.folder))
        at, number = stream.initialOffset(), len(list((self.checkpoint / "offsets").iterdir()))
        while True:
            if stop():
                self.exchange.ask_to_stop()
            end = stream.latestOffset()
            news = self.exchange.news()
            if end != at:
                self._micro_batch(stream, number, at, end)
                at, number = end, number + 1
                continue
            assert news is not None
            tell(news)
            if news.failure is not None:
                raise news.failure
            if news.state in ("done", "stopped"):
                return

    def _micro_batch(self, stream: BatchStream, number: int, at: dict[str, Any], end: dict[str, Any]) -> None:
        (self.checkpoint / "offsets" / str(number)).write_text(f"v1\n{{}}\n{json.dumps(end)}")
        works = stream.partitions(at, end)
        self.each_batch(lambda description, stages: _run_tasks(stream, works), number)
        (self.checkpoint / "commits" / str(number)).write_text("v1\n{}")


def _run_tasks(stream: BatchStream, works: Sequence[Any]) -> pa.Table:
    """The tasks of a micro-batch, as one."""
    if not works:
        return manifest_schema(()).empty_table()
    work = replace(works[0], ranges=[each for work in works for each in work.ranges])
    return pa.Table.from_batches(list(stream.read(work)))


def write_packets(directory: Path, numbers: Iterable[int] = range(ALERTS)) -> Path:
    """Files of a few simulated packets each: two nights that alternate, and a file that is no packet."""
    directory.mkdir(parents=True)
    numbers = list(numbers)
    for first in range(0, len(numbers), PER_FILE):
        records = [packet(SEED, number)[0] for number in numbers[first : first + PER_FILE]]
        for record in records[::3]:
            record["candidate"]["jd"] -= 3.0
        (directory / f"p{numbers[first]:06d}.avro").write_bytes(container(records))
        (directory / f"p{numbers[first]:06d}_bad.avro").write_bytes(b"this is no packet %d" % first)
    return directory


def runner(
    output: Path,
    source: Any,
    job: str = "night",
    tables: Sequence[str] = ("raw", "science", "cutouts"),
    limit: int = 8,
    modules: Sequence[str] = MODULES,
) -> Runner:
    """A job over an output, ready to run."""
    layout = Layout(output)
    modules = modules if "science" in tables else ()
    versions = {name: {"version": registry.get(name).version, "source": "test"} for name in modules}
    recipe = BatchSpec(tuple(tables), ("ztf", "lsst"), None, tuple(modules), {"modules": versions}, dict)
    stream = open_stream(layout, job, layout.checkpoint(job), append=True)
    return Runner(LocalSpark(), layout, job, stream, source, recipe, limit, query=LocalQuery)  # type: ignore[arg-type]


def run_night(output: Path, packets: Path, **more: Any) -> None:
    """A job over files, to its end."""
    source = FileSource([str(packets)], 0.0, output / "_staging" / "spool")
    runner(output, source, **more).run("available_now", 0.1)


def nights(output: Path, table: str) -> list[str]:
    """Folders of a table's nights."""
    return sorted(path.name for path in (output / table).glob("night=*"))


def files(output: Path, table: str) -> list[Path]:
    """The data files of a table, as any reader lists them."""
    return sorted((output / table).glob("night=*/*.parquet"))


def rows(output: Path, tables: Sequence[str] = TABLES) -> dict[str, list[str]]:
    """Every row of every table with its night, written out in full and sorted: equal if and only if the content is."""
    return {table: sorted(_rows(files(output, table))) for table in tables}


def _rows(paths: Iterable[Path]) -> Iterator[str]:
    for path in paths:
        for row in pq.ParquetFile(path).read().to_pylist():
            yield f"{path.parent.name} {row!r}"


def seen(output: Path) -> dict[str, list[str]]:
    """Names of the data files of every table and night."""
    return {
        f"{table}/{night}": sorted(path.name for path in (output / table / night).glob("*.parquet"))
        for table in TABLES
        for night in nights(output, table)
    }


def gaps(output: Path) -> list[str]:
    """What the ledger does not account for."""
    return [str(gap) for gap in check_ledger(Layout(output)).gaps]


def left_over(output: Path) -> list[str]:
    """What a finished change should not have left."""
    prepared = [
        path.name
        for path in (output / "ledger" / "compactions").glob("*.json")
        if json.loads(path.read_text())["state"] != "done"
    ]
    return [*prepared, *map(str, (output / "_compaction").glob("*")), *map(str, output.rglob("*.tmp"))]
