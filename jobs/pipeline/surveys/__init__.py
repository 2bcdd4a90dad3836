"""The surveys that Strix knows: one adapter each; docs/surveys.md says how to add one."""

from jobs.pipeline.surveys.external import with_external
from jobs.pipeline.surveys.lsst import LSST
from jobs.pipeline.surveys.survey import AdapterResult, Survey
from jobs.pipeline.surveys.ztf import ZTF

# The only list: configuration, options, filters, pictures, links and tables read it.
SURVEYS: tuple[Survey, ...] = with_external((ZTF, LSST))
SURVEY_NAMES = tuple(survey.name for survey in SURVEYS)
AUTO = "auto"  # packets of all surveys

__all__ = ["AUTO", "SURVEYS", "SURVEY_NAMES", "AdapterResult", "Survey", "survey_of", "surveys_of"]


def survey_of(name: str) -> Survey | None:
    """The survey of this name; None for one that this process does not know, as of an output that another wrote.

    Parameters
    ----------
    name : str
        As the column `survey` has it.
    """
    return next((survey for survey in SURVEYS if survey.name == name), None)


def surveys_of(choice: str) -> tuple[str, ...]:
    """The names of the surveys that a choice (a survey's name, or `auto`) takes.

    Parameters
    ----------
    choice : str
        Not checked against the surveys there are.
    """
    return SURVEY_NAMES if choice == AUTO else (choice,)
