"""What is wrong with some bytes, on its way to becoming a Refusal."""

from jobs.packets.rejections import Refusal
from jobs.pipeline.decode.compiled.fault import Fault

__all__ = ["Fault", "refusal_of"]


def refusal_of(fault: Fault, where: str) -> Refusal:
    """What quarantine keeps of a fault that a step has found.

    Parameters
    ----------
    fault : Fault
        With byte and path where they are known.
    where : str
        The step; see `Refusal`.
    """
    return Refusal(fault.reason, fault.told, where)
