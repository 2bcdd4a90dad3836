"""A store without the alerts that do not pass a condition."""

from jobs.lookup.store import BadQuestion, LookupStore


def narrowed(store: LookupStore, where: str | None) -> LookupStore:
    """A store that gives only what passes a condition.

    Parameters
    ----------
    store : LookupStore
    where : str or None
        In the filters' language, as of `strix filter`; None for all.

    Raises
    ------
    BadQuestion
        If it is no such condition: with everything that is wrong with it, as `strix filter check` says it; if the store has
        stars of a release, whose rows are no alerts.
    """
    if where is None:
        return store
    # The filters' language and Spark's classes take half a second to import; a question without a condition needs neither.
    from jobs.lookup.narrowed_store import NarrowedStore
    from jobs.lookup.release import ReleaseStore
    from jobs.pipeline.filters.condition import Condition
    from jobs.pipeline.filters.problems import FilterError
    from science_modules import registry

    if isinstance(store, ReleaseStore):
        raise BadQuestion(store.refused_where())
    try:
        return NarrowedStore(store, Condition.of(where, registry.names(), "where"))
    except FilterError as problems:
        raise BadQuestion(str(problems)) from None
