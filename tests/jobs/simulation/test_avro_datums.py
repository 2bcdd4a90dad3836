"""Single values are what fastavro writes of them."""

import io

import fastavro
import pytest

from jobs.simulation.avro_datums import array, binary, integer


@pytest.mark.parametrize("number", [0, 1, -1, 63, 64, -64, -65, 2**31, -(2**31), 2**62, -(2**63), 2**63 - 1])
def test_an_integer_alone_is_as_in_a_record(number: int) -> None:
    buffer = io.BytesIO()
    fastavro.schemaless_writer(buffer, "long", number)
    assert integer(number) == buffer.getvalue()


@pytest.mark.parametrize("texts", [[], ["a"], ["", "b" * 70]])
def test_arrays_and_texts_are_read(texts: list[str]) -> None:
    datum = array([binary(one.encode()) for one in texts])
    assert fastavro.schemaless_reader(io.BytesIO(datum), {"type": "array", "items": "string"}, None) == texts
