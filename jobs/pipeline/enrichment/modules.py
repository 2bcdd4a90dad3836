"""Science modules over one Arrow table: every module in its order, one struct column each, no alert ever lost."""

import time
from collections.abc import Mapping, Sequence
from typing import Any, Literal

import pyarrow as pa
import pyarrow.compute as pc

from jobs.pipeline.enrichment.isolation import LOADING, Watchdog
from science_modules import registry
from science_modules.common.alert_batch import AlertBatch
from science_modules.common.contract import ScienceModule
from science_modules.common.results import reason_column, struct_column

ALWAYS = ("survey", "alert_id", "object_id")  # what a module may read without declaring it
MAX_MESSAGE = 500

Artefacts = Mapping[str, Mapping[str, bytes]]

_STATES: dict[tuple[object, ...], Any] = {}  # loaded once per process, whatever the number of batches


class Enrichment:
    """The science of a job.

    Parameters
    ----------
    modules : sequence of ScienceModule
        In the order in which they run (`registry.resolve`).
    artefacts : mapping
        Module name to its verified artefacts by name (`artefacts.find`); modules without may be left out.
    on_error : {"null", "raise"}
        What happens to an alert on which a module raises: NULL with the reason `failed: ...`, or the exception.
    watchdog : Watchdog, optional
        Told of each step: `load:NAME` before a module is loaded, `module:NAME` before each of its calls.

    Attributes
    ----------
    seconds : dict of str to float
        What each module took in the last run.
    """

    def __init__(
        self,
        modules: Sequence[ScienceModule],
        artefacts: Artefacts | None = None,
        on_error: Literal["null", "raise"] = "null",
        watchdog: Watchdog | None = None,
    ) -> None:
        self.modules = tuple(modules)
        self._artefacts = artefacts or {}
        self._on_error = on_error
        self._watchdog = watchdog
        self.seconds: dict[str, float] = {}

    def run(self, table: pa.Table) -> pa.Table:
        """The table with one struct column per module.

        Parameters
        ----------
        table : pyarrow.Table
            Alerts in the common view, of any surveys.

        Returns
        -------
        pyarrow.Table
            The same rows and columns, then one column per module, of `module.arrow_type`.

        Raises
        ------
        ValueError
            If the table has a column of a module's name.
        """
        served = _Served(table)
        for module in self.modules:
            if module.name in served.everything.table.column_names:
                raise ValueError(f"the table has a column {module.name!r} already")
            began = time.perf_counter()
            served.add(_field(module), self._column(module, served))
            self.seconds[module.name] = time.perf_counter() - began
        return served.everything.table

    def _column(self, module: ScienceModule, served: "_Served") -> pa.StructArray:
        """The module's answers for the surveys it serves, and `not applicable` for the rest."""
        batch, rest = served.of(module.surveys)
        answers = self._answers(module, batch.select(_visible(module)))
        if rest is None:
            return answers
        others = [f"not applicable: survey {name}" for name in served.surveys]
        values = pa.concat_arrays([answers, *(reason_column(module, reason, 1) for reason in others)])
        return values.take(rest)

    def _answers(self, module: ScienceModule, batch: AlertBatch) -> pa.StructArray:
        if not len(batch):
            return pa.array([], type=module.arrow_type)
        state = self._state(module)
        parts = _in_parts(batch, module.rows_at_once)
        return pa.concat_arrays([self._answered(module, state, part) for part in parts])

    def _answered(self, module: ScienceModule, state: Any, batch: AlertBatch) -> pa.StructArray:
        if self._watchdog is not None:
            self._watchdog.step(f"module:{module.name}")
        if self._on_error == "raise":
            return struct_column(module, module.run(batch, state), len(batch))
        return _halved(module, state, batch)

    def _state(self, module: ScienceModule) -> Any:
        if module.load is None:
            return None
        key = (module.name, module.version, module.artefact_hash, module.given)
        if key not in _STATES:
            if self._watchdog is not None:
                self._watchdog.step(f"load:{module.name}", LOADING)
            _STATES[key] = module.load(self._artefacts.get(module.name, {}), **module.settings)
        return _STATES[key]


class _Served:
    """The alerts of a batch by the surveys that a module serves; shared work is done once per set of surveys."""

    def __init__(self, table: pa.Table) -> None:
        self.everything = AlertBatch(table)
        self._of = table["survey"].combine_chunks()
        self.surveys: list[str] = pc.unique(self._of).to_pylist()
        self._subsets: dict[frozenset[str], tuple[AlertBatch, pa.Array]] = {}

    def of(self, surveys: Sequence[str]) -> tuple[AlertBatch, pa.Array | None]:
        """The alerts of these surveys; and, unless that is all, per alert its row in [answers, one per survey]."""
        wanted = frozenset(surveys or self.surveys) & frozenset(self.surveys)
        if len(wanted) == len(self.surveys):
            return self.everything, None
        mask = pc.is_in(self._of, value_set=pa.array(sorted(wanted), pa.string()))
        if wanted not in self._subsets:
            self._subsets[wanted] = AlertBatch(self.everything.table.filter(mask)), mask
        return self._subsets[wanted][0], self._places(mask)

    def add(self, field: pa.Field, column: pa.StructArray) -> None:
        """Append a module's column to the batch and to every part of it."""
        self.everything = self.everything.with_column(field, column)
        for key, (batch, mask) in self._subsets.items():
            self._subsets[key] = batch.with_column(field, column.filter(mask)), mask

    def _places(self, mask: pa.Array) -> pa.Array:
        counted = pc.cumulative_sum(mask.cast(pa.int64()))
        n_served = counted[-1].as_py()
        survey = pc.index_in(self._of, value_set=pa.array(self.surveys))
        return pc.if_else(mask, pc.subtract(counted, 1), pc.add(survey.cast(pa.int64()), n_served))


def _visible(module: ScienceModule) -> set[str]:
    """The columns that a module declares: it sees no others."""
    return registry.columns_of(module.inputs + module.optional_inputs) | set(ALWAYS)


def _in_parts(batch: AlertBatch, rows: int) -> list[AlertBatch]:
    if len(batch) <= rows:
        return [batch]
    return [AlertBatch(batch.table.slice(start, rows)) for start in range(0, len(batch), rows)]


def _halved(module: ScienceModule, state: Any, batch: AlertBatch) -> pa.StructArray:
    """The answers; where the module raises, the batch is halved until the bad alert is alone."""
    try:
        return struct_column(module, module.run(batch, state), len(batch))
    except Exception as error:  # noqa: BLE001 - the one place where a module's failure becomes its answer
        if len(batch) == 1:
            return reason_column(module, f"failed: {type(error).__name__}: {error}"[:MAX_MESSAGE], 1)
    half = len(batch) // 2
    parts = (AlertBatch(batch.table.slice(0, half)), AlertBatch(batch.table.slice(half)))
    return pa.concat_arrays([_halved(module, state, part) for part in parts])


def _field(module: ScienceModule) -> pa.Field:
    """The module's column says where it comes from, as its fields say unit and description."""
    metadata = {"unit": "", "description": f"{module.name} {module.version}; {module.source}"}
    return pa.field(module.name, module.arrow_type, metadata=metadata)
