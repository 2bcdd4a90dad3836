"""Avro datums to Arrow columns, compiled: a decoder that is a room of its own and imports nothing of Strix.

A writer schema is parsed (schema.py), turned into two programs of a small instruction set (instructions.py, walk.py,
programs.py), which one interpreter, compiled with numba, runs over a batch of datums (interpreter.py, checks.py, fills.py,
reading.py, memory.py): COUNT walks every byte and refuses what is broken, FILL writes into Arrow buffers of known size
(layout.py, assembly.py).
"""

from .decoder import DatumDecoder
from .failures import DatumRefusal
from .interpreter import warm_up
from .nodes import UnsupportedSchema

__all__ = ["DatumDecoder", "DatumRefusal", "UnsupportedSchema", "warm_up"]
