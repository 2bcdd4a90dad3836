"""A module under test: its loaded state, made-up alerts that it may see, its answers to them."""

from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa

from science_modules import registry
from science_modules.common import artefacts, examples
from science_modules.common.alert_batch import AlertBatch
from science_modules.common.contract import ScienceModule
from science_modules.common.results import struct_column

N_ALERTS = 40
ALWAYS = ("survey", "alert_id", "object_id")


@dataclass(frozen=True)
class Case:
    """A module under test, with its loaded state.

    Parameters
    ----------
    module : ScienceModule
    folder : pathlib.Path
        Where its code, README.md and golden.json are.
    models : pathlib.Path
        The models directory, for its artefacts.
    """

    module: ScienceModule
    folder: Path
    models: Path

    @cached_property
    def state(self) -> Any:
        """What the module's `load` gives."""
        if self.module.load is None:
            return None
        return self.module.load(artefacts.find(self.module, self.models), **self.module.settings)

    @cached_property
    def alerts(self) -> dict[str, pa.Table]:
        """Made-up alerts of each survey that the module serves, only the columns that it declares."""
        return {
            survey: self.visible(examples.examples(N_ALERTS, survey))
            for survey in self.module.surveys or examples.SURVEYS
        }

    def visible(self, alerts: pa.Table) -> pa.Table:
        """The columns that the module declares, with made-up outputs of the modules that it reads.

        Parameters
        ----------
        alerts : pyarrow.Table
            In the common view.
        """
        wanted = registry.columns_of(self.module.inputs + self.module.optional_inputs) | set(ALWAYS)
        columns = alerts.select([name for name in alerts.column_names if name in wanted])
        for name in sorted(wanted - set(alerts.column_names)):
            columns = columns.append_column(name, self._given(name, len(alerts)))
        return columns

    def _given(self, name: str, n: int) -> pa.StructArray:
        """Made-up outputs of a module; of one that an optional input foresees and nobody wrote yet, numbers."""
        optional = [each.partition(".") for each in self.module.optional_inputs]
        foreseen = [output for giver, _, output in optional if giver == name]
        if not foreseen or name in registry.folders():
            return _outputs_of(registry.get(name), n)
        rng = np.random.default_rng(0)
        numbers = [pa.array(rng.random(n), mask=np.arange(n) % 4 == 0) for _ in foreseen]
        return pa.StructArray.from_arrays(numbers, foreseen)

    def run(self, alerts: pa.Table) -> pa.StructArray:
        """The module's answers, checked against its declaration.

        Parameters
        ----------
        alerts : pyarrow.Table
            As `visible` gives them.

        Raises
        ------
        ContractError
            If rows, columns or types differ from the declaration.
        """
        frame = self.module.run(AlertBatch(alerts), self.state)
        return struct_column(self.module, frame, len(alerts))

    def bits(self, alerts: pa.Table) -> list[str]:
        """The answers as text that tells every bit apart, one per alert.

        Parameters
        ----------
        alerts : pyarrow.Table
            As `visible` gives them.
        """
        return [repr(answer) for answer in self.run(alerts).to_pylist()]


def case(name: str, models: Path | None = None) -> Case:
    """The case of a registered module.

    Parameters
    ----------
    name : str
        The module's.
    models : pathlib.Path, optional
        The models directory; `artefacts.default_directory()` if not given.

    Raises
    ------
    UnknownModule, ResolveError
        If there is no sound module of that name.
    """
    return Case(registry.get(name), registry.folder_of(name), models or artefacts.default_directory())


def _outputs_of(module: ScienceModule, n: int) -> pa.StructArray:
    """Made-up outputs of another module, NULL in every fourth row."""
    rng = np.random.default_rng(0)
    values = [pa.array([_made_up(field.arrow.type, rng) if i % 4 else None for i in range(n)], field.arrow.type)
              for field in module.outputs]  # fmt: skip
    texts = [pa.array([module.version] * n), pa.array([None if i % 4 else "made up: no value" for i in range(n)])]
    return pa.StructArray.from_arrays([*values, *texts], fields=list(module.arrow_type))


def _made_up(type_: pa.DataType, rng: np.random.Generator) -> Any:
    if pa.types.is_list(type_):
        return [_made_up(type_.value_type, rng) for _ in range(3)]
    if pa.types.is_string(type_):
        return "made up"
    if pa.types.is_boolean(type_):
        return bool(rng.random() < 0.5)
    return int(rng.integers(1, 9)) if pa.types.is_integer(type_) else float(rng.random())
