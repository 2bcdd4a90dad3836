"""Decoding and the common view without Spark: compiled code, the slow way, fastavro alone."""

import io
import time
from collections.abc import Callable, Sequence
from pathlib import Path

import fastavro

from jobs.bench.inputs import NOW_MJD, Bench, passes_of
from jobs.bench.numbers import Number, repeated
from jobs.bench.steps import check_against_slow
from jobs.packets.messages import Message
from jobs.pipeline.decode.decoder import Decoder
from jobs.pipeline.surveys import SURVEYS

SLOW_ALERTS = 300


def decoding(bench: Bench) -> list[Number]:
    """Alerts per second of one core, from messages in memory to packets in Arrow and to the common view.

    Parameters
    ----------
    bench : Bench

    Raises
    ------
    AssertionError
        If the compiled and the slow decoder do not give the same.
    """
    check_against_slow(bench, bench.science())
    passes = [[each.message for each in some] for some in passes_of(bench.files())]
    few = [[each.message for each in some] for some in passes_of(_first(bench.files()))]
    fast, slow = (Decoder(SURVEYS, _schemas(bench), fast=way) for way in (True, False))
    bare = [_datums(fast, some) for some in passes]
    contenders: dict[str, tuple[Callable[[Sequence[Message]], int], Sequence[list[Message]]]] = {
        "compiled decoder": (lambda some: _decoded(fast, some, view=False), passes),
        "compiled decoder and view": (lambda some: _decoded(fast, some, view=True), passes),
        "the same, bare datums (as Kafka brings them)": (lambda some: _decoded(fast, some, view=False), bare),
        "the same, bare datums and view": (lambda some: _decoded(fast, some, view=True), bare),
        "slow decoder (walk and fastavro) and view": (lambda some: _decoded(slow, some, view=True), few),
        "fastavro.reader to dicts": (_by_fastavro, few),
    }
    return [_rate(what, job, some, bench.repeats) for what, (job, some) in contenders.items()]


def _rate(what: str, job: Callable[[Sequence[Message]], int], passes: Sequence[list[Message]], repeats: int) -> Number:
    def measure() -> dict[tuple[str, str], float]:
        started = time.process_time()
        alerts = sum(job(some) for some in passes)
        return {(what, "alerts/s"): alerts / (time.process_time() - started)}

    (number,) = repeated(measure, repeats)
    return number


def _first(files: Sequence[Path]) -> Sequence[Path]:
    """Files of some hundred alerts."""
    return files[: max(1, SLOW_ALERTS // 100)]


def _schemas(bench: Bench) -> Path | None:
    return Path(bench.schemas) if bench.schemas else None


def _datums(decoder: Decoder, messages: Sequence[Message]) -> list[Message]:
    """What is in the containers: no splitting, no inflating is left to do."""
    decoded = decoder.decode(messages)
    return [Message(value, schema) for value, schema in zip(decoded.values, decoded.schemas, strict=True)]


def _decoded(decoder: Decoder, messages: Sequence[Message], view: bool) -> int:
    groups = decoder.decode(messages).groups
    if view:
        for group in groups:
            group.survey.view(group.packets, group.versions, NOW_MJD)
    return sum(len(group.rows) for group in groups)


def _by_fastavro(messages: Sequence[Message]) -> int:
    return sum(1 for message in messages for _ in fastavro.reader(io.BytesIO(message.value)))
