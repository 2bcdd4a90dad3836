"""Every real packet, and Rubin's made-up ones, against fastavro."""

import io
from collections import Counter
from pathlib import Path
from typing import Any

import fastavro
import pyarrow as pa
import pytest
from avro_oracle import decoder_of, same_arrays, without_logical_types
from avro_packets import real_files, records_of

# fastavro and pa.array take 20 ms for an LSST packet: of a file of such, these are compared here; fuzz_decode.py --real
# compares all.
MOST_LSST_PER_FILE = 12


def by_fastavro(schema: Any, records: list[bytes], wanted: pa.StructType) -> pa.Array:
    bare = without_logical_types(schema)
    return pa.array([fastavro.schemaless_reader(io.BytesIO(record), bare) for record in records], type=wanted)


def sample(path: Path, records: list[bytes]) -> list[bytes]:
    return records[:: max(1, len(records) // MOST_LSST_PER_FILE)] if "lsst" in path.name else records


@pytest.mark.parametrize("shown", ["ztf_alerts", "ztf_native_v4", "ztf_native_old", "lsst", "wire", "fake", "ampel"])
def test_real_packets_decode_to_the_table_that_fastavro_reads(shown: str, real_alerts: Path) -> None:
    paths = [path for path in real_files() if shown in f"{path.parent.name}/{path.name}"]
    assert paths
    for path in paths:
        schema, records = records_of(path)
        records = sample(path, records)
        decoder = decoder_of(schema)
        array, refusals = decoder.decode(records)
        array.validate(full=True)
        assert not refusals, path
        assert same_arrays(array, by_fastavro(schema, records, decoder.wanted)), path


def test_all_real_packets_are_accepted(real_alerts: Path) -> None:
    counts: Counter[str] = Counter()
    for path in real_files():
        schema, records = records_of(path)
        _, refusals = decoder_of(schema, pa.struct([])).decode(records)
        assert not refusals, path
        counts[path.parent.name] += len(records)
    # data/README.md: alerts per folder.
    assert counts["ztf_alerts"] == 1301
    assert counts["lsst_alerts"] == 231
    assert counts["ztf_native_v4"] == 18
    assert counts["ztf_native_old"] == 16
    assert counts["forced"] == 100
