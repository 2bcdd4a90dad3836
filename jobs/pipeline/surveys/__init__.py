"""The surveys that Strix knows: one adapter each."""

from jobs.pipeline.surveys.lsst import LSST
from jobs.pipeline.surveys.survey import AdapterResult, Survey
from jobs.pipeline.surveys.ztf import ZTF

SURVEYS: tuple[Survey, ...] = (ZTF, LSST)

__all__ = ["SURVEYS", "AdapterResult", "Survey"]
