"""All filters of a directory, checked before anything starts."""

from collections.abc import Iterable
from pathlib import Path

from jobs.pipeline.filters.columns import Catalogue
from jobs.pipeline.filters.definition import Filter, read_filter
from jobs.pipeline.filters.problems import FilterError, Problem
from science_modules.common.contract import ScienceModule


def load_filters(directory: str | Path, modules: Iterable[str | ScienceModule]) -> tuple[Filter, ...]:
    """The filters of a directory (or of one file), in alphabetical order.

    Parameters
    ----------
    directory : str or pathlib.Path
        With files named `*.yaml`; or one file.
    modules : iterable of str or ScienceModule
        The science modules of the job: a filter that needs another is refused.

    Raises
    ------
    FilterError
        With everything that is wrong with any of them.
    """
    catalogue = Catalogue(modules)
    filters, problems = [], []
    for path in _paths(Path(directory)):
        made, wrong = read_filter(path, catalogue)
        problems += wrong
        if made is not None:
            filters.append(made)
    if problems:
        raise FilterError(problems)
    return tuple(filters)


def folders(directory: str | Path) -> tuple[Path, ...]:
    """A directory of filters and the folders in it that hold filters too, which a job takes only where it names them.

    Parameters
    ----------
    directory : str or pathlib.Path
        Or one file, which stands for itself.
    """
    path = Path(directory)
    return (path, *sorted({each.parent for each in path.glob("*/*.yaml")})) if path.is_dir() else (path,)


def _paths(directory: Path) -> list[Path]:
    if directory.is_file():
        return [directory]
    if not directory.is_dir():
        raise FilterError([Problem(str(directory), "no such directory of filters")])
    misnamed = sorted(directory.glob("*.yml"))
    if misnamed:
        raise FilterError(
            [Problem(str(path), f"filters are named *.yaml; rename it {path.stem}.yaml") for path in misnamed]
        )
    return sorted(directory.glob("*.yaml"))
