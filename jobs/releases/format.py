"""What a format of releases is: how its files are listed and indexed, and how rows of them become objects."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from jobs.releases.objects import Floats, Ints, Objects

Choose = Callable[["Index"], NDArray[np.bool_]]


@dataclass(frozen=True)
class ReadOptions:
    """What a reader is told.

    Attributes
    ----------
    strict : bool
        Only epochs without any flag.
    columns : mapping
        Of a plain table: what its columns are.
    survey : str
        Whose telescope, where the format leaves it open.
    baseline : str or None
        Of forced photometry: which baseline is subtracted, as of `jobs.releases.baseline.quiet_before`; none is by default.
    """

    strict: bool = False
    columns: Mapping[str, str] = field(default_factory=dict)
    survey: str = "ztf"
    baseline: str | None = None


@dataclass(frozen=True)
class Index:
    """What there is in a file, a row per object or part of one, without its points.

    Attributes
    ----------
    name : pyarrow.StringArray, length n
    ra, dec : numpy.ndarray of float64, shape (n,)
        ICRS [deg]; NaN where there is none.
    n_points : numpy.ndarray of int64, shape (n,)
    """

    name: pa.Array
    ra: Floats
    dec: Floats
    n_points: Ints


def no_baseline(options: ReadOptions) -> None:
    """Refuse a baseline: only forced photometry has one.

    Parameters
    ----------
    options : ReadOptions

    Raises
    ------
    ValueError
        If one was asked for.
    """
    if options.baseline is not None:
        raise ValueError(f"--baseline {options.baseline} is of format forced alone: other fluxes are as published")


@dataclass(frozen=True)
class Format:
    """A format of releases.

    Attributes
    ----------
    name : str
        As `--format` names it.
    endings : tuple of str
        Of its files' names, in lower case.
    index : callable
        `index(path, options) -> Index`; raises FileRefused.
    read : callable
        `read(path, options, choose) -> (Objects, refused)`: the rows of a file that `choose(index)` takes.
    by_position : bool
        Whether objects near one another are one star; else those of one name are one.
    in_cells_of_names : bool
        Whether partitions are of names, not of the sky.
    check : callable
        `check(options)` raises ValueError if the format cannot be read with them.
    folder : str
        Where the files lie in an input that is a folder and has it.
    called : str
        What the names of its files, or of folders that they are in, begin with; others there are none of its.
    simulated : bool
    public : bool or None
    survey : str or None
        Whose telescope; None if the options say.
    rows_changed : int
        How often the rows that it makes of the same file have changed: an output of other rows is not gone on with.
    """

    name: str
    endings: tuple[str, ...]
    index: Callable[[Path, ReadOptions], Index]
    read: Callable[[Path, ReadOptions, Choose], tuple[Objects, pa.Table]]
    by_position: bool = False
    in_cells_of_names: bool = False
    check: Callable[[ReadOptions], None] = no_baseline
    folder: str = ""
    called: str = ""
    simulated: bool = False
    public: bool | None = None
    survey: str | None = None
    rows_changed: int = 0
