"""One thing as a source gives it."""

from dataclasses import dataclass


@dataclass(frozen=True)
class Message:
    """One thing as a source gives it.

    Attributes
    ----------
    value : bytes
        An Avro object container, a Confluent wire message (0 byte, 4-byte big-endian schema id, datum) or a bare
        datum.
    schema : str or None
        The writer schema (JSON) if, and only if, `value` is a bare datum, as in a replay from the raw table.
    """

    value: bytes
    schema: str | None = None
