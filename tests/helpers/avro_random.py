"""Random Avro schemas and random datums of them, written from the Avro specification alone, oddities included.

Datums have blocks of any size, with and without their size in bytes, and now and then a number in more bytes than needed:
all legal, and seldom written by a library.
"""

import random
import struct
from typing import Any

import pyarrow as pa

PRIMITIVES: dict[str, pa.DataType] = {
    "null": pa.null(),
    "boolean": pa.bool_(),
    "int": pa.int32(),
    "long": pa.int64(),
    "float": pa.float32(),
    "double": pa.float64(),
    "bytes": pa.binary(),
    "string": pa.string(),
}
LOGICAL = {"date": "int", "time-millis": "int", "timestamp-micros": "long", "timestamp-millis": "long"}
TEXTS = ["", "a", "ZTF18abcdefg", "null", "naïve", "数学の星", "\U0001f52d" * 3, "x" * 300, "é" * 70]


class RandomSchema:
    """A random record schema.

    Parameters
    ----------
    rng : random.Random
    wild : bool
        Whether it may have general unions (which only a projection can leave out).

    Attributes
    ----------
    schema : dict
    arrow : pyarrow.StructType
        What can be asked for, everything of it.
    """

    def __init__(self, rng: random.Random, wild: bool) -> None:
        self.rng, self.wild = rng, wild
        self.names: dict[str, Any] = {}
        self.arrows: dict[str, pa.DataType | None] = {}
        self.n_names = 0
        self.schema, arrow = self.record(0, top=True)
        assert arrow is not None
        self.arrow: pa.StructType = arrow

    def new_name(self) -> str:
        self.n_names += 1
        return f"n{self.n_names}"

    def record(self, depth: int, top: bool = False) -> tuple[Any, pa.DataType | None]:
        name = self.new_name()
        kept, fields = [], []
        if top:
            fields.append({"name": "first", "type": "boolean"})
            kept.append(pa.field("first", pa.bool_()))
        for number in range(self.rng.randint(0 if depth else 1, 7)):
            kind, arrow = self.node(depth + 1)
            # In runs, as surveys have them; but a name is defined once.
            for repeat in range(1 if "'name'" in repr(kind) else self.rng.choice([1, 1, 1, 2, 4])):
                fields.append({"name": f"f{number}_{repeat}", "type": kind})
                if arrow is not None:
                    kept.append(pa.field(f"f{number}_{repeat}", arrow))
        schema = {"type": "record", "name": name, "fields": fields}
        self.names[name] = schema
        self.arrows[name] = pa.struct(kept)
        return schema, self.arrows[name]

    def node(self, depth: int) -> tuple[Any, pa.DataType | None]:
        draw = self.rng.random()
        if draw < 0.35:
            return self.nullable(depth)
        if draw < 0.40 and self.wild:
            branches = self.rng.sample(["null", "int", "string", "double", "boolean", "bytes"], self.rng.randint(2, 5))
            return [*branches, {"type": "array", "items": "long"}], None
        return self.value(depth)

    def nullable(self, depth: int) -> tuple[Any, pa.DataType | None]:
        value, arrow = self.value(depth)
        if value == "null":
            return value, arrow
        if self.rng.random() < 0.05:
            return [value], arrow
        return (["null", value] if self.rng.random() < 0.5 else [value, "null"]), arrow

    def value(self, depth: int) -> tuple[Any, pa.DataType | None]:
        draw = self.rng.random()
        if draw < 0.08 and self.names:
            name = self.rng.choice(sorted(self.names))
            return name, self.arrows[name]
        if depth < 4 and draw < 0.16:
            return self.record(depth)
        if depth < 4 and draw < 0.30:
            return self.array(depth)
        if depth < 4 and draw < 0.36:
            values, arrow = self.node(depth + 1)
            return {"type": "map", "values": values}, None if arrow is None else pa.map_(pa.string(), arrow)
        return self.leaf()

    def array(self, depth: int) -> tuple[Any, pa.DataType | None]:
        names, arrows = dict(self.names), dict(self.arrows)
        items, arrow = self.node(depth + 1)
        if least_size(items, self.names) == 0:
            items, arrow = "int", pa.int32()
            self.names, self.arrows = names, arrows
        return {"type": "array", "items": items}, None if arrow is None else pa.list_(arrow)

    def leaf(self) -> tuple[Any, pa.DataType]:
        draw = self.rng.random()
        if draw < 0.1:
            name, size = self.new_name(), self.rng.randint(1, 20)
            self.names[name] = {"type": "fixed", "name": name, "size": size}
            self.arrows[name] = pa.binary(size)
            return self.names[name], pa.binary(size)
        if draw < 0.2:
            name = self.new_name()
            symbols = [f"S{i}" for i in range(self.rng.randint(1, 90))]
            self.names[name] = {"type": "enum", "name": name, "symbols": symbols}
            self.arrows[name] = pa.string()
            return self.names[name], pa.string()
        if draw < 0.25:
            logical = self.rng.choice(sorted(LOGICAL))
            return {"type": LOGICAL[logical], "logicalType": logical}, PRIMITIVES[LOGICAL[logical]]
        kind = self.rng.choice([*PRIMITIVES, "float", "double", "int", "long", "string"])
        return kind, PRIMITIVES[kind]


def least_size(node: Any, names: dict[str, Any]) -> int:
    """Whether a value takes bytes at all: 0 or 1."""
    if isinstance(node, list):
        return 1
    kind = node if isinstance(node, str) else node["type"]
    if kind in names:
        return least_size(names[kind], names)
    if kind == "record":
        return max((least_size(field["type"], names) for field in node["fields"]), default=0)
    return int(kind != "null")


