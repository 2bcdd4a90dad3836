"""The schema has the fields, types and order of real packets."""

from pathlib import Path
from typing import Any

import fastavro
import pytest

from jobs.simulation.lsst import schema


def _without_docs(kind: Any) -> Any:
    if isinstance(kind, list):
        return [_without_docs(part) for part in kind]
    if isinstance(kind, dict):
        kept = {key: value for key, value in kind.items() if key not in ("doc", "fields") and not key.startswith("__")}
        fields = [_without_docs(field) for field in kind.get("fields", [])]
        inner = {key: _without_docs(value) if key in ("type", "items") else value for key, value in kept.items()}
        return inner | ({"fields": fields} if fields else {})
    return kind


def test_schema_is_that_of_real_packets_but_for_the_prose(real_alerts: Path) -> None:
    files = sorted((real_alerts / "lsst_alerts").glob("lsst_v10_0_*.avro"))
    assert files
    with files[0].open("rb") as file:
        real = fastavro.reader(file).writer_schema
    assert _without_docs(schema.SCHEMA) == _without_docs(real)


@pytest.mark.parametrize(
    ("layout", "number"),
    [
        (schema.DIA_SOURCE, 98),
        (schema.DIA_FORCED_SOURCE, 14),
        (schema.DIA_OBJECT, 82),
        (schema.SS_SOURCE, 39),
        (schema.MPC_ORBITS, 53),
    ],
)
def test_each_record_has_its_number_of_fields(layout: str, number: int) -> None:
    assert len(schema.names(layout)) == len(set(schema.names(layout))) == number


def test_schema_is_valid_avro() -> None:
    parsed = fastavro.parse_schema(schema.SCHEMA)
    assert parsed["name"] == "lsst.v10_0.alert"
