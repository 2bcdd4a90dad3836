"""What a survey's adapter declares: how to know its packets, which fields it reads, how they become the common view."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

import pyarrow as pa

from jobs.packets.rejections import Refusal


@dataclass(frozen=True)
class AdapterResult:
    """Packets of one survey in the common view.

    Attributes
    ----------
    table : pyarrow.Table
        One row per packet, in order, refused ones included (their values mean nothing): the columns of
        `view.VIEW` and `view.CUTOUTS`, `candidate` (of the survey's own type) and `schema_version` (string).
    refusals : dict of int to Refusal
        Row number to reason: no_id, no_time, time_out_of_range, no_position.
    """

    table: pa.Table
    refusals: Mapping[int, Refusal]


@dataclass(frozen=True)
class Survey:
    """A survey's adapter.

    Parameters
    ----------
    name : str
        Value of the `survey` column: ztf, lsst.
    packet_type : pyarrow.StructType
        The fields of a packet that the adapter reads, nested, all nullable. The decoder gives exactly these, by
        name; what a writer schema lacks is NULL, what it has beyond is left out.
    candidate : pyarrow.StructType
        The type of the view's `candidate` column: the survey's per-alert fields over all schema versions.
    matches : callable
        `matches(writer_schema: dict) -> bool`: whether a parsed Avro writer schema is this survey's.
    view : callable
        `view(packets: pyarrow.StructArray, schema_versions: list[str], now_mjd: float) -> AdapterResult`. `packets` is of
        `packet_type`; `schema_versions[i]` is what the writer schema says of itself ("" if nothing); `now_mjd`
        (TAI) is the batch's planning time, for the refusal of packets from the future.
    sentinels : mapping of str to tuple
        Per candidate field, the published values that mean "no value" (filters read them as NULL).
    """

    name: str
    packet_type: pa.StructType
    candidate: pa.StructType
    matches: Callable[[Mapping[str, Any]], bool]
    view: Callable[[pa.StructArray, list[str], float], AdapterResult]
    sentinels: Mapping[str, tuple[Any, ...]]
