"""A circle on the sky as ranges of the keys of the store, and what of a list of alerts lies within it."""

import math

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from jobs.archive.position import Cone
from jobs.lookup.questions import N_ALERTS, SEPARATION
from jobs.store.keys import SKY_ORDER

# Tiles of about the circle's radius: some ten ranges, and a third of what is read lies outside.
_FINEST = 16  # 3 arcsec


def pixel_ranges(cone: Cone) -> list[tuple[int, int]]:
    """Ranges of nested HEALPix pixels of order 29 that hold all of a circle, and some of its surroundings.

    Parameters
    ----------
    cone : Cone

    Returns
    -------
    list of (int, int)
        The first pixel of a range, and the first one behind it.
    """
    # Half a second to import, for cones alone.
    from astropy import units
    from astropy_healpix import HEALPix

    side = math.degrees(math.sqrt(math.pi / 3)) * 3600  # of a pixel of order 0 [arcsec]
    order = min(_FINEST, max(0, int(math.log2(side / cone.radius_arcsec))))
    tiles = HEALPix(2**order, order="nested").cone_search_lonlat(
        cone.ra * units.deg, cone.dec * units.deg, cone.radius_arcsec * (1 + 1e-9) * units.arcsec
    )
    shift = 2 * (SKY_ORDER - order)
    ranges: list[tuple[int, int]] = []
    for tile in sorted(int(tile) for tile in tiles):
        if ranges and ranges[-1][1] == tile << shift:
            ranges[-1] = ranges[-1][0], (tile + 1) << shift
        else:
            ranges.append((tile << shift, (tile + 1) << shift))
    return ranges


def within(summaries: pa.Table, cone: Cone) -> pa.Table:
    """The alerts of a circle, with their separation from its centre.

    Parameters
    ----------
    summaries : pyarrow.Table
        With `ra` and `dec` [deg].
    cone : Cone
    """
    ra, dec = (np.asarray(summaries[name].to_numpy(), np.float64) for name in ("ra", "dec"))
    table = summaries.append_column(SEPARATION, pa.array(cone.distances(ra, dec)))
    return table.filter(pc.less_equal(table[SEPARATION.name], cone.radius_arcsec))


def objects_of(alerts: pa.Table) -> pa.Table:
    """Of alerts of a circle, the newest of each object, with the object's least separation and its number of alerts.

    Parameters
    ----------
    alerts : pyarrow.Table
        As `within` gives them.
    """
    newest = alerts.sort_by([("mjd", "descending"), ("alert_id", "ascending")])
    numbered = newest.append_column("row", pa.array(np.arange(len(newest))))
    about = numbered.group_by(["survey", "object_id"], use_threads=False).aggregate(
        [("row", "first"), ("alert_id", "count"), (SEPARATION.name, "min")]
    )
    objects = newest.take(about["row_first"])
    objects = objects.set_column(
        alerts.schema.get_field_index(SEPARATION.name), SEPARATION, about[f"{SEPARATION.name}_min"]
    )
    return objects.append_column(N_ALERTS, about["alert_id_count"])
