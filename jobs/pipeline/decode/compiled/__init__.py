"""Avro datums to Arrow columns, compiled: a decoder that is a package of its own and imports nothing of Strix.

A writer schema is parsed and measured (schema.py, nodes.py), turned into two programs of a small instruction set
(instructions.py, programs.py), which one interpreter, compiled with numba, runs over a batch of datums (interpreter.py,
checks.py, fills.py, reading.py, memory.py): COUNT walks every byte and refuses what is broken, FILL writes into Arrow
buffers of known size (layout.py, assembly.py). What is wrong with a refused one, explaining.py says.

Names are loaded when they are first used: numba takes half a second, and a planner asks for `Fault` alone.
"""

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from .arrow_types import UnsupportedSchema
    from .decoder import DatumDecoder, RowFault
    from .fault import Fault
    from .interpreter import warm_up
    from .schema import parse

__all__ = ["DatumDecoder", "Fault", "RowFault", "UnsupportedSchema", "parse", "warm_up"]

_HOMES = {
    "DatumDecoder": "decoder",
    "Fault": "fault",
    "RowFault": "decoder",
    "UnsupportedSchema": "arrow_types",
    "parse": "schema",
    "warm_up": "interpreter",
}


def __getattr__(name: str) -> Any:
    if name not in _HOMES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(import_module(f".{_HOMES[name]}", __name__), name)
