"""Cells give back what was put in, to the bit and to the type."""

import datetime
import math
from typing import Any

import numpy as np
import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st

from jobs.pipeline.surveys.candidate import candidate_type
from jobs.store.struct_codec import StructCodec, UnknownCell, codec, described, type_id
from science_modules import registry
from science_modules.common.view import PROVENANCE

UTC = datetime.UTC
ALL = pa.struct(
    {
        "f8": pa.float64(), "f4": pa.float32(), "i8": pa.int64(), "i4": pa.int32(), "i2": pa.int16(), "i1": pa.int8(),
        "yes": pa.bool_(), "text": pa.string(), "bytes": pa.binary(), "at": pa.timestamp("us", "UTC"),
        "texts": pa.list_(pa.string()), "f4s": pa.list_(pa.float32()), "f8s": pa.list_(pa.float64()),
        "inner": pa.struct({"a": pa.int32(), "b": pa.string(), "deep": pa.struct({"c": pa.float64()})}),
    }
)  # fmt: skip
FLOAT32 = st.floats(width=32)
TEXT = st.text("aé\0", max_size=3)
TIMES = st.datetimes(datetime.datetime(1970, 1, 1), datetime.datetime(2100, 1, 1)).map(
    lambda at: at.replace(tzinfo=UTC)
)


def maybe(values: st.SearchStrategy[Any]) -> st.SearchStrategy[Any]:
    return st.none() | values


DEEP = st.fixed_dictionaries({"c": maybe(st.floats())})
ROW = st.fixed_dictionaries(
    {
        "f8": maybe(st.floats()), "f4": maybe(FLOAT32), "i8": maybe(st.integers(-(2**63), 2**63 - 1)),
        "i4": maybe(st.integers(-(2**31), 2**31 - 1)), "i2": maybe(st.integers(-(2**15), 2**15 - 1)),
        "i1": maybe(st.integers(-128, 127)), "yes": maybe(st.booleans()), "text": maybe(TEXT),
        "bytes": maybe(st.binary(max_size=5)),
        "at": maybe(TIMES),
        "texts": maybe(st.lists(maybe(TEXT), max_size=3)),
        "f4s": maybe(st.lists(maybe(FLOAT32), max_size=3)), "f8s": maybe(st.lists(maybe(st.floats()), max_size=3)),
        "inner": maybe(st.fixed_dictionaries(
            {"a": maybe(st.integers(0, 9)), "b": maybe(TEXT), "deep": maybe(DEEP)}
        )),
    }
)  # fmt: skip


def plain(value: Any) -> Any:
    """NaN is equal to NaN here, and 0.0 is not -0.0."""
    if isinstance(value, dict):
        return {name: plain(each) for name, each in value.items()}
    if isinstance(value, list):
        return [plain(each) for each in value]
    return value.hex() if isinstance(value, float) else value


@given(st.lists(maybe(ROW), max_size=6))
def test_everything_comes_back(rows: list[dict[str, Any] | None]) -> None:
    structs = pa.array(rows, ALL)
    cells = codec(ALL).encode(structs)
    back = codec(ALL).decode(cells)
    assert back.type == ALL
    assert plain(back.to_pylist()) == plain(structs.to_pylist())
    assert [cell is None for cell in cells] == [row is None for row in rows]


def test_a_slice_is_encoded_as_its_rows_are() -> None:
    structs = pa.array([{"f8": float(n), "text": str(n), "inner": {"a": n}} for n in range(6)], ALL)
    assert codec(ALL).encode(structs.slice(2, 3)) == codec(ALL).encode(structs)[2:5]
    assert [codec(ALL).encode(structs.slice(n, 1))[0] for n in range(6)] == codec(ALL).encode(structs)


def test_what_a_cell_is() -> None:
    kind = pa.struct({"a": pa.int32(), "b": pa.float32(), "c": pa.string(), "d": pa.float64()})
    (cell,) = codec(kind).encode(pa.array([{"a": -2, "c": "x", "d": 1.5}], kind))
    assert cell is not None
    assert (
        cell
        == b"\x01" + codec(kind).id + bytes([0b10110000]) + b"\xff\xff\xff\xfe" + b"\x3f\xf8" + bytes(6) + b"\x91\xa1x"
    )
    assert type_id(cell) == codec(kind).id


def test_null_and_nan_and_the_width_of_a_float_stay_apart() -> None:
    kind = pa.struct({"wide": pa.float64(), "narrow": pa.float32()})
    given_ = pa.array(
        [{"wide": math.nan, "narrow": None}, {"wide": None, "narrow": math.nan}, {"wide": 0.1, "narrow": 0.1}], kind
    )
    back = codec(kind).decode(codec(kind).encode(given_))
    assert back.field("wide").null_count == 1 and math.isnan(back.field("wide")[0].as_py())
    assert back.field("narrow")[2].as_py() == float(np.float32(0.1)) != back.field("wide")[2].as_py() == 0.1


@pytest.mark.parametrize(
    "kind",
    [candidate_type(), PROVENANCE, *(registry.get(name).arrow_type for name in registry.names())],
    ids=["candidate", "provenance", *registry.names()],
)
def test_our_own_types_are_described_by_their_text(kind: pa.StructType) -> None:
    bare = described(codec(kind).description)
    assert bare == kind
    assert codec(bare).id == codec(kind).id
    empty = pa.array([{}], kind)
    assert codec(kind).decode(codec(kind).encode(empty)).to_pylist() == empty.to_pylist()


def test_two_types_have_two_names() -> None:
    kinds = [pa.struct({"a": kind}) for kind in (pa.float32(), pa.float64(), pa.list_(pa.float32()))]
    kinds += [pa.struct({"b": pa.float32()}), pa.struct({"a": pa.struct({"a": pa.float32()})})]
    assert len({codec(kind).id for kind in kinds}) == len(kinds)


def test_cells_of_another_type_or_version_are_refused() -> None:
    one, other = (codec(pa.struct({"a": kind})) for kind in (pa.int32(), pa.int64()))
    (cell,) = one.encode(pa.array([{"a": 1}], one.type))
    assert cell is not None
    with pytest.raises(UnknownCell, match=f"of type {one.id.hex()}, read as one of type {other.id.hex()}"):
        other.decode([cell])
    for odd in (b"\x02" + cell[1:], b""):
        with pytest.raises(UnknownCell, match="reads version 01"):
            one.decode([odd])
        with pytest.raises(UnknownCell, match="reads version 01"):
            type_id(odd)


def test_a_type_that_no_cell_holds_is_refused_by_name() -> None:
    with pytest.raises(TypeError, match=r"inner\.x is decimal"):
        StructCodec(pa.struct({"inner": pa.struct({"x": pa.decimal128(5, 2)})}))
