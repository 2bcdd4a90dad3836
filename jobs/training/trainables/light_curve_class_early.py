"""The forests of light_curve_class_early: those of light_curve_class, on pieces of three to five points."""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any, ClassVar

import pyarrow as pa

from jobs.training import light_curve_early_set
from jobs.training.trainables.light_curve_class import LightCurveForests
from science_modules import light_curve_class_early
from science_modules.light_curve_class_early.columns import FEATURES

_MADE = {
    "simulated": light_curve_early_set.of_simulated,
    "labelled": light_curve_early_set.of_labelled,
    "packets": light_curve_early_set.of_packets,
}


class EarlyForests(LightCurveForests):
    """See science_modules/light_curve_class_early."""

    name = "light_curve_class_early"
    version = light_curve_class_early.MODULE.version
    columns = light_curve_early_set.COLUMNS
    features: ClassVar[Sequence[str]] = FEATURES
    defaults: ClassVar[Mapping[str, Any]] = {
        **LightCurveForests.defaults, "output": "data/training/light_curve_class_early",
    }  # fmt: skip
    not_tested_on = LightCurveForests.not_tested_on

    def examples(self, part: str, data: Any) -> Iterator[pa.Table]:
        """The pieces of a part in the features that the module reads.

        Parameters
        ----------
        part : str
            Of `parts`.
        data : Data
        """
        kind, _, path = part.partition(":")
        yield from _MADE[kind](path, data.seed)


TRAINABLE = EarlyForests()
