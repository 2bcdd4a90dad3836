"""Connections to HBase's Thrift server: kept while they are good, dropped at the first doubt, tried again for a while.

A connection that has seen an error may still deliver the answer to an earlier question, closed and opened again or not;
so it is never used again. One that has been idle for most of a minute is not used either: the server has closed it.
"""

import os
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from functools import cache
from typing import TypeVar

import happybase
from thriftpy2.thrift import TException

from jobs.packets.problems import ServiceUnavailable

DEFAULT_PORT = 9090
# The server closes a connection that was idle for 60 s.
IDLE_S = 45.0
# With HBase gone behind a Thrift server that lives, a call would wait for ever.
CALL_TIMEOUT_S = 30.0
PAUSES_S = (0.2, 0.5, 1.0, 2.0)
# A call that hung may have met a connection that was dead, so it is tried once more with another one. Five that hang would keep
# whoever asked for two and a half minutes from what one knows after two.
HANGING_CALLS = 2
# What no trying again mends: text in the server's answer, and what to do.
_WRONG = {
    "TableNotFoundException": "`strix store init` makes the tables",
    "NamespaceNotFoundException": "`strix store init` makes the tables",
    "NoSuchColumnFamilyException": "the table is another's or of another version; `strix store check` compares",
    "AccessDeniedException": "this user may not do it",
}

T = TypeVar("T")


class StoreRefused(ValueError):
    """HBase answers that it cannot be done as asked for; the message says what to do. Trying again does not help."""


@dataclass(frozen=True)
class HBaseAddress:
    """Where a Thrift server is.

    Attributes
    ----------
    host : str
    port : int
    """

    host: str = "localhost"
    port: int = DEFAULT_PORT

    def __str__(self) -> str:
        return f"{self.host}:{self.port}"

    @classmethod
    def of(cls, text: str) -> "HBaseAddress":
        """The address of a text.

        Parameters
        ----------
        text : str
            host or host:port.

        Raises
        ------
        ValueError
            If the port is no number from 1 to 65535.
        """
        host, _, port = text.partition(":")
        if port and not (port.isdigit() and 0 < int(port) < 65536):
            raise ValueError(f"port of hbase is a number from 1 to 65535, found {port!r}")
        return cls(host, int(port)) if port else cls(host)


@dataclass
class Pool:
    """The connections of this process to one Thrift server; its methods may be called from several threads.

    Parameters
    ----------
    address : HBaseAddress
    timeout_s : float
        Of one call [s].
    pauses_s : sequence of float
        Before each further try of a call that failed [s].
    """

    address: HBaseAddress
    timeout_s: float = CALL_TIMEOUT_S
    pauses_s: Sequence[float] = PAUSES_S
    _idle: list[tuple[float, happybase.Connection]] = field(default_factory=list)
    _lock: threading.Lock = field(default_factory=threading.Lock)

    def call(self, work: Callable[[happybase.Connection], T]) -> T:
        """Do something with a connection; once more, with another one, where the server or the way to it fails.

        Parameters
        ----------
        work : callable
            Given a connection of its own. It may be called several times, so it must be safe to repeat.

        Raises
        ------
        ServiceUnavailable
            If HBase still does not answer after the last try.
        StoreRefused
            If it answers that this cannot be.
        """
        enough = time.monotonic() + HANGING_CALLS * self.timeout_s
        for pause in (*self.pauses_s, None):
            try:
                with self._connection() as connection:
                    return work(connection)
            except (OSError, TException) as error:
                _require_repeatable(error, self.address)
                if pause is None or time.monotonic() >= enough:
                    raise ServiceUnavailable(f"HBase at {self.address} does not answer: {_reason(error)}") from error
                time.sleep(pause)
        raise AssertionError("unreachable")

    def close(self) -> None:
        """Close the connections that nobody uses."""
        with self._lock:
            idle, self._idle = self._idle, []
        for _, connection in idle:
            _close(connection)

    @contextmanager
    def _connection(self) -> Iterator[happybase.Connection]:
        connection = self._kept() or happybase.Connection(
            self.address.host, self.address.port, timeout=int(self.timeout_s * 1000)
        )
        with ExitStack() as doubtful:
            doubtful.callback(_close, connection)
            yield connection
            doubtful.pop_all()
        with self._lock:
            self._idle.append((time.monotonic(), connection))

    def _kept(self) -> happybase.Connection | None:
        while True:
            with self._lock:
                if not self._idle:
                    return None
                since, connection = self._idle.pop()
            if time.monotonic() - since < IDLE_S:
                return connection
            _close(connection)


def pool(address: HBaseAddress) -> Pool:
    """The connections of this process to a Thrift server.

    Parameters
    ----------
    address : HBaseAddress
    """
    return _pool(address, os.getpid())


@cache
def _pool(address: HBaseAddress, process: int) -> Pool:
    """A forked process must not speak on its parent's sockets."""
    del process
    return Pool(address)


def _text(error: BaseException) -> str:
    """What an error of the Thrift client says; the text of some of them cannot be made by `str`."""
    text = getattr(error, "message", None) or (str(error) if not isinstance(error, TException) else "")
    if isinstance(text, bytes):
        text = text.decode(errors="replace")
    return " ".join(str(text).split())[:300]


def _reason(error: BaseException) -> str:
    """For people: the class of an error only where it says nothing else, the address not once more."""
    return _text(error).partition(" to (")[0] or type(error).__name__


def _require_repeatable(error: BaseException, address: HBaseAddress) -> None:
    text = f"{type(error).__name__} {_text(error)}".strip()
    for name, advice in _WRONG.items():
        if name in text:
            raise StoreRefused(f"HBase at {address} answers {name}: {advice} ({text})") from error


def _close(connection: happybase.Connection) -> None:
    """Close what may be broken already."""
    try:
        connection.close()
    except (OSError, TException):
        return
