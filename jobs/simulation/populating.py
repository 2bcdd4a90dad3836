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


def populate(block: Block, kind: ObjectClass, reach: Reach) -> Population:
    """The objects of a block. All BLOCK are drawn and the first n kept, so n changes none of them.

    Parameters
    ----------
    block : Block
        Of that class.
    kind : ObjectClass
    reach : Reach
        What the survey can see.

    Returns
    -------
    Population
    """
    parameters = kind.draw(block.generator("parameters"), BLOCK, reach)
    ra, dec = _places(block, kind, reach, parameters)
    ebv = draw_reddening(block.generator("reddening"), galactic_latitude(ra, dec))
    kept = {name: values[: block.n] for name, values in parameters.items()}
    number = block.first + np.arange(block.n)
    return Population(kind, block, kept, number, ra[: block.n], dec[: block.n], ebv[: block.n])


def _places(block: Block, kind: ObjectClass, reach: Reach, parameters: Parameters) -> tuple[Floats, Floats]:
    if kind.position is not None:
        return kind.position(parameters)
    return draw_places(block.generator("places"), kind.place, BLOCK, reach.south, reach.north)


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
