"""Jobs: the way of the data from packets to tables and topics, and the command line.

`enrich` and `module_udf` run science modules by hand; `scan`, `cone`, `light_curve`, `cutouts` and `export` read what was
written, `get_object` and its like ask HBase or an archive. All are loaded when they are first used.
"""

import sys
from importlib import import_module
from types import ModuleType
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from jobs.archive.astropy_tables import as_astropy
    from jobs.archive.cone import cone
    from jobs.archive.cutouts import cutouts
    from jobs.archive.export import export
    from jobs.archive.light_curve import light_curve
    from jobs.archive.matches import matches
    from jobs.archive.scan import scan
    from jobs.listen.listener import listen
    from jobs.lookup.functions import get_alert, get_cone, get_latest, get_object
    from jobs.spark.interactive import enrich, module_udf, read_packets

__all__ = [
    "as_astropy",
    "cone",
    "cutouts",
    "enrich",
    "export",
    "get_alert",
    "get_cone",
    "get_latest",
    "get_object",
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
    "get_alert": "jobs.lookup.functions",
    "get_cone": "jobs.lookup.functions",
    "get_latest": "jobs.lookup.functions",
    "get_object": "jobs.lookup.functions",
    "light_curve": "jobs.archive.light_curve",
    "enrich": "jobs.spark.interactive",
    "listen": "jobs.listen.listener",
    "matches": "jobs.archive.matches",
    "module_udf": "jobs.spark.interactive",
    "read_packets": "jobs.spark.interactive",
    "scan": "jobs.archive.scan",
}


def __getattr__(name: str) -> Any:
    if name not in _HOMES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(import_module(_HOMES[name]), name)


class _Function:
    """A function of a name that a module here has, too: importing that module must not take the function's place."""

    def __init__(self, name: str) -> None:
        self.name = name

    def __get__(self, package: ModuleType | None, _: type) -> Any:
        return self if package is None else getattr(import_module(_HOMES[self.name]), self.name)

    def __set__(self, _: ModuleType, module: ModuleType) -> None:
        """Called by the import system; the module stays in `sys.modules`, from where `from jobs.listen.x import y` takes it."""


class _Package(ModuleType):
    enrich = _Function("enrich")
    listen = _Function("listen")


sys.modules[__name__].__class__ = _Package
