"""Which modules have to run so that a filter's columns have values."""

from collections.abc import Iterable

from science_modules import registry


def givers(name: str) -> set[str]:
    """Modules whose outputs a module reads.

    Parameters
    ----------
    name : str
        Of a module.
    """
    return {each.partition(".")[0] for each in registry.get(name).inputs} & set(registry.folders())


def with_givers(names: Iterable[str]) -> set[str]:
    """Modules, those that they read, and so on.

    Parameters
    ----------
    names : iterable of str
        Of modules.
    """
    wanted = set(names)
    while more := {giver for name in wanted for giver in givers(name)} - wanted:
        wanted |= more
    return wanted
