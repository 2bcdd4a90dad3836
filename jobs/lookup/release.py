"""Questions about the output of `strix reprocess`: stars by place, by the order of the sky that its files have."""

from pathlib import Path

import astropy.units as u
import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq
from astropy_healpix import HEALPix
from numpy.typing import NDArray

from jobs.archive.position import DISTANCE, Cone
from jobs.lookup.paging import after, read_token
from jobs.lookup.questions import NEAREST_OBJECTS, SEPARATION, circle_of, of_survey, positive
from jobs.lookup.store import BadQuestion, NotThere, Page
from jobs.releases.cells import CELL_ORDER, FINE_ORDER, SKY_CELLS
from jobs.releases.records import WITHOUT_LIGHT_CURVES, Run
from jobs.releases.view import HEALPIX
from jobs.storage.schema_union import in_schema
from jobs.store.summary import COLUMNS, SCORES, summary_schema

_FINER = 2 * (FINE_ORDER - CELL_ORDER)
_ALSO = ("n_detections",)
_MODULES = tuple(dict.fromkeys(module for module, _ in SCORES))


class ReleaseStore:
    """Stars of a reprocessed release; it has no alerts, so questions about alerts are refused.

    Parameters
    ----------
    data : path
        The output of `strix reprocess`.

    Raises
    ------
    BadQuestion
        If it is none.
    """

    def __init__(self, data: str | Path) -> None:
        self._run = Run.at(data)
        plan = self._run.plan()
        if plan is None:
            raise BadQuestion(f"{data} is no output of `strix reprocess`: it has no {self._run.plan_path.name}")
        self._asked = plan.asked
        self._first = np.array([each.first for each in plan.partitions], dtype=np.int64)
        self._behind = np.array([each.behind for each in plan.partitions], dtype=np.int64)

    def object(self, object_id: str, survey: str | None = None) -> pa.Table:
        """A star by name; every file is looked through.

        Parameters
        ----------
        object_id : str
            The first of its `source_ids`.
        survey : str, optional

        Raises
        ------
        NotThere
        """
        for path in self._run.layout.files("science"):
            with pq.ParquetFile(path) as file:
                names = file.read(["object_id", "survey"])
                if object_id not in names["object_id"].to_pylist():
                    continue
                rows = file.read()
            rows = rows.filter(pc.equal(rows["object_id"], object_id))
            if survey is None or rows["survey"][0].as_py() == survey:
                return rows
        raise NotThere(f"no star {object_id!r}{of_survey(survey)} in {self._run.layout.root}")

    def alert(self, alert_id: int, survey: str | None = None, cutouts: bool = False) -> pa.Table:
        """Refused.

        Parameters
        ----------
        alert_id, survey, cutouts
            Not asked.

        Raises
        ------
        BadQuestion
        """
        raise BadQuestion(self._no_alerts())

    def cone(self, ra: float, dec: float, radius_deg: float, limit: int, token: str | None = None) -> Page:
        """Refused: `cone_objects` gives the stars.

        Parameters
        ----------
        ra, dec, radius_deg, limit, token
            Not asked.

        Raises
        ------
        BadQuestion
        """
        raise BadQuestion(self._no_alerts())

    def latest(self, kind: str, name: str, limit: int) -> pa.Table:
        """Refused.

        Parameters
        ----------
        kind, name, limit
            Not asked.

        Raises
        ------
        BadQuestion
        """
        raise BadQuestion(self._no_alerts())

    def cone_objects(self, ra: float, dec: float, radius_deg: float, limit: int, token: str | None = None) -> Page:
        """The stars within a circle, nearest first.

        Parameters
        ----------
        ra, dec : float
            ICRS [deg].
        radius_deg : float
        limit : int
            Stars of a page.
        token : str, optional
            Of the page before.

        Returns
        -------
        Page
            Summaries, `n_detections` and `separation_arcsec`; what only an alert has is NULL.
        """
        question = f"stars {ra!r} {dec!r} {radius_deg!r}"
        begin, circle = read_token(token, question), circle_of(ra, dec, radius_deg)
        rows = _summaries(self.within(circle, [*COLUMNS, *_ALSO, *_MODULES]))
        return after(rows, NEAREST_OBJECTS, begin, positive(limit), question)

    def whole(self, summaries: pa.Table) -> pa.Table:
        """The whole stars of summaries.

        Parameters
        ----------
        summaries : pyarrow.Table
            Rows of an answer.
        """
        found = [self.object(name) for name in summaries["object_id"].to_pylist()]
        return pa.concat_tables(found, promote_options="default") if found else summaries

    def within(self, circle: Cone, columns: list[str]) -> pa.Table:
        """Columns of the stars within a circle, with `distance_arcsec`, in no order.

        Parameters
        ----------
        circle : Cone
        columns : list of str
            `ra` and `dec` among them; those that a file lacks are left out.
        """
        cells = _cells(circle)
        begin = np.searchsorted(cells, self._first)
        of_names = self._first >= SKY_CELLS  # of an archive: its stars are anywhere, their row groups say where
        numbers = np.flatnonzero((np.searchsorted(cells, self._behind) > begin) | of_names)
        pieces = [_within(self._run.table(int(number)), cells, circle, columns) for number in numbers]
        pieces = [each for each in pieces if each is not None]
        return pa.concat_tables(pieces, promote_options="default") if pieces else _nothing(columns)

    def no_light_curves(self) -> str | None:
        """What to do for light curves where the run left them out; None where they are."""
        if not self._asked.get(WITHOUT_LIGHT_CURVES):
            return None
        root, inputs = self._run.layout.root, " ".join(self._asked["input"])
        return (
            f"{root} has no light curves, its run was told --without-light-curves: for them run `strix reprocess --input"
            f" {inputs}` without that option into another --output (--healpix ORDER/PIXEL for this part of the sky alone)"
        )

    def refused_where(self) -> str:
        """Why `--where` is not answered here, and what answers it."""
        root = self._run.layout.root
        return (
            f"--where looks at alerts, and {root} has stars of a release: leave it out, and choose from the stars that"
            " `get cone ... --form csv` (or -o FILE.parquet) gives by their columns, as n_detections;"
            f" `strix scores {root} --sort MODULE.OUTPUT` gives the highest of all of them"
        )

    def _no_alerts(self) -> str:
        return f"{self._run.layout.root} has stars of a release, no alerts; it answers `get cone` and `get object`"


