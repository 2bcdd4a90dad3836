"""What a filter matches in an archive: one row per match, its annotations as columns, one night in hand at a time."""

from collections.abc import Iterable, Iterator
from contextlib import nullcontext
from itertools import groupby
from pathlib import Path

import pyarrow as pa
from pyspark.sql import SparkSession

from jobs.archive.stars import refuse_stars
from jobs.pipeline.filters import Filter, folders, load_filters
from jobs.pipeline.filters.columns import Catalogue
from jobs.pipeline.filters.evaluation import Found, find, names_read
from jobs.pipeline.filters.kinds import kind_of
from jobs.pipeline.filters.leaves import read_leaves, with_missing
from jobs.spark.session import session_for
from jobs.storage.data_files import night_of
from jobs.storage.layout import Layout
from science_modules import registry
from science_modules.common.view import SCALARS

DIRECTORY = Path("conf/filters")
IDENTITY = (
    "survey", "alert_id", "object_id", "night", "mjd", "ra", "dec", "band", "mag", "flux", "is_public",
)  # fmt: skip
_FIELDS = {column.name: column.field for column in SCALARS}


class NoSuchFilter(ValueError):
    """There is no filter of this name."""


def matches(
    filter: str | Path | Filter,
    directory: str | Path,
    nights: Iterable[str | int] | None = None,
    spark: SparkSession | None = None,
) -> pa.Table:
    """All alerts of an archive that a filter matches.

    Parameters
    ----------
    filter : str, pathlib.Path or Filter
        The name of a filter under conf/filters or a folder of it, or its file.
    directory : path
        The output of `strix night` or `strix enrich`.
    nights : iterable of str or int, optional
        YYYYMMDD; all if not given.
    spark : SparkSession, optional
        The session that evaluates it; one is started and stopped if there is none.

    Returns
    -------
    pyarrow.Table
        survey, alert_id, object_id, night, mjd [d, TAI], ra, dec [deg], band, mag [mag AB], flux [nJy], is_public, then
        the filter's annotations by name (`annotation_<name>` where it is one of these names and something else). Nights
        ascending, within a night by mjd and alert_id. `per_object` and `max_per_night` are not applied.

    Raises
    ------
    NoSuchFilter, FilterError
        If there is no such filter, or it is wrong.
    FileNotFoundError
        If the archive has no such night.
    """
    each = filter if isinstance(filter, Filter) else filter_of(filter)
    with nullcontext(spark) if spark else session_for("filter matches") as session:
        return pa.concat_tables([schema_of(each).empty_table(), *match_tables(session, each, directory, nights)])


def filter_of(name: str | Path, modules: Iterable[str] | None = None) -> Filter:
    """A filter by its name under conf/filters, or its file.

    Parameters
    ----------
    name : str or pathlib.Path
        The file's stem under conf/filters or a folder of it, or a path.
    modules : iterable of str, optional
        The modules whose columns the filter may read; all that there are, without it.

    Raises
    ------
    NoSuchFilter
        Names those that are there.
    FilterError
        If it is wrong.
    """
    path = Path(name) if Path(name).is_file() else _file_of(str(name))
    (each,) = load_filters(path, modules if modules is not None else registry.names())
    return each


def _file_of(name: str) -> Path:
    """The file of a filter in DIRECTORY, else in one of its folders."""
    files = [path for folder in folders(DIRECTORY) for path in sorted(folder.glob("*.yaml"))]
    found = [path for path in files if name in (path.stem, path.relative_to(DIRECTORY).with_suffix("").as_posix())]
    if found and (found[0].parent == DIRECTORY or len(found) == 1):
        return found[0]
    if found:
        raise NoSuchFilter(f"{name} is a filter of several folders: {', '.join(map(str, found))}; give the file")
    there = ", ".join(sorted(path.relative_to(DIRECTORY).with_suffix("").as_posix() for path in files)) or "none"
    raise NoSuchFilter(f"{name} is no file, and no filter in {DIRECTORY} (there are: {there})")


def match_tables(
    spark: SparkSession, each: Filter, directory: str | Path, nights: Iterable[str | int] | None = None
) -> Iterator[pa.Table]:
    """The matches of a filter, one night after the other.

    Parameters
    ----------
    spark : SparkSession
    each : Filter
    directory : str or pathlib.Path
        The output.
    nights : iterable of str or int, optional
        YYYYMMDD; all without it.

    Yields
    ------
    pyarrow.Table
        One per night with matches, with the columns of `schema_of`, sorted by time and alert id.

    Raises
    ------
    StarsOnly
        If it is that of `strix reprocess`.
    """
    layout = Layout(Path(directory))
    refuse_stars(layout, "a filter looks at")
    for _, files in _by_night(layout, nights):
        found = list(_in_files(spark, each, files))
        if found:
            yield pa.concat_tables(found).sort_by([("mjd", "ascending"), ("alert_id", "ascending")])


def schema_of(each: Filter) -> pa.Schema:
    """The columns of a filter's matches: the alert's identity, then the filter's own values.

    Parameters
    ----------
    each : Filter
    """
    own = [pa.field(name, each.values[name].kind.arrow) for name in each.values]
    return pa.schema(
        [*map(_identity, IDENTITY), *(one.with_name(_named(each, one.name)) for one in own if _kept(each, one.name))]
    )


def _identity(name: str) -> pa.Field:
    kind = kind_of(_FIELDS[name].type)
    assert kind is not None
    return _FIELDS[name].with_type(kind.arrow).with_nullable(True)


def _kept(each: Filter, name: str) -> bool:
    """Whether an annotation is more than a column that is there in any case."""
    return name not in IDENTITY or each.values[name].column != name


def _named(each: Filter, name: str) -> str:
    return f"annotation_{name}" if name in IDENTITY else name


def _by_night(layout: Layout, nights: Iterable[str | int] | None) -> Iterator[tuple[str, list[Path]]]:
    wanted = None if nights is None else {str(night) for night in nights}
    there = {night: list(own) for night, own in groupby(layout.files("science"), night_of)}
    missing = sorted((wanted or set()) - set(there))
    if missing or not there:
        raise FileNotFoundError(f"{layout.root} has no science files{f' of {missing}' if missing else ''}")
    yield from ((night, own) for night, own in there.items() if wanted is None or night in wanted)


def _in_files(spark: SparkSession, each: Filter, files: list[Path]) -> Iterator[pa.Table]:
    for leaves in read_leaves(files, names_read([each]) | set(IDENTITY)):
        found = find(spark, leaves, [each])
        if len(found.rows[0]):
            yield _table(each, leaves, found)


def _table(each: Filter, leaves: pa.Table, found: Found) -> pa.Table:
    known = with_missing(leaves, {name: Catalogue(()).find(name).kind for name in IDENTITY})
    rows = known.select(IDENTITY).take(found.rows[0])
    annotations = found.annotations[0]
    columns = list(rows.columns)
    if annotations is not None:
        columns += [annotations.field(at) for at, name in enumerate(each.values) if _kept(each, name)]
    return pa.table(columns, schema=schema_of(each))
