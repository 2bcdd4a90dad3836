"""Avro datums to Arrow columns, compiled: a decoder that is a package of its own and imports nothing of Strix.

A writer schema is parsed and measured (schema.py, nodes.py), turned into two programs of a small instruction set
(instructions.py, programs.py), which one interpreter, compiled with numba, runs over a batch of datums (interpreter.py,
checks.py, fills.py, reading.py, memory.py): COUNT walks every byte and refuses what is broken, FILL writes into Arrow
buffers of known size (layout.py, assembly.py). What is wrong with a refused one, explaining.py says.
"""

from .arrow_types import UnsupportedSchema
from .decoder import DatumDecoder, RowFault
from .fault import Fault
from .interpreter import warm_up
from .schema import parse

__all__ = ["DatumDecoder", "Fault", "RowFault", "UnsupportedSchema", "parse", "warm_up"]
