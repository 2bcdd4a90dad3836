"""What a stream with faults must know of a survey's packets."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

Record = dict[str, Any]


@dataclass(frozen=True)
class PacketForm:
    """How packets of a survey are named and changed; none of the functions changes what it is given.

    Attributes
    ----------
    ids : callable
        A packet to its alert id and its object's.
    brighter : callable
        A packet to the same one with another brightness.
    earlier : callable
        (packet, nights) to the packet and its history so many days before.
    reissued : callable
        (packet, time) to the packet as another object's; time 0 is itself.
    """

    ids: Callable[[Record], tuple[int, str]]
    brighter: Callable[[Record], Record]
    earlier: Callable[[Record, int], Record]
    reissued: Callable[[Record, int], Record]
