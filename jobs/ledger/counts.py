"""The numbers that the ledger keeps of a batch, counted from tables by those who write them.

`recount.py` counts the same by another rule, for the check: a wrong rule here must not balance itself.
"""

from collections import Counter
from collections.abc import Iterable
from functools import reduce
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
    """Numbers of science rows: enriched, null_flux, bad_history and, per module, what `count_module` counts.

    Parameters
    ----------
    table : pyarrow.Table
        Rows of the science table.
    modules : iterable of str
        Columns of modules that are counted.
    """
    counts = {
        "enriched": table.num_rows,
        "null_flux": table["flux"].null_count,
        "bad_history": pc.sum(table["n_bad_history"]).as_py() or 0,
        "modules": {name: count_module(table[name].combine_chunks()) for name in modules},
    }
    return counts


def count_module(column: pa.StructArray) -> Counts:
    """How many rows a module answered, and the others by the category of the reason in `error`.

    Parameters
    ----------
    column : pyarrow.StructArray
        The module's column: its outputs, version and error.

    Returns
    -------
    dict
        `answered`: rows without a reason (a module of several bands leaves those that have no points NULL); `partial`:
        rows that have a reason and some output, by reason; `null`: rows without any output, by reason. Together they
        are all rows.
    """
    outputs = [column.field(i) for i, field in enumerate(column.type) if field.name not in ("version", "error")]
    errors = column.field(column.type.get_field_index("error"))
    nothing = _all_null(outputs, len(column))
    return {
        "answered": pc.and_(errors.is_null(), pc.invert(nothing)).true_count,
        "partial": _by_category(errors.filter(pc.and_(errors.is_valid(), pc.invert(nothing)))),
        "null": _by_category(errors.filter(nothing)),
    }


def _all_null(outputs: list[pa.Array], rows: int) -> pa.BooleanArray:
    """Rows in which no output is there."""
    if any(output.null_count == 0 for output in outputs):
        return pa.repeat(False, rows)
    return reduce(pc.and_, (output.is_null() for output in outputs))


def _by_category(reasons: pa.StringArray) -> Counts:
    return dict(Counter(category(reason) for reason in reasons.to_pylist()))


def category(reason: str | None) -> str:
    """The countable part of a module's reason: the text before the first colon; for failures with the exception's name.

    Parameters
    ----------
    reason : str or None
        As a module's `error` has it.
    """
    if not reason:
        return "no reason given"
    parts = [part.strip() for part in reason.split(":")]
    return ": ".join(parts[:2]) if parts[0] == "failed" else parts[0]


def add_counts(total: Counts, more: Counts) -> Counts:
    """Add numbers to numbers, nested ones too, in place.

    Parameters
    ----------
    total : dict
        Is changed, and returned.
    more : dict
        Of numbers, or of such dicts.
    """
    for key, value in more.items():
        if isinstance(value, dict):
            add_counts(total.setdefault(key, {}), value)
        else:
            total[key] = total.get(key, 0) + value
    return total


def add_night(total: Counts, counts: Counts) -> Counts:
    """Add a night's numbers of a ledger entry, in place; those of the earlier rule stay apart, under `any_output`.

    Until ledger entries had `partial`, `answered` was the number of rows with any output at all, reason or not.

    Parameters
    ----------
    total : dict
        Is changed, and returned.
    counts : dict
        Of one night.
    """
    modules = {name: in_todays_words(numbers) for name, numbers in counts["modules"].items()}
    return add_counts(total, {**counts, "modules": modules})


def in_todays_words(numbers: Counts) -> Counts:
    """A module's numbers, also where they were counted by the earlier rule.

    Parameters
    ----------
    numbers : dict
        Of one module.

    Returns
    -------
    dict
        With `answered`, `partial` and `null`; by the earlier rule `any_output` too, and no answers.
    """
    if not by_earlier_rule(numbers):
        return numbers
    return {"answered": 0, "partial": {}, "null": numbers["null"], "any_output": numbers["answered"]}


def by_earlier_rule(numbers: Counts) -> bool:
    """Whether a module's numbers of a ledger entry were counted before `partial` was told from `answered`.

    Parameters
    ----------
    numbers : dict
        Of one module.
    """
    return "partial" not in numbers


def failures(nights: dict[str, Counts]) -> Counter[str]:
    """Failed answers by `module: exception`, over all nights.

    Parameters
    ----------
    nights : dict of str to dict
        Numbers by night.
    """
    found: Counter[str] = Counter()
    for counts in nights.values():
        for module, numbers in counts["modules"].items():
            for reason, count in [*numbers["null"].items(), *numbers["partial"].items()]:
                if reason.startswith("failed"):
                    found[f"{module} {reason}"] += count
    return found
