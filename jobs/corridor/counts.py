"""The numbers that the ledger keeps of a batch, counted from tables: the same function for writer and checker."""

from collections import Counter
from collections.abc import Iterable
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc

Counts = dict[str, Any]


def empty_counts() -> Counts:
    """A night of which nothing is known yet."""
    return {
        "read": 0,
        "decoded": 0,
        "duplicates": 0,
        "quarantined": {},
        "enriched": 0,
        "null_flux": 0,
        "bad_history": 0,
        "modules": {},
    }


def count_science(table: pa.Table, modules: Iterable[str]) -> Counts:
    """Numbers of science rows: enriched, null_flux, bad_history and, per module, answered and null by reason."""
    counts = {
        "enriched": table.num_rows,
        "null_flux": table["flux"].null_count,
        "bad_history": pc.sum(table["n_bad_history"]).as_py() or 0,
        "modules": {name: count_module(table[name].combine_chunks()) for name in modules},
    }
    return counts


def count_module(column: pa.StructArray) -> Counts:
    """How many rows a module answered (any output is there), and the others by the category of their reason."""
    outputs = [column.field(i) for i, field in enumerate(column.type) if field.name not in ("version", "error")]
    if any(output.null_count == 0 for output in outputs):
        return {"answered": len(column), "null": {}}
    answered = pa.array([False] * len(column))
    for output in outputs:
        if output.null_count < len(column):
            answered = pc.or_(answered, output.is_valid())
    reasons = column.field(column.type.get_field_index("error")).filter(pc.invert(answered))
    return {
        "answered": pc.sum(answered).as_py() or 0,
        "null": dict(Counter(category(reason) for reason in reasons.to_pylist())),
    }


def category(reason: str | None) -> str:
    """The countable part of a module's reason: the text before the first colon; for failures with the exception's name."""
    if not reason:
        return "no reason given"
    parts = [part.strip() for part in reason.split(":")]
    return ": ".join(parts[:2]) if parts[0] == "failed" else parts[0]


def add_counts(total: Counts, more: Counts) -> Counts:
    """Add numbers to numbers, nested ones too, in place."""
    for key, value in more.items():
        if isinstance(value, dict):
            add_counts(total.setdefault(key, {}), value)
        else:
            total[key] = total.get(key, 0) + value
    return total


def failures(nights: dict[str, Counts]) -> Counter[str]:
    """Failed answers by `module: exception`, over all nights."""
    found: Counter[str] = Counter()
    for counts in nights.values():
        for module, numbers in counts["modules"].items():
            for reason, count in numbers["null"].items():
                if reason.startswith("failed"):
                    found[f"{module} {reason}"] += count
    return found
