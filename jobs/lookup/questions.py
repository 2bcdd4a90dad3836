"""What both stores make of a question, and what both answer beside the columns of an alert."""

import pyarrow as pa

from jobs.archive.position import Cone, NoPosition
from jobs.lookup.store import BadQuestion

KINDS = ("filter", "night", "sso")
MOST_DEG = 5.0
SEPARATION = pa.field(
    "separation_arcsec", pa.float64(), metadata={"unit": "arcsec", "description": "distance from the centre asked for"}
)
N_ALERTS = pa.field("n_alerts", pa.int64(), metadata={"unit": "", "description": "alerts of the object in the circle"})
# Orders of answers: of a list (of one mjd by survey and alert), of alerts and of objects in a circle, of whole alerts.
NEWEST_FIRST = (("mjd", "descending"), ("survey", "ascending"), ("alert_id", "ascending"))
NEAREST_ALERTS = (SEPARATION.name, "survey", "alert_id")
NEAREST_OBJECTS = (SEPARATION.name, "survey", "object_id")
BY_TIME = (("mjd", "ascending"), ("alert_id", "ascending"), ("survey", "ascending"))


def circle_of(ra: float, dec: float, radius_deg: float) -> Cone:
    """The circle that is asked about.

    Parameters
    ----------
    ra, dec : float
        ICRS [deg].
    radius_deg : float
        More than 0, at most MOST_DEG.

    Raises
    ------
    BadQuestion
        If it is larger, or not on the sky.
    """
    if not 0 < radius_deg <= MOST_DEG:
        raise BadQuestion(f"a radius of {radius_deg:g} deg; it can be more than 0, at most {MOST_DEG:g}")
    try:
        return Cone(ra, dec, radius_deg * 3600.0)
    except NoPosition as problem:
        raise BadQuestion(str(problem)) from None


def positive(limit: int) -> int:
    """A limit that is at least 1.

    Parameters
    ----------
    limit : int

    Raises
    ------
    BadQuestion
    """
    if limit < 1:
        raise BadQuestion(f"a limit of {limit}; it is at least 1")
    return limit


def list_of(kind: str, name: str) -> str:
    """What a list is called, for a message.

    Parameters
    ----------
    kind : str
        Of KINDS.
    name : str

    Raises
    ------
    BadQuestion
        If there are no such lists, or the name is none of a night.
    """
    told = {"filter": "alert that the filter {} sent", "night": "alert of night {}", "sso": "alert of the body {}"}
    if kind not in told:
        raise BadQuestion(f"a list of kind {kind!r}; there are {', '.join(told)}")
    if kind == "night" and not (len(name) == 8 and name.isdigit()):
        raise BadQuestion(f"night {name!r}; a night is eight digits, YYYYMMDD")
    return told[kind].format(repr(name))


def alert_id_of(alert_id: int) -> int:
    """An alert id that 64 bits hold.

    Parameters
    ----------
    alert_id : int

    Raises
    ------
    BadQuestion
    """
    if not -(2**63) <= alert_id < 2**63:
        raise BadQuestion(f"alert {alert_id}: ids have 64 bits, from -2^63 to 2^63 - 1")
    return alert_id


def of_survey(survey: str | None) -> str:
    """Words for a message.

    Parameters
    ----------
    survey : str or None
        None where all surveys were asked: no words.
    """
    return f" of survey {survey!r}" if survey is not None else ""
