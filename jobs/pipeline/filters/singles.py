"""Decimal numbers beside float32: what a filter writes as 0.65 is what a packet publishes as 0.65.

Surveys and networks publish most numbers as float32, and the nearest float32 to 0.65 is 0.64999998: compared as doubles
`candidate.rb >= 0.65` would be FALSE for a packet's 0.65. So a decimal that is compared with a float32 value, or is one
of several values of which one is taken, is rounded to float32 when the filter is read.
"""

import math
import struct
from collections.abc import Sequence
from dataclasses import replace
from typing import Any

from jobs.pipeline.filters.kinds import NOTHING, NUMBER, Kind
from jobs.pipeline.filters.typed import Typed, literal, to

# Doubles of the common view that hold what packets publish as float32.
PUBLISHED_AS_FLOAT32 = frozenset({"mag", "mag_err", "real_bogus", "lc_real_bogus", "sso_distance_arcsec"})


def to_float32(value: float) -> float:
    """The nearest float32; infinite beyond its range.

    Parameters
    ----------
    value : float
        A double.
    """
    try:
        (nearest,) = struct.unpack("f", struct.pack("f", value))
    except OverflowError:
        return math.copysign(math.inf, value)
    return float(nearest)


def as_published(value: Any) -> Any:
    """A number, or a list of them, as a float32 column holds it; NULL stays.

    Parameters
    ----------
    value : float, sequence of float or None
        As an example's row gives it.
    """
    if isinstance(value, list | tuple):
        return [as_published(each) for each in value]
    return value if value is None else to_float32(value)


def alike(parts: Sequence[Typed], kind: Kind) -> tuple[list[str], bool]:
    """SQL of values that are compared, or of which one is taken, as one kind; and whether all are float32.

    Parameters
    ----------
    parts : sequence of Typed
        The values.
    kind : Kind
        One that holds all of them (`typed.common`).
    """
    if kind != NUMBER or not any(part.single for part in parts):
        return [to(part, kind) for part in parts], False
    rounded = [_rounded(part) for part in parts]
    return [to(part, kind) for part in rounded], all(part.single or part.kind == NOTHING for part in rounded)


def _rounded(part: Typed) -> Typed:
    """A number as float32 where that is possible: a decimal by rounding, an integer if it is one."""
    value = part.literal
    if part.single or not isinstance(value, int | float) or isinstance(value, bool):
        return part
    nearest = to_float32(value)
    if isinstance(value, int):
        return replace(part, single=nearest == value)
    # Beyond float32's range it would become another number altogether.
    if not math.isfinite(nearest) or (nearest == 0.0 and value != 0.0):
        return part
    return replace(literal(nearest, part.place), single=True)
