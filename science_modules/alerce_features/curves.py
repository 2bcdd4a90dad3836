"""The two curves of an object that the published features are made of: g and r."""

from science_modules.common.alert_batch import AlertBatch
from science_modules.common.curve_features.curves import LEAST_POINTS, Curves, curves_in

__all__ = ["LEAST_POINTS", "LETTERS", "Curves", "curves"]

LETTERS = ("g", "r")  # suffix _1 and _2


def curves(batch: AlertBatch) -> Curves:
    """The detections and limits of a batch in g and r, one object per alert.

    Parameters
    ----------
    batch : AlertBatch
        With `light_curve`, `corrected` and `survey`.
    """
    return curves_in(batch, LETTERS)
