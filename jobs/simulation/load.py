"""A stream with faults at given rates, and the list of what was sent: so that "did we lose one?" has an answer."""

from collections import deque
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, fields
from typing import Literal

import numpy as np

from jobs.simulation.packet_form import PacketForm, Record
from jobs.simulation.ztf.packet_form import FORM as ZTF

What = Literal["alert", "late", "duplicate", "conflict", "bad"]

_REMEMBERED = 1000  # alerts back that a duplicate or a conflict may be of
_SHIFTED_BY = 50  # places that a message is moved by, at most
_LATE_NIGHTS = 20


@dataclass(frozen=True)
class FaultRates:
    """Of all messages, the share that is not a new alert in its place.

    Attributes
    ----------
    bad : float
        Bytes that are no packet: cut off, with a flipped byte in the header, or noise. The alert is in no other message.
    duplicates : float
        An alert that was sent before, the same bytes.
    conflicts : float
        An id that was sent before, with another brightness.
    late : float
        A new alert, observed 1 to 20 nights earlier.
    reordered : float
        Sent up to 50 places later than its turn.
    """

    bad: float = 0.0
    duplicates: float = 0.0
    conflicts: float = 0.0
    late: float = 0.0
    reordered: float = 0.0

    def __post_init__(self) -> None:
        for each in fields(self):
            if not 0 <= getattr(self, each.name) <= 1:
                raise ValueError(f"{each.name} is {getattr(self, each.name)}, a share is 0 to 1")
        if self.bad + self.duplicates + self.conflicts + self.late > 1:
            raise ValueError("bad, duplicates, conflicts and late are shares of all messages and add up to at most 1")


@dataclass(frozen=True)
class Sending:
    """A message.

    Attributes
    ----------
    number : int
        Its turn, from 0; other than its place where it is reordered.
    what : str
        alert, late, duplicate, conflict or bad.
    alert_id : int
    object_id : str
        Of the alert that it holds, or that is lost in it.
    value : bytes
    """

    number: int
    what: What
    alert_id: int
    object_id: str
    value: bytes


def sendings(
    record: Callable[[int], Record],
    encode: Callable[[Record], bytes],
    n: int,
    rates: FaultRates,
    seed: int,
    form: PacketForm = ZTF,
) -> Iterator[Sending]:
    """n messages, some of them faulty as often as asked; the same for the same seed.

    Parameters
    ----------
    record : callable
        The packet of an alert by its number; asked for 0, 1, 2, ... once each.
    encode : callable
        A packet's bytes.
    n : int
    rates : FaultRates
    seed : int
    form : PacketForm
        Of the survey's packets.
    """
    return _reordered(_in_turn(record, encode, n, rates, np.random.default_rng(seed), form))


def _in_turn(
    record: Callable[[int], Record],
    encode: Callable[[Record], bytes],
    n: int,
    rates: FaultRates,
    rng: np.random.Generator,
    form: PacketForm,
) -> Iterator[tuple[int, Sending]]:
    """The messages, and by how many places each comes late."""
    sent: deque[Record] = deque(maxlen=_REMEMBERED)
    new = 0
    for number in range(n):
        what = _what(rates, rng, can_repeat=bool(sent))
        delay = int(rng.integers(1, _SHIFTED_BY + 1)) if rng.uniform() < rates.reordered else 0
        if what in ("duplicate", "conflict"):
            content = sent[int(rng.integers(len(sent)))]
        else:
            content = record(new)
            new += 1
        content = _changed(content, what, rng, form)
        value = _spoilt(encode(content), rng) if what == "bad" else encode(content)
        if what in ("alert", "late") and not delay:  # what comes again comes after what it repeats
            sent.append(content)
        yield delay, Sending(number, what, *form.ids(content), value)


def _what(rates: FaultRates, rng: np.random.Generator, can_repeat: bool) -> What:
    kinds: tuple[What, ...] = ("bad", "late", "duplicate", "conflict", "alert")
    edges = np.cumsum([rates.bad, rates.late, rates.duplicates, rates.conflicts])
    what = kinds[int(np.searchsorted(edges, rng.uniform(), side="right"))]
    return what if can_repeat or what not in ("duplicate", "conflict") else "alert"


def _changed(content: Record, what: What, rng: np.random.Generator, form: PacketForm) -> Record:
    if what == "conflict":
        return form.brighter(content)
    return form.earlier(content, int(rng.integers(1, _LATE_NIGHTS + 1))) if what == "late" else content


def _spoilt(value: bytes, rng: np.random.Generator) -> bytes:
    how = int(rng.integers(3))
    if how == 0:
        return value[: int(rng.integers(1, len(value)))]
    if how == 1:
        place = int(rng.integers(4))  # of the four that every container begins with
        return value[:place] + bytes([value[place] ^ 0xFF]) + value[place + 1 :]
    return bytes(rng.integers(0, 256, 300, dtype=np.uint8))


def _reordered(messages: Iterable[tuple[int, Sending]]) -> Iterator[Sending]:
    held: list[tuple[int, Sending]] = []  # when it is due, and the message
    for place, (delay, each) in enumerate(messages):
        if delay:
            held.append((place + delay, each))
        else:
            yield each
        yield from (message for due, message in held if due <= place)
        held = [(due, message) for due, message in held if due > place]
    yield from (message for _, message in sorted(held, key=lambda pair: pair[0]))
