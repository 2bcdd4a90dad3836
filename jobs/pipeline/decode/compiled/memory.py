"""Reads and writes at an address: what compiled code does with datums and columns, at any byte, without a copy.

Nothing here looks at bounds: whoever calls has looked before. Addresses are int64; what is read is zero-extended to
int64 (a double's bits are an int64 too). Words are little-endian, as Avro and Arrow have them.
"""

import sys
from collections.abc import Callable
from typing import Any, cast

from llvmlite import ir
from numba.core import cgutils, types
from numba.extending import intrinsic

if sys.byteorder != "little":
    raise ImportError("the compiled decoder copies little-endian words; this machine is big-endian")

WORD = ir.IntType(64)
memcpy: Any = cgutils.raw_memcpy


def _pointer(builder: Any, address: Any, bits: int) -> Any:
    return builder.inttoptr(address, ir.IntType(bits).as_pointer())


def _loader(bits: int) -> Callable[[int], int]:
    def generate(context: Any, builder: Any, signature: Any, arguments: Any) -> Any:
        read = builder.load(_pointer(builder, arguments[0], bits), align=1)
        return builder.zext(read, WORD) if bits < 64 else read

    def load(typing_context: Any, address: Any) -> Any:
        return types.int64(types.int64), generate

    return cast(Callable[[int], int], intrinsic(load))


def _storer(bits: int) -> Callable[[int, int], None]:
    def generate(context: Any, builder: Any, signature: Any, arguments: Any) -> Any:
        address, word = arguments
        low = builder.trunc(word, ir.IntType(bits)) if bits < 64 else word
        builder.store(low, _pointer(builder, address, bits), align=1)
        return context.get_dummy_value()

    def store(typing_context: Any, address: Any, word: Any) -> Any:
        return types.void(types.int64, types.int64), generate

    return cast(Callable[[int, int], None], intrinsic(store))


def _copier() -> Callable[[int, int, int], None]:
    def generate(context: Any, builder: Any, signature: Any, arguments: Any) -> Any:
        target, source, size = arguments
        memcpy(builder, _pointer(builder, target, 8), _pointer(builder, source, 8), size, 1)
        return context.get_dummy_value()

    def copy(typing_context: Any, target: Any, source: Any, size: Any) -> Any:
        return types.void(types.int64, types.int64, types.int64), generate

    return cast(Callable[[int, int, int], None], intrinsic(copy))


# The byte, four bytes or eight bytes from an address on.
load_8, load_32, load_64 = _loader(8), _loader(32), _loader(64)
# store(address, word): write the low one, four or eight bytes of a word.
store_8, store_32, store_64 = _storer(8), _storer(32), _storer(64)
# copy_bytes(target, source, size), which do not overlap.
copy_bytes = _copier()
