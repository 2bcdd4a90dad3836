"""The stage of a batch, on the executors: each task reads its ranges, runs the one pass and writes its files itself."""

import gc
import os
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path

import pyarrow as pa
from pyspark import TaskContext

from jobs.packets.messages import Message
from jobs.packets.ranges import Range
from jobs.packets.reading import SourceMessage, batched
from jobs.packets.rejections import Refusal
from jobs.pipeline.batch.environment import describe, differences
from jobs.pipeline.batch.staging import StagedTask, Tables, refusing
from jobs.pipeline.enrichment.isolation import Limits, Watchdog, WorkerCrash, bisect
from jobs.pipeline.enrichment.one_pass import OnePass, PassOptions, PassResult
from jobs.pipeline.enrichment.refusals import source_refusals
from jobs.pipeline.sources.files.units import count_in
from jobs.pipeline.sources.tasks import Reader

# Two lost workers may be chance (memory, an operator); at the third attempt the task is taken apart.
GUARDED_ATTEMPT = 2
# About 500 ZTF or 100 Rubin alerts: a pass costs some 30 ms whatever its size; larger ones leave the processor's cache.
CHUNK_MESSAGES = 512
CHUNK_BYTES = 24 * 1024 * 1024


@dataclass(frozen=True)
class Stage:
    """What a task needs, pickled to the executors.

    Attributes
    ----------
    run : str
        A uuid of the driver's start: attempt numbers begin at 0 again after a restart.
    directory : str
        The batch's folder under `_staging/`.
    read : callable
        Turns the ranges of a task into messages.
    artefacts : callable
        Gives the modules' artefacts by module and name.
    environment : mapping
        The driver's programs, as `environment.describe` has them: an executor that has others reads nothing.
    """

    run: str
    directory: str
    tables: tuple[str, ...]
    options: PassOptions
    limits: Limits
    read: Reader
    artefacts: Callable[[], Mapping[str, Mapping[str, bytes]]]
    environment: Mapping[str, str]

    def __call__(self, ranges: Sequence[Range]) -> Iterator[pa.RecordBatch]:
        """Work through one task.

        Parameters
        ----------
        ranges : sequence of Range
            Of the task.

        Yields
        ------
        pyarrow.RecordBatch
            Its manifest, one row of staging.manifest_schema.
        """
        told = differences(self.environment, describe(self.options.modules))
        if told:
            yield refusing(told, self.options.modules)
            return
        context = TaskContext.get()
        task, attempt = (context.partitionId(), context.attemptNumber()) if context else (0, 0)
        watchdog = Watchdog(self.limits)
        watchdog.step("start")
        one_pass = OnePass(self.options, self.artefacts(), watchdog)
        watchdog.rest()
        name = f"{self.run}-{task:04d}-{attempt}-{os.getpid()}"
        tables = Tables.of(self.tables, self.options.modules)
        staged = StagedTask(Path(self.directory), name, tables, self.options.modules)
        passes = guarded(one_pass) if attempt >= GUARDED_ATTEMPT else partial(_plain, one_pass)
        for messages in batched(staged.sourced(self.read(ranges)), CHUNK_MESSAGES, CHUNK_BYTES):
            for passed in passes(messages):
                staged.add(passed)
            _settle()
        yield staged.close()


_SETTLED: list[bool] = []


def _settle() -> None:
    """Freeze what is loaded, once a pass has loaded all there is: PySpark collects garbage after every task, and would
    walk over all of it each time."""
    if not _SETTLED:
        gc.collect()
        gc.freeze()
        _SETTLED.append(True)


def _plain(one_pass: OnePass, messages: Sequence[SourceMessage]) -> Iterator[PassResult]:
    yield one_pass(messages)


def guarded(one_pass: OnePass) -> Callable[[Sequence[SourceMessage]], Iterator[PassResult]]:
    """The pass in child processes: an alert that kills or hangs its process is refused as `killed_worker`.

    Parameters
    ----------
    one_pass : OnePass
        Its watchdog's limits hold for every child.

    Returns
    -------
    callable
        Takes messages, and yields a PassResult for each piece of them.
    """

    def passes(messages: Sequence[SourceMessage]) -> Iterator[PassResult]:
        for outcome in bisect(partial(_alone, one_pass), messages, one_pass.watchdog):
            if isinstance(outcome, PassResult):
                yield outcome
            else:
                yield from _taken_apart(one_pass, *outcome)

    return passes


def _alone(one_pass: OnePass, messages: list[SourceMessage]) -> PassResult:
    return one_pass(messages)


def _taken_apart(one_pass: OnePass, message: SourceMessage, crash: WorkerCrash) -> Iterator[PassResult]:
    """A message that killed its process: its packets one by one, if it holds several and was decoded before that."""
    packets = [] if crash.step in ("start", "decode") else _packets(one_pass, message)
    if len(packets) < 2:
        yield _refused(one_pass, message, crash)
        return
    for outcome in bisect(partial(_alone, one_pass), packets, one_pass.watchdog):
        yield outcome if isinstance(outcome, PassResult) else _refused(one_pass, *outcome)


def _packets(one_pass: OnePass, message: SourceMessage) -> list[SourceMessage]:
    decoded = one_pass.decoder.decode([message.message])
    first = message.provenance["index"]
    good = [
        SourceMessage(Message(value, schema), {**message.provenance, "index": first + int(index)})
        for value, schema, index in zip(decoded.values, decoded.schemas, decoded.index, strict=True)
    ]
    bad = [
        SourceMessage(
            Message(each.value, each.schema), {**message.provenance, "index": first + each.index}, each.refusal
        )
        for each in decoded.refused
    ]
    return good + bad


def _refused(one_pass: OnePass, message: SourceMessage, crash: WorkerCrash) -> PassResult:
    """As many refused packets as the message announces, all of which were planned; the first holds the bytes."""
    where = crash.step.removeprefix("module:").removeprefix("load:")
    refusal = Refusal("killed_worker", f"its process {crash.how} in {crash.step}", where)
    announced = 1 if message.message.schema else count_in(message.message.value)
    first = message.provenance["index"]
    dead = [
        SourceMessage(
            message.message if number == 0 else Message(b"", message.message.schema),
            {**message.provenance, "index": first + number},
            refusal,
        )
        for number in range(announced)
    ]
    return PassResult(one_pass.schema.empty_table(), source_refusals(dead))
