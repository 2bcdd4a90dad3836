"""The alerts of a block in parts of whole objects: as many at a time as a task's memory holds."""

from collections.abc import Iterator
from dataclasses import dataclass, fields, replace
from itertools import repeat

import numpy as np
from numpy.typing import NDArray

from jobs.simulation.blocks import Block
from jobs.simulation.epochs import Epochs, Ints
from jobs.simulation.light_curves import LightCurves

ALERTS = 400  # 50 MB of images


@dataclass(frozen=True)
class Part(Block):
    """Some of a block's objects, with random numbers of their own.

    Attributes
    ----------
    part : int
        From 0.
    """

    part: int = 0

    def generator(self, purpose: str) -> np.random.Generator:
        """As of the block, another sequence in each part.

        Parameters
        ----------
        purpose : str
        """
        return super().generator(f"{purpose}, part {self.part}")


def parts(visits: Ints, owner: Ints, sizes: Iterator[int] | None = None) -> Iterator[Ints]:
    """Visits with an alert, whole objects together.

    Parameters
    ----------
    visits : numpy.ndarray of int64, shape (k,)
        Ascending.
    owner : numpy.ndarray of int64, shape (k,)
        The object of each, ascending.
    sizes : iterator of int, optional
        The most alerts of each part in turn; ALERTS if not given. As many are taken as there are parts.

    Yields
    ------
    numpy.ndarray of int64
        As many at most, but at least an object's.
    """
    sizes = sizes or repeat(ALERTS)
    begin, n = 0, len(visits)
    while begin < n:
        end = min(begin + next(sizes), n)
        if end < n:
            whole = int(np.searchsorted(owner, owner[end]))
            end = whole if whole > begin else int(np.searchsorted(owner, owner[begin], "right"))
        yield visits[begin:end]
        begin = end


def in_part(curves: LightCurves, part: int) -> LightCurves:
    """The light curves, with the random numbers of a part.

    Parameters
    ----------
    curves : LightCurves
    part : int
    """
    block = curves.population.block
    own = Part(block.seed, block.name, block.place, block.index, block.n, part)
    return replace(curves, population=replace(curves.population, block=own))


def of_visits(curves: LightCurves, which: NDArray[np.bool_]) -> LightCurves:
    """The light curves in some visits.

    Parameters
    ----------
    curves : LightCurves
    which : numpy.ndarray of bool, shape (m,)
    """
    epochs, conditions = curves.epochs, curves.conditions
    many = np.bincount(epochs.object[which], minlength=len(epochs.start) - 1)
    start = np.concatenate([[0], np.cumsum(many)]).astype(np.int64)
    columns = {name: getattr(curves, name)[which] for name in ("true", "flux", "flux_err", "detected")}
    return replace(
        curves,
        epochs=Epochs(start, epochs.mjd[which], epochs.band[which]),
        conditions=replace(
            conditions, **{each.name: getattr(conditions, each.name)[which] for each in fields(conditions)}
        ),
        **columns,
    )
