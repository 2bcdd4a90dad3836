"""Where a cutout lies on the detector and on the sky."""

from dataclasses import dataclass

import numpy as np

from jobs.simulation.lsst.points import PIXEL_ARCSEC
from jobs.simulation.object_class import Floats


@dataclass(frozen=True)
class Frame:
    """Where a cutout lies.

    Attributes
    ----------
    side : int
        Pixels along an edge.
    row, col : float
        The detection in it, from 0 [px].
    matrix : numpy.ndarray, shape (2, 2)
        (east, north) [arcsec] per (x, y) [px].
    """

    side: int
    row: float
    col: float
    matrix: Floats

    def rows_and_columns(self, east: Floats, north: Floats) -> tuple[Floats, Floats]:
        """Pixels of places.

        Parameters
        ----------
        east, north : numpy.ndarray, shape (k,)
            Distance from the detection [arcsec].
        """
        across, up = self.matrix @ np.stack([east, north]) / PIXEL_ARCSEC**2  # a reflection is its own inverse
        return self.row + up, self.col + across
