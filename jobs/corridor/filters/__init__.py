"""Filters: checked Spark SQL conditions over the common view, the survey's fields and the modules' outputs.

filters = load_filters("conf/filters", modules)
matches = evaluate(spark, science_files, filters)
sent, state, suppressed = apply_state(matches, state, filters)
"""

from jobs.corridor.filters.annotating import annotation_type
from jobs.corridor.filters.definition import Filter
from jobs.corridor.filters.evaluation import evaluate
from jobs.corridor.filters.loading import load_filters
from jobs.corridor.filters.problems import FilterError, Problem
from jobs.corridor.filters.state import apply_state, empty_state

__all__ = [
    "Filter",
    "FilterError",
    "Problem",
    "annotation_type",
    "apply_state",
    "empty_state",
    "evaluate",
    "load_filters",
]
