"""Rows of a data release for `spark.read`: stars in the common view, as `strix reprocess` gives them to its modules."""

import logging
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace

import pyarrow as pa
from pyspark.sql.datasource import DataSourceReader, InputPartition

from jobs.common.typed_names import did_you_mean
from jobs.pipeline.surveys import SURVEY_NAMES
from jobs.releases.format import Format
from jobs.releases.format import ReadOptions as ReleaseOptions
from jobs.releases.formats import FORMATS
from jobs.releases.plan import PARTITION_POINTS, Partition, Plan, PlannedFile, cells_in_file, files_of, partitions
from jobs.releases.reading import Reading, read_partition
from jobs.releases.view import VIEW_SCHEMA
from jobs.spark.options import OptionProblem, ReadOptions
from jobs.spark.rows import as_spark_takes

_LOG = logging.getLogger("strix.spark")


def schema_of(options: ReadOptions) -> pa.Schema:
    """The Arrow schema of the rows: the common view, `_healpix_29` and `release`, or those of them that `columns` names.

    Parameters
    ----------
    options : ReadOptions
        Its `columns`.

    Raises
    ------
    OptionProblem
        If `columns` names one that the rows do not have.
    """
    names = VIEW_SCHEMA.names
    for name in options.columns:
        if name not in names:
            raise OptionProblem(f"columns names {name!r}{did_you_mean(name, names)}; the rows have {', '.join(names)}")
    return pa.schema([VIEW_SCHEMA.field(name) for name in dict.fromkeys(options.columns or names)])


@dataclass
class Part(InputPartition):
    """What one task reads: a plan of one partition and its files."""

    plan: Plan


class ReleaseReader(DataSourceReader):
    """Reads a release as it is now.

    Parameters
    ----------
    asked : ReadOptions
        Of a release; pickled with the reader.

    Raises
    ------
    OptionProblem
        For a format that is none, or options that it cannot be read with.
    """

    def __init__(self, asked: ReadOptions) -> None:
        self.asked = asked
        self._format, self._options = _told(asked)

    def partitions(self) -> Sequence[InputPartition]:
        """Runs of cells of the sky, as of `strix reprocess`.

        Raises
        ------
        OptionProblem
            If the paths hold no file of the release, or one that is refused.
        """
        paths = files_of(self.asked.paths, self._format)
        if not paths:
            raise OptionProblem(f"path wants files of {self._format.name}, {', '.join(self.asked.paths)} has none")
        files = [PlannedFile.of(path) for path in paths]
        cells = [cells_in_file(k, path, self._format, self._options) for k, path in enumerate(paths)]
        for path, table in zip(paths, cells, strict=True):
            if reasons := table["message"].drop_null().to_pylist():
                raise OptionProblem(f"{path} cannot be read as {self._format.name}: {reasons[0]}")
        runs = partitions(pa.concat_tables(cells), self.asked.partition_points or PARTITION_POINTS)
        return [Part(_of_one(files, run)) for run in runs]

    def read(self, partition: InputPartition | None) -> Iterator[pa.RecordBatch]:
        """The stars of a partition; what was refused is logged with its reasons.

        Parameters
        ----------
        partition : InputPartition or None
            One of `partitions`.

        Yields
        ------
        pyarrow.RecordBatch
        """
        if not isinstance(partition, Part):
            return
        schema = as_spark_takes(schema_of(self.asked))
        reading = Reading(partition.plan, self._format, self._options, [], None)
        views, refusals = read_partition(reading, partition.plan.partitions[0])
        if refusals.num_rows:
            told = ", ".join(f"{reason} {n}" for reason, n in sorted(Counter(refusals["reason"].to_pylist()).items()))
            _LOG.warning(
                "strix: %d object(s) or file(s) of the release are not among the rows: %s", len(refusals), told
            )
        for table in views or ():
            yield from table.select(schema.names).cast(schema).combine_chunks().to_batches()


def _told(asked: ReadOptions) -> tuple[Format, ReleaseOptions]:
    if asked.release not in FORMATS:
        near = did_you_mean(asked.release, FORMATS)
        raise OptionProblem(f"release wants {', '.join(FORMATS)}; found {asked.release!r}{near}")
    survey = SURVEY_NAMES[0] if asked.survey == "auto" else asked.survey
    release, options = FORMATS[asked.release], ReleaseOptions(asked.strict, asked.column_map, survey)
    try:
        release.check(options)
    except ValueError as problem:
        raise OptionProblem(f"option columnMap: {problem}") from None
    return release, options


def _of_one(files: Sequence[PlannedFile], run: Partition) -> Plan:
    """The plan of one partition alone, so that a task of many carries no more."""
    own = tuple(files[each] for each in run.files)
    return Plan({}, own, (), (replace(run, files=tuple(range(len(own)))),))
