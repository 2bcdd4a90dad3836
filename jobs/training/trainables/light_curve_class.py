"""The forests of the light-curve classifier, on simulated and real light curves."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, ClassVar

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from jobs.pipeline.alerts import packet_files
from jobs.storage.data_files import files_of_folder
from jobs.training import light_curve_measures, light_curve_set
from jobs.training.examples import Selection
from jobs.training.light_curve_infrared import with_colours
from jobs.training.light_curve_measures import KIND_OF
from jobs.training.seeds import seed_of
from jobs.training.splitting import groups, split
from jobs.training.trainable import Fit, Fitted, Floats, Trainable
from science_modules import light_curve_class
from science_modules.common import hierarchical_growing
from science_modules.common.hierarchical_forest import Forest
from science_modules.common.hierarchical_growing import grow, with_temperatures
from science_modules.common.light_curve_classes import LEAVES

_SEED_OF_MEASURES = 1
_SIMULATED, _LABELLED, _PACKETS = "simulated", "labelled", "packets"


@dataclass(frozen=True)
class Data:
    """What the forests are grown on.

    Attributes
    ----------
    simulated : tuple of str
        Folders of `strix simulate lightcurves --survey ztf --forced`.
    labelled : tuple of str
        Parquet files of real light curves in long format.
    packets : tuple of str
        Files or directories of real ZTF packets, or Parquet files of alerts without cutouts.
    seed : int
        Of the pieces that simulated light curves are cut into.
    """

    simulated: tuple[str, ...] = ()
    labelled: tuple[str, ...] = ()
    packets: tuple[str, ...] = ()
    seed: int = 15


@dataclass(frozen=True)
class Settings(hierarchical_growing.Settings):
    """How they are grown and calibrated.

    Attributes
    ----------
    real : float
        Share of real examples in what a tree is shown of a class, at most.
    real_each : float
        Of each of them, so that few are not shown over and over.
    nuclei : float
        How much oftener than a star of a stochastic class the trees of branches are shown a quasar, AGN or blazar.
    """

    real: float = 0.3
    real_each: float = 0.02
    nuclei: float = 2.5


class LightCurveForests(Trainable):
    """See science_modules/light_curve_class."""

    name = "light_curve_class"
    version = light_curve_class.MODULE.version
    classes = LEAVES
    columns = light_curve_set.COLUMNS
    features: ClassVar[Sequence[str]] = light_curve_set.FEATURES
    data = Data
    settings = Settings
    packages = ("scikit-learn",)
    defaults: ClassVar[Mapping[str, Any]] = {
        "output": "data/training/light_curve_class", "level": "leaf", "validation": 0.0, "test": 0.0,
    }  # fmt: skip
    not_tested_on = (
        "A fair sample of the stream: real light curves are of objects that somebody classified, four of five are SN Ia of the"
        " Bright Transient Survey. Classes of which no real object is among the examples are measured on simulated ones alone."
        " Rare transients (TDE, kilonovae, microlensing), flares and asteroids, which are no class here."
    )

    def parts(self, data: Any) -> Sequence[str]:
        """A file of simulated light curves or of labelled ones, files of packets.

        Parameters
        ----------
        data : Data
        """
        if not data.simulated:
            raise ValueError("nothing to train on: data wants `simulated`")
        absent = [path for path in (*data.simulated, *data.labelled, *data.packets) if not Path(path).exists()]
        if absent:
            raise ValueError(f"data: there is no {', '.join(absent)}")
        pieces = ((_SIMULATED, _curves(data)), (_LABELLED, data.labelled), (_PACKETS, data.packets))
        return [f"{kind}:{path}" for kind, paths in pieces for path in paths]

    def examples(self, part: str, data: Any) -> Iterator[pa.Table]:
        """The light curves of a part in the features that the module reads.

        Parameters
        ----------
        part : str
            Of `parts`.
        data : Data
        """
        kind, _, path = part.partition(":")
        if kind == _SIMULATED:
            yield from light_curve_set.of_simulated(path, data.seed)
        elif kind == _LABELLED:
            yield from light_curve_set.of_labelled(path)
        else:
            yield from light_curve_set.of_packets(path)

    def chosen(self, labelled: Iterator[pa.Table], data: Any) -> Iterator[pa.Table]:
        """All, with the module's names of the classes.

        Parameters
        ----------
        labelled : iterator of pyarrow.Table
            Of a part.
        data : Data
        """
        yield from map(light_curve_set.in_lower_case, labelled)

    def files(self, data: Any) -> Sequence[Path]:
        """The files of light curves and packets.

        Parameters
        ----------
        data : Data
        """
        packets = [file for path in data.packets for file in packet_files(path)]
        return [*_curves(data), *map(Path, data.labelled), *packets]

    def fit(self, fit: Fit) -> Mapping[str, bytes]:
        """The four forests, with their temperatures; half of the examples have colours of AllWISE, drawn for their class.

        Parameters
        ----------
        fit : Fit
        """
        table = pa.concat_tables([fit.training.table(), fit.validation.table()])
        forest = _calibrated(table, self.features, fit.settings, fit.seed)
        fit.progress(1, 1)
        return {f"{self.name}_ztf.npz": forest.to_bytes()}

    def score(self, artefacts: Mapping[str, bytes], examples: pa.Table) -> Floats:
        """The calibrated answer, classes of a branch taken to be equally frequent, and branches; without colours of AllWISE.

        Parameters
        ----------
        artefacts : mapping of str to bytes
            What `fit` gave.
        examples : pyarrow.Table
            Keys and `columns`.
        """
        return self._answer(artefacts, light_curve_set.matrix(examples))

    def _answer(self, artefacts: Mapping[str, bytes], x: NDArray[np.float32]) -> Floats:
        return Forest.from_bytes(artefacts[f"{self.name}_ztf.npz"]).predict(x).calibrated

    def facts(self, fits: Sequence[Fitted], everything: Selection, settings: Any) -> Mapping[str, Any]:
        """What the folds say of real and simulated objects, by kind, by form and by the number of points.

        Parameters
        ----------
        fits, everything, settings
            As of `Trainable.facts`.
        """
        folds = [(fit.unseen.table(), fit.artefacts) for fit in fits if fit.name.startswith("fold-")]
        folds = [(table, artefacts) for table, artefacts in folds if table.num_rows]
        found = light_curve_measures.measured([(table, self.score(artefacts, table)) for table, artefacts in folds])
        drawn = [(table, self._with_colours(artefacts, table)) for table, artefacts in folds]
        return {**found, **light_curve_measures.with_colours(drawn)}

    def _with_colours(self, artefacts: Mapping[str, bytes], table: pa.Table) -> Floats:
        x = light_curve_set.matrix(table)
        return self._answer(artefacts, with_colours(x, self.features, table, _SEED_OF_MEASURES, known=1.0))


def _curves(data: Data) -> list[Path]:
    return [path for folder in data.simulated for path in files_of_folder(Path(folder) / "light_curves")]


def _calibrated(table: pa.Table, features: Sequence[str], settings: Settings, seed: int) -> Forest:
    """Forests of all examples, with the temperatures of forests half as large that a fifth of the objects was kept from."""
    x, weight = with_colours(light_curve_set.matrix(table), features, table, seed), weights(table, settings)
    leaf = np.array(table["label"].to_pylist(), object)
    kept = _a_fifth(table, seed)
    forest = grow(x, leaf, settings, seed, features, weight)
    if len(np.unique(leaf[~kept])) < len(LEAVES):
        return forest
    fewer = replace(settings, trees=max(settings.trees // 2, 1))
    tried = grow(x[~kept], leaf[~kept], fewer, seed, features, weight[~kept])
    return replace(
        forest,
        temperature=with_temperatures(tried, x[kept], leaf[kept], weight[kept]).temperature,
        trained_on=np.array([_told(table)]),
    )


def _told(table: pa.Table) -> str:
    simulated = np.array(table["simulated"].to_pylist(), bool)
    names = np.array(table["object_id"].to_pylist(), object)
    counts = [len(np.unique(names[own])) for own in (simulated, ~simulated)]
    return f"{counts[0]} simulated and {counts[1]} real objects of ZTF"


def weights(table: pa.Table, settings: Settings) -> Floats:
    """How often an example is shown against others of its class: simulated ones alike, real ones more often.

    Parameters
    ----------
    table : pyarrow.Table
        Examples with labels.
    settings : Settings

    Returns
    -------
    numpy.ndarray of float64, shape (n,)
        Summing to 1 in each class, and to `nuclei` in those of active nuclei.
    """
    simulated = np.array(table["simulated"].to_pylist(), bool)
    label = np.array(table["label"].to_pylist(), object)
    weight = np.zeros(len(label))
    for name in np.unique(label):
        own = label == name
        n_real, n_simulated = int((own & ~simulated).sum()), int((own & simulated).sum())
        share = min(settings.real, settings.real_each * n_real) if n_simulated else 1.0
        whole = settings.nuclei if KIND_OF[name] == "AGN" else 1.0
        weight[own & ~simulated] = whole * share / max(n_real, 1)
        weight[own & simulated] = whole * (1 - share) / max(n_simulated, 1)
    return weight


def _a_fifth(table: pa.Table, seed: int) -> NDArray[np.bool_]:
    """Of the objects of every class, simulated and real apart."""
    rows = table.select(["object_id", "label", "simulated"]).to_pylist()
    names = np.array([row["object_id"] for row in rows], object)
    strata = np.array([f"{row['label']}/{row['simulated']}" for row in rows], object)
    nowhere = np.full(len(names), np.nan)
    dealt = split(groups(names, nowhere, nowhere), names, strata, seed_of(seed, "temperature"), validation=0, test=0)
    return np.asarray(dealt.fold == 0)


TRAINABLE = LightCurveForests()
