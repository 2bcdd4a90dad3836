"""Random science rows for filters, and files of them."""

import random
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import random_expressions as made
from alerts_tables import science


def rows_of(seed: int, count: int) -> list[dict[str, Any]]:
    generator = random.Random(seed)
    rows = made.rows(generator, count)[2:]
    for number, row in enumerate(rows):
        row |= {
            "alert_id": seed * 10_000 + number,
            "object_id": f"ZTF18a{generator.randint(0, 30)}",
            "mjd": 60000.0 + number % 7,
        }
        row |= {"night": 20230101 + number % 7, "survey": "ztf"}
    return rows


def write(path: Path, rows: list[dict[str, Any]]) -> Path:
    table = science(rows)
    night = table["night"].cast(pa.int32())
    pq.write_table(table.set_column(table.schema.get_field_index("night"), "night", night), path)
    return path
