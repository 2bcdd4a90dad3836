"""Science modules by hand: over a plain Arrow table, or as a column of a Spark DataFrame."""

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import pyarrow as pa

from jobs.corridor.enrichment import Enrichment
from science_modules import registry
from science_modules.common import artefacts

if TYPE_CHECKING:
    from pyspark.sql import Column


def enrich(table: pa.Table, modules: Sequence[str], models: Path | None = None) -> pa.Table:
    """The table with one struct column per module, without Spark; a module that raises, raises.

    Parameters
    ----------
    table : pyarrow.Table
        Alerts in the common view.
    modules : sequence of str
        Names; they run in the order that their inputs ask for.
    models : pathlib.Path, optional
        The models directory; `artefacts.default_directory()` if not given.

    Raises
    ------
    UnknownModule, ResolveError, ArtefactError
        If a module does not exist, does not fit, or lacks its weights.
    """
    resolved = registry.resolve(modules)
    found = {module.name: artefacts.find(module, models) for module in resolved}
    return Enrichment(resolved, found, on_error="raise").run(table)


def module_udf(name: str, models: Path | None = None) -> "Callable[[Column], Column]":
    """A science module as a vectorised Spark function of one struct column that holds the common view.

        alerts.withColumn("stetson_k", module_udf("stetson_k")(struct("*")))

    The function gets and gives Arrow arrays, so light curves and structs pass without a Python object per point.
    For jobs use `Enrichment` in one `mapInArrow`: it decodes light curves and stamps once for all modules.

    Parameters
    ----------
    name : str
    models : pathlib.Path, optional
        As for `enrich`; the weights travel with the function.

    Raises
    ------
    UnknownModule, ArtefactError
    """
    from pyspark.sql.pandas.functions import arrow_udf
    from pyspark.sql.pandas.types import from_arrow_type

    module = registry.get(name)
    weights = {name: artefacts.find(module, models)}

    def run(alerts: pa.Array) -> pa.Array:
        enriched = Enrichment([registry.get(name)], weights).run(pa.Table.from_struct_array(alerts))
        return enriched[name].combine_chunks()

    # Spark reads the kind of function from run's type hints; its stubs want that kind as a third argument
    udf: Callable[[Column], Column] = arrow_udf(run, from_arrow_type(module.arrow_type))  # type: ignore[call-overload]
    return udf
