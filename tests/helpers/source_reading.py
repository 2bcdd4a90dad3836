"""What the tests of the sources share: reading all that a source plans, as the tasks would."""

import gzip
import io
import tarfile
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import fastavro
import pyarrow as pa

from jobs.packets.ranges import Range
from jobs.packets.reading import SourceMessage
from jobs.pipeline.enrichment.one_pass import decoder
from jobs.pipeline.sources.files.source import FileSource
from jobs.pipeline.sources.files.spool import spool_again
from jobs.pipeline.sources.readers import read_ranges
from jobs.simulation.packets import packet
from jobs.simulation.schema import SCHEMA

Entry = tuple[str, int]


def simulated(count: int, codec: str = "null", per_block: int = 0, first: int = 0) -> bytes:
    """A container of simulated packets: blocks of one packet, or of about `per_block`."""
    buffer = io.BytesIO()
    records = [packet(0, number)[0] for number in range(first, first + count)]
    size = int((per_block - 0.5) * 47_000) if per_block else 16_000  # a packet has about 47,000 bytes
    fastavro.writer(buffer, SCHEMA, records, codec=codec, sync_interval=size, sync_marker=b"0123456789abcdef")
    return buffer.getvalue()


def source(spool: Path, *inputs: Path, settle_s: float = 0.0, **more: Any) -> FileSource:
    return FileSource([str(each) for each in inputs], settle_s, spool, **more)


def entries(ranges: Sequence[Range], spool: Path) -> list[Entry]:
    """Origin (file, index) of every packet that the tasks make of some ranges, refused ones included."""
    return [origin for each in outcomes(ranges, spool) for origin in each]


def outcomes(ranges: Sequence[Range], spool: Path) -> list[list[Entry]]:
    """The same, range by range; each range is decoded alone, as if it were a task."""
    return [[_origin(each, number) for each, number in _decoded([one])] for one in spool_again(ranges, spool)]


def refusals(ranges: Sequence[Range], spool: Path) -> list[str]:
    """Reasons of all that is refused in some ranges."""
    messages = list(read_ranges(spool_again(ranges, spool)))
    decoded = decoder(("ztf", "lsst"), None).decode([each.message for each in messages if each.refusal is None])
    own = [each.refusal.reason for each in messages if each.refusal is not None]
    return own + [each.refusal.reason for each in decoded.refused]


def _decoded(ranges: Sequence[Range]) -> list[tuple[SourceMessage, int]]:
    found = []
    for each in read_ranges(ranges):
        if each.refusal is not None:
            found.append((each, 0))
            continue
        decoded = decoder(("ztf", "lsst"), None).decode([each.message])
        numbers = decoded.index.tolist() + [refused.index for refused in decoded.refused]
        found += [(each, number) for number in sorted(numbers)]
    return found


def _origin(message: SourceMessage, number: int) -> Entry:
    return message.provenance["file"], message.provenance["index"] + number


def archive(members: dict[str, bytes], format_: int = tarfile.GNU_FORMAT, gz: bool = False) -> bytes:
    """A tar archive, written by Python's own library; the same bytes whenever it is made."""
    buffer = io.BytesIO()
    with tarfile.open(fileobj=buffer, mode="w", format=format_) as file:
        for name, content in members.items():
            info = tarfile.TarInfo(name)
            info.size = len(content)
            file.addfile(info, io.BytesIO(content))
    return gzip.compress(buffer.getvalue(), mtime=0) if gz else buffer.getvalue()


def zstd(data: bytes) -> bytes:
    """Data as zstd writes them."""
    return pa.Codec("zstd").compress(data, asbytes=True)
