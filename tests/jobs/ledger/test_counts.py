"""What a module answered: the writer's count and the check's, which are two rules, against rows judged by hand."""

from typing import Any

import pyarrow as pa
import pytest

from jobs.audit.recount import recount_module
from jobs.ledger.counts import add_night, count_module, empty_counts, failures

TYPE = pa.struct([("k", pa.float64()), ("n", pa.int32()), ("version", pa.string()), ("error", pa.string())])
FEW = "too few points: n < 3"
RAISED = "failed: ZeroDivisionError: 1:0"

# k, n, error -> the kind, and the reason that is counted
JUDGED: list[tuple[float | None, int | None, str | None, str, str | None]] = [
    (1.0, 5, None, "answered", None),
    (0.9, 4, None, "answered", None),
    (None, 4, None, "answered", None),
    (None, 2, FEW, "partial", "too few points"),
    (None, 1, FEW, "partial", "too few points"),
    (0.5, 7, "saturated", "partial", "saturated"),  # all outputs and a reason: not to be taken for an answer
    (None, None, FEW, "null", "too few points"),
    (None, None, RAISED, "null", "failed: ZeroDivisionError"),
    (None, None, None, "null", "no reason given"),
    (None, None, "", "null", "no reason given"),
    (None, None, "not applicable: survey lsst", "null", "not applicable"),
]


def column(rows: list[tuple[Any, ...]]) -> pa.StructArray:
    return pa.array([{"k": k, "n": n, "version": "1.0.0", "error": error} for k, n, error, *_ in rows], TYPE)


def by_hand(rows: list[tuple[Any, ...]]) -> dict[str, Any]:
    found: dict[str, Any] = {"answered": 0, "partial": {}, "null": {}}
    for *_, kind, reason in rows:
        if reason is None:
            found["answered"] += 1
        else:
            found[kind][reason] = found[kind].get(reason, 0) + 1
    return found


@pytest.mark.parametrize("count", [count_module, recount_module])
def test_answers_are_counted_by_their_error(count: Any) -> None:
    assert count(column(JUDGED)) == by_hand(JUDGED)
    for rows in ([row] for row in JUDGED):
        assert count(column(rows)) == by_hand(rows)
    assert count(column([])) == by_hand([])


@pytest.mark.parametrize("count", [count_module, recount_module])
def test_answered_partial_and_null_together_are_all_rows(count: Any) -> None:
    for start in range(len(JUDGED)):
        told = count(column(JUDGED[start:] * 3))
        all_rows = told["answered"] + sum(told["partial"].values()) + sum(told["null"].values())
        assert all_rows == 3 * len(JUDGED[start:])


def test_the_check_counts_a_row_whose_struct_is_null_as_no_answer() -> None:
    whole = column(JUDGED[:2])
    masked = pa.StructArray.from_arrays(
        [whole.field(i) for i in range(4)], fields=list(TYPE), mask=pa.array([False, True])
    )
    assert recount_module(masked) == {
        "answered": 1,
        "partial": {},
        "null": {"no reason given": 1},
    }


def test_a_failure_counts_wherever_it_left_an_output() -> None:
    partial = [*JUDGED, (None, 3, "failed: KeyError: g", "partial", "failed: KeyError")]
    nights = {"20240101": {**empty_counts(), "modules": {"stetson_k": count_module(column(partial))}}}
    assert failures(nights) == {"stetson_k failed: ZeroDivisionError": 1, "stetson_k failed: KeyError": 1}


def test_numbers_of_the_earlier_rule_are_kept_apart_when_nights_are_added() -> None:
    today = {**empty_counts(), "modules": {"stetson_k": by_hand(JUDGED)}}
    earlier = {**empty_counts(), "modules": {"stetson_k": {"answered": 40, "null": {"too few points": 2}}}}
    total = add_night(add_night(empty_counts(), today), earlier)["modules"]["stetson_k"]
    assert (total["answered"], total["any_output"], total["null"]["too few points"]) == (3, 40, 3)
