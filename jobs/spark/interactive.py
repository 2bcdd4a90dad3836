"""Science modules by hand: over a plain Arrow table, or as a column of a Spark DataFrame."""

from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import pyarrow as pa

from jobs.common.search_path import schema_directory
from jobs.pipeline.alerts import alert_tables
from jobs.pipeline.enrichment.modules import ALWAYS, Enrichment
from jobs.pipeline.surveys import SURVEY_NAMES
from science_modules import registry
from science_modules.common import artefacts

if TYPE_CHECKING:
    from pyspark.sql import Column


def read_packets(
    *paths: str | Path, surveys: Sequence[str] = SURVEY_NAMES, schemas: str | Path | None = None
) -> pa.Table:
    """Alert packets as a table in the common view, without Spark.

    Parameters
    ----------
    *paths : str or pathlib.Path
        Files, directories, globs, .tar or .tar.gz archives. All of it is held in memory: a night is for `strix night`.
    surveys : sequence of str
        Whose packets are taken.
    schemas : str or pathlib.Path, optional
        Directory of schemas for the Confluent wire format; $STRIX_SCHEMAS if not given.

    Returns
    -------
    pyarrow.Table
        The columns of `science_modules.common.view`, the cutouts, `candidate`, `provenance`. Duplicates stay.

    Raises
    ------
    NoInput
        If a path names nothing.
    ValueError
        If a packet cannot be read: with the reason, the number of such packets and the first one's origin. If a file
        or folder cannot be read.
    """
    return pa.concat_tables(list(alert_tables(paths, surveys, schema_directory(schemas))))


def enrich(
    table: pa.Table,
    modules: Sequence[str],
    models: Path | None = None,
    options: Mapping[str, object] | None = None,
) -> pa.Table:
    """The table with one struct column per module, without Spark; a module that raises, raises.

    Parameters
    ----------
    table : pyarrow.Table
        Alerts in the common view.
    modules : sequence of str
        Names; they run in the order that their inputs ask for.
    models : pathlib.Path, optional
        The models directory; `artefacts.default_directory()` if not given.
    options : mapping of str to object, optional
        Of the modules, as `{"period.fmax": 72}`.

    Raises
    ------
    UnknownModule, ResolveError, ArtefactError, OptionError
        If a module does not exist, does not fit, lacks its weights, or does not take an option.
    """
    resolved = registry.resolve(modules, options)
    found = {module.name: artefacts.find(module, models) for module in resolved}
    return Enrichment(resolved, found, on_error="raise").run(table)


def module_udf(
    name: str, alerts: "Column | None" = None, also: Sequence[str] = (), models: Path | None = None
) -> "Column":
    """A science module as a column of a Spark DataFrame, batch or streaming; a vectorised (Arrow) function.

        alerts.withColumn("stetson_k", module_udf("stetson_k"))

    The function gets and gives Arrow arrays, so light curves and structs pass without a Python object per point.
    Jobs run all modules in one pass instead: light curves and cutouts are decoded once for all of them.

    Parameters
    ----------
    name : str
        Of the module.
    alerts : pyspark.sql.Column, optional
        A struct that holds the module's inputs, such as `struct("*")`. By default they are taken by their names from
        the DataFrame; if one is not there, Spark's AnalysisException names it.
    also : sequence of str
        Further columns to take by name: optional inputs of the module (`strix module show`), such as `braai` for acai.
    models : pathlib.Path, optional
        As for `enrich`; the weights travel with the function.

    Returns
    -------
    pyspark.sql.Column
        A struct: the module's outputs, its version and, where an output is NULL, the reason in `error`.

    Raises
    ------
    UnknownModule, ArtefactError
        Here; a ValueError when the query runs if `alerts` lacks an input.
    """
    from pyspark.sql.functions import struct
    from pyspark.sql.pandas.functions import arrow_udf
    from pyspark.sql.pandas.types import from_arrow_type

    module = registry.get(name)
    weights = {name: artefacts.find(module, models)}
    inputs = sorted(registry.columns_of(module.inputs) | set(ALWAYS))

    def run(given: pa.Array) -> pa.Array:
        table = pa.Table.from_struct_array(given)
        if lacking := [each for each in inputs if each not in table.column_names]:
            raise ValueError(f"{name} reads {', '.join(inputs)}; the struct lacks {', '.join(lacking)}")
        known = table.drop_columns([name]) if name in table.column_names else table
        return Enrichment([registry.get(name)], weights).run(known)[name].combine_chunks()

    # Spark reads the kind of function from run's type hints; its stubs want that kind as a third argument
    udf: Callable[[Column], Column] = arrow_udf(run, from_arrow_type(module.arrow_type))  # type: ignore[call-overload]
    return udf(struct(*inputs, *also) if alerts is None else alerts)
