"""A place on the sky as people write it, and what lies near it."""

import math
import re
import warnings
from dataclasses import dataclass
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

from jobs.archive.astro import astropy

Floats = NDArray[np.float64]
DISTANCE = pa.field(
    "distance_arcsec", pa.float64(), metadata={"unit": "arcsec", "description": "distance from the position asked for"}
)
_FORMS = "degrees (188.73 -1.03) or sexagesimal (12:34:56.7 -01:02:03, 12h34m56.7s -1d2m3s)"
_DEGREES = re.compile(r"[+-]?(\d+\.?\d*|\.\d+)([eE][+-]?\d+)?")


class NoPosition(ValueError):
    """The text is no position on the sky; the message says what one looks like."""


@dataclass(frozen=True)
class Cone:
    """A circle on the sky.

    Attributes
    ----------
    ra, dec : float
        Its centre, ICRS [deg].
    radius_arcsec : float

    Raises
    ------
    NoPosition
        If the centre is not on the sky or the radius is not between 0 and 648,000 arcsec (180 degrees).
    """

    ra: float
    dec: float
    radius_arcsec: float

    def __post_init__(self) -> None:
        if not (0 <= self.ra <= 360 and -90 <= self.dec <= 90):
            raise NoPosition(
                f"RA {self.ra:g}, Dec {self.dec:g} is not on the sky: RA is 0 to 360, Dec -90 to 90 degrees"
            )
        if not 0 < self.radius_arcsec <= 648_000:
            raise NoPosition(f"a radius of {self.radius_arcsec:g} arcsec; it can be more than 0, at most 648000")

    def distances(self, ra: Floats, dec: Floats) -> Floats:
        """Distances [arcsec] of positions [deg], shape (n,); NaN where one is not known.

        Parameters
        ----------
        ra, dec : numpy.ndarray of float64, shape (n,)
            ICRS [deg].

        Notes
        -----
        The haversine formula, exact to rounding for small distances, at the poles and across RA 0.
        """
        phi, phi0 = np.radians(dec), math.radians(self.dec)
        half = np.sin((phi - phi0) / 2) ** 2
        half += np.cos(phi) * math.cos(phi0) * np.sin(np.radians(ra - self.ra) / 2) ** 2
        return np.asarray(3600 * np.degrees(2 * np.arcsin(np.sqrt(np.minimum(half, 1.0)))))

    @property
    def reach(self) -> tuple[float, float]:
        """The lowest and highest declination of the circle [deg]."""
        margin = self.radius_arcsec / 3600 * (1 + 1e-9) + 1e-9
        return self.dec - margin, self.dec + margin

    def inside(self, table: pa.Table) -> pa.Table:
        """The rows of a table within the circle, with their `distance_arcsec`.

        Parameters
        ----------
        table : pyarrow.Table
            With `ra` and `dec` [deg].
        """
        ra, dec = (np.asarray(table[name].to_numpy(), dtype=np.float64) for name in ("ra", "dec"))
        table = table.append_column(DISTANCE, pa.array(self.distances(ra, dec)))
        return table.filter(pc.less_equal(table[DISTANCE.name], self.radius_arcsec))


def cone_of(text: str, radius_arcsec: float) -> Cone:
    """The circle about a position as people write it.

    Parameters
    ----------
    text : str
        A position, as `position_of` reads it.
    radius_arcsec : float

    Raises
    ------
    NoPosition
        If the text is no position, or the radius is out of range.
    """
    return Cone(*position_of(text), radius_arcsec)


def position_of(text: str) -> tuple[float, float]:
    """Right ascension and declination [deg] of a text.

    Parameters
    ----------
    text : str
        `188.73625 -1.03417`, `12:34:56.7 -01:02:03`, `12h34m56.7s -1d2m3s`, `12 34 56.7 -01 02 03`; a comma may stand
        between the two. A colon or an h makes the right ascension hours; a bare number beside a sexagesimal
        declination is refused, since it could be either.

    Raises
    ------
    NoPosition
    """
    parts = text.replace("−", "-").replace(",", " ").split()
    if len(parts) == 6:
        between = "" if parts[0][-1].isalpha() else ":"
        parts = [between.join(parts[:3]), between.join(parts[3:])]
    if len(parts) != 2:
        raise NoPosition(f"{text!r} is no position: RA and Dec in {_FORMS}")
    if all(_DEGREES.fullmatch(part) for part in parts):
        return float(parts[0]), float(parts[1])
    if _DEGREES.fullmatch(parts[0]):
        raise NoPosition(f"{text!r}: is RA {parts[0]} in degrees or in hours? Write {parts[0]}d or {parts[0]}h")
    return _angle(parts[0], "hourangle", text), _angle(parts[1], "deg", text)


def _angle(part: str, unit: str, text: str) -> float:
    with warnings.catch_warnings():
        warnings.simplefilter("error")  # 12:60:60 is only warned about
        try:
            angle: Any = astropy("coordinates").Angle(part, unit=unit)
        except (ValueError, Warning) as error:
            raise NoPosition(f"{text!r} is no position, {error}; RA and Dec are {_FORMS}") from None
    return float(angle.deg)
