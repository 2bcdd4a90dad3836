"""An Avro schema stripped to what reading needs."""

from typing import Any

from jobs.pipeline.decode.fault import Fault

MAX_DEPTH = 128  # of nested types
_UNITS = {
    f"{local}timestamp-{name}": unit
    for local in ("", "local-")
    for name, unit in (("millis", "ms"), ("micros", "us"), ("nanos", "ns"))
}


def bare_schema(schema: Any, depth: int = 0) -> Any:
    """The schema without docs, aliases, defaults and logical types.

    Defaults of a writer schema play no part in reading, and some real ones are wrong (fastavro refuses the schema for
    it); without logical types a value comes as it is stored. Of a timestamp the Arrow unit stays, as `unit`.

    Raises
    ------
    Fault
        unknown_schema if this is no Avro schema.
    """
    if depth > MAX_DEPTH:
        raise _wrong(f"a schema that nests at most {MAX_DEPTH} deep", schema)
    if isinstance(schema, str):
        return schema
    if isinstance(schema, list):
        return [bare_schema(branch, depth + 1) for branch in schema]
    if not isinstance(schema, dict) or "type" not in schema:
        raise _wrong("a type", schema)
    return _bare_type(schema, depth + 1)


def _bare_type(schema: dict[str, Any], depth: int) -> Any:
    kind = schema["type"]
    match kind:
        case "record" | "error":
            return {"type": "record", **_names(schema), "fields": _fields(schema, depth)}
        case "enum":
            return {"type": kind, **_names(schema), "symbols": _symbols(schema)}
        case "fixed":
            return {"type": kind, **_names(schema), "size": _size(schema)}
        case "array":
            return {"type": kind, "items": bare_schema(_part(schema, "items"), depth)}
        case "map":
            return {"type": kind, "values": bare_schema(_part(schema, "values"), depth)}
        case "int" | "long" if unit := _unit(schema):
            return {"type": kind, "unit": unit}
    return bare_schema(kind, depth)


def _unit(schema: dict[str, Any]) -> str | None:
    """The Arrow unit of a timestamp; a logical type that is none (a list, a number) is no business of reading."""
    logical = schema.get("logicalType")
    return _UNITS.get(logical) if isinstance(logical, str) else None


def _part(schema: dict[str, Any], name: str) -> Any:
    if name not in schema:
        raise _wrong(f"{schema.get('type', 'a field')} with {name!r}", schema)
    return schema[name]


def _names(schema: dict[str, Any]) -> dict[str, str]:
    names = {key: schema[key] for key in ("name", "namespace") if schema.get(key) is not None}
    if "name" not in names or not all(isinstance(name, str) for name in names.values()):
        raise _wrong("a named type with a string for a name", schema)
    return names


def _fields(schema: dict[str, Any], depth: int) -> list[dict[str, Any]]:
    fields = _part(schema, "fields")
    if not isinstance(fields, list) or not all(isinstance(field, dict) for field in fields):
        raise _wrong("a list of fields", fields)
    names = [_part(field, "name") for field in fields]
    if not all(isinstance(name, str) for name in names) or len(set(names)) < len(names):
        raise _wrong("fields with different names", names)
    return [{"name": field["name"], "type": bare_schema(_part(field, "type"), depth)} for field in fields]


def _symbols(schema: dict[str, Any]) -> list[str]:
    symbols = _part(schema, "symbols")
    if not isinstance(symbols, list) or not all(isinstance(symbol, str) for symbol in symbols):
        raise _wrong("a list of symbols", symbols)
    return symbols


def _size(schema: dict[str, Any]) -> int:
    size = _part(schema, "size")
    if not isinstance(size, int) or isinstance(size, bool) or size < 0:
        raise _wrong("a size of 0 or more bytes", size)
    return size


def _wrong(wanted: str, found: Any) -> Fault:
    return Fault("unknown_schema", f"writer schema: wants {wanted}, found {str(found)[:80]}")
