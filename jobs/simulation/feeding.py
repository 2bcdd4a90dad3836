"""Packets from files into a topic at a rate, one a message, as a survey's broker sends them."""

import time
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from tempfile import TemporaryDirectory

from confluent_kafka import KafkaError, KafkaException, Message, Producer

from jobs.kafka.connection import SILENT, Connection
from jobs.packets.problems import ServiceUnavailable
from jobs.pipeline.decode.fault import Fault
from jobs.pipeline.decode.single import Singles
from jobs.pipeline.sources.files.source import FileSource
from jobs.pipeline.sources.readers import read_ranges

# Packets that are planned at once; a compressed archive is unpacked by so many.
_PLANNED = 500
_TELL_S = 5.0
_PATIENCE_S = 30.0
_SETTINGS = {
    "acks": "all",
    "enable.idempotence": True,  # once each and in order, though it tries again
    "linger.ms": 5,
    "message.max.bytes": 64 * 1024 * 1024,  # what is too large is for the broker to say
    "delivery.timeout.ms": int(1000 * _PATIENCE_S),
}


@dataclass
class Sent:
    """What became of the packets.

    Attributes
    ----------
    packets, failed : int
        Those that the broker has, and those that it did not take.
    unreadable : int
        Of the input; they were not sent.
    problems : list of str
        The first reason of each kind.
    seconds : float
        From the first to the last.
    timed_out : bool
        Whether the broker did not answer for some.
    """

    packets: int = 0
    failed: int = 0
    unreadable: int = 0
    problems: list[str] = field(default_factory=list)
    seconds: float = 0.0
    timed_out: bool = False

    def note_unreadable(self, fault: Fault) -> None:
        """Count a packet that cannot be read.

        Parameters
        ----------
        fault : Fault
            Why; that of the first one is kept.
        """
        if not self.unreadable:
            self.problems.append(f"unreadable: {fault.reason}: {fault.message}")
        self.unreadable += 1

    def note_delivery(self, error: KafkaError | None, _: Message | None = None) -> None:
        """Count a packet as the broker's answer says; the client's callback.

        Parameters
        ----------
        error : confluent_kafka.KafkaError or None
            None if the broker has it.
        _ : confluent_kafka.Message, optional
            Not used.
        """
        if error is None:
            self.packets += 1
            return
        self.timed_out |= error.code() == KafkaError._MSG_TIMED_OUT
        if not self.failed:
            self.problems.append(f"not taken: {error.str()}")
        self.failed += 1


def packets_of(paths: Sequence[str | Path], wire: bool = False) -> Iterator[bytes | Fault]:
    """The packets in files, directories, globs, archives and raw Parquet, one by one, in the order of a job.

    Parameters
    ----------
    paths : sequence of str or pathlib.Path
        As a job's `input`.
    wire : bool
        In Confluent wire format, as Rubin sends them; else a container each, as ZTF does. What is in wire format
        already stays so.

    Yields
    ------
    bytes or Fault
        A packet, or why one cannot be read.

    Raises
    ------
    NoInput
        If a path names nothing.
    """
    singles = Singles(wire)
    with TemporaryDirectory() as spool:
        source = FileSource([str(path) for path in paths], 0.0, Path(spool))
        source.check()
        while ranges := source.plan(_PLANNED):
            for each in read_ranges(ranges):
                if each.refusal is not None:
                    yield Fault(each.refusal.reason, each.refusal.message)
                else:
                    yield from singles.of(each.message)
            source.commit(ranges)


def paced(
    packets: Iterable[bytes],
    rate: float,
    burst: int = 1,
    clock: Callable[[], float] = time.monotonic,
    rest: Callable[[float], None] = time.sleep,
) -> Iterator[bytes]:
    """The packets at an even rate; after a delay as fast as it goes, until the rate holds again.

    Parameters
    ----------
    packets : iterable of bytes
    rate : float
        Packets per second; 0: without waiting.
    burst : int
        So many come at once, the next when their time has passed at the rate.
    clock : callable
        Gives the time [s], from any start.
    rest : callable
        Waits so many seconds.

    Yields
    ------
    bytes
        Each packet when its time has come.
    """
    start = clock()
    for number, packet in enumerate(packets):
        early = start + number // burst * burst / rate - clock() if rate else 0.0
        if early > 0:
            rest(early)
        yield packet


def feed(
    connection: Connection,
    topic: str,
    packets: Iterable[bytes | Fault],
    rate: float = 0.0,
    tell: Callable[[Sent], None] = lambda _: None,
    burst: int = 1,
) -> Sent:
    """Send packets to a topic that is there: no key, the time of sending, the broker's choice of partition.

    A KeyboardInterrupt ends it early; the counts are then of what was sent until it came.

    Parameters
    ----------
    connection : Connection
    topic : str
        Its name.
    packets : iterable of bytes or Fault
        As `packets_of` gives them; a Fault is counted, not sent.
    rate : float
        Packets per second; 0: as fast as it goes.
    tell : callable
        Is told every 5 s how it goes.
    burst : int
        As of `paced`.

    Raises
    ------
    ServiceUnavailable
        If the broker takes nothing for 30 s.
    """
    sent = Sent()
    producer = Producer({**connection.client(), **_SETTINGS}, logger=SILENT)
    start = told = time.monotonic()
    try:
        for packet in paced(_readable(packets, sent), rate, burst):
            _send(producer, topic, packet, sent)
            sent.seconds = time.monotonic() - start
            if start + sent.seconds - told > _TELL_S:
                tell(sent)
                told = time.monotonic()
    except KeyboardInterrupt:
        pass
    left = producer.flush(_PATIENCE_S)
    sent.seconds = time.monotonic() - start
    if left or sent.timed_out:
        producer.purge()
        raise _away(sent)
    return sent


def _away(sent: Sent) -> ServiceUnavailable:
    return ServiceUnavailable(f"Kafka took {sent.packets} packets, and then none for {_PATIENCE_S:g} s")


def _readable(packets: Iterable[bytes | Fault], sent: Sent) -> Iterator[bytes]:
    for packet in packets:
        if isinstance(packet, Fault):
            sent.note_unreadable(packet)
        else:
            yield packet


def _send(producer: Producer, topic: str, packet: bytes, sent: Sent) -> None:
    deadline = time.monotonic() + _PATIENCE_S
    while True:
        try:
            producer.produce(topic, packet, on_delivery=sent.note_delivery)
            producer.poll(0)
            return
        except BufferError:  # more in hand than the client holds: wait for the broker
            producer.poll(0.2)
            if time.monotonic() > deadline:
                raise _away(sent) from None
        except KafkaException as error:  # the client itself refuses it, as larger than any message
            sent.note_delivery(error.args[0])
            return
