"""One simulated ZTF alert by its number."""

import io
from collections.abc import Callable
from functools import lru_cache
from typing import Any

import fastavro

from jobs.simulation.blocks import MAX_SEED
from jobs.simulation.classes import CLASSES
from jobs.simulation.maker import Made
from jobs.simulation.mix import turn
from jobs.simulation.sky_night import first_observed
from jobs.simulation.ztf.maker import MAKER
from jobs.simulation.ztf.schemas import SCHEMAS

MAX_NUMBER = 99_999
_PARSED = fastavro.parse_schema(SCHEMAS["3.3"])
_ALL = 10**9  # alerts of a class
_KEPT = 8 * len(CLASSES)


def packet(seed: int, number: int) -> tuple[dict[str, Any], str]:
    """A simulated ZTF 3.3 packet and the true class of its object.

    Parameters
    ----------
    seed : int
        0 to 99,999.
    number : int
        Number of the alert, 0 to 99,999. The same seed and number give the same packet on one machine and NumPy
        version; `night.simulate` writes those from 0 on.

    Returns
    -------
    packet : dict
        A record of schema.SCHEMA; the caller's own.
    kind : str
        The name of one of `classes.CLASSES`.

    Raises
    ------
    ValueError
        If seed or number is out of range, or the night has not so many alerts of the class.

    Notes
    -----
    Alerts of a class are made one after the other and kept: the first of a class takes some 60 ms, those after it 2.
    """
    if not (0 <= seed <= MAX_SEED and 0 <= number <= MAX_NUMBER):
        raise ValueError(f"seed 0 to {MAX_SEED} and number 0 to {MAX_NUMBER} are possible, got {seed} and {number}")
    place, rank = turn(number, "natural")
    record: Any = fastavro.schemaless_reader(io.BytesIO(_of_class(seed, place)(rank)), _PARSED, None)
    return record, CLASSES[place].name


@lru_cache(_KEPT)
def _of_class(seed: int, place: int) -> Callable[[int], bytes]:
    """The alerts of a class in the night of a seed, by their order; made when they are asked for."""
    alerts = MAKER.alerts_of_class(seed, place, _ALL, _night(seed))
    made: list[bytes] = []

    def one(rank: int) -> bytes:
        while len(made) <= rank:
            following: Made | None = next(alerts, None)
            if following is None:
                raise ValueError(
                    f"seed {seed} has {len(made)} alerts of {CLASSES[place].name} in its night, not {rank + 1}"
                )
            made.append(following.data)
        return made[rank]

    return one


@lru_cache
def _night(seed: int) -> float:
    return MAKER.begin(first_observed(MAKER, seed))
