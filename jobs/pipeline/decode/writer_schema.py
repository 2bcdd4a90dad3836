"""A writer schema: parsed once, checked for what could cost unbounded memory or time, and kept."""

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

from jobs.pipeline.decode.compiled import parse
from jobs.pipeline.decode.compiled.nodes import Node
from jobs.pipeline.decode.fault import Fault
from jobs.pipeline.decode.unreadable import only_faults


@dataclass(frozen=True, eq=False)
class WriterSchema:
    """A writer schema that is safe to read with.

    Attributes
    ----------
    text : str
        The JSON, as it was given.
    declared : mapping
        The JSON of a record with the short name in `name` and the namespace in `namespace`, whichever of the two
        ways it was written ("ztf.alert", or "alert" in namespace "ztf"); empty if the schema is not of a record.
    root : Node
        The schema, parsed and measured.
    version : str
        What the schema says of its version; "" if nothing.
    """

    text: str
    declared: Mapping[str, Any]
    root: Node
    version: str

    @property
    def least_size(self) -> int:
        """Bytes that a datum has at least."""
        return self.root.measure.least

    @property
    def name(self) -> str:
        """Full name of the record, or the type if it is something else."""
        return full_name(self.declared) if self.declared else self.text.strip('"')[:40]


@lru_cache(maxsize=32)
@only_faults()
def writer_schema(text: str, max_bytes: int) -> WriterSchema:
    """The writer schema of a JSON text; the last 32 are kept, so that a stream's schemas are parsed once.

    Parameters
    ----------
    text : str
        The JSON.
    max_bytes : int
        Largest text.

    Raises
    ------
    Fault
        unknown_schema if it is no Avro schema or could cost without bound (see `compiled.parse`); too_large if the text
        is longer than `max_bytes`; unreadable.
    """
    size = len(text.encode(errors="surrogatepass"))
    if size > max_bytes:
        raise Fault("too_large", f"wants a writer schema of at most {max_bytes} bytes, found {size}")
    raw = _load(text)
    root, declared = parse(raw), _declared(raw)
    return WriterSchema(text, declared, root, _version(declared))


def full_name(declared: Mapping[str, Any]) -> str:
    """Namespace and name, with a dot between.

    Parameters
    ----------
    declared : mapping
        As `WriterSchema.declared`, not empty.
    """
    return f"{declared['namespace']}.{declared['name']}".removeprefix(".")


def _load(text: str) -> Any:
    try:
        return json.loads(text)
    except (ValueError, RecursionError) as error:
        raise Fault("unknown_schema", f"wants a writer schema in JSON, found {text[:40]!r}: {error}") from None


def _declared(raw: Any) -> Mapping[str, Any]:
    if not isinstance(raw, dict) or raw["type"] not in ("record", "error"):
        return {}
    namespace, _, name = raw["name"].rpartition(".")
    return {**raw, "name": name, "namespace": namespace or raw.get("namespace") or ""}


def _version(declared: Mapping[str, Any]) -> str:
    """The attribute `version`, else what a name like lsst.v10_0.alert says."""
    version = declared.get("version")
    if isinstance(version, (str, int, float)) and not isinstance(version, bool):
        return str(version)
    named = re.search(r"\.v(\d+)_(\d+)\.", full_name(declared)) if declared else None
    return f"{named[1]}.{named[2]}" if named else ""
