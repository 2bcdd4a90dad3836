"""Cutouts as ZTF sends them: FITS with one plain image, gzipped."""

from functools import lru_cache

from isal import igzip

from jobs.simulation.ztf.scenes import Floats


def fits_bytes(stamp: Floats) -> bytes:
    """A cutout as the survey sends it, the same bytes every time.

    Parameters
    ----------
    stamp : numpy.ndarray, shape (rows, columns)
        [DN]; written as float32.
    """
    pixels = stamp.astype(">f4").tobytes()
    padding = b"\0" * (-len(pixels) % 2880)
    return igzip.compress(_header(*stamp.shape) + pixels + padding, 1, mtime=0)


@lru_cache
def _header(rows: int, cols: int) -> bytes:
    values = {"SIMPLE": "T", "BITPIX": -32, "NAXIS": 2, "NAXIS1": cols, "NAXIS2": rows}
    cards = [f"{key:<8}= {value:>20}" for key, value in values.items()] + ["BUNIT   = 'DN      '", "END"]
    return "".join(card.ljust(80) for card in cards).ljust(2880).encode("ascii")
