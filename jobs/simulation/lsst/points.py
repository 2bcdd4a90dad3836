"""Some of the visits of light curves, with what the packets' records say of each."""

from dataclasses import dataclass
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from jobs.simulation.epochs import Ints
from jobs.simulation.light_curves import LightCurves
from jobs.simulation.lsst.ids import source_ids, visit_ids
from jobs.simulation.object_class import Floats, Parameters
from jobs.simulation.solar_system.ephemeris import Ephemeris, ephemeris_at
from jobs.simulation.solar_system.orbits import ELEMENTS
from jobs.simulation.visits import chance

PIXEL_ARCSEC = 0.2
_SIGMA_PER_FWHM = 1 / np.sqrt(8 * np.log(2))
_TEMPLATE_DEPTH = 0.06  # error of a template's flux per error of a visit's: measured on 107 real alerts


@dataclass(frozen=True)
class Points:
    """k visits of n objects.

    Attributes
    ----------
    curves : LightCurves
    which : numpy.ndarray of int64, shape (k,)
        Places in the curves' flat epochs.
    templates : numpy.ndarray, shape (n, 6)
        What forced photometry finds at each object's place in the template, per band [nJy].
    """

    curves: LightCurves
    which: Ints
    templates: Floats

    @cached_property
    def object(self) -> Ints:
        """The object of each visit, shape (k,)."""
        return self.curves.epochs.object[self.which]

    @cached_property
    def number(self) -> Ints:
        """The object's number, shape (k,)."""
        return self.curves.population.number[self.object]

    @cached_property
    def mjd(self) -> Floats:
        """Mid-exposure [MJD TAI], shape (k,)."""
        return self.curves.epochs.mjd[self.which]

    @cached_property
    def band(self) -> Ints:
        """Place in BANDS, shape (k,)."""
        return self.curves.epochs.band[self.which]

    @cached_property
    def flux(self) -> Floats:
        """Difference flux [nJy], shape (k,)."""
        return self.curves.flux[self.which]

    @cached_property
    def flux_err(self) -> Floats:
        """Its error [nJy], shape (k,)."""
        return self.curves.flux_err[self.which]

    @cached_property
    def snr(self) -> Floats:
        """|flux| / error, shape (k,)."""
        return np.asarray(np.abs(self.flux) / self.flux_err)

    @cached_property
    def fwhm(self) -> Floats:
        """Seeing [arcsec], shape (k,)."""
        return self.curves.conditions.fwhm[self.which]

    @cached_property
    def detector(self) -> Ints:
        """Detector, shape (k,)."""
        return self.curves.conditions.detector[self.which]

    @cached_property
    def id(self) -> Ints:
        """Negative and unique, shape (k,)."""
        return source_ids(self.seed, self.number, self.mjd)

    @cached_property
    def visit(self) -> Ints:
        """The exposure, shape (k,)."""
        return visit_ids(self.mjd)

    @cached_property
    def template(self) -> Floats:
        """Flux in the template [nJy], shape (k,); every visit has it from the same template."""
        return np.asarray(self.templates[self.object, self.band] + 0.3 * self.template_err * self.normal("template"))

    @cached_property
    def template_err(self) -> Floats:
        """Its error [nJy], shape (k,)."""
        return np.asarray(_TEMPLATE_DEPTH * self.flux_err)

    @cached_property
    def science(self) -> Floats:
        """Flux in the exposure [nJy], shape (k,)."""
        return np.asarray(self.template + self.flux + 0.1 * self.flux_err * self.normal("science"))

    @cached_property
    def science_err(self) -> Floats:
        """Its error [nJy], shape (k,)."""
        return np.asarray(1.01 * self.flux_err)

    @cached_property
    def centroid_err(self) -> Floats:
        """Error of the position along one axis [arcsec], shape (k,): 1.5 times that of the seeing disc's centre."""
        return np.asarray(1.5 * _SIGMA_PER_FWHM * self.fwhm / self.snr)

    @cached_property
    def offset(self) -> Floats:
        """Measured less true position, east and north [arcsec], shape (2, k)."""
        return np.stack([self.normal("east"), self.normal("north")]) * self.centroid_err

    @cached_property
    def elements(self) -> Parameters:
        """Orbit and `slope` of each visit's minor planet, arrays of shape (k,)."""
        parameters = self.curves.population.parameters
        return {name: parameters[name][self.object] for name in (*ELEMENTS, "slope")}

    @cached_property
    def ephemeris(self) -> Ephemeris:
        """Where each visit's minor planet is, and how it moves."""
        return ephemeris_at(self.elements, self.mjd)

    @cached_property
    def true_position(self) -> tuple[Floats, Floats]:
        """Right ascension and declination [deg], shape (k,)."""
        objects = self.curves.population
        if objects.kind.branch == "moving":
            return self.ephemeris.ra, self.ephemeris.dec
        return objects.ra[self.object], objects.dec[self.object]

    @cached_property
    def streak(self) -> Floats:
        """How far each visit's object moves during the exposure, east and north [arcsec], shape (2, k)."""
        if self.curves.population.kind.branch != "moving":
            return np.zeros((2, len(self)))
        rate = np.stack([self.ephemeris.east, self.ephemeris.north])
        return np.asarray(rate * self.curves.conditions.exposure[self.which] / 3600)

    @cached_property
    def position(self) -> tuple[Floats, Floats]:
        """Measured right ascension and declination [deg], shape (k,)."""
        ra, dec = self.true_position
        return (ra + self.offset[0] / 3600 / np.cos(np.radians(dec))) % 360, dec + self.offset[1] / 3600

    @cached_property
    def rotation(self) -> Floats:
        """Position angle of the detector's y axis, east of north [deg], shape (k,); one for each exposure."""
        return 360 * chance.uniform(self.seed, "rotation", self.visit)

    @cached_property
    def pixel(self) -> Floats:
        """x and y on the detector, from 0 [px], shape (2, k)."""
        return np.stack([20 + 4032 * self.uniform("x"), 20 + 3960 * self.uniform("y")])

    @property
    def seed(self) -> int:
        """The simulation's seed."""
        return self.curves.population.block.seed

    def __len__(self) -> int:
        return len(self.which)

    def uniform(self, purpose: str) -> Floats:
        """A number from 0 to 1 for each visit, whatever others are chosen, shape (k,).

        Parameters
        ----------
        purpose : str
            Another one gives independent numbers.
        """
        return chance.uniform(self.seed, f"lsst {purpose}", self.id)

    def normal(self, purpose: str) -> Floats:
        """A standard normal number for each visit, as `uniform`, shape (k,).

        Parameters
        ----------
        purpose : str
        """
        return chance.normal(self.seed, f"lsst {purpose}", self.id)

    def take(self, which: Ints | NDArray[np.bool_]) -> "Points":
        """Some of the visits.

        Parameters
        ----------
        which : numpy.ndarray of bool, shape (k,), or of int64
        """
        return Points(self.curves, self.which[which], self.templates)
