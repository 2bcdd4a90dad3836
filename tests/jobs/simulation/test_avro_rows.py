"""Records from columns are what fastavro writes of the same records."""

import io
from typing import Any

import fastavro
import numpy as np
import pytest

from jobs.simulation.avro_rows import Partly, encode

LAYOUT = (
    "long: id\nint?: count\nfloat?: flux\ndouble: mjd\nboolean?: flag\nstring?: band\nstring: name\ntimestamp?: made\n"
)
NUMBERS = [0, 1, -1, 63, 64, -64, -65, 2**31, -(2**31), 2**62, -(2**63), 2**63 - 1]
BANDS = ["g", "SIM 7-123", "", "zéta"]


def written(record: dict[str, Any], null_first: bool) -> bytes:
    kinds = [
        ("id", "long"), ("count", "int?"), ("flux", "float?"), ("mjd", "double"), ("flag", "boolean?"), ("band", "string?"),
        ("name", "string"), ("made", "long?"),
    ]  # fmt: skip
    fields = [{"name": name, "type": _type(kind, null_first)} for name, kind in kinds]
    buffer = io.BytesIO()
    fastavro.schemaless_writer(buffer, {"type": "record", "name": "row", "fields": fields}, record)
    return buffer.getvalue()


def _type(kind: str, null_first: bool) -> Any:
    if not kind.endswith("?"):
        return kind
    return ["null", kind[:-1]] if null_first else [kind[:-1], "null"]


@pytest.mark.parametrize("null_first", [True, False])
def test_columns_are_encoded_as_fastavro_encodes_records(null_first: bool) -> None:
    n = len(NUMBERS)
    fifth = np.arange(n) % 5 == 0
    columns = {
        "id": np.array(NUMBERS),
        "count": Partly(np.arange(n) + 300, fifth),
        "flux": np.where(np.arange(n) % 3 == 0, np.nan, np.arange(n) + 0.25),
        "mjd": np.arange(n) + 61000.1,
        "flag": np.arange(n) % 2 == 0,
        "band": Partly(np.array(BANDS * 3), fifth),
        "name": "simulated",
    }
    records = [
        {
            "id": NUMBERS[i],
            "count": None if i % 5 == 0 else 300 + i,
            "flux": None if i % 3 == 0 else i + 0.25,
            "mjd": float(i + 61000.1),
            "flag": i % 2 == 0,
            "band": None if i % 5 == 0 else BANDS[i % 4],
            "name": "simulated",
            "made": None,
        }
        for i in range(n)
    ]
    assert encode(LAYOUT, columns, n, null_first) == [written(record, null_first) for record in records]


def test_no_records_are_no_datums() -> None:
    assert encode(LAYOUT, {}, 0) == []


def test_a_field_that_cannot_be_null_is_wanted() -> None:
    with pytest.raises(KeyError, match="id"):
        encode("long: id\n", {}, 1)


def test_long_texts_are_refused() -> None:
    with pytest.raises(ValueError, match="63 bytes, got one of 64"):
        encode("string: name\n", {"name": np.array(["x" * 64])}, 1)
