"""Filters: checked Spark SQL conditions over the common view, the survey's fields and the modules' outputs.

filters = load_filters("conf/filters", modules)
matches = evaluate(spark, science_files, filters)
sent, state, suppressed = apply_state(matches, state, filters)
"""

from jobs.pipeline.filters.annotating import annotation_type
from jobs.pipeline.filters.definition import Filter
from jobs.pipeline.filters.evaluation import evaluate
from jobs.pipeline.filters.loading import folders, load_filters
from jobs.pipeline.filters.problems import FilterError, Problem
from jobs.pipeline.filters.state import apply_state, empty_state

__all__ = [
    "Filter",
    "FilterError",
    "Problem",
    "annotation_type",
    "apply_state",
    "empty_state",
    "evaluate",
    "folders",
    "load_filters",
]
