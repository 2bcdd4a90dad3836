"""Why a packet goes to quarantine: the reason codes, in one place."""

from dataclasses import dataclass

REASONS = {
    "not_avro": "neither an Avro container nor Confluent wire format",
    "truncated": "ends before its container, block or datum does",
    "wrong_codec": "the container's codec is none that Avro names",
    "unknown_schema": "the schema id is not in the schema directory, or the writer schema cannot be read",
    "unknown_survey": "a valid packet of a survey that Strix does not know",
    "bad_datum": "the bytes do not fit the writer schema",
    "trailing_bytes": "bytes, or a second record, behind the end of the datum",
    "too_large": "over the size limit, or inflates beyond it",
    "no_id": "no alert id or no object id",
    "no_time": "no time, or one that is not finite",
    "time_out_of_range": "before 2016, or more than a day after the batch was planned",
    "no_position": "no position, or one outside the sky",
    "conflicting_id": "another measurement under the id of a committed alert",
    "unreadable": "reading it raised an exception that nobody foresaw",
    "match_too_large": "a filter's match that no topic takes; its alert is in the tables, and was sent where it fits",
    "killed_worker": "the worker process died or hung on this alert",
}

MESSAGE_LENGTH = 1000


@dataclass(frozen=True)
class Refusal:
    """A packet, or the unreadable rest of a file, that could not be taken.

    Parameters
    ----------
    reason : str
        A key of REASONS.
    message : str
        What was wanted and what was found, for a person; with byte and field path where they are known.
    where : str
        The step that refused it: container, wire, decode, view, dedupe, or a module's name.
    """

    reason: str
    message: str
    where: str

    def __post_init__(self) -> None:
        if self.reason not in REASONS:
            raise ValueError(f"reason {self.reason!r} is not one of {sorted(REASONS)}")
        # What a message quotes is not ours: as long as it likes, and with halves of surrogate pairs, which no table takes.
        message = self.message[:MESSAGE_LENGTH].encode("utf-8", "backslashreplace").decode()
        object.__setattr__(self, "message", message)
