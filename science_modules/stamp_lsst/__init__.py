"""What a Rubin alert is, from its stamps and fields alone: AGN, supernova, variable star, asteroid, bogus or satellite."""

from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from science_modules.common import image_numbers
from science_modules.common.alert_batch import AlertBatch
from science_modules.common.boosted_trees import Floats, Forest, probabilities
from science_modules.common.contract import Artefact, Artefacts, Field, ScienceModule
from science_modules.common.reasons import first_reason
from science_modules.common.rubin_stamps import levels, planes
from science_modules.common.stamp_rules import said_first, seen_earlier, with_rules
from science_modules.stamp_lsst import fields

CLASSES = ("AGN", "SN", "VS", "asteroid", "bogus", "satellite")
ASTEROID, SATELLITE = CLASSES.index("asteroid"), CLASSES.index("satellite")
# Numbers of the image that differ between simulated and real alerts of one class more than classes differ: real galaxies are
# not round, and subtraction leaves more of them. The last ring and `missing` tell the size of the stamp.
_TELLTALE = (
    *("asymmetry", "offset", "elongation", "peak_share", "missing", "grain_6", "grain_7", "light_7"),
    "noise_difference_template",  # the same noise is taken for both
)
_KEPT = ("difference_asymmetry", "difference_offset", "difference_elongation", "science_elongation")
_NUMBERS = tuple(name for name in image_numbers.NAMES if not name.endswith(_TELLTALE) or name in _KEPT)
_COLUMNS = [image_numbers.NAMES.index(name) for name in _NUMBERS]
FEATURES = (*fields.NAMES, *_NUMBERS)

_RAW = tuple(f"raw_{name.lower()}" for name in CLASSES)
_USED = tuple(f"p_{name.lower()}" for name in CLASSES)
_IN_WORDS = (
    *("active galactic nucleus", "supernova", "variable star", "Solar-system object", "bogus"),
    "streak of a satellite",
)
_NEEDED = ("psfFlux", "psfFluxErr")  # an alert that lacks them is no measurement

ARTEFACTS = (
    Artefact(
        name="stamp_lsst.npz",
        sha256="140b20b7be0da0ba9fa0ee1a06c113a0e20d8bf79f3be9900bd9ad34f2c7a721",
        source="strix train stamp_lsst on simulated LSST alerts; its card is README.md",
        licence="Apache-2.0",
    ),
)


def load(artefacts: Artefacts) -> Forest:
    """The trees; the compiled walk is made ready here.

    Parameters
    ----------
    artefacts : mapping of str to bytes
        Verified, `stamp_lsst.npz`.

    Raises
    ------
    ValueError
        If the trees were grown on other features than this version computes.
    """
    image_numbers.image_numbers(np.zeros((1, 3, 63, 63), np.float32), np.ones((1, 3, 2)))
    return Forest.of_features(artefacts["stamp_lsst.npz"], FEATURES)


def run(batch: AlertBatch, forest: Forest) -> pd.DataFrame:
    """One row per alert: raw and used probabilities, class, whether it is the first alert, error.

    Parameters
    ----------
    batch : AlertBatch
        With the module's inputs.
    forest : Forest
        What `load` gives.
    """
    error = reasons(batch)
    rows = np.flatnonzero([reason is None for reason in error])
    raw, used = np.full((2, len(batch), len(CLASSES)), np.nan)
    if len(rows):
        logits = forest.logits(features(batch)[rows])
        raw[rows] = probabilities(logits)
        used[rows] = probabilities(logits, float(forest.temperature[0]))
    earlier = seen_earlier(batch)
    known = np.asarray(batch["is_known_sso"], np.float64) == 1
    used = with_rules(used, earlier, known, ASTEROID, (ASTEROID, SATELLITE))
    columns = dict(zip((*_RAW, *_USED), np.hstack([raw, used]).T.astype(np.float32), strict=True))
    return pd.DataFrame(columns).assign(**_said(batch, used, earlier), error=error)


def features(batch: AlertBatch) -> Floats:
    """The numbers that the trees may split on, shape (n, len(FEATURES)); NaN where not defined.

    Parameters
    ----------
    batch : AlertBatch
        With the module's inputs.
    """
    images = planes(batch)
    return np.hstack([fields.fields(batch), image_numbers.image_numbers(images, levels(images))[:, _COLUMNS]])


def reasons(batch: AlertBatch) -> NDArray[Any]:
    """Why there is no answer, shape (n,); None where there is one.

    Parameters
    ----------
    batch : AlertBatch
        With the module's inputs.
    """
    absent = [
        (np.isnan(np.asarray(batch[f"candidate.{name}"], np.float64)), f"no diaSource.{name}") for name in _NEEDED
    ]
    error = first_reason(*absent, (np.isnan(np.asarray(batch["is_positive"], np.float64)), "no is_positive"))
    return np.array([field or image for field, image in zip(error, batch.stamps.unusable, strict=True)], object)


def _said(batch: AlertBatch, used: Floats, earlier: NDArray[np.bool_]) -> dict[str, Any]:
    """The class, and whether it is the object's first alert."""
    answered = np.isfinite(used[:, 0])
    best = np.where(answered, np.nan_to_num(used).argmax(axis=1), 0)
    top = np.array(CLASSES, object)[best]
    first = said_first(earlier, batch["age_days"]).astype(object)
    top[~answered] = first[~answered] = None
    return {"top_class": top, "is_first": first}


def _probabilities(names: tuple[str, ...], what: str) -> tuple[Field, ...]:
    return tuple(Field(name, "float32", "", f"{what}: {said}") for name, said in zip(names, _IN_WORDS, strict=True))


MODULE = ScienceModule(
    name="stamp_lsst",
    version="1.0.0",
    inputs=(
        *("cutouts", "mjd", "age_days", "is_positive", "is_known_sso", "gal_b", "lc_mjd", "lc_kind"),
        *(f"candidate.{name}" for name in ("x", "y", *fields.FIELDS)),
    ),
    outputs=(
        *_probabilities(_RAW, "probability from this alert alone, not calibrated on real alerts"),
        *_probabilities(_USED, "probability after what the packet's history and orbits of known objects rule out"),
        Field("top_class", "string", "", "the class of the highest probability after the rules"),
        Field(
            "is_first", "bool", "", "the survey knows no detection of the object half an hour or more before this one"
        ),
    ),
    run=run,
    load=load,
    artefacts=ARTEFACTS,
    surveys=("lsst",),
    source="task of Carrasco-Davis et al. 2021, AJ 162, 231; trees of Friedman 2001, Annals of Statistics 29, 1189",
)
