"""What is wrong with some bytes or with a schema."""


class Fault(Exception):
    """Bytes or a schema that cannot be taken.

    Parameters
    ----------
    reason : str
        Reason code: truncated, bad_datum, trailing_bytes, too_large, unknown_schema, or one of the caller's own.
    message : str
        What was wanted and what was found.
    byte : int or None
        Where, in the bytes that were being read.
    path : str
        Which value it is, from the datum on: `prvDiaSources[3].psfFlux`.
    """

    def __init__(self, reason: str, message: str, byte: int | None = None, path: str = "") -> None:
        super().__init__(message)
        self.reason, self.message, self.byte, self.path = reason, message, byte, path

    @property
    def told(self) -> str:
        """The message with byte and field."""
        place = "" if self.byte is None else f"; at byte {self.byte}"
        return f"{self.message}{place}{f' ({self.path})' if self.path else ''}"
