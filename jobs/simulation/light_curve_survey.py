"""A survey's light curves of some classes on disk: blocks of objects, by several processes, the same bytes always."""

import json
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor
from dataclasses import asdict, dataclass, replace
from itertools import repeat
from multiprocessing import get_context
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq

from jobs.simulation.blocks import Block, blocks
from jobs.simulation.classes import CLASSES
from jobs.simulation.epochs import Ints
from jobs.simulation.measuring import measure
from jobs.simulation.mix import Mix, Shares
from jobs.simulation.object_class import Floats, ObjectClass
from jobs.simulation.populating import populate
from jobs.simulation.reach import LSST_REACH, ZTF_REACH, Reach
from jobs.simulation.tables.labels import label_table
from jobs.simulation.tables.light_curve_table import light_curve_table
from jobs.simulation.tables.points import FORCED, KINDS, rows
from jobs.simulation.tables.truth_table import detections, truth_table
from jobs.simulation.visits import SURVEYS, Survey
from jobs.simulation.visits.altered import altered

REACH = {"ztf": ZTF_REACH, "lsst": LSST_REACH}
FIRST = {"ztf": 58849.0, "lsst": 61041.0}  # 2020-01-01, 2026-01-01
CURVES, TRUTH, LABELS, PLAN = "light_curves", "truth.parquet", "labels.parquet", "simulation.json"


@dataclass(frozen=True)
class Plan:
    """What is simulated.

    Attributes
    ----------
    survey : str
        `ztf` or `lsst`.
    classes : tuple of str
        Names of classes.
    n : int
        Objects of a class, in the mean: in all n for each of the classes that have a share in the mix.
    seed : int
    first, years : float
        Begin [MJD TAI] and length of the simulated time.
    mix : str or tuple
        `balanced`: n of each class; `natural`: by the classes' shares of a night's alerts; else shares of classes, of
        which one that is not there has none.
    least : int
        Objects with fewer detections have no row among the light curves and the labels.
    forced : bool
        Whether light curves have forced measurements, too, where the survey's packets have none.
    faint : float or None
        Faintest maximum of a transient [AB mag]; None for the survey's own, which depth makes deeper.
    depth, cadence : float
        How much deeper the survey's images are [mag], and the share of its exposures that are taken; see `altered`.
    """

    survey: str
    classes: tuple[str, ...]
    n: int
    seed: int
    first: float
    years: float
    mix: Mix | Shares = "balanced"
    least: int = 1
    forced: bool = False
    faint: float | None = None
    depth: float = 0.0
    cadence: float = 1.0

    @property
    def observing(self) -> Survey:
        """The survey, with the plan's depth and cadence."""
        return altered(SURVEYS[self.survey], self.depth, self.cadence)

    @property
    def last(self) -> float:
        """End of the simulated time, excluded [MJD TAI]."""
        return self.first + 365.25 * self.years

    @property
    def reach(self) -> Reach:
        """What is drawn: what the survey can see, in the simulated time."""
        whole = REACH[self.survey]
        return replace(whole, first=self.first, last=self.last, faint=self.faint or whole.faint + self.depth)

    def blocks(self) -> Iterator[Block]:
        """The blocks to simulate, class after class."""
        places = [(place, kind) for place, kind in enumerate(CLASSES) if kind.name in self.classes]
        share = self._shares([kind for _, kind in places])
        numbers = apportioned(self.n * int(np.count_nonzero(share)), share)
        yield from blocks(
            self.seed, [(kind.name, place, int(n)) for (place, kind), n in zip(places, numbers, strict=True)]
        )

    def _shares(self, kinds: Sequence[ObjectClass]) -> Floats:
        if self.mix == "balanced":
            return np.ones(len(kinds))
        if self.mix == "natural":
            return np.array([kind.share for kind in kinds])
        given = dict(self.mix)
        found = np.array([given.get(kind.name, 0.0) for kind in kinds])
        if not found.sum() > 0:
            raise ValueError(
                f"no class of {', '.join(kind.name for kind in kinds)} has a share in the mix, {given}; add one to either"
            )
        return found


