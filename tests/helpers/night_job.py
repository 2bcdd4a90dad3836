"""A night as a job reads it, and what the kill tests write down."""

from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path

from job_process import Job

MODULES = "stetson_k,rise,kills_worker,hangs_worker,raises,dies_by_chance"
LIMIT = 20

Start = Callable[..., Job]


@dataclass(frozen=True)
class Night:
    """An input and what a job needs to read it."""

    directory: Path
    options: tuple[str, ...]

    def arguments(self, output: Path, *more: str, limit: int = LIMIT) -> list[str]:
        """Verb and options of a night over the input."""
        fixed = ["night", "--input", str(self.directory), "--output", str(output), "--modules", MODULES]
        return [*fixed, "--settle-s", "0", "--max-alerts-per-batch", str(limit), *self.options, *more]


@dataclass
class Matrix:
    """The result table of the soak: one line per disturbed output."""

    lines: list[str] = field(default_factory=list)

    def note(self, point: str, batch: str, kills: int, restarts: int, different: list[str], gaps: list[str]) -> None:
        """Add a line; fails if the tables differ or the ledger has a gap."""
        equal, balanced = ("no" if told else "yes" for told in (different, gaps))
        self.lines.append(f"| {point} | {batch} | {kills} | {restarts} | {equal} | {balanced} |")
        assert different == []
        assert gaps == []

    def table(self) -> str:
        """All lines as a Markdown table."""
        head = ["| point | batch | kills | restarts | equal | balanced |", "|---|---|---|---|---|---|"]
        return "\n".join([*head, *self.lines, ""])
