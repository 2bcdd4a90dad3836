"""The isolation forest of a survey, on nights of the science table and windows of labelled light curves."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, ClassVar

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from jobs.pipeline.surveys import SURVEY_NAMES
from jobs.storage import data_files
from jobs.training.anomaly_set import light_curve_rows, science_rows
from jobs.training.examples import Selection
from jobs.training.trainable import Fit, Fitted, Floats, Trainable
from science_modules import registry
from science_modules.anomaly.forest import Forest
from science_modules.anomaly.selection import INPUTS
from science_modules.anomaly.training import Settings, share_beyond, train, what

_FEATURES = "lc_features"
_STATISTICS = [name.partition(".")[2] for name in INPUTS if name.startswith(f"{_FEATURES}.")]
_NIGHT, _CURVES = "night", "light curves"
_KEY_OF = {"is_simulated": "simulated"}


@dataclass(frozen=True)
class Data:
    """What the forest is grown on.

    Attributes
    ----------
    survey : str
        Whose alerts.
    science : tuple of str
        Science tables: directories with night=*/.
    nights : tuple of int
        First and last, YYYYMMDD.
    light_curves : tuple of str
        Parquet files of labelled light curves in long format.
    objects : int
        At most so many of each light-curve file.
    """

    survey: str = "ztf"
    science: tuple[str, ...] = ()
    nights: tuple[int, ...] = (0, 99999999)
    light_curves: tuple[str, ...] = ()
    objects: int = 300


class AnomalyForest(Trainable):
    """See science_modules/anomaly."""

    name = "anomaly"
    version = registry.get("anomaly").version
    columns = pa.schema(
        [
            pa.field("mjd", pa.float64()),
            pa.field("quality_ok", pa.bool_()),
            pa.field("real_bogus", pa.float64()),
            pa.field(
                _FEATURES,
                pa.struct([each.arrow for each in registry.get(_FEATURES).outputs if each.name in _STATISTICS]),
            ),
        ]
    )
    data = Data
    settings = Settings
    packages = ("coniferest",)
    # It is grown on all that passes its cuts; each half is scored by the forest of the other.
    defaults: ClassVar[Mapping[str, Any]] = {
        "output": "data/training/anomaly",
        "folds": 2,
        "validation": 0.0,
        "test": 0.0,
    }
    not_tested_on = (
        "Real anomalies: none are labelled. `share beyond` says only whether unseen objects score as those that the forest was"
        " grown on. The percentile ranks against this sample; where it is no fair sample of the stream, it is no rate."
    )

    def parts(self, data: Any) -> Sequence[str]:
        """A night of a science table, or a file of light curves.

        Parameters
        ----------
        data : Data
        """
        if data.survey not in SURVEY_NAMES:
            raise ValueError(f"data: survey is {data.survey!r}, it can be {', '.join(SURVEY_NAMES)}")
        nights = [f"{_NIGHT}:{night}:{table}" for table in data.science for night in _nights(Path(table), data.nights)]
        parts = [*nights, *(f"{_CURVES}:{path}" for path in data.light_curves)]
        if not parts:
            raise ValueError("nothing to train on: data wants `science` or `light_curves`")
        return parts

    def examples(self, part: str, data: Any) -> Iterator[pa.Table]:
        """Alerts with the statistics that the forest splits on; those that its cuts refuse are among them.

        Parameters
        ----------
        part : str
            Of `parts`.
        data : Data
        """
        kind, _, rest = part.partition(":")
        if kind == _CURVES:
            table = light_curve_rows(Path(rest), data.survey, data.objects)
            name = Path(rest).name
        else:
            night, _, folder = rest.partition(":")
            table, name = science_rows(Path(folder), data.survey, (int(night), int(night))), Path(folder).name
        table = table.drop_columns([_FEATURES]).append_column(_FEATURES, _of_the_forest(table[_FEATURES]))
        table = table.rename_columns({name: _KEY_OF.get(name, name) for name in table.column_names})
        yield table.append_column("source", pa.array([name] * table.num_rows, pa.string()))

    def files(self, data: Any) -> Sequence[Path]:
        """The files of the nights, and the light curves.

        Parameters
        ----------
        data : Data
        """
        nights = [(Path(table), night) for table in data.science for night in _nights(Path(table), data.nights)]
        of_nights = [file for table, night in nights for file in data_files.files_of_night(table, night)]
        return [*of_nights, *map(Path, data.light_curves)]

    def fit(self, fit: Fit) -> Mapping[str, bytes]:
        """The forest; none of a fold that has too few light curves for one tree.

        Parameters
        ----------
        fit : Fit
        """
        table = fit.training.table()
        survey = table["survey"][0].as_py() if table.num_rows else "none"
        try:
            forest = train(table, fit.settings)
        except ValueError:
            if fit.name.startswith("fold-"):
                return {}
            raise
        fit.progress(1, 1)
        return {f"forest_{survey}.npz": forest.to_bytes()}

    def score(self, artefacts: Mapping[str, bytes], examples: pa.Table) -> Floats:
        """Nothing: it has no classes.

        Parameters
        ----------
        artefacts : mapping
        examples : pyarrow.Table
        """
        return np.empty((examples.num_rows, 0))

    def facts(self, fits: Sequence[Fitted], everything: Selection, settings: Any) -> Mapping[str, Any]:
        """What it was grown on, and how much of each half lies beyond the worst 5 % and 1 % of the other half's forest.

        Parameters
        ----------
        fits, everything, settings
            As of `Trainable.facts`.
        """
        folds = [fit for fit in fits if fit.name.startswith("fold-")]
        found: dict[str, Any] = what(everything.table(), settings)
        if folds and all(fit.artefacts for fit in folds):
            shares = [share_beyond(_forest(fit), fit.unseen.table(), settings) for fit in folds]
            for limit in (95, 99):
                found[f"share beyond {limit}"] = round(float(np.mean([each[limit] for each in shares])), 4)
        return found


def _of_the_forest(features: pa.ChunkedArray) -> pa.Array:
    """The statistics that it splits on, of nights whatever version of lc_features wrote them; NULL where one had none yet."""
    struct = features.combine_chunks()
    known = {struct.type.field(i).name for i in range(struct.type.num_fields)}
    fields = list(AnomalyForest.columns.field(_FEATURES).type)
    values = [
        pc.struct_field(struct, field.name).cast(field.type)
        if field.name in known
        else pa.nulls(len(struct), field.type)
        for field in fields
    ]
    return pa.StructArray.from_arrays(values, fields=fields)


def _forest(fit: Fitted) -> Forest:
    return Forest.from_bytes(next(iter(fit.artefacts.values())))


def _nights(table: Path, nights: Sequence[int]) -> list[str]:
    first, last = nights
    found = [night for night in data_files.nights(table) if night.isdigit() and first <= int(night) <= last]
    if not found:
        raise ValueError(f"{table} has no night from {first} to {last}")
    return found


TRAINABLE = AnomalyForest()
