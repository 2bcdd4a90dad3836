"""Where answers come from: the science table of an output that holds them, or packets that are run through the pass."""

from collections.abc import Mapping, Sequence
from pathlib import Path

from jobs.reports.evaluation.answer_source import AnswerSource
from jobs.reports.evaluation.run_answers import RunAnswers
from jobs.reports.evaluation.stored_answers import StoredAnswers, versions_in
from jobs.storage.layout import Layout
from science_modules import registry


class NoAnswers(ValueError):
    """An output has neither answers of the version that is asked for nor packets to run it on."""


def source_of(
    directory: Path, names: Sequence[str], schemas: str | None = None, models: Path | None = None
) -> AnswerSource:
    """Where the answers of some modules to the alerts of a directory come from.

    Parameters
    ----------
    directory : pathlib.Path
        An output, or files of packets.
    names : sequence of str
        Columns of the modules.
    schemas : str, optional
        Directory of the schemas of the Confluent wire format.
    models : pathlib.Path, optional
        Of the modules' artefacts.

    Raises
    ------
    NoAnswers
        If an output has neither, or has no answers of a module that is not installed.
    UnknownModule, ArtefactError
        If a module is to be run on packets that there is none of, or that lacks its weights.
    """
    layout = Layout.of(directory)
    if not layout.files("science"):
        paths = layout.files("raw") or [directory]
        return RunAnswers(paths, names, f"run over the packets of {directory.name}", schemas, models)
    stale = {name: problem for name in names if (problem := _stale(layout, name))}
    if not stale:
        return StoredAnswers(layout, schemas)
    _require_installed(stale)
    problems = list(stale.values())
    raw = layout.files("raw")
    if not raw:
        modules = ",".join(names)
        raise NoAnswers(
            f"{'; '.join(problems)}; and it has no packets to run on: `strix enrich --again --modules {modules}` scores it"
        )
    words = f"run over the packets of {directory.name}: {'; '.join(problems)}"
    return RunAnswers(raw, names, words, schemas, models)


def _require_installed(stale: Mapping[str, str]) -> None:
    """Nobody can run a module that is not installed; where another one lacks as well, this is the one to be named."""
    for name, problem in stale.items():
        try:
            registry.get(name)
        except registry.UnknownModule as error:
            raise NoAnswers(f"{problem}; {error}") from None


def _stale(layout: Layout, name: str) -> str:
    """Why the answers of an output are not those of the version that is here; empty if they are."""
    there = versions_in(layout, name)
    if there <= {""}:
        return f"{layout.root.name} has no answers of {name}"
    if name not in registry.folders():
        return ""
    wanted = registry.get(name).version
    if there == {wanted}:
        return ""
    found = ", ".join(version or "none on some nights" for version in sorted(there))
    return f"{layout.root.name} has answers of {name} {found}, installed is {wanted}"
