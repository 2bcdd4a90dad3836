"""Real packets as datums with their writer schemas, cut out of the containers by fastavro."""

import io
import json
import os
import tarfile
from collections.abc import Iterator
from functools import cache
from pathlib import Path
from typing import Any

import fastavro

ROOT = Path(__file__).resolve().parents[2]


def real_directory() -> Path:
    """Where real packets are, as in tests/conftest.py."""
    return Path(os.environ.get("STRIX_REAL_ALERTS", ROOT.parent / "shared" / "data"))


def real_files() -> Iterator[Path]:
    """Every container and wire message of ZTF and Rubin, and the tarball."""
    if real_directory().is_dir():
        yield from sorted(real_directory().glob("ztf_*/*.avro"))
        yield from sorted(real_directory().glob("lsst_alerts/**/*.avro"))
        yield from sorted(real_directory().glob("forced/*.tar.gz"))


def records_of(path: Path) -> tuple[Any, list[bytes]]:
    """The writer schema of a file, and its records."""
    if path.name.endswith(".tar.gz"):
        with tarfile.open(path) as archive:
            members = [archive.extractfile(member) for member in archive if member.isfile()]
            containers = [_container(io.BytesIO(member.read())) for member in members if member is not None]
        return containers[0][0], [record for _, records in containers for record in records]
    if path.parent.name == "wire":
        message = path.read_bytes()
        return wire_schema(int.from_bytes(message[1:5], "big")), [message[5:]]
    with path.open("rb") as stream:
        return _container(stream)


def _container(stream: Any) -> tuple[Any, list[bytes]]:
    reader = fastavro.block_reader(stream)
    records = [record for block in reader for record in _records(reader.writer_schema, block)]
    return reader.writer_schema, records


def _records(schema: Any, block: Any) -> Iterator[bytes]:
    """The records of a block; where one ends only a reading can say."""
    content = block.bytes_.getvalue()
    if block.num_records == 1:
        yield content
        return
    stream = io.BytesIO(content)
    for _ in range(block.num_records):
        start = stream.tell()
        fastavro.schemaless_reader(stream, schema)
        yield content[start : stream.tell()]


@cache
def wire_schema(number: int) -> Any:
    """Rubin's schema of an id (major * 100 + minor), its files put together by name."""
    version = f"{number // 100}.{number % 100}"
    folder = real_directory() / "lsst_alerts" / "schemas" / version
    parts = {}
    for path in folder.glob("*.avsc"):
        part = json.loads(path.read_text())
        parts[f"{part['namespace']}.{part['name']}"] = part
    top = next(name for name in parts if name.endswith(".alert"))
    return _put_together(parts.pop(top), parts)


def _put_together(node: Any, parts: dict[str, Any]) -> Any:
    """A schema with the types that it names written out where they are named first."""
    if isinstance(node, str) and node in parts:
        return _put_together(parts.pop(node), parts)
    if isinstance(node, list):
        return [_put_together(branch, parts) for branch in node]
    if isinstance(node, dict):
        return {key: _put_together(value, parts) if key != "doc" else value for key, value in node.items()}
    return node
