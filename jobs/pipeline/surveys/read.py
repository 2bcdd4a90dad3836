"""What an adapter gives for a batch of packets: the survey's own words, mapped; nothing is checked or counted yet."""

from collections.abc import Mapping
from dataclasses import dataclass, field

import pyarrow as pa

from jobs.pipeline.surveys.points import Floats, Points


@dataclass(frozen=True)
class Read:
    """n packets as their survey's adapter reads them.

    Attributes
    ----------
    alert_id : pyarrow.Int64Array
        NULL where the packet names none: such a packet is refused.
    object_id : pyarrow.StringArray
        NULL or empty where the packet names none: such a packet is refused.
    time : numpy.ndarray of float64, shape (n,)
        The alert's time as published, in any scale; NaN where there is none.
    ra, dec : numpy.ndarray of float64, shape (n,)
        ICRS [deg]; NaN where there is none.
    points : Points
        All photometric points of all packets, the alerts themselves included.
    candidate : pyarrow.StructArray
        The survey's per-alert fields, as published.
    columns : mapping of str to pyarrow.Array
        Further columns of the common view by name; what is not given is NULL. The view's flux, counts, times and light
        curve follow from the points; `mag` and `mag_err` do too, unless they are given.
    start_utc : numpy.ndarray of float64, shape (n,), or None
        When the alert's exposure began, MJD UTC; for a survey whose nights are named after it.
    first_detection : numpy.ndarray of float64, shape (n,), or None
        The survey's own word on the object's first detection: mid-exposure, MJD TAI; NaN where it says none.
    schema_version : pyarrow.StringArray or None
        What the packet says of its schema's version, where the writer schema does not.
    """

    alert_id: pa.Array
    object_id: pa.Array
    time: Floats
    ra: Floats
    dec: Floats
    points: Points
    candidate: pa.StructArray
    columns: Mapping[str, pa.Array] = field(default_factory=dict)
    start_utc: Floats | None = None
    first_detection: Floats | None = None
    schema_version: pa.Array | None = None
