"""An alert issued again as another object's: for loads larger than what can be simulated one by one."""

from typing import Any

import numpy as np

_SEED = 20_240
_ID_STEP = 10_000_000
_LETTERS = 13  # 26^13 is 11 times as many as there are alert ids


def reissued(template: dict[str, Any], time: int) -> dict[str, Any]:
    """The packet as another object's: another id, another place in the sky, as many seconds later; time 0 is itself.

    Parameters
    ----------
    template : dict
        A packet as `simulation.packets.packet` gives it; not changed.
    time : int
        How many times it was issued before; its time is so many seconds later.
    """
    if time == 0:
        return template
    candid = template["candid"] + time * _ID_STEP
    place = np.random.default_rng([_SEED, candid])
    candidate = {
        **template["candidate"],
        "candid": candid,
        "ra": float(place.uniform(0, 360)),
        "dec": float(np.degrees(np.arcsin(place.uniform(-0.5, 1)))),
        "jd": template["candidate"]["jd"] + time / 86400,
    }
    object_id = f"{template['objectId'][:5]}{_letters(candid)}"
    return {**template, "candid": candid, "objectId": object_id, "candidate": candidate}


def _letters(number: int) -> str:
    """Letters for a number, as ZTF names objects; so many that no two alert ids of the simulator have the same."""
    letters = []
    for _ in range(_LETTERS):
        number, digit = divmod(number, 26)
        letters.append(chr(ord("a") + digit))
    return "".join(letters)
