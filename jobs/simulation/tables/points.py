"""The rows of light curves: a detection or a limit of each visit, a forced measurement of each where asked."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from jobs.simulation.epochs import Floats, Ints
from jobs.simulation.light_curves import LightCurves
from science_modules.common.photometry import error_of_limit
from science_modules.common.view import LC_KINDS

Bools = NDArray[np.bool_]

DETECTION, FORCED, UPPER_LIMIT = (LC_KINDS.index(kind) for kind in ("detection", "forced", "upper_limit"))
# What the packets of a survey's alerts hold: LSST has no limits but forced photometry.
KINDS = {"ztf": (DETECTION, UPPER_LIMIT), "lsst": (DETECTION, FORCED)}


@dataclass(frozen=True)
class Rows:
    """Points of the light curves of some of the objects, object after object, by time and then kind; k of them.

    Attributes
    ----------
    objects : numpy.ndarray of int64, shape (n,)
        The objects, of those of the LightCurves.
    start : numpy.ndarray of int64, shape (n + 1,)
        Where each object's points begin.
    visit : numpy.ndarray of int64, shape (k,)
        The visit of each point.
    kind : numpy.ndarray of int64, shape (k,)
        Place in LC_KINDS.
    flux, flux_err : numpy.ndarray, shape (k,)
        [nJy]; NaN and a fifth of the limit for an upper limit.
    """

    objects: Ints
    start: Ints
    visit: Ints
    kind: Ints
    flux: Floats
    flux_err: Floats


def rows(curves: LightCurves, objects: Ints, kinds: tuple[int, ...]) -> Rows:
    """The points of some objects.

    Parameters
    ----------
    curves : LightCurves
    objects : numpy.ndarray of int64, shape (n,)
        Ascending.
    kinds : tuple of int
        Places in LC_KINDS.
    """
    wanted = np.zeros(len(curves.epochs.start) - 1, dtype=bool)
    wanted[objects] = True
    own = curves.epochs.of_objects(wanted)
    of_kind = {DETECTION: own & curves.detected, UPPER_LIMIT: own & ~curves.detected, FORCED: own}
    found = [np.flatnonzero(of_kind[kind]) for kind in kinds]
    visit, kind = np.concatenate(found), np.repeat(kinds, [len(some) for some in found])
    order = np.lexsort((kind, visit))
    visit, kind = visit[order], kind[order]
    limit = kind == UPPER_LIMIT
    return Rows(
        objects,
        np.concatenate([np.searchsorted(visit, curves.epochs.start[objects]), [len(visit)]]),
        visit,
        kind,
        np.where(limit, np.nan, curves.flux[visit]),
        np.where(limit, error_of_limit(curves.conditions.limit[visit]), curves.flux_err[visit]),
    )
