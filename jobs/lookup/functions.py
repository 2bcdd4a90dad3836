"""`get_object`, `get_alert`, `get_cone`, `get_latest`: what `strix get` answers, as tables of astropy, pandas or Arrow."""

from functools import lru_cache
from pathlib import Path
from typing import Any, Literal

import pandas as pd
import pyarrow as pa

from jobs.archive.flat import flat_columns
from jobs.lookup.narrowing import narrowed
from jobs.lookup.opening import open_store
from jobs.lookup.store import BadQuestion, LookupStore
from jobs.storage.schema_union import leaves

Form = Literal["astropy", "pandas", "arrow"]
_ALL = 2**31 - 1
# Integers and booleans that may be NULL stay what they are: 64-bit ids are no doubles.
_PANDAS = {
    pa.int8(): pd.Int8Dtype(), pa.int16(): pd.Int16Dtype(), pa.int32(): pd.Int32Dtype(), pa.int64(): pd.Int64Dtype(),
    pa.bool_(): pd.BooleanDtype(),
}  # fmt: skip


def get_object(
    object_id: str,
    survey: str | None = None,
    where: str | None = None,
    data: str | Path | None = None,
    hbase: str | None = None,
    form: Form = "astropy",
) -> Any:
    """All alerts of an object, whole, in the order of time.

    Parameters
    ----------
    object_id : str
        As ZTF21aaxtctv; Rubin's are numbers.
    survey : str, optional
        Where two surveys name objects alike.
    where : str, optional
        Only alerts for which this is TRUE; in the filters' language (docs/filters.md).
    data : path, optional
        The output of a job: its Parquet tables are asked.
    hbase : str, optional
        host:port of a Thrift server: HBase is asked; without this and `data` that of $STRIX_HBASE or `strix services`.
    form : str
        astropy, pandas (a column per number, 64-bit ids exact) or arrow (as the science table, a struct per module).

    Returns
    -------
    astropy.table.Table, pandas.DataFrame or pyarrow.Table

    Raises
    ------
    NotThere
        If there is no such object, or none of its alerts passes.
    BadQuestion
        If no store is known, or `where` is no condition; the message says what is wrong with it.
    """
    return _given(_store(data, hbase, where).object(object_id, survey), form)


def get_alert(
    alert_id: int,
    survey: str | None = None,
    cutouts: bool = False,
    data: str | Path | None = None,
    hbase: str | None = None,
    form: Form = "astropy",
) -> Any:
    """One alert, whole.

    Parameters
    ----------
    alert_id : int
    survey : str, optional
        Two surveys may have the same id: without it a row of each is given.
    cutouts : bool
        With its cutouts as received; `form` arrow or pandas.
    data, hbase, form
        As of `get_object`.

    Returns
    -------
    astropy.table.Table, pandas.DataFrame or pyarrow.Table

    Raises
    ------
    NotThere
        If there is no such alert.
    BadQuestion
        If no store is known, or cutouts are asked for in a form that does not hold bytes.
    """
    if cutouts and form == "astropy":
        raise BadQuestion("cutouts are bytes: form='arrow' or 'pandas'; jobs.cutouts gives them as arrays")
    return _given(_store(data, hbase).alert(alert_id, survey, cutouts), form)


def get_cone(
    ra: float,
    dec: float,
    radius_arcsec: float,
    alerts: bool = False,
    limit: int | None = None,
    where: str | None = None,
    data: str | Path | None = None,
    hbase: str | None = None,
    form: Form = "astropy",
) -> Any:
    """The objects within a circle on the sky, or its alerts, nearest first, with `separation_arcsec`.

    Parameters
    ----------
    ra, dec : float
        ICRS [deg].
    radius_arcsec : float
        At most 5 deg.
    alerts : bool
        Alerts instead of objects, of which the newest alert is shown.
    limit : int, optional
        The nearest so many; all without it.
    where, data, hbase, form
        As of `get_object`.

    Returns
    -------
    astropy.table.Table, pandas.DataFrame or pyarrow.Table
        Without rows if nothing is there.

    Raises
    ------
    BadQuestion
        If that is no circle, and as `get_object`.
    """
    store = _store(data, hbase, where)
    ask = store.cone if alerts else store.cone_objects
    return _given(ask(ra, dec, radius_arcsec / 3600.0, _ALL if limit is None else limit).rows, form)


def get_latest(
    filter: str | None = None,
    night: str | int | None = None,
    sso: str | None = None,
    limit: int = 100,
    where: str | None = None,
    data: str | Path | None = None,
    hbase: str | None = None,
    form: Form = "astropy",
) -> Any:
    """The newest alerts that a filter sent, of a night, or of a Solar-system body: one of the three.

    Parameters
    ----------
    filter : str, optional
        Its name.
    night : str or int, optional
        YYYYMMDD.
    sso : str, optional
        As the survey names it.
    limit : int
    where, data, hbase, form
        As of `get_object`.

    Returns
    -------
    astropy.table.Table, pandas.DataFrame or pyarrow.Table

    Raises
    ------
    NotThere
        If there are none, or none passes.
    BadQuestion
        If not one of the three is named, and as `get_object`.
    """
    named = {kind: str(name) for kind, name in (("filter", filter), ("night", night), ("sso", sso)) if name is not None}
    if len(named) != 1:
        raise BadQuestion(f"one of filter, night and sso is wanted, found {', '.join(named) or 'none'}")
    ((kind, name),) = named.items()
    return _given(_store(data, hbase, where).latest(kind, name, limit), form)


def _store(data: str | Path | None, hbase: str | None, where: str | None = None) -> LookupStore:
    return narrowed(open_store(hbase=hbase) if data is None else _archive(str(Path(data).absolute())), where)


@lru_cache(maxsize=8)
def _archive(data: str) -> LookupStore:
    """An archive, its index open: it sees for itself what has changed since."""
    return open_store("archive", data)


def _given(rows: pa.Table, form: Form) -> Any:
    if form == "arrow":
        return rows
    if form not in ("astropy", "pandas"):
        raise BadQuestion(f"forms are astropy, pandas and arrow, found {form!r}")
    flat = flat_columns(rows.schema, None)
    table = leaves(rows, rows.schema, flat.values()).rename_columns(list(flat))
    if form == "pandas":
        return table.to_pandas(types_mapper=_PANDAS.get)
    from jobs.archive.astropy_tables import as_astropy

    return as_astropy(table)
