"""What is wrong where the walk has stopped: the one place that says why a datum is refused.

Compiled code says only at which instruction and which byte a datum is broken. Here that one value is read again,
slowly.
"""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from numpy.typing import NDArray

from . import instructions as op
from .fault import Fault
from .instructions import ITEM
from .interpreter import BLOCK_END, DEPTH, FIRST_ROW, PARENT_ROW, ROOM_LEFT, ROW, VALUES_LEFT
from .varint import read_long


@dataclass(frozen=True)
class Stop:
    """Where the walk of a datum has stopped.

    Attributes
    ----------
    instruction : list of int
        A row of the program.
    path : str
        Of the value, with ITEM for the numbers of items.
    byte : int
        Where in the data the value begins.
    frames : numpy.ndarray of int64
        The stack of frames as it was.
    """

    instruction: list[int]
    path: str
    byte: int
    frames: NDArray[Any]

    def explain(self, data: bytes) -> Fault:
        """What is wrong there, with the byte counted as in `data`.

        Parameters
        ----------
        data : bytes
            The datum; for one in a block, the whole block.

        Raises
        ------
        AssertionError
            If nothing is wrong there: the compiled walk and this one disagree.
        """
        try:
            self._reread(data)
        except Fault as fault:
            return Fault(fault.reason, fault.message, fault.byte, self._numbered_path())
        raise AssertionError(f"the walk has stopped at byte {self.byte} ({self.path}), where nothing is wrong")

    def _reread(self, data: bytes) -> None:
        kind, arg, at = self.instruction[op.OP], self.instruction[op.ARG], self.byte
        if kind == op.NEXT:
            self._reread_block(data)
            return
        if kind != op.SWITCH and self.instruction[op.VALUE] >= 0:
            at = _branch(data, at, 1 + (self.instruction[op.NULL] >= 0))
        if kind != op.UNION:
            _REREAD[kind](data, at, arg)

    def _reread_block(self, data: bytes) -> None:
        at, frame, item = self.byte, self.frames[int(self.frames[0, DEPTH])], self.instruction
        if 0 <= frame[BLOCK_END] != at:
            wanted = f"wants an array block to end at byte {frame[BLOCK_END]}"
            raise Fault("bad_datum", f"{wanted}, found its end elsewhere", at)
        count, start = read_long(data, at)
        if count < 0:
            size, start = read_long(data, start)
            if size < 0:
                raise Fault("bad_datum", f"wants a block size, found {size}", at)
            _need(data, start, size)
        count, values, room = abs(count), int(self.frames[0, VALUES_LEFT]), int(self.frames[0, ROOM_LEFT])
        if count * item[op.VALUES] > values:
            found = f"found {count} x {item[op.VALUES]}"
            raise Fault("too_large", f"wants at most {values} more values in arrays, {found}", at)
        _need(data, start, count * item[op.ARG])
        if count * item[op.COST] > room:
            found = f"found {count} x {item[op.COST]}"
            raise Fault("too_large", f"wants array items of at most {room} bytes in columns, {found}", at)

    def _numbered_path(self) -> str:
        parts, depth = self.path.split(ITEM), int(self.frames[0, DEPTH])
        rows = [*self.frames[2 : depth + 1, PARENT_ROW], self.frames[0, ROW]][:depth]
        numbers = [f"[{row - first}]" for row, first in zip(rows, self.frames[1 : depth + 1, FIRST_ROW], strict=True)]
        return "".join(part + number for part, number in zip(parts, [*numbers[: len(parts) - 1], ""], strict=False))


def _need(data: bytes, at: int, size: int) -> int:
    if at + size > len(data):
        raise Fault("truncated", f"wants {size} bytes, {max(len(data) - at, 0)} are left", at)
    return at + size


def _branch(data: bytes, at: int, branches: int) -> int:
    index, end = read_long(data, at)
    if not 0 <= index < branches:
        raise Fault("bad_datum", f"wants one of {branches} union branches, found number {index}", at)
    return end


def _fixed(data: bytes, at: int, size: int) -> None:
    _need(data, at, size)


def _int(data: bytes, at: int, _: int) -> None:
    value, _ = read_long(data, at)
    if not -(1 << 31) <= value < 1 << 31:
        raise Fault("bad_datum", f"wants an int of 32 bits, found {value}", at)


def _long(data: bytes, at: int, _: int) -> None:
    read_long(data, at)


def _boolean(data: bytes, at: int, _: int) -> None:
    _need(data, at, 1)
    if data[at] > 1:
        raise Fault("bad_datum", f"wants a boolean, 0 or 1, found {data[at]}", at)


def _enum(data: bytes, at: int, symbols: int) -> None:
    index, _ = read_long(data, at)
    if not 0 <= index < symbols:
        raise Fault("bad_datum", f"wants one of {symbols} symbols, found number {index}", at)


def _bytes(data: bytes, at: int, _: int) -> bytes:
    size, start = read_long(data, at)
    if size < 0:
        raise Fault("bad_datum", f"wants a length, found {size}", at)
    return data[start : _need(data, start, size)]


def _string(data: bytes, at: int, _: int) -> None:
    text = _bytes(data, at, 0)
    try:
        text.decode()
    except UnicodeDecodeError as error:
        start = read_long(data, at)[1]
        raise Fault("bad_datum", f"wants UTF-8, found {error.reason}", start + error.start) from None


def _end(data: bytes, at: int, _: int) -> None:
    if at < len(data):
        raise Fault("trailing_bytes", f"wants the datum to end, found {len(data) - at} bytes more", at)


_REREAD: dict[int, Callable[[bytes, int, int], Any]] = {
    op.CHECK_FIXED: _fixed,
    op.CHECK_INT: _int,
    op.CHECK_LONG: _long,
    op.CHECK_BOOLEAN: _boolean,
    op.CHECK_ENUM: _enum,
    op.CHECK_BYTES: _bytes,
    op.CHECK_STRING: _string,
    op.SWITCH: _branch,
    op.END: _end,
}
