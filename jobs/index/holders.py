"""Which science files may hold an object or a place on the sky: by the index as far as it is there, without making it.

A file is left out only where the index knows it as it is now, and has nothing of what is looked for in it.
"""

from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import suppress
from pathlib import Path

import numpy as np

from jobs.index.checked_file import Damaged
from jobs.index.orders import Ints
from jobs.index.science_files import science_files
from jobs.index.science_index import FOLDER
from jobs.index.segment import ENDING, Segment, read_segments
from jobs.index.zones import circle_ranges
from jobs.storage.data_files import night_of
from jobs.storage.layout import Layout

_MARGIN = 1e-6  # [deg]


def files_with_object(layout: Layout, object_id: str, survey: str | None = None) -> list[Path]:
    """The science files that may hold alerts of an object.

    Parameters
    ----------
    layout : Layout
    object_id : str
    survey : str, optional
        All without it.

    Returns
    -------
    list of pathlib.Path
        In the order of `layout.files`.
    """
    return _files(layout, lambda segment: segment.of_object(object_id, survey))


def files_with_objects(layout: Layout, objects: Iterable[tuple[str, str]], files: Sequence[Path]) -> list[Path]:
    """Of some science files, those that may hold alerts of one of some objects.

    Parameters
    ----------
    layout : Layout
    objects : iterable of tuple of (str, str)
        Survey and object id.
    files : sequence of pathlib.Path

    Returns
    -------
    list of pathlib.Path
        In the order of `files`.
    """
    wanted = list(objects)

    def of_one(segment: Segment) -> Ints:
        found = [segment.of_object(object_id, survey) for survey, object_id in wanted]
        return np.unique(np.concatenate([np.zeros(0, np.int64), *found]))

    return _files(layout, of_one, files)


def files_near(
    layout: Layout, ra: float, dec: float, radius_arcsec: float, files: Sequence[Path] | None = None
) -> list[Path]:
    """The science files that may hold alerts of a circle.

    Parameters
    ----------
    layout : Layout
    ra, dec : float
        ICRS [deg].
    radius_arcsec : float
    files : sequence of pathlib.Path, optional
        Of these only.

    Returns
    -------
    list of pathlib.Path
        In the order of `layout.files`, or of `files`.
    """
    reach = radius_arcsec / 3600.0 + _MARGIN
    ranges = circle_ranges(ra, dec, reach)

    def inside(segment: Segment) -> Ints:
        rows = segment.in_ranges(*ranges)
        return rows[np.abs(segment.numbers("dec", rows) - dec) <= reach]

    return _files(layout, inside, files)


def _files(layout: Layout, choose: Callable[[Segment], Ints], files: Sequence[Path] | None = None) -> list[Path]:
    files = layout.files("science") if files is None else files
    nights = sorted({night_of(path) for path in files})
    without = {path for night in nights for path in _without(layout, night, choose)}
    return [path for path in files if path not in without]


def _without(layout: Layout, night: str, choose: Callable[[Segment], Ints]) -> Iterator[Path]:
    """The files of a night that have nothing, by segments that are of files as they are."""
    table = layout.table("science")
    there = science_files(table, night)
    paths = (layout.root / FOLDER / f"night={night}").glob(f"*{ENDING}")
    for segment in read_segments(sorted(paths))[0]:
        if there.issuperset(segment.files):
            with suppress(Damaged):
                numbers = set(segment.numbers("file", np.sort(choose(segment))).tolist())
                yield from (file.path(table) for at, file in enumerate(segment.files) if at not in numbers)
