"""What a look at the input did not take, by reason or by ending, with examples: nothing is left out in silence."""

from collections import Counter
from dataclasses import dataclass, field

from jobs.common.plain_text import visible

EXAMPLES = 3

FOLDER = "folder that cannot be listed"
FILE = "file that cannot be read"
GONE = "half read and gone"
# What is lost until somebody acts; a job that met one does not end with 0.
LOSSES = (FOLDER, FILE, GONE)
LOOP = "link loop"
DANGLING = "dangling link"
SEEN = "linked folder that was entered before"
NO_FILE = "neither file nor folder"


@dataclass
class PassedOver:
    """Counts by reason or ending, and the first few paths of each with what was wrong."""

    counts: Counter[str] = field(default_factory=Counter)
    examples: dict[str, list[str]] = field(default_factory=dict)

    def add(self, reason: str, path: str, problem: str | None = None) -> None:
        """Count a path.

        Parameters
        ----------
        reason : str
            A constant of this module, an ending such as `.md5`, or HIDDEN.
        path : str
            Kept as an example while there are fewer than EXAMPLES.
        problem : str, optional
            What the system said.
        """
        self.counts[reason] += 1
        examples = self.examples.setdefault(reason, [])
        if len(examples) < EXAMPLES:
            examples.append(visible(f"{path} ({problem})" if problem else path))

    def also(self, other: "PassedOver") -> "PassedOver":
        """Both together, as a new object.

        Parameters
        ----------
        other : PassedOver
            Its examples come behind ours.
        """
        joined = PassedOver(self.counts + other.counts, {key: list(own) for key, own in self.examples.items()})
        for reason, examples in other.examples.items():
            joined.examples[reason] = [*joined.examples.get(reason, []), *examples][:EXAMPLES]
        return joined

    @property
    def lost(self) -> int:
        """How many of them are a loss until somebody acts."""
        return sum(self.counts[reason] for reason in LOSSES)
