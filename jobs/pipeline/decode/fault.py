"""What is wrong with some bytes, on its way to becoming a Refusal."""

from jobs.packets.rejections import Refusal


class Fault(Exception):
    """Bytes or a schema that cannot be taken.

    Parameters
    ----------
    reason : str
        A key of REASONS.
    message : str
        What was wanted and what was found.
    byte : int or None
        Where, in the bytes that were being read.
    """

    def __init__(self, reason: str, message: str, byte: int | None = None) -> None:
        super().__init__(message)
        self.reason = reason
        self.message = message
        self.byte = byte
        self.path: list[str] = []

    def inside(self, step: str) -> "Fault":
        """The same fault, seen from one level further out: `.field` or `[item]` is put before its path."""
        self.path.insert(0, step)
        return self

    def refusal(self, where: str) -> Refusal:
        """What quarantine keeps of it."""
        place = "" if self.byte is None else f"; at byte {self.byte}"
        field = "".join(self.path).removeprefix(".")
        return Refusal(self.reason, f"{self.message}{place}{f' ({field})' if field else ''}", where)
