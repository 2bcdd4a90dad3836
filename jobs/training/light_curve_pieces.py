"""Pieces of light curves as a classifier meets them: an alert's history, a season, years; differences or whole fluxes.

Supernovae that somebody classified come as differences, stars of another survey as whole magnitudes, alerts of stars as thirty
days. A piece of every class in every form keeps the form from telling the class.
"""

from dataclasses import dataclass, replace

import numpy as np
import pandas as pd
import pyarrow as pa
from numpy.typing import NDArray

from jobs.training.light_curve_sources import Light
from science_modules.common.photometry import flux_of_magnitude
from science_modules.common.view import LIGHT_CURVE

Floats = NDArray[np.float64]
Bools = NDArray[np.bool_]

# What is known of a piece: the difference alone; difference and source itself; the source alone, as data releases have it;
# the source's magnitudes in the place of the difference's, as in light curves of which nobody says what they are.
DIFFERENCE, BOTH, TOTAL, AS_DIFFERENCE = FORMS = ("difference", "both", "total", "as_difference")
# Nuclei under transients, r [mag] and g - r: mean and scatter, some of the hosts that ZTF's supernovae have within 1.4 pixels.
_NUCLEUS, _COLOUR = (19.0, 1.3), (0.7, 0.25)


@dataclass(frozen=True)
class Cut:
    """How pieces are cut.

    Attributes
    ----------
    name : str
    days : (float, float)
        Length, even in the logarithm.
    forms : mapping of str to float
        Chance of each of FORMS.
    thinned : int
        If not 0, all but a number of points from it to `most`, even in the logarithm, are left out.
    most : int
        Points at most.
    """

    name: str
    days: tuple[float, float]
    forms: dict[str, float]
    thinned: int = 0
    most: int = 120


HISTORY = Cut("history", (10, 31), {DIFFERENCE: 0.7, BOTH: 0.3})
SEASON = Cut("season", (40, 400), {DIFFERENCE: 0.6, BOTH: 0.4})
YEARS = Cut("years", (700, 1000), {DIFFERENCE: 0.2, BOTH: 0.25, TOTAL: 0.35, AS_DIFFERENCE: 0.2}, thinned=8, most=90)
RELEASE = replace(YEARS, name="release", thinned=0, most=250)  # every visit
# Tried one after the other, each on that share of the objects that have given no piece yet with enough points.
CUTS = ((HISTORY, 0.5), (SEASON, 0.5), (YEARS, 0.7), (RELEASE, 1.0))
FEW = Cut(
    "few", (2, 14), {DIFFERENCE: 0.7, BOTH: 0.3}
)  # the beginning of something, for answers to less than six points


def pieces(light: Light, cut: Cut, rng: np.random.Generator) -> tuple[pd.DataFrame, NDArray[np.object_]]:
    """One piece of each object, around a point chosen at random.

    Parameters
    ----------
    light : Light
        Of n objects.
    cut : Cut
    rng : numpy.random.Generator

    Returns
    -------
    points : pandas.DataFrame
        As Light's; an object may have none.
    form : numpy.ndarray of str, shape (n,)
    """
    form = rng.choice(np.array(list(cut.forms), object), len(light), p=list(cut.forms.values()))
    known = _known(light.points, form, len(light))
    inside = known & _window(light.points, known, len(light), cut.days, rng)
    most = np.full(len(light), float(cut.most))
    if cut.thinned:
        counted = np.clip(np.bincount(light.points["owner"][inside], minlength=len(light)), cut.thinned, cut.most)
        most = np.exp(rng.uniform(np.log(cut.thinned), np.log(counted + 0.01)))
    return light.points[_fewer(light.points["owner"].to_numpy(), inside, most, rng)], form


def whole(light: Light, form: str) -> tuple[pd.DataFrame, NDArray[np.object_]]:
    """All points that a form knows, of all objects; as `pieces`.

    Parameters
    ----------
    light : Light
        Of n objects.
    form : str
        One of FORMS.
    """
    forms = np.full(len(light), form, object)
    return light.points[_known(light.points, forms, len(light))], forms


