"""What gives the answers of an evaluation."""

from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from typing import Protocol

import pyarrow as pa

from jobs.archive.find_cutouts import Key, Triplet
from jobs.reports.evaluation.classifier import Classifier

Tell = Callable[[int], None]
# Keys of an alert: survey, alert id, night, file.
Row = tuple[str, int, int, str | None]


class AnswerSource(Protocol):
    """Where answers come from.

    Attributes
    ----------
    words : str
        What it is.
    refused : Counter
        Packets that could not be read, by reason; of what was read so far.
    """

    words: str
    refused: "Counter[str]"

    def fields(self, name: str) -> list[str]:
        """The outputs of a module.

        Parameters
        ----------
        name : str
            Of its column.
        """
        ...

    def version(self, name: str) -> str:
        """The version of a module, empty if nothing says it.

        Parameters
        ----------
        name : str
            Of its column.
        """
        ...

    def pieces(self, classifiers: Sequence[Classifier], tell: Tell) -> Iterator[pa.Table]:
        """FACTS, FILE and the classifiers' columns, some rows at a time.

        Parameters
        ----------
        classifiers : sequence of Classifier
        tell : callable
            Takes the number of alerts so far.
        """
        ...

    def pictured(self, rows: Sequence[Row]) -> tuple[pa.Table, dict[Key, Triplet]]:
        """Some alerts with all that a picture shows: rows of the common view, and cutouts.

        Parameters
        ----------
        rows : sequence of Row
            Their keys.
        """
        ...
