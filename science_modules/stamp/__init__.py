"""What an alert is, from its stamps and fields alone: AGN, supernova, variable star, asteroid or bogus."""

from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from science_modules.common.alert_batch import AlertBatch
from science_modules.common.boosted_trees import Floats, probabilities
from science_modules.common.contract import Artefact, Artefacts, Field, ScienceModule
from science_modules.common.reasons import first_reason
from science_modules.common.stamp_rules import said_first, seen_earlier, with_rules
from science_modules.common.ztf_stamps import planes
from science_modules.stamp import history, image_numbers, metadata
from science_modules.stamp.trees import ALONE, WITH_HISTORY, Trees

CLASSES = ("AGN", "SN", "VS", "asteroid", "bogus")
ASTEROID, SN = CLASSES.index("asteroid"), CLASSES.index("SN")
STAR_SCORE, STAR_ARCSEC = 0.5, 1.0  # a supernova is not announced on such a star

_RAW = tuple(f"raw_{name.lower()}" for name in CLASSES)
_USED = tuple(f"p_{name.lower()}" for name in CLASSES)
_IN_WORDS = ("active galactic nucleus", "supernova", "variable star", "Solar-system object", "bogus")
_NEEDED = ("magpsf", "sigmapsf")  # an alert that lacks them is no measurement

_SOURCE = "science_modules/stamp/growing.py on real and simulated ZTF alerts; its card is README.md"
ARTEFACTS = (
    Artefact(
        name=ALONE,
        sha256="b9459c8a5dbd30fced39ad9878ab2c34eabfd543d314dd9b90e8bc2c543d9943",
        source=_SOURCE,
        licence="Apache-2.0",
    ),
    Artefact(
        name=WITH_HISTORY,
        sha256="2c77d9ef01f88c5413f2e29e4476909803425a5d35615a5612f44cce4e4a2d8c",
        source=_SOURCE,
        licence="Apache-2.0",
    ),
)


def load(artefacts: Artefacts) -> Trees:
    """The trees; what is compiled is made ready here.

    Parameters
    ----------
    artefacts : mapping of str to bytes
        Verified, those of ARTEFACTS.

    Raises
    ------
    ValueError
        If the trees were grown on other features than this version computes.
    """
    image_numbers.image_numbers(np.zeros((1, 3, 63, 63), np.float32))
    history.make_ready()
    return Trees.read(artefacts)


def run(batch: AlertBatch, trees: Trees) -> pd.DataFrame:
    """One row per alert: raw and used probabilities, class, flags, error.

    Parameters
    ----------
    batch : AlertBatch
        With the module's inputs.
    trees : Trees
        What `load` gives.
    """
    fields = metadata.metadata(batch)
    error = reasons(batch, fields)
    rows = np.flatnonzero([reason is None for reason in error])
    raw, used = np.full((len(batch), 5), np.nan), np.full((len(batch), 5), np.nan)
    earlier = seen_earlier(batch)
    if len(rows):
        numbers = np.hstack([fields, image_numbers.image_numbers(planes(batch))])[rows]
        logits = trees.alone.logits(numbers)
        raw[rows] = probabilities(logits)
        used[rows] = trees.calibrated(logits, numbers, history.history(batch)[rows], earlier[rows])
    known = np.asarray(batch["is_known_sso"], np.float64) == 1
    used = with_rules(used, earlier, known, ASTEROID, (ASTEROID,))
    columns = dict(zip((*_RAW, *_USED), np.hstack([raw, used]).T.astype(np.float32), strict=True))
    return pd.DataFrame(columns).assign(**_said(batch, used, earlier), error=error)


def reasons(batch: AlertBatch, fields: Floats) -> NDArray[Any]:
    """Why there is no answer, shape (n,); None where there is one.

    Parameters
    ----------
    batch : AlertBatch
        With the module's inputs.
    fields : numpy.ndarray of float64, shape (n, len(metadata.NAMES))
        As `metadata.metadata` gives them.
    """
    error = reasons_of_fields(batch, fields)
    return np.array([field or image for field, image in zip(error, batch.stamps.unusable, strict=True)], object)


def reasons_of_fields(batch: AlertBatch, fields: Floats) -> NDArray[Any]:
    """Why the packet's fields alone allow no answer, shape (n,); None where they do.

    Parameters
    ----------
    batch : AlertBatch
        With `is_positive`.
    fields : numpy.ndarray of float64, shape (n, len(metadata.NAMES))
        As `metadata.metadata` gives them.
    """
    absent = [(np.isnan(fields[:, metadata.NAMES.index(name)]), f"no candidate.{name}") for name in _NEEDED]
    return first_reason(*absent, (np.isnan(np.asarray(batch["is_positive"], np.float64)), "no is_positive"))


def _said(batch: AlertBatch, used: Floats, earlier: NDArray[np.bool_]) -> dict[str, Any]:
    """The class, whether it is the object's first alert, whether it is a supernova to be announced."""
    answered = np.isfinite(used[:, 0])
    best = np.where(answered, np.nan_to_num(used).argmax(axis=1), 0)
    star = (batch["candidate.sgscore1"] > STAR_SCORE) & _near(batch["candidate.distpsnr1"])
    candidate = (best == SN) & (np.asarray(batch["is_positive"], np.float64) == 1) & ~star
    first = said_first(earlier, batch["age_days"])
    said = {"top_class": np.array(CLASSES, object)[best], "is_first": first, "is_sn_candidate": candidate}
    return {name: np.where(answered, values.astype(object), None) for name, values in said.items()}


def _near(arcsec: NDArray[Any]) -> NDArray[np.bool_]:
    return np.asarray((arcsec >= 0) & (arcsec < STAR_ARCSEC))


def _probabilities(names: tuple[str, ...], what: str) -> tuple[Field, ...]:
    return tuple(Field(name, "float32", "", f"{what}: {said}") for name, said in zip(names, _IN_WORDS, strict=True))


MODULE = ScienceModule(
    name="stamp",
    version="1.1.0",
    inputs=(
        *("cutouts", "mjd", "age_days", "is_positive", "is_known_sso", "gal_b", "ecl_lat", "light_curve"),
        *(f"candidate.{name}" for name in ("xpos", "ypos", *metadata.FIELDS)),
    ),
    outputs=(
        *_probabilities(_RAW, "probability from this alert alone, not calibrated"),
        *_probabilities(
            _USED,
            "calibrated probability, after earlier fluxes of the packet, and what history and orbits of known objects rule out",
        ),
        Field("top_class", "string", "", "the class of the highest calibrated probability"),
        Field(
            "is_first", "bool", "", "the survey knows no detection of the object half an hour or more before this one"
        ),
        Field("is_sn_candidate", "bool", "", "class SN, brighter than the reference, not within 1 arcsec of a star"),
    ),
    run=run,
    load=load,
    artefacts=ARTEFACTS,
    surveys=("ztf",),
    source="task of Carrasco-Davis et al. 2021, AJ 162, 231; trees of Friedman 2001, Annals of Statistics 29, 1189",
)