def with_nuclei(light: Light, rng: np.random.Generator) -> Light:
    """Whole fluxes of objects that have none: a galaxy's nucleus lies under them.

    Parameters
    ----------
    light : Light
        Of n objects.
    rng : numpy.random.Generator
    """
    red = rng.normal(*_NUCLEUS, len(light))
    reference = {"g": flux_of_magnitude(red + rng.normal(*_COLOUR, len(light))), "r": flux_of_magnitude(red)}
    owner, band = light.points["owner"].to_numpy(), light.points["band"].to_numpy()
    has_none = np.bincount(owner, light.points["total"].notna(), len(light))[owner] == 0
    under = np.where(band == "g", reference["g"][owner], reference["r"][owner])
    total = np.where(has_none, light.points["flux"] + under, light.points["total"])
    error = np.where(has_none, light.points["flux_err"], light.points["total_err"])
    return replace(light, points=light.points.assign(total=total, total_err=error))


def table(points: pd.DataFrame, form: NDArray[np.object_]) -> pa.Table:
    """Pieces in the columns of the common view that modules of light curves read; neither limits nor real-bogus scores.

    Parameters
    ----------
    points : pandas.DataFrame
        As Light's.
    form : numpy.ndarray of str, shape (n,)
        Of each object's piece.
    """
    owner = points["owner"].to_numpy()
    offsets = pa.array(np.concatenate([[0], np.cumsum(np.bincount(owner, minlength=len(form)))]), pa.int32())
    values = _values(points, form[owner])
    columns = {
        column.name: pa.ListArray.from_arrays(offsets, _array(values.get(column.name), column.type, len(points)))
        for column in LIGHT_CURVE
    }
    corrected = pa.array(np.isin(form, (BOTH, TOTAL)))
    return pa.table({"survey": ["ztf"] * len(form), "corrected": corrected, **columns})


def _values(points: pd.DataFrame, form: NDArray[np.object_]) -> dict[str, NDArray[np.generic]]:
    flux = np.where(form == TOTAL, np.nan, np.where(form == AS_DIFFERENCE, points["total"], points["flux"]))
    return {
        "lc_mjd": points["mjd"].to_numpy(),
        "lc_band": points["band"].to_numpy(),
        "lc_kind": np.full(len(points), "detection", object),
        "lc_flux": flux,
        "lc_flux_err": np.where(form == AS_DIFFERENCE, points["total_err"], points["flux_err"]),
        "lc_flux_total": points["total"].to_numpy(),
        "lc_flux_total_err": points["total_err"].to_numpy(),
    }


def _array(values: NDArray[np.generic] | None, kind: pa.ListType, n: int) -> pa.Array:
    return pa.nulls(n, kind.value_type) if values is None else pa.array(values, kind.value_type, from_pandas=True)


def _known(points: pd.DataFrame, form: NDArray[np.object_], n: int) -> Bools:
    """Points that a form of the object has. Of whole fluxes they are those of every visit, where such are known."""
    owner, forced = points["owner"].to_numpy(), points["forced"].to_numpy()
    every_visit = (np.bincount(owner, forced, n) > 0)[owner]
    difference = ~forced & points["flux"].notna().to_numpy()
    total = points["total"].notna().to_numpy()
    of_form = form[owner]
    known = np.where(of_form == BOTH, difference & total, total & (forced | ~every_visit))
    return np.asarray(np.where(of_form == DIFFERENCE, difference, known), bool)


def _window(points: pd.DataFrame, known: Bools, n: int, days: tuple[float, float], rng: np.random.Generator) -> Bools:
    owner, mjd = points["owner"].to_numpy(), points["mjd"].to_numpy()
    counts = np.bincount(owner[known], minlength=n)
    place = np.concatenate([[0], np.cumsum(counts)[:-1]]) + (rng.uniform(size=n) * counts).astype(np.int64)
    around = np.full(n, np.inf)  # where nothing is known
    around[counts > 0] = mjd[known][place[counts > 0]]
    length = np.exp(rng.uniform(np.log(days[0]), np.log(days[1]), n))
    first = around - length * rng.uniform(size=n)
    return np.asarray((mjd >= first[owner]) & (mjd < (first + length)[owner]))


def _fewer(owner: NDArray[np.int64], kept: Bools, most: Floats, rng: np.random.Generator) -> Bools:
    """Some of those kept, so that an object has about `most` at most."""
    share = most / np.maximum(np.bincount(owner[kept], minlength=len(most)), 1)
    return np.asarray(kept & (rng.uniform(size=len(owner)) < share[owner]))
