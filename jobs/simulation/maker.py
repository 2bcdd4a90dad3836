"""What a survey's simulator gives for a night: the alerts of each class, and the files' form."""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True)
class Made:
    """An alert.

    Attributes
    ----------
    time : float
        When it was observed, in the survey's own scale; alerts of a night are sorted by it.
    alert_id : int
    data : bytes
        The packet, Avro without a header.
    truth : dict
        A row of the truth table.
    """

    time: float
    alert_id: int
    data: bytes
    truth: dict[str, Any]


@dataclass(frozen=True)
class Maker:
    """How a survey's packets are made.

    Attributes
    ----------
    survey : str
        `ztf` or `lsst`.
    first_date : int
        The night that is simulated where none is asked for, or the first after it that is observed, YYYYMMDD.
    begin : callable
        A date [YYYYMMDD] to the beginning of the survey's night of that name, a day long, in the scale of `Made.time`
        as MJD.
    is_observed : callable
        (seed, beginning) to whether the survey observes in the night; clouds close the dome in some.
    alerts_of_class : callable
        (seed, place of the class in CLASSES, number wanted, beginning) to that many alerts, or all that there are.
    counts : callable
        (alerts, mix) to the number of alerts of each class of CLASSES.
    container : callable
        Packets to the bytes of an Avro container.
    """

    survey: str
    first_date: int
    begin: Callable[[int], float]
    is_observed: Callable[[int, float], bool]
    alerts_of_class: Callable[[int, int, int, float], Iterator[Made]]
    counts: Callable[[int, Any], list[int]]
    container: Callable[[Sequence[bytes]], bytes]
