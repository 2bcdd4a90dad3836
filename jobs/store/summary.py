"""What lists and cones show of an alert: the same columns for every survey and every set of modules."""

from functools import cache

import pyarrow as pa

from science_modules import registry
from science_modules.common.view import SCALARS

COLUMNS = (
    "survey", "alert_id", "object_id", "ra", "dec", "mjd", "night", "band", "flux", "flux_err", "mag", "real_bogus",
)  # fmt: skip
# A module that a job does not run is NULL.
SCORES = (
    ("braai", "p_real"),
    ("acai", "acai_h"), ("acai", "acai_n"), ("acai", "acai_v"), ("acai", "acai_o"), ("acai", "acai_b"),
    ("anomaly", "percentile"),
)  # fmt: skip


@cache
def summary_schema() -> pa.Schema:
    """Columns of a summary, with the units of the view and of the modules."""
    view = {column.name: column.field for column in SCALARS}
    scores = [
        registry.get(module).arrow_type.field(output).with_name(f"{module}_{output}") for module, output in SCORES
    ]
    return pa.schema([*(view[name] for name in COLUMNS), *scores])
