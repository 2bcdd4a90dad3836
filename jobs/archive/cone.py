"""`cone`: the alerts near a position, as a table."""

from collections.abc import Sequence
from pathlib import Path

import pyarrow as pa

from jobs.archive.position import DISTANCE, Cone
from jobs.archive.scan import Scan


def cone(
    ra: float, dec: float, radius_arcsec: float, data: str | Path, columns: Sequence[str] | None = None
) -> pa.Table:
    """The alerts of an output in a circle on the sky, the nearest first.

    Parameters
    ----------
    ra, dec : float
        Centre, ICRS [deg].
    radius_arcsec : float
    data : path
        The output of a job.
    columns : sequence of str, optional
        As for `scan(flat=True)`; all if not given.

    Returns
    -------
    pyarrow.Table
        Flat, with `distance_arcsec` as the last column.

    Raises
    ------
    NoPosition
        If that is no circle on the sky.
    FileNotFoundError, KeyError
        As `scan`.
    """
    circle = Cone(ra, dec, radius_arcsec)
    found = Scan.of(data, columns=columns, flat=True)
    pieces = [found.schema.append(DISTANCE).empty_table(), *found.pieces(circle)]
    return pa.concat_tables(pieces).sort_by([(DISTANCE.name, "ascending")])