def random_projection(rng: random.Random, arrow: pa.DataType) -> pa.DataType:
    """A type that can be asked for where everything is `arrow`: fields left out, added, in another order, promoted."""
    if pa.types.is_struct(arrow):
        fields = [pa.field(f.name, random_projection(rng, f.type)) for f in arrow if rng.random() < 0.6]
        if rng.random() < 0.3:
            missing = rng.choice([pa.int64(), pa.string(), pa.list_(pa.float32()), pa.struct([("x", pa.bool_())])])
            fields.append(pa.field("missing", missing))
        rng.shuffle(fields)
        return pa.struct(fields)
    if pa.types.is_list(arrow):
        return pa.list_(random_projection(rng, arrow.value_type))
    if pa.types.is_map(arrow):
        return pa.map_(pa.string(), random_projection(rng, arrow.item_type))
    promotions = {pa.int32(): [pa.int64(), pa.float64(), pa.string()], pa.float32(): [pa.float64()]}
    return rng.choice([arrow, arrow, *promotions.get(arrow, [])])


def number(value: int, rng: random.Random | None = None) -> bytes:
    """A zig-zag number; rarely in a byte more than it needs."""
    bits = (value << 1) ^ (value >> 63)
    written = bytearray()
    while bits >= 0x80:
        written.append(bits & 0x7F | 0x80)
        bits >>= 7
    written.append(bits)
    if rng is not None and rng.random() < 0.01 and len(written) < 9:
        written[-1] |= 0x80
        written.append(0)
    return bytes(written)


class RandomDatum:
    """Random bytes that are a datum of a schema."""

    def __init__(self, rng: random.Random, names: dict[str, Any]) -> None:
        self.rng, self.names = rng, names

    def write(self, node: Any, depth: int = 0) -> bytes:
        """The bytes of a random value."""
        if isinstance(node, list):
            return self.union(node, depth)
        kind = node if isinstance(node, str) else node["type"]
        if kind in self.names:
            return self.write(self.names[kind], depth)
        if kind == "record":
            return b"".join(self.write(field["type"], depth + 1) for field in node["fields"])
        if kind == "array":
            return self.blocks(lambda: self.write(node["items"], depth + 1), depth)
        if kind == "map":
            return self.blocks(lambda: self.text() + self.write(node["values"], depth + 1), depth)
        if kind == "fixed":
            return self.rng.randbytes(node["size"])
        if kind == "enum":
            return number(self.rng.randrange(len(node["symbols"])), self.rng)
        return self.primitive(kind)

    def union(self, branches: list[Any], depth: int) -> bytes:
        index = self.rng.randrange(len(branches))
        if depth > 6 and "null" in branches:
            index = branches.index("null")
        return number(index, self.rng) + self.write(branches[index], depth)

    def primitive(self, kind: str) -> bytes:
        rng = self.rng
        match kind:
            case "null":
                return b""
            case "boolean":
                return bytes([rng.randrange(2)])
            case "int":
                return number(rng.choice([0, -1, 63, 64, -64, -65, rng.randint(-(2**31), 2**31 - 1), 2**31 - 1]), rng)
            case "long":
                return number(rng.choice([0, 1, -1, 2**63 - 1, -(2**63), rng.randint(-(2**63), 2**63 - 1)]), rng)
            case "float":
                return rng.choice([struct.pack("<f", rng.gauss(0, 1e3)), rng.randbytes(4), struct.pack("<f", -0.0)])
            case "double":
                return rng.choice([struct.pack("<d", rng.gauss(0, 1e9)), rng.randbytes(8)])
            case "bytes":
                return self.sized(rng.randbytes(rng.choice([0, 1, 7, 200])))
        return self.text()

    def text(self) -> bytes:
        return self.sized(self.rng.choice(TEXTS).encode())

    def sized(self, content: bytes) -> bytes:
        return number(len(content), self.rng) + content

    def blocks(self, item: Any, depth: int) -> bytes:
        written = b""
        for _ in range(self.rng.choice([0, 1, 1, 2]) if depth < 6 else 0):
            count = self.rng.randint(1, 5 if depth < 3 else 2)
            content = b"".join(item() for _ in range(count))
            with_size = self.rng.random() < 0.3
            written += number(-count) + number(len(content)) if with_size else number(count)
            written += content
        return written + number(0, self.rng)


def mutated(rng: random.Random, datum: bytes, other: bytes) -> bytes:
    """A datum with flipped bits, cut short, spliced with another, with a length that lies, or with bytes behind it."""
    at = rng.randrange(len(datum))
    match rng.randrange(6):
        case 0 | 1:
            changed = bytearray(datum)
            for _ in range(rng.randint(1, 3)):
                changed[rng.randrange(len(datum))] ^= 1 << rng.randrange(8)
            return bytes(changed)
        case 2:
            return datum[:at]
        case 3:
            start = rng.randrange(len(other))
            return datum[:at] + other[start : start + rng.randint(1, 40)] + datum[at + rng.randint(0, 40) :]
        case 4:
            lie = number(rng.choice([1, -1]) * rng.randint(0, 2 ** rng.randint(1, 63) - 1))
            return datum[:at] + lie + datum[at + rng.choice([0, 1, len(lie)]) :]
    return datum + rng.randbytes(rng.randint(1, 9))
