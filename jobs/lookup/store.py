"""What a store answers, whichever keeps the alerts."""

from dataclasses import dataclass
from typing import Protocol

import pyarrow as pa


class NotThere(LookupError):
    """The store has no such alert, object, list or body; the message says what was looked for and where."""


class BadQuestion(ValueError):
    """The question cannot be meant so (a radius of 200 degrees); the message says what can be asked."""


@dataclass(frozen=True)
class Page:
    """A part of a long answer.

    Attributes
    ----------
    rows : pyarrow.Table
    token : str or None
        Given with the same question, it gives the rows behind these; None if there are none.
    """

    rows: pa.Table
    token: str | None = None


class LookupStore(Protocol):
    """Answers questions about alerts and objects. A name that is not there raises NotThere.

    Whole alerts are rows of the science table: the common view, `candidate`, `content_hash`, `provenance`, one struct per
    module; the types are those of the files or cells asked, joined as `schema_union` joins them. Summaries have the columns
    of `jobs.store.summary.COLUMNS` and a flat column per score (`braai_p_real`, NULL where the module did not run),
    always all of them, in that order.
    """

    def object(self, object_id: str, survey: str | None = None) -> pa.Table:
        """All alerts of an object.

        Parameters
        ----------
        object_id : str
        survey : str, optional
            Where two surveys name objects alike; all surveys if not given.

        Returns
        -------
        pyarrow.Table
            Whole alerts, by mjd, then alert_id.
        """
        ...

    def alert(self, alert_id: int, survey: str | None = None, cutouts: bool = False) -> pa.Table:
        """An alert.

        Parameters
        ----------
        alert_id : int
        survey : str, optional
            Two surveys may have the same id: without it a row of each is given.
        cutouts : bool
            With the columns of the cutouts table behind the others; NULL where they were not kept.

        Returns
        -------
        pyarrow.Table
            Whole alerts.
        """
        ...

    def cone(self, ra: float, dec: float, radius_deg: float, limit: int, token: str | None = None) -> Page:
        """The alerts within a circle on the sky, nearest first.

        Parameters
        ----------
        ra, dec : float
            ICRS [deg].
        radius_deg : float
            More than 0, at most 5.
        limit : int
            Alerts of a page.
        token : str, optional
            Of the page before.

        Returns
        -------
        Page
            Summaries with `separation_arcsec`; by separation, then survey, then alert_id.
        """
        ...

    def cone_objects(self, ra: float, dec: float, radius_deg: float, limit: int, token: str | None = None) -> Page:
        """The objects within a circle on the sky, nearest first.

        Parameters
        ----------
        ra, dec, radius_deg, limit, token
            As of `cone`.

        Returns
        -------
        Page
            The summary of the newest alert of each object, with `separation_arcsec` of its nearest alert and `n_alerts` in
            the circle; by separation, then survey, then object_id.
        """
        ...

    def latest(self, kind: str, name: str, limit: int) -> pa.Table:
        """The newest alerts of a list.

        Parameters
        ----------
        kind : str
            `filter` (what a filter sent), `night` (YYYYMMDD), `sso` (a Solar-system body by name).
        name : str
        limit : int

        Returns
        -------
        pyarrow.Table
            Summaries, the largest mjd first; of one mjd by survey, then alert_id.
        """
        ...

    def whole(self, summaries: pa.Table) -> pa.Table:
        """The whole alerts of summaries.

        Parameters
        ----------
        summaries : pyarrow.Table
            Rows of an answer.

        Returns
        -------
        pyarrow.Table
            In their order; one that is gone since is left out.
        """
        ...
