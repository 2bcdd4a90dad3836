"""Jobs: the way of the data from packets to tables and topics, and the command line.

`enrich` and `module_udf` run science modules by hand; both are loaded when they are first used.
"""

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from jobs.interactive import enrich, module_udf, read_packets
    from jobs.listening import listen
    from jobs.scanning import scan

__all__ = ["enrich", "listen", "module_udf", "read_packets", "scan"]

_HOMES = {
    "enrich": "jobs.interactive",
    "listen": "jobs.listening",
    "module_udf": "jobs.interactive",
    "read_packets": "jobs.interactive",
    "scan": "jobs.scanning",
}


def __getattr__(name: str) -> Any:
    if name not in _HOMES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(import_module(_HOMES[name]), name)
