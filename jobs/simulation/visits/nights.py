"""When it is dark at an observatory, when a position is up, and how bright the Moon is: to a few minutes and degrees."""

from dataclasses import dataclass

import numpy as np

from jobs.simulation.epochs import Floats, Ints

TAI_MINUS_UTC = 37 / 86400  # [d], since 2017
_TWILIGHT_DEG = -13.0
_SYNODIC_DAYS = 29.530588
_NEW_MOON_MJD = 51549.6  # 2000-01-06


@dataclass(frozen=True)
class Observatory:
    """Where a telescope stands, and how low it looks.

    Attributes
    ----------
    latitude, longitude : float
        East positive [deg].
    lowest : float
        Lowest altitude of a field [deg].
    farthest : float
        Largest hour angle of a field [h].
    midnight : float
        The middle of night n is at MJD UTC n + midnight.
    """

    latitude: float
    longitude: float
    lowest: float
    farthest: float
    midnight: float

    def altitude(self, dec: Floats, hour_angle: Floats) -> Floats:
        """Altitude [deg].

        Parameters
        ----------
        dec : numpy.ndarray
            [deg].
        hour_angle : numpy.ndarray
            [h], of a shape that fits.
        """
        here, there = np.radians(self.latitude), np.radians(dec)
        sine = np.sin(here) * np.sin(there) + np.cos(here) * np.cos(there) * np.cos(np.radians(15 * hour_angle))
        return np.asarray(np.degrees(np.arcsin(np.clip(sine, -1, 1))))

    def reach(self, dec: Floats) -> Floats:
        """Largest hour angle at which a declination is observed [h]; 0 where it is never.

        Parameters
        ----------
        dec : numpy.ndarray
            [deg].
        """
        return np.minimum(self._semi_arc(dec, self.lowest), self.farthest)

    def window(self, night: Ints, ra: Floats, dec: Floats) -> tuple[Floats, Floats]:
        """From which to which hour angle positions are observed in some nights [h].

        Parameters
        ----------
        night : numpy.ndarray of int64, shape (n,)
            Its number, see `midnight`.
        ra, dec : numpy.ndarray, shape (n,)
            [deg].

        Returns
        -------
        first, last : numpy.ndarray, shape (n,)
            first > last where there is no time.
        """
        middle = night.astype(np.float64) + self.midnight
        at_midnight = self.hour_angle(middle, ra)
        half = 12 - self._semi_arc(_declination_of_sun(middle), _TWILIGHT_DEG)
        reach = self.reach(dec)
        return np.maximum(at_midnight - half, -reach), np.minimum(at_midnight + half, reach)

    def hour_angle(self, mjd: Floats, ra: Floats) -> Floats:
        """Hour angle of positions [h], -12 to 12.

        Parameters
        ----------
        mjd, ra : numpy.ndarray, of shapes that fit
            [MJD TAI], [deg].
        """
        sidereal = 6.664520 + 0.0657098244 * (np.floor(mjd) - 51544) + 24.06570982 * (mjd % 1) + self.longitude / 15
        return np.asarray((sidereal - ra / 15 + 12) % 24 - 12)

    def mjd(self, night: Ints, ra: Floats, hour_angle: Floats) -> Floats:
        """When positions have an hour angle in some nights [MJD TAI].

        Parameters
        ----------
        night, ra, hour_angle : numpy.ndarray, of shapes that fit
            [d], [deg], [h].
        """
        middle = night.astype(np.float64) + self.midnight
        return np.asarray(middle + (hour_angle - self.hour_angle(middle, ra)) / 1.00274 / 24 + TAI_MINUS_UTC)

    def _semi_arc(self, dec: Floats, altitude: float) -> Floats:
        here, there = np.radians(self.latitude), np.radians(dec)
        cosine = (np.sin(np.radians(altitude)) - np.sin(here) * np.sin(there)) / (np.cos(here) * np.cos(there))
        return np.asarray(np.degrees(np.arccos(np.clip(cosine, -1, 1))) / 15)


def moonlight(mjd: Floats) -> Floats:
    """Illuminated fraction of the Moon, 0 to 1.

    Parameters
    ----------
    mjd : numpy.ndarray
        [d].
    """
    return np.asarray((1 - np.cos(2 * np.pi * (mjd - _NEW_MOON_MJD) / _SYNODIC_DAYS)) / 2)


def _declination_of_sun(mjd: Floats) -> Floats:
    """[deg], to 2 degrees: that of the mean Sun (Astronomical Almanac, low precision)."""
    longitude = np.radians(280.46 + 0.9856474 * (mjd - 51544.5))
    return np.asarray(np.degrees(np.arcsin(np.sin(np.radians(23.44)) * np.sin(longitude))))