def apportioned(total: int, share: Floats) -> Ints:
    """Whole numbers by shares that sum to the total: the largest remainders are rounded up.

    Parameters
    ----------
    total : int
    share : numpy.ndarray, shape (k,)
        0 or more, not all 0; they need not sum to 1.

    Returns
    -------
    numpy.ndarray of int64, shape (k,)
    """
    exact = total * share / share.sum()
    whole: Ints = np.floor(exact).astype(np.int64)
    whole[np.argsort(whole - exact, kind="stable")[: total - whole.sum()]] += 1
    return whole


def class_names(wanted: str) -> tuple[str, ...]:
    """Names of classes from a list with commas; `all` for all of them.

    Parameters
    ----------
    wanted : str

    Raises
    ------
    ValueError
        If there is no such class.
    """
    known = tuple(kind.name for kind in CLASSES)
    names = known if wanted == "all" else tuple(name.strip() for name in wanted.split(","))
    unknown = [name for name in names if name not in known]
    if unknown:
        raise ValueError(f"no class {', '.join(unknown)}; the classes are {', '.join(known)}")
    return names


def simulate_light_curves(plan: Plan, output: Path, tasks: int, told: Callable[[int, int], None]) -> pa.Table:
    """Write light curves, the truth and the labels of a plan.

    Parameters
    ----------
    plan : Plan
    output : Path
        A new or empty directory. It gets `light_curves/<class>-<block>.parquet` (rows of the common view),
        `truth.parquet` (a row per object, seen or not), `labels.parquet` (of those with a light curve) and
        `simulation.json` (the plan).
    tasks : int
        Processes; the files do not depend on it.
    told : callable
        Called with objects done and objects in all, after each block.

    Returns
    -------
    pyarrow.Table
        The truth.

    Raises
    ------
    FileExistsError
        If the directory holds something already.
    """
    if output.is_dir() and any(output.iterdir()):
        raise FileExistsError(f"{output} is not empty; simulate into a new directory")
    (output / CURVES).mkdir(parents=True)
    wanted = list(plan.blocks())
    done, total = 0, sum(block.n for block in wanted)
    found = []
    for block, table in zip(wanted, _run(plan, wanted, output / CURVES, tasks), strict=True):
        found.append(table)
        done += block.n
        told(done, total)
    truth = pa.concat_tables(found)
    _write(truth, output / TRUTH)
    seen = pa.array(np.asarray(truth["n_detections"]) >= plan.least)
    _write(label_table(truth.filter(seen), plan.seed), output / LABELS)
    (output / PLAN).write_text(json.dumps(asdict(plan), indent=1) + "\n")
    return truth


def _run(plan: Plan, wanted: Sequence[Block], directory: Path, tasks: int) -> Iterator[pa.Table]:
    if tasks == 1:
        yield from map(_block, repeat(plan), wanted, repeat(directory))
        return
    with ProcessPoolExecutor(tasks, mp_context=get_context("spawn")) as pool:
        yield from pool.map(_block, repeat(plan), wanted, repeat(directory))


def _block(plan: Plan, block: Block, directory: Path) -> pa.Table:
    """Write the light curves of a block; its truth."""
    survey = plan.observing
    curves = measure(populate(block, CLASSES[block.place], plan.reach), survey, plan.first, plan.last)
    objects = np.flatnonzero(detections(curves) >= max(plan.least, 1))
    kinds = KINDS[plan.survey] + ((FORCED,) if plan.forced and FORCED not in KINDS[plan.survey] else ())
    if len(objects):
        table = light_curve_table(curves, survey, rows(curves, objects, kinds))
        _write(table, directory / f"{block.name}-{block.index:05d}.parquet")
    return truth_table(curves, survey)


def _write(table: pa.Table, path: Path) -> None:
    pq.write_table(table, path, compression="zstd", compression_level=1)
