"""A night of simulated packets on disk, in the layouts that the sources read."""

import gzip
import io
import tarfile
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import Any, Literal, get_args

import fastavro
import pyarrow as pa
import pyarrow.parquet as pq

from jobs.simulation.observing import NIGHT
from jobs.simulation.packets import packet
from jobs.simulation.schema import SCHEMA

Layout = Literal["files", "containers", "tar.gz"]
TRUTH = "_truth/truth.parquet"  # what begins with _ is not data to any reader

_PARSED = fastavro.parse_schema(SCHEMA)
SYNC_MARKER = b"STRIX SIMULATION"  # fixed, so that files are the same bytes every time
_TRUTH_SCHEMA = pa.schema([("alert_id", pa.int64()), ("object_id", pa.string()), ("class", pa.string())])

Labelled = tuple[dict[str, Any], str]


def simulate(output: Path, n: int, seed: int, layout: Layout = "containers", per_file: int = 100) -> Counter[str]:
    """Write a night of simulated ZTF 3.3 packets, alerts 0 to n - 1 of a seed, and the true classes beside them.

    Parameters
    ----------
    output : Path
        Directory to write; made if absent. The true classes go to `_truth/truth.parquet` (alert_id, object_id, class).
    n : int
        Number of alerts.
    seed : int
        0 to 99,999. Alert i of a seed is the same alert whatever n and layout are.
    layout : str
        "files": `<candid>.avro`, a packet each; "containers": `simulated_<night>_<k>.avro`, several packets each;
        "tar.gz": `ztf_simulated_<night>.tar.gz`, an archive of the files.
    per_file : int
        Packets per container.

    Returns
    -------
    Counter
        Alerts per true class.

    Raises
    ------
    ValueError
        If n, seed, layout or per_file is out of range.
    FileExistsError
        If the directory holds something already: two simulations must not mix.
    """
    if n < 0 or per_file < 1 or layout not in get_args(Layout):
        raise ValueError(f"n >= 0, per_file >= 1, layout of {get_args(Layout)}; got {n}, {per_file}, {layout!r}")
    if output.is_dir() and any(output.iterdir()):
        raise FileExistsError(f"{output} is not empty; simulate into a new directory")
    (output / TRUTH).parent.mkdir(parents=True)
    truth: list[tuple[int, str, str]] = []
    _write(output, _noting(truth, (packet(seed, number) for number in range(n))), layout, per_file)
    rows = [dict(zip(_TRUTH_SCHEMA.names, row, strict=True)) for row in truth]
    pq.write_table(pa.Table.from_pylist(rows, schema=_TRUTH_SCHEMA), output / TRUTH)
    return Counter(kind for _, _, kind in truth)


def _noting(truth: list[tuple[int, str, str]], packets: Iterator[Labelled]) -> Iterator[dict[str, Any]]:
    for record, kind in packets:
        truth.append((record["candid"], record["objectId"], kind))
        yield record


def _write(output: Path, packets: Iterator[dict[str, Any]], layout: Layout, per_file: int) -> None:
    if layout == "containers":
        _write_containers(output, packets, per_file)
    elif layout == "files":
        for record in packets:
            (output / f"{record['candid']}.avro").write_bytes(container([record]))
    else:
        _write_archive(output / f"ztf_simulated_{NIGHT}.tar.gz", packets)


def _write_containers(output: Path, packets: Iterator[dict[str, Any]], per_file: int) -> None:
    for i, first in enumerate(packets):
        records = [first, *(record for _, record in zip(range(per_file - 1), packets, strict=False))]
        (output / f"simulated_{NIGHT}_{i:05d}.avro").write_bytes(container(records))


def _write_archive(path: Path, packets: Iterator[dict[str, Any]]) -> None:
    # Level 1, because the cutouts are gzipped already; no time and no name in the header, so that bytes repeat.
    with (
        path.open("wb") as file,
        gzip.GzipFile("", "wb", compresslevel=1, fileobj=file, mtime=0) as inflated,
        tarfile.open(fileobj=inflated, mode="w|") as archive,
    ):
        for record in packets:
            content = container([record])
            member = tarfile.TarInfo(f"{record['candid']}.avro")
            member.size = len(content)
            archive.addfile(member, io.BytesIO(content))


def container(records: list[dict[str, Any]]) -> bytes:
    """An Avro container of packets, uncompressed as the survey's are.

    Parameters
    ----------
    records : list of dict
        Packets as `packets.packet` gives them.
    """
    buffer = io.BytesIO()
    fastavro.writer(buffer, _PARSED, records, sync_marker=SYNC_MARKER)
    return buffer.getvalue()
