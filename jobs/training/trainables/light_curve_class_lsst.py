"""The forests of Rubin's light-curve classifier, on our simulated light curves and ELAsTiCC's."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, ClassVar

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from jobs.storage.data_files import files_of_folder
from jobs.training import light_curve_lsst_measures, light_curve_lsst_set, light_curve_set
from jobs.training.examples import Selection
from jobs.training.light_curve_lsst_set import ELASTICC
from jobs.training.seeds import seed_of
from jobs.training.splitting import groups, split
from jobs.training.trainable import Fit, Fitted, Floats, Trainable
from science_modules import light_curve_class_lsst
from science_modules.common import hierarchical_growing
from science_modules.common.hierarchical_forest import Forest
from science_modules.common.hierarchical_growing import grow, with_temperatures
from science_modules.common.light_curve_classes import LEAVES
from science_modules.light_curve_class_lsst.columns import FEATURES

_FILE = light_curve_class_lsst.ARTEFACTS[0].name
_SIMULATED, _ELASTICC = "simulated", "elasticc"


@dataclass(frozen=True)
class Data:
    """What the forests are grown on.

    Attributes
    ----------
    simulated : tuple of str
        Folders of `strix simulate lightcurves --survey lsst`.
    elasticc : tuple of str
        Parquet files of ELAsTiCC's light curves in long format.
    seed : int
        Of the pieces that simulated light curves are cut into.
    """

    simulated: tuple[str, ...] = ()
    elasticc: tuple[str, ...] = ()
    seed: int = 15


@dataclass(frozen=True)
class Settings(hierarchical_growing.Settings):
    """How they are grown and calibrated.

    Attributes
    ----------
    elasticc : float
        Share of ELAsTiCC's examples in what a tree is shown of a class that has some; 0: they only test.
    """

    elasticc: float = 0.3


class RubinForests(Trainable):
    """See science_modules/light_curve_class_lsst."""

    name = "light_curve_class_lsst"
    version = light_curve_class_lsst.MODULE.version
    classes = LEAVES
    columns = light_curve_lsst_set.COLUMNS
    features: ClassVar[Sequence[str]] = FEATURES
    data = Data
    settings = Settings
    packages = ("scikit-learn",)
    defaults: ClassVar[Mapping[str, Any]] = {
        "output": "data/training/light_curve_class_lsst", "level": "leaf", "validation": 0.0, "test": 0.0,
    }  # fmt: skip
    not_tested_on = (
        "Real light curves of Rubin: no labels of them are known but of some quasars and AGN of one deep field. Everything is"
        " measured on simulated objects, ours and ELAsTiCC's (SN Ia and SN II), and they are told apart. Rare transients (TDE,"
        " kilonovae, microlensing), flares and asteroids are no class here."
    )

    def parts(self, data: Any) -> Sequence[str]:
        """A file of light curves.

        Parameters
        ----------
        data : Data
        """
        if not data.simulated:
            raise ValueError("nothing to train on: data wants `simulated`")
        absent = [path for path in (*data.simulated, *data.elasticc) if not Path(path).exists()]
        if absent:
            raise ValueError(f"data: there is no {', '.join(absent)}")
        return [f"{_SIMULATED}:{path}" for path in _curves(data)] + [f"{_ELASTICC}:{path}" for path in data.elasticc]

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
            yield from light_curve_lsst_set.of_simulated(path, data.seed)
        else:
            yield from light_curve_lsst_set.of_elasticc(path)

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
        """The files of light curves.

        Parameters
        ----------
        data : Data
        """
        return [*_curves(data), *map(Path, data.elasticc)]

    def fit(self, fit: Fit) -> Mapping[str, bytes]:
        """The four forests, with the temperatures of forests that a fifth of the objects was kept from.

        Parameters
        ----------
        fit : Fit
        """
        table = _learned(pa.concat_tables([fit.training.table(), fit.validation.table()]), fit.settings)
        x, leaf, weight = light_curve_set.matrix(table), _column(table, "label"), weights(table, fit.settings)
        forest = grow(x, leaf, fit.settings, fit.seed, self.features, weight, _told(table))
        kept = _a_fifth(table, fit.seed)
        tried = grow(x[~kept], leaf[~kept], fit.settings, fit.seed, self.features, weight[~kept])
        tempered = with_temperatures(tried, x[kept], leaf[kept], weight[kept])
        fit.progress(1, 1)
        return {_FILE: replace(forest, temperature=tempered.temperature).to_bytes()}

    def score(self, artefacts: Mapping[str, bytes], examples: pa.Table) -> Floats:
        """The calibrated answer, classes of a branch taken to be equally frequent, and branches.

        Parameters
        ----------
        artefacts : mapping of str to bytes
            What `fit` gave.
        examples : pyarrow.Table
            Keys and `columns`.
        """
        return Forest.from_bytes(artefacts[_FILE]).predict(light_curve_set.matrix(examples)).calibrated

    def facts(self, fits: Sequence[Fitted], everything: Selection, settings: Any) -> Mapping[str, Any]:
        """What the folds say of our objects and of ELAsTiCC's, apart, by form and by the number of points.

        Parameters
        ----------
        fits, everything, settings
            As of `Trainable.facts`.
        """
        folds = [(fit.unseen.table(), fit.artefacts) for fit in fits if fit.name.startswith("fold-")]
        answered = [(table, self.score(artefacts, table)) for table, artefacts in folds if table.num_rows]
        return light_curve_lsst_measures.measured(answered)


def _curves(data: Data) -> list[Path]:
    return [path for folder in data.simulated for path in files_of_folder(Path(folder) / "light_curves")]


def _column(table: pa.Table, name: str) -> NDArray[np.object_]:
    return np.array(table[name].to_pylist(), object)


def _learned(table: pa.Table, settings: Settings) -> pa.Table:
    return table if settings.elasticc else table.filter(pa.array(_column(table, "origin") != ELASTICC))


def _told(table: pa.Table) -> str:
    names, theirs = _column(table, "object_id"), _column(table, "origin") == ELASTICC
    told = f"{len(np.unique(names[~theirs]))} simulated objects of LSST"
    return f"{told} and {len(np.unique(names[theirs]))} of ELAsTiCC" if theirs.any() else told


def weights(table: pa.Table, settings: Settings) -> Floats:
    """How often an example is shown against others of its class.

    Parameters
    ----------
    table : pyarrow.Table
        Examples with labels.
    settings : Settings

    Returns
    -------
    numpy.ndarray of float64, shape (n,)
        Summing to 1 in each class, ELAsTiCC's to `settings.elasticc` where both have some.
    """
    label, theirs = _column(table, "label"), _column(table, "origin") == ELASTICC
    weight = np.zeros(len(label))
    for name in np.unique(label):
        own = label == name
        n_theirs, n_ours = int((own & theirs).sum()), int((own & ~theirs).sum())
        share = settings.elasticc if n_theirs and n_ours else float(n_ours == 0)
        weight[own & theirs] = share / max(n_theirs, 1)
        weight[own & ~theirs] = (1 - share) / max(n_ours, 1)
    return weight


def _a_fifth(table: pa.Table, seed: int) -> NDArray[np.bool_]:
    """Of the objects of every class, ours and ELAsTiCC's apart."""
    names = _column(table, "object_id")
    strata = _column(table, "label") + "/" + _column(table, "origin")
    nowhere = np.full(len(names), np.nan)
    dealt = split(groups(names, nowhere, nowhere), names, strata, seed_of(seed, "temperature"), validation=0, test=0)
    return np.asarray(dealt.fold == 0)


TRAINABLE = RubinForests()
