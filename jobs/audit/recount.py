"""A module's answers counted again for the check, by another rule than the writer's: from what was written, row by row.

The writer (`counts.py`) combines masks of missing outputs. Here every row gets the number of outputs that it lacks and
the text of its reason, and the few pairs that occur are judged one by one.
"""

import re
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

from jobs.ledger.counts import Counts

Codes = NDArray[np.int64]
# A reason up to its first colon; a failure has the exception's name behind it.
_CATEGORY = re.compile(r"\s*(failed\s*:[^:]*|[^:]*)")
UNKNOWN = "no reason given"


@dataclass(frozen=True)
class Outcome:
    """What became of a row: the reason as it is written, how many outputs are missing, of how many."""

    error: str | None
    missing: int
    outputs: int

    @property
    def kind(self) -> str:
        """answered, partial or null."""
        if self.missing == self.outputs:
            return "null"
        return "answered" if self.error is None else "partial"

    @property
    def reason(self) -> str:
        """The countable part of the reason."""
        found = _CATEGORY.match(self.error or "")
        words = found.group(1) if found else ""
        return re.sub(r"\s*:\s*", ": ", words).strip() or UNKNOWN


def outcomes(column: pa.StructArray) -> tuple[list[Outcome], Codes]:
    """What occurs in a module's column, and per row which of these.

    Parameters
    ----------
    column : pyarrow.StructArray, length n
        `version`, `error` and the outputs of a module.

    Returns
    -------
    outcomes : list of Outcome
    codes : numpy.ndarray of int64, shape (n,)
        Places in the list.
    """
    # flatten, not field: a struct that is NULL as a whole has no output, whatever lies below it.
    parts = dict(zip((field.name for field in column.type), column.flatten(), strict=True))
    errors = pc.dictionary_encode(parts.pop("error"), null_encoding="encode")
    parts.pop("version")
    missing = np.zeros(len(column), dtype=np.int64)
    for values in parts.values():
        missing += np.asarray(values.is_null().to_numpy(zero_copy_only=False))
    texts, sides = errors.dictionary.to_pylist(), len(parts) + 1
    pairs = np.asarray(errors.indices.to_numpy(), dtype=np.int64) * sides + missing
    found, codes = np.unique(pairs, return_inverse=True)
    return [Outcome(texts[pair // sides], pair % sides, len(parts)) for pair in found.tolist()], codes


def recount_module(column: pa.StructArray) -> Counts:
    """What the ledger should say of a module, from its column.

    Parameters
    ----------
    column : pyarrow.StructArray, length n
        `version`, `error` and the outputs of the module.
    """
    found, codes = outcomes(column)
    return totals(zip(found, np.bincount(codes, minlength=len(found)).tolist(), strict=True))


def totals(counted: Iterable[tuple[Outcome, int]]) -> Counts:
    """Outcomes and how often each occurs, as the ledger writes them.

    Parameters
    ----------
    counted : iterable of (Outcome, int)
        One of number 0 is left out.
    """
    counts: dict[str, Any] = {"answered": 0, "partial": {}, "null": {}}
    for outcome, number in counted:
        if not number:
            continue
        if outcome.kind == "answered":
            counts["answered"] += number
        else:
            reasons = counts[outcome.kind]
            reasons[outcome.reason] = reasons.get(outcome.reason, 0) + number
    return counts


def recount_science(table: pa.Table, modules: Iterable[str]) -> Counts:
    """Numbers of science rows: enriched, null_flux, bad_history and per module `recount_module`.

    Parameters
    ----------
    table : pyarrow.Table
        With `flux`, `n_bad_history` and a column for each module.
    modules : iterable of str
        Names of the science modules that are counted.
    """
    return {
        "enriched": table.num_rows,
        "null_flux": int(np.count_nonzero(table["flux"].is_null().to_numpy())),
        "bad_history": int(pc.fill_null(table["n_bad_history"], 0).to_numpy().sum()),
        "modules": {name: recount_module(table[name].combine_chunks()) for name in modules},
    }
