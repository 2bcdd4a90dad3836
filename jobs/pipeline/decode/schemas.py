"""Writer schemas of the Confluent wire format, from a directory that the operator names."""

import json
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

from jobs.pipeline.decode.fault import Fault
from jobs.pipeline.decode.limits import DEFAULT, Limits
from jobs.pipeline.decode.unreadable import only_faults
from jobs.pipeline.decode.writer_schema import WriterSchema, writer_schema


class SchemaDirectory:
    """Writer schemas by schema id; offline, and re-read when an id is not known yet.

    A schema is `<directory>/<id>.avsc`, complete in itself, or the folder `<directory>/<major>.<minor>` with
    id = 100 * major + minor, as Rubin publishes them: one file per record, and among them one `*alert.avsc`, which
    refers to the others by name.

    Parameters
    ----------
    directory : path or None
        The operator's; None for none.
    limits : Limits
        Of these `max_schema_bytes`.
    registry : callable, optional
        Gives the file of an id that the directories lack, or raises Fault.
    of_surveys : sequence of path
        Directories that adapters bring, for ids that the directory lacks.
    """

    def __init__(
        self,
        directory: Path | None,
        limits: Limits = DEFAULT,
        registry: Callable[[int], Path] | None = None,
        of_surveys: Sequence[Path] = (),
    ) -> None:
        self._directories = [each for each in (directory, *of_surveys) if each is not None]
        self._registry = registry
        self._limits = limits
        self._known: dict[int, WriterSchema] = {}

    def __call__(self, schema_id: int) -> WriterSchema:
        """The writer schema of an id; its text is complete in itself.

        A schema that is found is kept; one that is not is looked for again at the next call, so that an operator can
        add it while the job runs.

        Parameters
        ----------
        schema_id : int
            As a wire message names it.

        Raises
        ------
        Fault
            unknown_schema if there is none, or if its files cannot be read.
        """
        if schema_id not in self._known:
            self._known[schema_id] = self._load(schema_id)
        return self._known[schema_id]

    def _load(self, schema_id: int) -> WriterSchema:
        path = self._find(schema_id)
        try:
            with only_faults():
                return writer_schema(json.dumps(_complete(path)), self._limits.max_schema_bytes)
        except Fault as fault:
            raise Fault("unknown_schema", f"schema id {schema_id}: {path}: {fault.message}") from None

    def _find(self, schema_id: int) -> Path:
        found = self._in_directories(schema_id)
        if self._registry is not None and not found:
            return self._registry(schema_id)
        if not self._directories:
            raise Fault("unknown_schema", f"wants schema id {schema_id}, no schema directory is configured")
        if len(found) != 1:
            folder, where = _folder(schema_id), " or ".join(map(str, self._directories))
            wanted = f"one of {schema_id}.avsc and {folder}/*alert.avsc in {where}"
            raise Fault("unknown_schema", f"schema id {schema_id}: wants {wanted}, found {[p.name for p in found]}")
        return found[0]

    def _in_directories(self, schema_id: int) -> list[Path]:
        """Those of the first directory that has any."""
        for directory in self._directories:
            candidates = [
                directory / f"{schema_id}.avsc",
                *sorted((directory / _folder(schema_id)).glob("*alert.avsc")),
            ]
            if found := [path for path in candidates if path.is_file()]:
                return found
        return []


def _folder(schema_id: int) -> str:
    return f"{schema_id // 100}.{schema_id % 100}"


def _complete(path: Path) -> Any:
    """The schema in a file, with those in the other files of its folder put in where they are first named."""
    top = json.loads(path.read_text())
    if path.stem.isdigit():
        return top
    others = [json.loads(other.read_text()) for other in path.parent.glob("*.avsc") if other != path]
    return _Assembly({_full_name(other, ""): other for other in others}).of(top, "")


def _full_name(schema: dict[str, Any], namespace: str) -> str:
    name: str = schema["name"]
    space = schema.get("namespace", namespace)
    return name if "." in name or not space else f"{space}.{name}"


class _Assembly:
    """Puts definitions in where their names stand, each once: Avro names it from there on."""

    def __init__(self, definitions: dict[str, Any]) -> None:
        self._left = definitions

    def of(self, schema: Any, namespace: str) -> Any:
        if isinstance(schema, list):
            return [self.of(branch, namespace) for branch in schema]
        if isinstance(schema, str):
            return self._named(schema, namespace)
        if schema["type"] == "record":
            space = _full_name(schema, namespace).rpartition(".")[0]
            fields = [{**field, "type": self.of(field["type"], space)} for field in schema["fields"]]
            return {**schema, "fields": fields}
        inner = {"array": "items", "map": "values"}.get(str(schema["type"]), "type")
        return schema if inner not in schema else {**schema, inner: self.of(schema[inner], namespace)}

    def _named(self, name: str, namespace: str) -> Any:
        full = name if "." in name or not namespace else f"{namespace}.{name}"
        return self.of(self._left.pop(full), namespace) if full in self._left else name
