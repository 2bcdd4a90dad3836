"""Records from columns are what fastavro writes of the same records."""

import io

import fastavro
import numpy as np
import pytest

from jobs.simulation.lsst import encoding
from jobs.simulation.lsst.schema import SCHEMA

LAYOUT = "long: id\nint?: count\nfloat?: flux\ndouble: mjd\nboolean?: flag\nstring?: band\ntimestamp?: made\n"
FIELDS = [
    {"name": "id", "type": "long"},
    {"name": "count", "type": ["null", "int"]},
    {"name": "flux", "type": ["null", "float"]},
    {"name": "mjd", "type": "double"},
    {"name": "flag", "type": ["null", "boolean"]},
    {"name": "band", "type": ["null", "string"]},
    {"name": "made", "type": ["null", "long"]},
]
PARSED = fastavro.parse_schema({"type": "record", "name": "row", "fields": FIELDS})
NUMBERS = [0, 1, -1, 63, 64, -64, -65, 2**31, -(2**31), 2**62, -(2**63), 2**63 - 1]


def written(record: dict) -> bytes:
    buffer = io.BytesIO()
    fastavro.schemaless_writer(buffer, PARSED, record)
    return buffer.getvalue()


def test_columns_are_encoded_as_fastavro_encodes_records() -> None:
    n = len(NUMBERS)
    columns = {
        "id": np.array(NUMBERS),
        "count": 300,
        "flux": np.where(np.arange(n) % 3 == 0, np.nan, np.arange(n) + 0.25),
        "mjd": np.arange(n) + 61000.1,
        "flag": np.arange(n) % 2 == 0,
        "band": np.array(["g", "SIM 7-123", "", "zeta"] * 3),
    }
    records = [
        {
            "id": NUMBERS[i],
            "count": 300,
            "flux": None if i % 3 == 0 else i + 0.25,
            "mjd": float(i + 61000.1),
            "flag": i % 2 == 0,
            "band": ["g", "SIM 7-123", "", "zeta"][i % 4],
            "made": None,
        }
        for i in range(n)
    ]
    assert encoding.encode(LAYOUT, columns, n) == [written(record) for record in records]
    assert encoding.encode(LAYOUT, columns, 0) == []


@pytest.mark.parametrize("number", NUMBERS)
def test_an_integer_alone_is_as_in_a_record(number: int) -> None:
    buffer = io.BytesIO()
    fastavro.schemaless_writer(buffer, "long", number)
    assert encoding.integer(number) == buffer.getvalue()


def test_long_texts_are_refused() -> None:
    with pytest.raises(ValueError, match="63 bytes, got one of 64"):
        encoding.encode("string: name\n", {"name": np.array(["x" * 64])}, 1)


def test_a_container_without_packets_is_read() -> None:
    reader = fastavro.reader(io.BytesIO(encoding.container([])))
    assert list(reader) == []
    assert reader.writer_schema["name"] == SCHEMA["name"]
