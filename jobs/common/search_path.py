"""Directories that environment variables name: where surveys and science modules outside of the packages are."""

import os

SURVEY_PATH = "STRIX_SURVEY_PATH"
MODULE_PATH = "STRIX_MODULE_PATH"


class SearchPathProblem(ValueError):
    """What such a variable names is not there, or is not what it should be; the message says which."""


def absolute(variable: str) -> str:
    """The value of such a variable with absolute paths, for processes with another working directory; "" if it is not set.

    Parameters
    ----------
    variable : str
        Name of an environment variable that holds paths, divided as $PATH is.
    """
    parts = filter(None, os.environ.get(variable, "").split(os.pathsep))
    return os.pathsep.join(os.path.abspath(part) for part in parts)
