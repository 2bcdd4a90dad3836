"""Objects are drawn in blocks, so that the same seed gives the same objects whatever the number of partitions."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np

BLOCK = 256
MAX_SEED = 99_999
_SCALE = 10**6  # blocks of one class; a class's place in CLASSES counts in these


@dataclass(frozen=True)
class Block:
    """Some objects of one class; the unit of work of a task.

    Attributes
    ----------
    seed : int
        0 to MAX_SEED.
    name : str
        The class.
    place : int
        The class's place in the list of classes: part of the objects' numbers, so an old class keeps its place.
    index : int
        Number of the block within its class, from 0.
    n : int
        How many of its BLOCK objects are wanted: the first n. The others are drawn with them and dropped, so n
        changes no object.
    """

    seed: int
    name: str
    place: int
    index: int
    n: int = BLOCK

    def generator(self, purpose: str) -> np.random.Generator:
        """Random numbers for one purpose, the same whatever else was drawn.

        Parameters
        ----------
        purpose : str
            Another name gives an independent sequence.
        """
        # As a list of these numbers would give them, which takes ten times as long
        return np.random.default_rng(np.array([self.seed, self.place, self.index, *purpose.encode()], dtype=np.uint32))

    @property
    def first(self) -> int:
        """Number of the first object; numbers are unique within a seed."""
        return (self.place * _SCALE + self.index) * BLOCK


def blocks(seed: int, wanted: Sequence[tuple[str, int, int]]) -> Iterator[Block]:
    """The blocks that hold a number of objects of some classes.

    Parameters
    ----------
    seed : int
        0 to MAX_SEED.
    wanted : sequence of (str, int, int)
        Class, its place in the list of classes, number of objects.

    Raises
    ------
    ValueError
        If the seed does not fit the digits that ids have for it, or a class has more objects than numbers.
    """
    if not 0 <= seed <= MAX_SEED:
        raise ValueError(f"a seed is 0 to {MAX_SEED}, got {seed}")
    for name, place, number in wanted:
        if not 0 <= number <= _SCALE * BLOCK:
            raise ValueError(f"0 to {_SCALE * BLOCK} objects of a class are possible, got {number} of {name}")
        for index in range(-(-number // BLOCK)):
            yield Block(seed, name, place, index, min(BLOCK, number - index * BLOCK))
