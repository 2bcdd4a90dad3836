"""CPU time per alert of the compiled Avro decoder, beside fastavro and polars, on real packets.

    python tests/benchmarks/bench_decode.py --batch 200 --repeats 5

One process, one batch of datums at a time, CPU time of the whole process (all threads), median and range of the repeats
after one that does not count. fastavro reads the same datums with a parsed schema into dicts, and what it reads is compared
with the decoder's table. polars reads one container of the same datums (its own Avro reader; where it cannot read the
schema, it says so). The first time that a batch of a size is decoded, its pages are new: `first` has that.
"""

import argparse
import io
import os
import platform
import statistics
import sys
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import fastavro
import numba
import polars
import pyarrow as pa

ROOT = Path(__file__).resolve().parents[2]
sys.path[:0] = [str(ROOT), str(ROOT / "tests/helpers")]

from avro_oracle import decoder_of, same_arrays, without_logical_types
from avro_packets import real_directory, records_of

from jobs.pipeline.decode.compiled import DatumDecoder, warm_up

PACKETS = {
    "ZTF 3.3": "ztf_alerts/*.avro",
    "ZTF 4.01": "ztf_native_v4/*_v4.01.avro",
    "LSST 10.0": "lsst_alerts/lsst_v10_0_*.avro",
}
# As a light-curve module would ask: some of the candidate, some of each history row, no stamps.
HISTORY = {"ZTF": "prv_candidates", "LSST": "prvDiaSources"}


def main() -> None:
    """Print one table."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--batch", type=int, default=200)
    parser.add_argument("--repeats", type=int, default=5)
    options = parser.parse_args()
    started = time.perf_counter()
    warm_up()
    print(
        f"{platform.processor() or platform.machine()}, {os.cpu_count()} CPUs, load {os.getloadavg()[0]:.1f}; "
        f"Python {platform.python_version()}, numba {numba.__version__}, pyarrow {pa.__version__}, "
        f"fastavro {fastavro.__version__}, polars {polars.__version__}; warm-up {time.perf_counter() - started:.1f} s"
    )
    print(f"CPU us per alert, batches of {options.batch}, median (range) of {options.repeats}")
    for name, pattern in PACKETS.items():
        schema, records = packets(pattern)
        batch = (records * (options.batch // len(records) + 1))[: options.batch]
        print(f"\n{name}: {len(records)} packets, {sum(map(len, batch)) // len(batch)} bytes each")
        for what, job in contenders(name, schema, batch):
            print(f"  {what:32} {timed(job, options.repeats, len(batch))}")


def packets(pattern: str) -> tuple[Any, list[bytes]]:
    """All records of the files of a pattern that share the first one's writer schema."""
    files = [records_of(path) for path in sorted(real_directory().glob(pattern))]
    if not files:
        sys.exit(f"no real alerts in {real_directory()}; set STRIX_REAL_ALERTS")
    return files[0][0], [record for schema, records in files if schema == files[0][0] for record in records]


def contenders(name: str, schema: Any, batch: Sequence[bytes]) -> list[tuple[str, Callable[[], Any]]]:
    """What is timed; before that, the check that the answers are the same."""
    whole = decoder_of(schema)
    history = HISTORY[name.split()[0]]
    some = decoder_of(schema, without_bytes(whole.wanted, ()))
    flat = decoder_of(schema, without_bytes(whole.wanted, (history, "fp_hists", "prvDiaForcedSources")))
    block = b"".join(batch)
    check(whole, schema, batch)
    return [
        ("compiled, everything", lambda: whole.decode(batch)),
        ("compiled, the walk alone", lambda: whole.split(block, len(batch))),
        ("compiled, without stamps", lambda: some.decode(batch)),
        ("compiled, no stamps, no history", lambda: flat.decode(batch)),
        ("fastavro to dicts", lambda: by_fastavro(schema, batch)),
        ("polars on one container", polars_reader(schema, batch)),
    ]


def without_bytes(wanted: pa.StructType, left_out: Sequence[str]) -> pa.StructType:
    """A type without its stamps and some fields."""
    return pa.struct([of for of in wanted if not of.name.startswith("cutout") and of.name not in left_out])


def by_fastavro(schema: Any, batch: Sequence[bytes]) -> list[Any]:
    return [fastavro.schemaless_reader(io.BytesIO(record), schema) for record in batch]


def check(decoder: DatumDecoder, schema: Any, batch: Sequence[bytes]) -> None:
    """Compare 40 packets with fastavro, bit for bit."""
    array, refusals = decoder.decode(batch[:40])
    theirs = pa.array(by_fastavro(without_logical_types(schema), batch[:40]), type=decoder.wanted)
    if refusals or not same_arrays(array, theirs):
        sys.exit("the decoder and fastavro do not agree")
    print("  checked: 40 packets equal to fastavro's")


def polars_reader(schema: Any, batch: Sequence[bytes]) -> Callable[[], Any]:
    """polars on a container of the batch."""
    container = io.BytesIO()
    fastavro.writer(container, schema, by_fastavro(schema, batch))
    content = container.getvalue()
    return lambda: polars.read_avro(io.BytesIO(content))


def timed(job: Callable[[], Any], repeats: int, alerts: int) -> str:
    """Median and range of the CPU time per alert."""
    try:
        first = cpu_us(job, alerts)
    except polars.exceptions.PolarsError as error:
        return f"cannot: {str(error)[:80]}"
    times = [cpu_us(job, alerts) for _ in range(repeats)]
    return f"{statistics.median(times):9.1f}  ({min(times):.1f} to {max(times):.1f}; first {first:.1f})"


def cpu_us(job: Callable[[], Any], alerts: int) -> float:
    started = time.process_time()
    job()
    return (time.process_time() - started) / alerts * 1e6


if __name__ == "__main__":
    main()
