"""Which modules a night is scored with again: those that were asked for and would answer otherwise, and what they read."""

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field

from jobs.maintenance.rescoring.recipes import Fingerprints, fingerprints, reads, todays_hashes
from science_modules import registry


@dataclass(frozen=True)
class Choice:
    """What is done with a night.

    Attributes
    ----------
    run : tuple of str
        Modules that are run, in order; empty if nothing would change.
    read : tuple of str
        Modules whose answers are read from the files, because a module that is run reads them.
    fingerprints : dict
        Of the modules that are run.
    unchanged : tuple of str
        Modules that were asked for and have answered every alert of the night already, as they are now.
    added : dict of str to str
        Modules that were not asked for and are run, and why.
    behind : dict of str to str
        Modules that were not asked for, whose answers would be others now, and why.
    """

    run: tuple[str, ...]
    read: tuple[str, ...] = ()
    fingerprints: Fingerprints = field(default_factory=dict)
    unchanged: tuple[str, ...] = ()
    added: Mapping[str, str] = field(default_factory=dict)
    behind: Mapping[str, str] = field(default_factory=dict)


def choose(
    asked: Sequence[str], made: Sequence[Fingerprints], failed: Collection[str] = (), without: Collection[str] = ()
) -> Choice:
    """Choose the modules of a night so that their answers are those of a fresh run with all its modules.

    Parameters
    ----------
    asked : sequence of str
        Modules, by name.
    made : sequence of dict
        What the night's answers were made with (`recipes.made_with`).
    failed : collection of str
        Modules that failed on some alert: a failure may have been an accident, so they are run again.
    without : collection of str
        Modules that cannot be run here; of these what the night has is read.

    Raises
    ------
    UnknownModule, ResolveError
        As in a job: for an unknown module, an input that neither another module nor the night gives, a loop.
    """
    known = registry.names()
    there = [name for name in dict.fromkeys(name for each in made for name in each) if name in known]
    everything = list(dict.fromkeys([*there, *asked]))
    now = fingerprints(todays_hashes(everything))
    stale = {name for name in everything if any(each.get(name) != now[name] for each in made)}
    asked = [name for name in asked if name not in without]
    wanted, added = _with_stale(asked, there, stale - set(without))
    order = [module.name for module in registry.resolve(_closure(wanted, there))]
    run: list[str] = []
    for name in (each for each in order if each in wanted):
        if name in stale or name in failed or any(each in run for each in reads(name)):
            run.append(name)
    read = [name for name in order if name not in run and any(name in reads(each) for each in run)]
    return Choice(
        run=tuple(run),
        read=tuple(read),
        fingerprints={name: now[name] for name in run},
        unchanged=tuple(name for name in asked if name not in run),
        added={name: why for name, why in added.items() if name in run},
        behind=_behind(there, wanted, run),
    )


def _with_stale(asked: Sequence[str], there: Sequence[str], stale: Collection[str]) -> tuple[list[str], dict[str, str]]:
    """The modules asked for, and those of the night that they read and that would answer otherwise now."""
    wanted, added = list(asked), dict[str, str]()
    for name in wanted:  # grows as it goes
        for each in reads(name):
            if each in there and each in stale and each not in wanted:
                wanted.append(each)
                added[each] = (
                    f"{name} reads it, and its answers in the night are not those of {registry.get(each).version}"
                )
    return wanted, added


def _closure(names: Iterable[str], there: Collection[str]) -> list[str]:
    """The modules, and of those that the night has all that they read, directly or not."""
    found = list(names)
    for name in found:  # grows as it goes
        found.extend(each for each in reads(name) if each in there and each not in found)
    return found


def _behind(there: Sequence[str], wanted: Collection[str], run: Collection[str]) -> dict[str, str]:
    return {
        name: f"it reads {each}, which is scored again"
        for name in there
        if name not in wanted
        for each in reads(name)
        if each in run
    }
