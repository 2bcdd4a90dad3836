"""How surveys observe: when a position is visited, in which band, how deep; a survey is a file here."""

from jobs.simulation.visits import lsst, ztf
from jobs.simulation.visits.survey import Survey

SURVEYS: dict[str, Survey] = {"ztf": ztf.SURVEY, "lsst": lsst.SURVEY}

__all__ = ["SURVEYS", "Survey"]
