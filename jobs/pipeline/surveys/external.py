"""Adapters outside of the package: those in the directories of $STRIX_SURVEY_PATH, as science modules have theirs."""

import importlib.util
import os
import sys
from collections.abc import Iterator, Sequence
from hashlib import sha256
from pathlib import Path

from jobs.common.search_path import SURVEY_PATH, SearchPathProblem
from jobs.pipeline.surveys.survey import Survey


def with_external(own: Sequence[Survey]) -> tuple[Survey, ...]:
    """These surveys, and one for every `<name>.py` or folder `<name>` of the path that has a `SURVEY` called so.

    Parameters
    ----------
    own : sequence of Survey
        Those of the package.

    Raises
    ------
    SearchPathProblem
        For a directory that is absent, a file without a SURVEY of its name, or a name that is taken.
    """
    found = {survey.name: survey for survey in own}
    for path in _adapters():
        survey = _load(path)
        if survey.name in found:
            raise SearchPathProblem(f"{SURVEY_PATH}: {path} is survey {survey.name!r}, which there is already")
        found[survey.name] = survey
    return tuple(found.values())


def _adapters() -> Iterator[Path]:
    for part in filter(None, os.environ.get(SURVEY_PATH, "").split(os.pathsep)):
        directory = Path(part).resolve()
        if not directory.is_dir():
            told = f"{SURVEY_PATH} names {directory}, which is no directory"
            raise SearchPathProblem(f"{told}; make it, or take it out of {SURVEY_PATH}")
        yield from sorted(path for path in directory.glob("[!_.]*.py") if path.is_file())
        yield from sorted(path for path in directory.glob("[!_.]*/__init__.py"))


def external_hashes() -> dict[str, str]:
    """sha256 of each such adapter's file, by its survey's name: whether two machines run the same code."""
    return {_name(path): sha256(path.read_bytes()).hexdigest() for path in _adapters()}


def _name(path: Path) -> str:
    return path.parent.name if path.name == "__init__.py" else path.stem


def _load(path: Path) -> Survey:
    name = _name(path)
    called = f"strix_survey_{name}"
    spec = importlib.util.spec_from_file_location(called, path)
    if spec is None or spec.loader is None:
        raise SearchPathProblem(f"{SURVEY_PATH}: {path} is no Python file")
    module = importlib.util.module_from_spec(spec)
    sys.modules[called] = module
    spec.loader.exec_module(module)
    survey = getattr(module, "SURVEY", None)
    if not isinstance(survey, Survey) or survey.name != name:
        has = survey.name if isinstance(survey, Survey) else type(survey).__name__
        raise SearchPathProblem(f"{SURVEY_PATH}: {path} wants a SURVEY called {name!r}, has {has!r}")
    return survey
