"""From a block to its objects: parameters, places, reddening, ids."""

from collections.abc import Callable
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from jobs.simulation.blocks import BLOCK, Block
from jobs.simulation.epochs import Floats, Ints
from jobs.simulation.extinction import draw_reddening
from jobs.simulation.object_class import ObjectClass, Parameters
from jobs.simulation.population import Population
from jobs.simulation.reach import Reach
from jobs.simulation.sky_places import draw_places, galactic_latitude

_NUMBERS = 10**11  # a seed's objects have eleven digits
_AT_ONCE, _TRIES = 4 * BLOCK, 16  # places that are drawn to find the wanted ones
Wanted = Callable[[Floats, Floats], NDArray[np.bool_]]


def populate(block: Block, kind: ObjectClass, reach: Reach, wanted: Wanted | None = None) -> Population:
    """The objects of a block. All BLOCK are drawn and the first n kept, so n changes none of them.

    Parameters
    ----------
    block : Block
        Of that class.
    kind : ObjectClass
    reach : Reach
        What the survey can see.
    wanted : callable, optional
        Right ascensions and declinations to whether an object of that place is of use; all are if not given. Places are
        drawn until BLOCK of them are; of a class whose place is one of its parameters those objects are left out that
        are of no use.

    Returns
    -------
    Population
        Of n objects; of fewer where hardly any place is wanted.
    """
    rng = block.generator("parameters")
    if kind.position is None:
        ra, dec = _places(block, kind, reach, wanted)
        return _at(block, kind, kind.draw(rng, len(ra), reach), ra, dec).take(slice(block.n))
    parameters = kind.draw(rng, BLOCK, reach)
    objects = _at(block, kind, parameters, *kind.position(parameters)).take(slice(block.n))
    return objects if wanted is None else objects.take(wanted(objects.ra, objects.dec))


def _places(block: Block, kind: ObjectClass, reach: Reach, wanted: Wanted | None) -> tuple[Floats, Floats]:
    rng = block.generator("places")
    if wanted is None:
        return draw_places(rng, kind.place, BLOCK, reach.south, reach.north)
    found = np.empty((2, 0))
    for _ in range(_TRIES):
        some = np.stack(draw_places(rng, kind.place, _AT_ONCE, reach.south, reach.north))
        found = np.concatenate([found, some[:, wanted(*some)]], axis=1)
        if found.shape[1] >= BLOCK:
            break
    return found[0, :BLOCK], found[1, :BLOCK]


def _at(block: Block, kind: ObjectClass, parameters: Parameters, ra: Floats, dec: Floats) -> Population:
    ebv = draw_reddening(block.generator("reddening"), galactic_latitude(ra, dec))
    return Population(kind, block, parameters, block.first + np.arange(len(ra)), ra, dec, ebv)


def object_ids(population: Population, survey: Literal["ztf", "lsst"]) -> NDArray[np.str_] | Ints:
    """What the survey's packets call the objects; nothing that a real survey would give.

    Parameters
    ----------
    population : Population
    survey : str

    Returns
    -------
    numpy.ndarray, shape (n,)
        ZTF: text, SIM, five digits of the seed, eleven of the object's number. LSST: negative int64.
    """
    return _IDS[survey](population.block.seed, population.number)


def _ztf_ids(seed: int, number: Ints) -> NDArray[np.str_]:
    return np.array([f"SIM{seed:05d}{one:011d}" for one in number.tolist()])


def _lsst_ids(seed: int, number: Ints) -> Ints:
    return -(seed * _NUMBERS + number + 1)


_IDS: dict[str, Callable[[int, Ints], NDArray[np.str_] | Ints]] = {"ztf": _ztf_ids, "lsst": _lsst_ids}
