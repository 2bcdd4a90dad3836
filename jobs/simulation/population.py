"""Objects of a block: their parameters and places."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from jobs.simulation.blocks import Block
from jobs.simulation.epochs import Floats, Ints
from jobs.simulation.object_class import ObjectClass, Parameters


@dataclass(frozen=True)
class Population:
    """The n objects of a block.

    Attributes
    ----------
    kind : ObjectClass
    block : Block
    parameters : mapping of str to numpy.ndarray, shape (n,) or (n, k)
        As the class drew them.
    number : numpy.ndarray of int64, shape (n,)
        Unique within the seed.
    ra, dec : numpy.ndarray, shape (n,)
        ICRS [deg].
    ebv : numpy.ndarray, shape (n,)
        Galactic reddening E(B-V) [mag].
    """

    kind: ObjectClass
    block: Block
    parameters: Parameters
    number: Ints
    ra: Floats
    dec: Floats
    ebv: Floats

    def take(self, which: NDArray[np.bool_] | Ints | slice) -> "Population":
        """Some of the objects.

        Parameters
        ----------
        which : numpy.ndarray of bool, shape (n,), or of int64, or slice
        """
        parameters = {name: values[which] for name, values in self.parameters.items()}
        some = (getattr(self, name)[which] for name in ("number", "ra", "dec", "ebv"))
        return Population(self.kind, self.block, parameters, *some)
