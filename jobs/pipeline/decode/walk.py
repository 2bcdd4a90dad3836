"""The safety walk: where a datum ends, and whether every byte of it fits the writer schema.

fastavro takes what it should not (booleans of 2, negative union branches, left-over bytes) and believes every
length; so each datum is walked first, at bounded cost, and only then read. A schema becomes one function per type,
`step(data, at, budget) -> end`, where `data` ends where the datum may end at the latest.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

from jobs.pipeline.decode.fault import Fault
from jobs.pipeline.decode.varint import read_long
from jobs.pipeline.decode.writer_schema import WriterSchema


@dataclass
class Budget:
    """How many more array and map values the datum may have."""

    values: int

    def charge(self, count: int, each: int, at: int) -> None:
        """Take `count` items of `each` values."""
        if count * each > self.values:
            raise Fault("too_large", f"wants at most {self.values} more values in arrays, found {count} x {each}", at)
        self.values -= count * each


Step = Callable[[bytes, int, Budget], int]


class Walk:
    """Walks the datums of one writer schema.

    Parameters
    ----------
    writer : WriterSchema
    max_values : int
        Values that the arrays and maps of one datum may have.
    """

    def __init__(self, writer: WriterSchema, max_values: int) -> None:
        self._writer = writer
        self._max_values = max_values
        self._named: dict[str, Step] = {}
        self._step = self._of(writer.parsed)

    def __call__(self, data: bytes, at: int) -> int:
        """The byte behind the datum that begins at byte `at`.

        Raises
        ------
        Fault
            truncated if the data end before it does; bad_datum if its bytes do not fit the schema; too_large if its
            arrays claim too much.
        """
        return self._step(data, at, Budget(self._max_values))

    def _of(self, schema: Any) -> Step:
        if isinstance(schema, list):
            return _union([self._of(branch) for branch in schema])
        kind = schema if isinstance(schema, str) else schema["type"]
        if kind in _PRIMITIVES:
            return _PRIMITIVES[kind]
        if kind in ("array", "map"):
            return self._repeated(schema, kind)
        name = schema if isinstance(schema, str) else schema["name"]
        if name not in self._named:
            self._named[name] = self._of_named(self._writer.named[name])
        return self._named[name]

    def _of_named(self, schema: Any) -> Step:
        if schema["type"] == "enum":
            return _enum(len(schema["symbols"]))
        if schema["type"] == "fixed":
            return _fixed(schema["size"])
        return _record([field["name"] for field in schema["fields"]], [self._of(f["type"]) for f in schema["fields"]])

    def _repeated(self, schema: Any, kind: str) -> Step:
        items = schema["items"] if kind == "array" else schema["values"]
        extent = self._writer.extents.of(items)
        key = 1 if kind == "map" else 0  # at least one byte, the length
        item = self._of(items) if kind == "array" else _map_item(self._of(items))
        return _blocks(item, extent.size + key, extent.values + key)


def _need(data: bytes, at: int, size: int) -> int:
    end = at + size
    if end > len(data):
        raise Fault("truncated", f"wants {size} bytes, {max(len(data) - at, 0)} are left", at)
    return end


def _null(data: bytes, at: int, budget: Budget) -> int:
    return at


def _boolean(data: bytes, at: int, budget: Budget) -> int:
    end = _need(data, at, 1)
    if data[at] > 1:
        raise Fault("bad_datum", f"wants a boolean, 0 or 1, found {data[at]}", at)
    return end


def _int(data: bytes, at: int, budget: Budget) -> int:
    value, end = read_long(data, at)
    if not -(1 << 31) <= value < 1 << 31:
        raise Fault("bad_datum", f"wants an int of 32 bits, found {value}", at)
    return end


def _long(data: bytes, at: int, budget: Budget) -> int:
    return read_long(data, at)[1]


def _bytes(data: bytes, at: int, budget: Budget) -> int:
    size, start = read_long(data, at)
    if size < 0:
        raise Fault("bad_datum", f"wants a length, found {size}", at)
    return _need(data, start, size)


def _string(data: bytes, at: int, budget: Budget) -> int:
    size, start = read_long(data, at)
    if size < 0:
        raise Fault("bad_datum", f"wants a length, found {size}", at)
    end = _need(data, start, size)
    try:
        data[start:end].decode()
    except UnicodeDecodeError as error:
        raise Fault("bad_datum", f"wants UTF-8, found {error.reason}", start + error.start) from None
    return end


def _fixed(size: int) -> Step:
    def walk(data: bytes, at: int, budget: Budget) -> int:
        end = at + size
        return end if end <= len(data) else _need(data, at, size)

    return walk


_PRIMITIVES: dict[str, Step] = {
    "null": _null,
    "boolean": _boolean,
    "int": _int,
    "long": _long,
    "float": _fixed(4),
    "double": _fixed(8),
    "bytes": _bytes,
    "string": _string,
}


def _enum(symbols: int) -> Step:
    def walk(data: bytes, at: int, budget: Budget) -> int:
        index, end = read_long(data, at)
        if not 0 <= index < symbols:
            raise Fault("bad_datum", f"wants one of {symbols} symbols, found number {index}", at)
        return end

    return walk


def _union(branches: Sequence[Step]) -> Step:
    codes = {2 * index: branch for index, branch in enumerate(branches[:64])}  # an index of one byte, as it stands

    def walk(data: bytes, at: int, budget: Budget) -> int:
        branch = codes.get(data[at]) if at < len(data) else None
        if branch is not None:
            return branch(data, at + 1, budget)
        index, start = read_long(data, at)
        if not 0 <= index < len(branches):
            raise Fault("bad_datum", f"wants one of {len(branches)} union branches, found number {index}", at)
        return branches[index](data, start, budget)

    return walk


def _record(names: Sequence[str], steps: Sequence[Step]) -> Step:
    def walk(data: bytes, at: int, budget: Budget) -> int:
        name = ""
        try:
            for name, step in fields:  # noqa: B007 - the field at which it fails
                at = step(data, at, budget)
        except Fault as fault:
            raise fault.inside(f".{name}") from None
        return at

    fields = list(zip(names, steps, strict=True))
    return walk


def _map_item(value: Step) -> Step:
    return lambda data, at, budget: value(data, _string(data, at, budget), budget)


def _blocks(item: Step, least_size: int, values: int) -> Step:
    """An array or a map: blocks of a count and as many items; behind a negative count stands the block's size."""

    def walk(data: bytes, at: int, budget: Budget) -> int:
        done = 0
        while True:
            count, stop, start = _block_head(data, at)
            if count == 0:
                return start
            budget.charge(count, values, at)
            _need(data, start, count * least_size)
            at = _items(item, data, start, budget, done, count)
            if stop is not None and at != stop:
                raise Fault("bad_datum", f"wants an array block to end at byte {stop}, found its end elsewhere", at)
            done += count

    return walk


def _block_head(data: bytes, at: int) -> tuple[int, int | None, int]:
    """Number of items, where they end if the block says it, where they begin."""
    count, start = read_long(data, at)
    if count >= 0:
        return count, None, start
    size, start = read_long(data, start)
    if size < 0:
        raise Fault("bad_datum", f"wants a block size, found {size}", at)
    return -count, _need(data, start, size), start


def _items(item: Step, data: bytes, at: int, budget: Budget, done: int, count: int) -> int:
    number = done
    try:
        for number in range(done, done + count):  # noqa: B007 - the item at which it fails
            at = item(data, at, budget)
    except Fault as fault:
        raise fault.inside(f"[{number}]") from None
    return at
