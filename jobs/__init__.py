"""Jobs: the way of the data from packets to tables and topics, and the command line.

`enrich` and `module_udf` run science modules by hand; `scan`, `cone`, `light_curve`, `cutouts` and `export` read what was
written. All are loaded when they are first used.
"""

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from jobs.archive.astropy_tables import as_astropy
    from jobs.archive.cone import cone
    from jobs.archive.cutouts import cutouts
    from jobs.archive.export import export
    from jobs.archive.light_curve import light_curve
    from jobs.filter_matches import matches
    from jobs.interactive import enrich, module_udf, read_packets
    from jobs.listening import listen
    from jobs.scanning import scan

__all__ = [
    "as_astropy",
    "cone",
    "cutouts",
    "enrich",
    "export",
    "light_curve",
    "listen",
    "matches",
    "module_udf",
    "read_packets",
    "scan",
]

_HOMES = {
    "as_astropy": "jobs.archive.astropy_tables",
    "cone": "jobs.archive.cone",
    "cutouts": "jobs.archive.cutouts",
    "export": "jobs.archive.export",
    "light_curve": "jobs.archive.light_curve",
    "enrich": "jobs.interactive",
    "listen": "jobs.listening",
    "matches": "jobs.filter_matches",
    "module_udf": "jobs.interactive",
    "read_packets": "jobs.interactive",
    "scan": "jobs.scanning",
}


def __getattr__(name: str) -> Any:
    if name not in _HOMES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(import_module(_HOMES[name]), name)
