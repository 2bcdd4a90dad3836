"""Answers that the science table of an output holds."""

from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from jobs.archive.find import by_key
from jobs.archive.find_cutouts import Key, Triplet, find_cutouts
from jobs.archive.scan import Scan
from jobs.reports.evaluation.answer_source import Row, Tell
from jobs.reports.evaluation.answers import FACTS, FILE
from jobs.reports.evaluation.classifier import Classifier, columns_of
from jobs.storage.layout import Layout
from jobs.storage.schema_union import common_schema


@dataclass
class StoredAnswers:
    """Answers that an output holds. See `AnswerSource`."""

    layout: Layout
    schemas: str | None
    words: str = ""
    refused: "Counter[str]" = field(default_factory=Counter)

    def __post_init__(self) -> None:
        self.words = f"answers that {self.layout.root.name}/science holds"
        self._schema = common_schema([pq.read_schema(path) for path in self.layout.files("science")])

    def fields(self, name: str) -> list[str]:
        """The outputs of a module.

        Parameters
        ----------
        name : str
            Of its column.
        """
        return [each.name for each in self._schema.field(name).type]

    def version(self, name: str) -> str:
        """The version of a module, empty if nothing says it.

        Parameters
        ----------
        name : str
            Of its column.
        """
        return ", ".join(sorted(versions_in(self.layout, name) - {""}))

    def pieces(self, classifiers: Sequence[Classifier], tell: Tell) -> Iterator[pa.Table]:
        """FACTS, FILE and the classifiers' columns, some rows at a time.

        Parameters
        ----------
        classifiers : sequence of Classifier
        tell : callable
            Takes the number of alerts so far.
        """
        done = 0
        for piece in Scan.of(self.layout.root, columns=[*FACTS, FILE, *columns_of(classifiers)]).pieces():
            done += piece.num_rows
            tell(done)
            yield piece

    def pictured(self, rows: Sequence[Row]) -> tuple[pa.Table, dict[Key, Triplet]]:
        """Some alerts with all that a picture shows: rows of the common view, and cutouts.

        Parameters
        ----------
        rows : sequence of Row
            Their keys.
        """
        keys = [(survey, alert, night) for survey, alert, night, _ in rows]
        return by_key(self.layout, keys), find_cutouts(self.layout, keys, self.schemas)


def versions_in(layout: Layout, name: str) -> set[str]:
    """The versions of a module that the science files of an output name; empty text where it was not run.

    Parameters
    ----------
    layout : Layout
    name : str
        Of the module's column.
    """
    versions: set[str] = set()
    for path in layout.files("science"):
        with pq.ParquetFile(path) as file:
            column = file.schema_arrow.field(name) if name in file.schema_arrow.names else None
            if column is None or not pa.types.is_struct(column.type) or column.type.get_field_index("version") < 0:
                versions.add("")
                continue
            told = file.read(columns=[f"{name}.version"])[name]
            versions |= {version or "" for version in pc.unique(pc.struct_field(told, "version")).to_pylist()}
    return versions
