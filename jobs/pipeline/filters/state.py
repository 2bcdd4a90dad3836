"""What a filter remembers: which object it sent when, and how many alerts of a night. Pure functions over tables.

The state is that of all batches before the one in hand, so a batch that is run again decides the same.
"""

import math
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc

from jobs.pipeline.filters.definition import STATE_DAYS, Filter

STATE = pa.schema(
    [
        pa.field("filter", pa.string()),
        pa.field("survey", pa.string(), metadata={"description": "NULL in the rows of nights"}),
        pa.field("object_id", pa.string(), metadata={"description": "NULL in the rows of nights"}),
        pa.field("night", pa.int64(), metadata={"description": "NULL in the rows of objects"}),
        pa.field("sent", pa.int64(), metadata={"description": "alerts of the night that were sent"}),
        pa.field("sent_mjd", pa.float64(), metadata={"unit": "d", "description": "latest alert that was sent, TAI"}),
    ]
)

_SENT, _PER_OBJECT, _OVER, _PRIVATE = "sent", "per_object", "over_max_per_night", "private"

Suppressed = dict[str, dict[str, Any]]


def empty_state() -> pa.Table:
    """The state before the first batch."""
    return STATE.empty_table()


def apply_state(matches: pa.Table, state: pa.Table, filters: Sequence[Filter]) -> tuple[pa.Table, pa.Table, Suppressed]:
    """Which matches are sent, by `private`, `per_object` and `max_per_night`.

    Parameters
    ----------
    matches : pyarrow.Table
        As `evaluate` gives them.
    state : pyarrow.Table
        STATE, after the batches before this one: a row per filter and object for filters that do not send all, a row
        per filter and night for filters with a limit.
    filters : sequence of Filter
        Those that `matches` name; others are counted with nothing.

    Returns
    -------
    sent : pyarrow.Table
        The rows of `matches` to send, in their order.
    state_after : pyarrow.Table
        What the next batch starts from.
    suppressed : dict
        Per filter: matched, sent, private (the survey does not show the alert to everybody, and the filter does not
        ask for such), per_object (an alert of the object went out before), over_max_per_night, and
        `over`: ids (`survey:alert_id`) of those over the limit, in the order in which they came.

    Notes
    -----
    Matches are decided in the order of mjd and alert_id. An alert is held back by an alert of its object that was sent
    less than the filter's time before it or, where data come late, after it. What is older than STATE_DAYS before the
    latest alert sent is forgotten: no rule looks further back.
    """
    memory = _Memory.of(state)
    by_name = {each.name: each for each in filters}
    verdicts = [""] * matches.num_rows
    suppressed: Suppressed = {each.name: _nothing() for each in filters}
    for row, match in _in_order(matches):
        each = by_name[match["filter"]]
        verdicts[row] = verdict = memory.decide(each, match)
        counts = suppressed[each.name]
        counts["matched"] += 1
        counts[verdict] += 1
        if verdict == _OVER:
            counts["over"].append(f"{match['survey']}:{match['alert_id']}")
    sent = matches.filter(pa.array([verdict == _SENT for verdict in verdicts], pa.bool_()))
    return sent, memory.state(), suppressed


def _nothing() -> dict[str, Any]:
    return {"matched": 0, _SENT: 0, _PRIVATE: 0, _PER_OBJECT: 0, _OVER: 0, "over": []}


def _in_order(matches: pa.Table) -> Iterator[tuple[int, Mapping[str, Any]]]:
    """Rows with their numbers, in the order in which they are decided."""
    wanted = ("filter", "survey", "object_id", "mjd", "alert_id", "night", "is_public")
    keys = matches.select([name for name in wanted if name in matches.column_names])
    order = pc.sort_indices(keys, [("mjd", "ascending"), ("alert_id", "ascending"), ("filter", "ascending")])
    return zip(order.to_pylist(), keys.take(order).to_pylist(), strict=True)


@dataclass
class _Memory:
    """The state as dictionaries, while a batch is decided.

    Attributes
    ----------
    objects : dict
        When an alert of (filter, survey, object) was sent last.
    nights : dict
        How many alerts of (filter, night) were sent, and the latest of them.
    """

    objects: dict[tuple[str, str, str], float]
    nights: dict[tuple[str, int], tuple[int, float]]

    @classmethod
    def of(cls, state: pa.Table) -> "_Memory":
        memory = cls({}, {})
        for row in state.to_pylist():
            if row["object_id"] is None:
                memory.nights[row["filter"], row["night"]] = (row["sent"], row["sent_mjd"])
            else:
                memory.objects[row["filter"], row["survey"], row["object_id"]] = row["sent_mjd"]
        return memory

    def decide(self, each: Filter, match: Mapping[str, Any]) -> str:
        """Whether a match is sent; notes it if it is."""
        if match.get("is_public") is False and not each.private:
            return _PRIVATE
        key = (each.name, match["survey"], match["object_id"])
        days, mjd = each.per_object.days_between, match["mjd"]
        if days and mjd - self.objects.get(key, -math.inf) < days:
            return _PER_OBJECT
        if each.max_per_night is not None:
            night = (each.name, match["night"])
            count, latest = self.nights.get(night, (0, mjd))
            if count >= each.max_per_night:
                return _OVER
            self.nights[night] = (count + 1, max(latest, mjd))
        if days:
            self.objects[key] = mjd
        return _SENT

    def state(self) -> pa.Table:
        """As a table, without what no rule looks back to."""
        objects = [(*key, None, None, mjd) for key, mjd in sorted(self.objects.items())]
        nights = [(name, None, None, night, *sent) for (name, night), sent in sorted(self.nights.items())]
        rows = [*objects, *nights]
        latest = max((row[-1] for row in rows), default=0.0)
        kept = [dict(zip(STATE.names, row, strict=True)) for row in rows if row[-1] > latest - STATE_DAYS]
        return pa.Table.from_pylist(kept, schema=STATE)
