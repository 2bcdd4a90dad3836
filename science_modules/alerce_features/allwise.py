"""Whether a job has a cross-match with AllWISE; without the kernels, so that what lists modules does not load numba."""

from science_modules.common.alert_batch import AlertBatch

ALLWISE = ("allwise.W1", "allwise.W2", "allwise.W3")  # of the source within 1 arcsec [Vega mag]


def is_matched(batch: AlertBatch) -> bool:
    """Whether something has looked the alerts up in AllWISE.

    Parameters
    ----------
    batch : AlertBatch
    """
    return all(name in batch for name in ALLWISE)
