"""What a sink is: one folder beside this file that a sealed batch is written to, beyond Parquet.

A folder declares itself as a `SinkKind` in its `__init__`, and `registry.SINKS` lists it. Nothing else names it: a
job's configuration takes its section, a batch goes through the sinks in their order and closes behind the last of them,
the ledger keeps what each acknowledged, and `strix ledger check` asks each for its own audit.
"""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Protocol

from jobs.ledger.records import Record
from jobs.storage.layout import Layout

if TYPE_CHECKING:
    from pyspark.sql import SparkSession

    from jobs.pipeline.decode.registry import Registry


class SinkRefused(ValueError):
    """A job asks for a sink that it cannot have; the message says what both sides want."""


@dataclass(frozen=True)
class JobFacts:
    """What a sink may know of a job before anything starts.

    Attributes
    ----------
    job : str
        Its name.
    tables, modules, surveys : tuple of str
        What it writes, runs and takes.
    brokers : mapping of str to str
        The Kafka that it reads from, for sinks that send to the same.
    registry : Registry or None
        Its schema registry.
    earlier : mapping of str to PreparedSink
        By name, the job's sinks that a batch goes through before this one.
    """

    job: str
    tables: tuple[str, ...] = ()
    modules: tuple[str, ...] = ()
    surveys: tuple[str, ...] = ()
    brokers: Mapping[str, str] = field(default_factory=dict)
    registry: "Registry | None" = None
    earlier: "Mapping[str, PreparedSink]" = field(default_factory=dict)


@dataclass(frozen=True)
class SinkContext:
    """What an opened sink works with.

    Attributes
    ----------
    spark : SparkSession
        The job's: a sink that can write from executors does it by tasks of this session.
    layout : Layout
        Of the output.
    stream : str
        The stream whose batches it is given, and under whose name it keeps files beside the ledger.
    surveys : tuple of str
        Those that the job takes.
    durable : bool
        Whether files are synchronised before they are renamed.
    """

    spark: "SparkSession"
    layout: Layout
    stream: str
    surveys: tuple[str, ...]
    durable: bool = False


class Sink(Protocol):
    """Writes sealed and published batches of one stream somewhere else, each once."""

    name: str

    def write(self, batch: Record) -> dict[str, Any]:
        """Write a batch.

        Called again with the same batch after a crash: the other side must take it twice as once, or `committed` must
        know.

        Parameters
        ----------
        batch : Record
            Sealed; its files are published, and what earlier sinks keep beside the ledger is there.

        Returns
        -------
        dict
            The counts that the other side acknowledged, as JSON holds them: `record.sinks[name]` in the ledger.

        Raises
        ------
        ServiceUnavailable
            If the other side does not answer: the batch stays as it is, and the job asks again.
        """
        ...

    def committed(self, batch: Record) -> dict[str, Any] | None:
        """The counts of a batch that the other side holds already.

        Parameters
        ----------
        batch : Record
            Sealed, as for `write`.

        Returns
        -------
        dict or None
            As `write` gave it; None if the batch has to be written.
        """
        ...


class PreparedSink(Protocol):
    """A sink whose settings are checked, of a job that has not started."""

    @property
    def name(self) -> str:
        """As its kind's."""
        ...

    @property
    def versions(self) -> dict[str, str]:
        """What the ledger keeps of it with each batch, under its name; empty if there is nothing."""
        ...

    def open(self, context: SinkContext) -> Sink:
        """The sink of a stream.

        Parameters
        ----------
        context : SinkContext
            Of the stream.
        """
        ...


@dataclass(frozen=True)
class SinkKind:
    """A sink as its folder declares it.

    Attributes
    ----------
    name : str
        In the ledger.
    section : str
        The key of a configuration that asks for it.
    order : int
        Of two sinks a batch goes through the one with the smaller number first.
    help : str
        What its section says, for the command line.
    prepare : callable
        Checks a section before anything starts. Raises ValueError for what cannot be. What it imports may be heavy.
    audit : callable
        The gaps of a closed batch that was written to the sink: what its counts say against what it keeps.
    """

    name: str
    section: str
    order: int
    help: str
    prepare: Callable[[Any, JobFacts], PreparedSink]
    audit: Callable[[Layout, Record], Iterator[str]]


def write_all(sinks: Sequence[Sink], batch: Record) -> dict[str, Any]:
    """Take a batch through its sinks, one behind the other.

    Parameters
    ----------
    sinks : sequence of Sink
        In their order.
    batch : Record
        Sealed, its files published.

    Returns
    -------
    dict
        What each acknowledged, now or before a crash, by its name.
    """
    return {sink.name: _write_once(sink, batch) for sink in sinks}


def _write_once(sink: Sink, batch: Record) -> dict[str, Any]:
    counts = sink.committed(batch)
    return counts if counts is not None else sink.write(batch)
