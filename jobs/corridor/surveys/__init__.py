"""The surveys that Strix knows: one adapter each."""

from jobs.corridor.surveys.lsst import LSST
from jobs.corridor.surveys.survey import Survey, Viewed
from jobs.corridor.surveys.ztf import ZTF

SURVEYS: tuple[Survey, ...] = (ZTF, LSST)

__all__ = ["SURVEYS", "Survey", "Viewed"]
