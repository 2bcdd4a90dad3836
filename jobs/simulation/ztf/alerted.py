"""Alerts of objects of one class: what their light curves, their surroundings and their exposures are."""

from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from jobs.simulation.light_curves import LightCurves
from jobs.simulation.ztf.scenes import Floats, Ints, Sources

PIXEL_ARCSEC = 1.01
# Full width of a disc as SExtractor reports it over that of its pixels: 58 bright asteroids.
REPORTED_OVER_TRUE = 1.1


@dataclass(frozen=True)
class Alerted:
    """n alerts of the objects of a block.

    Attributes
    ----------
    curves : LightCurves
        Of the objects; m visits.
    visit : numpy.ndarray of int64, shape (n,)
        The visit of each alert, 0 to m - 1.
    sources : Sources
        Around each alert, in the order of the alerts.
    listed : Sources
        The same as catalogues list them: `neighbours.catalogued`.
    detections : mapping of str to numpy.ndarray, shape (m,)
        What the pipeline measures of every visit, a detection or not; columns of `measured.DETECTION`.
    seeing, template_seeing : numpy.ndarray, shape (n,)
        Full width at half maximum in the science and in the reference image [px].
    edge : numpy.ndarray, shape (n, 2)
        Place in the readout channel [px].
    trail : numpy.ndarray, shape (n, 2)
        Motion during the exposure, east and north [px].
    """

    curves: LightCurves
    visit: Ints
    sources: Sources
    listed: Sources
    detections: dict[str, Floats]
    seeing: Floats
    template_seeing: Floats
    edge: Floats
    trail: Floats

    def __len__(self) -> int:
        return len(self.visit)

    @property
    def object(self) -> Ints:
        """The object of each alert within the block, shape (n,)."""
        return np.asarray(self.curves.epochs.object[self.visit])

    @property
    def band(self) -> Ints:
        """Place in BANDS, shape (n,)."""
        return np.asarray(self.curves.epochs.band[self.visit])

    def rows(self, begin: int, end: int) -> "Alerted":
        """Some of the alerts, those from `begin` on before `end`; visits and what is measured of them stay.

        Parameters
        ----------
        begin, end : int
        """
        some = slice(begin, end)
        own = {name: getattr(self, name)[some] for name in ("visit", "seeing", "template_seeing", "edge", "trail")}
        around = {name: getattr(self, name).of_owners(begin, end) for name in ("sources", "listed")}
        return replace(self, **around, **own)

    def of_visits(self, values: NDArray) -> NDArray:  # type: ignore[type-arg]  # any dtype
        """A value per visit as a value per alert.

        Parameters
        ----------
        values : numpy.ndarray, shape (m,)
        """
        return values[self.visit]
