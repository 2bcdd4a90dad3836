"""What a change of a night is: files and rows that were replaced by others."""

from dataclasses import asdict, dataclass, field, replace
from typing import Any

FORMAT = 1
COMPACTION, PRUNING, RESCORING = "compaction", "pruning", "rescoring"
# Files that a change makes are named like a batch's, with this for the stream.
PRODUCT, RESCORED = "compact", "again"


@dataclass(frozen=True)
class StoredFile:
    """A data file: its name relative to the output, rows and bytes, and the CRC-32 of one that maintenance wrote."""

    name: str
    rows: int
    bytes: int
    crc: int | None = None


@dataclass(frozen=True)
class Span:
    """Rows start:stop of a data file."""

    name: str
    start: int
    stop: int


@dataclass(frozen=True)
class Change:
    """Files of one table and night, and what took their place.

    Attributes
    ----------
    number : int
        Counts the changes of this table and night, from 0.
    kind : str
        `compaction`, `rescoring`, or `pruning`: then nothing took their place.
    why : str
        What was asked for, in words.
    in_order : bool
        Whether the new files hold the old ones one behind the other; otherwise their rows are mixed by a sort.
    old, new : tuple of StoredFile
        In order.
    state : str
        `prepared` before the swap, `done` after it.
    kept : str
        Folder, relative to the output, in which the old files are kept; empty if they are not.
    answers : dict
        Of a rescoring, per module: version, fingerprint, source and artefacts of what was run; `before` and `now`: rows
        by version and counts. Empty for the other kinds.
    """

    table: str
    night: str
    number: int
    kind: str
    at: str
    why: str
    in_order: bool
    old: tuple[StoredFile, ...]
    new: tuple[StoredFile, ...]
    state: str = "prepared"
    kept: str = ""
    answers: dict[str, Any] = field(default_factory=dict)

    @property
    def id(self) -> str:
        """Names the change in the output."""
        return f"{self.table}-{self.night}-{self.number:09d}"

    def done(self) -> "Change":
        """The change after its swap."""
        return replace(self, state="done")

    def to_json(self) -> dict[str, Any]:
        """As its file keeps it."""
        return {"format": FORMAT, **asdict(self)}

    @classmethod
    def from_json(cls, content: dict[str, Any]) -> "Change":
        """The change that `to_json` wrote.

        Parameters
        ----------
        content : dict
        """
        known = {key: value for key, value in content.items() if key != "format"}
        known["old"] = tuple(StoredFile(**each) for each in content["old"])
        known["new"] = tuple(StoredFile(**each) for each in content["new"])
        return cls(**known)
