"""What a survey can see: of the sky, of brightness, of time. Objects are drawn within it."""

from dataclasses import dataclass


@dataclass(frozen=True)
class Reach:
    """A survey's limits.

    Attributes
    ----------
    south, north : float
        Declinations [deg].
    bright, faint : float
        Where the detector saturates, and the faintest maximum of a transient that is drawn [AB mag, r].
    first, last : float
        Beginning and end of the survey [MJD TAI].
    """

    south: float
    north: float
    bright: float
    faint: float
    first: float
    last: float


# Bellm et al. 2019; the public survey began in March 2018.
ZTF_REACH = Reach(south=-28.0, north=88.0, bright=13.0, faint=20.5, first=58178.0, last=60500.0)
# Ivezic et al. 2019: the wide survey, single visits.
LSST_REACH = Reach(south=-72.0, north=12.0, bright=17.0, faint=24.0, first=60980.0, last=62450.0)