def _cells(circle: Cone) -> NDArray[np.int64]:
    """The cells that a circle may touch, ascending."""
    grid = HEALPix(nside=2**CELL_ORDER, order="nested")
    radius = min(circle.radius_arcsec / 3600 + 0.02, 180.0)  # as cells of their middle's name may reach further
    return np.unique(grid.cone_search_lonlat(circle.ra * u.deg, circle.dec * u.deg, radius * u.deg)).astype(np.int64)


def _within(path: Path, cells: NDArray[np.int64], circle: Cone, columns: list[str]) -> pa.Table | None:
    """The stars of a file; row groups that lie elsewhere are not read."""
    if not path.exists():  # of a partition that is not done, or has no star
        return None
    with pq.ParquetFile(path) as file:
        there = [name for name in columns if name in file.schema_arrow.names]
        groups = [group for group in range(file.num_row_groups) if _touches(file, group, cells)]
        rows = file.read_row_groups(groups, columns=there)
    return circle.inside(rows)


def _touches(file: pq.ParquetFile, group: int, cells: NDArray[np.int64]) -> bool:
    chunk = file.metadata.row_group(group).column(file.schema_arrow.names.index(HEALPIX.name))
    known = chunk.statistics
    if known is None or not known.has_min_max:
        return True
    low, high = known.min >> _FINER, known.max >> _FINER
    return bool(np.searchsorted(cells, low) < np.searchsorted(cells, high, side="right"))


def _nothing(columns: list[str]) -> pa.Table:
    known = {field.name: field for field in summary_schema()}
    empty = pa.schema([known[name] for name in columns if name in known]).empty_table()
    return empty.append_column(DISTANCE, pa.array([], DISTANCE.type))


def _summaries(found: pa.Table) -> pa.Table:
    """Summaries as of alerts; what only an alert has, and what a module that did not run would say, is NULL."""
    flat = {name: found[name] for name in COLUMNS if name in found.column_names}
    for module, output in SCORES:
        if module in found.column_names:
            flat[f"{module}_{output}"] = pc.struct_field(found[module], output)
    rows = in_schema(pa.table(flat), summary_schema())
    for name in _ALSO:
        column = found[name] if name in found.column_names else pa.nulls(found.num_rows, pa.int32())
        rows = rows.append_column(name, column)
    return rows.append_column(SEPARATION, found[DISTANCE.name])
