"""Filters for tests, made of a condition and a few keys."""

from typing import Any

from jobs.pipeline.filters import Filter
from jobs.pipeline.filters.columns import Catalogue
from jobs.pipeline.filters.definition import make_filter
from jobs.pipeline.filters.problems import FilterError

PROSE = {"description": "for a test", "owner": "tests"}


def filter_of(catalogue: Catalogue, name: str, where: str, **keys: Any) -> Filter:
    made, problems = make_filter(name, {**PROSE, "where": where, **keys}, catalogue)
    if made is None:
        raise FilterError(problems)
    return made
