"""What a simulated survey holds, and how the work is divided: bundles of blocks, the same whatever the machine."""

from collections.abc import Iterator
from dataclasses import dataclass, replace
from itertools import islice

from jobs.simulation.blocks import BLOCK, Block, blocks
from jobs.simulation.classes import CLASSES
from jobs.simulation.light_curve_survey import REACH
from jobs.simulation.mix import Mix, Shares, counts
from jobs.simulation.object_class import ObjectClass
from jobs.simulation.reach import Reach
from jobs.simulation.visits import SURVEYS, Survey
from jobs.simulation.visits.altered import altered

# Blocks of a bundle. A block's objects lie all over the sky, so a bundle is no region of it: neighbours are not together.
BLOCKS = 8
_BEFORE, _AFTER = 150.0, 25.0  # maxima of transients that are seen, before the first night and after the last [d]


@dataclass(frozen=True)
class Plan:
    """What is simulated.

    Attributes
    ----------
    survey : str
        `ztf` or `lsst`.
    objects : int
        How many, of all classes.
    nights : int
        Days from the first night on; there is no alert in those that clouds take.
    seed : int
        0 to 99,999.
    first : float
        Beginning of the first night, in the survey's scale [MJD].
    mix : str or tuple
        How objects are shared among the classes: as a night's alerts are in nature, or the five classes of stamp
        classifiers alike. What varies for ever has an alert in many nights, so its share of a year's alerts is larger.
    cutouts : bool
        Whether packets have any.
    depth, cadence : float
        How much deeper the survey's images are [mag], and the share of its exposures that are taken; see `altered`.
    """

    survey: str
    objects: int
    nights: int
    seed: int
    first: float
    mix: Mix | Shares = "natural"
    cutouts: bool = True
    depth: float = 0.0
    cadence: float = 1.0

    def __post_init__(self) -> None:
        if self.objects < 1 or self.nights < 1:
            raise ValueError(f"a survey has 1 or more objects and nights, got {self.objects} and {self.nights}")
        assert self.observing.name == self.survey  # or depth and cadence are refused

    @property
    def observing(self) -> Survey:
        """The survey, with the plan's depth and cadence."""
        return altered(SURVEYS[self.survey], self.depth, self.cadence)

    @property
    def last(self) -> float:
        """End of the last night, excluded [MJD]."""
        return self.first + self.nights

    @property
    def bundles(self) -> int:
        """How many bundles there are."""
        number = sum(-(-n // BLOCK) for n in counts(self.objects, self.mix))
        return -(-number // BLOCKS)

    def reach(self, kind: ObjectClass) -> Reach:
        """Within what a class's objects are drawn: what is seen once or for a while, around the nights.

        Parameters
        ----------
        kind : ObjectClass
        """
        reach = replace(REACH[self.survey], faint=REACH[self.survey].faint + self.depth)
        if kind.once:
            return replace(reach, first=self.first, last=self.last)
        if kind.branch == "transient":
            return replace(reach, first=self.first - _BEFORE, last=self.last + _AFTER)
        return reach

    def blocks(self, bundle: int) -> Iterator[Block]:
        """The blocks of a bundle.

        Parameters
        ----------
        bundle : int
            From 0.
        """
        numbers = enumerate(counts(self.objects, self.mix))
        wanted = [(CLASSES[place].name, place, n) for place, n in numbers]
        yield from islice(blocks(self.seed, wanted), bundle * BLOCKS, (bundle + 1) * BLOCKS)
