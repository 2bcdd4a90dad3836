"""Which outputs of a module say of what class an alert is, and which of its outputs come first where a few are shown.

A module tells classes if it has two outputs `p_<class>` or more: its calibrated probabilities. `top_class` and `branch` name the
class that it calls. The same classes under another prefix (`raw_` before the calibration, `sky_` at other frequencies) come last.
"""

import re
from collections.abc import Iterable, Mapping
from typing import NamedTuple

from jobs.labels.class_names import NAMES, coarse

PROBABILITY = "p_"
_CALLED = ("top_class", "branch")
_OURS: Mapping[str, str] = {
    **{each.lower().replace("/", "_").replace("-", "_"): each for each in reversed(NAMES)},
    "eclipsing": "E",
}
_ALSO_LEAVES = {"AGN", "bogus"}  # AGN of ALeRCE's light-curve classifier, beside QSO and Blazar; bogus beside satellite
# A score says its range; a survey's score that a module of features passes on (rb) does not.
_RANGE = re.compile(r"sigmoid|-?\d to -?\d")


class Output(NamedTuple):
    """An output of a module, as it is declared: name, unit, description."""

    name: str
    unit: str
    description: str


def our_classes(names: Iterable[str]) -> dict[str, str]:
    """Outputs `p_<class>` by our names of the classes; of a class and those below it, those below alone.

    Parameters
    ----------
    names : iterable of str
        Outputs of a module; others are left out.
    """
    told = {
        _OURS[name.removeprefix(PROBABILITY).lower()]: name
        for name in names
        if name.startswith(PROBABILITY) and name.removeprefix(PROBABILITY).lower() in _OURS
    }
    above = {coarse(name) for name in told if coarse(name) != name} - _ALSO_LEAVES
    return {name: told[name] for name in NAMES if name in told and name not in above}


def class_scores(names: Iterable[str]) -> tuple[str, ...]:
    """The calibrated probabilities of a module's classes, in its order; empty if it tells no classes.

    Parameters
    ----------
    names : iterable of str
        Outputs of a module.
    """
    found = tuple(name for name in names if name.startswith(PROBABILITY))
    return found if len(found) > 1 else ()


def called_outputs(names: Iterable[str]) -> tuple[str, ...]:
    """The outputs that name the class that is called, the finest first; empty if the module tells no classes.

    Parameters
    ----------
    names : iterable of str
        Outputs of a module.
    """
    there = list(names)
    return tuple(name for name in _CALLED if name in there) if class_scores(there) else ()


def other_versions(names: Iterable[str]) -> tuple[str, ...]:
    """Outputs that say the same of the same classes as the calibrated probabilities, under another prefix.

    Parameters
    ----------
    names : iterable of str
        Outputs of a module.
    """
    there = list(names)
    scores = class_scores(there)
    classes = {name.removeprefix(PROBABILITY) for name in scores}
    return tuple(name for name in there if name not in scores and _class_of(name) in classes)


def _class_of(name: str) -> str:
    """What follows a prefix: `sky_`, `rank_`, `branch_rank_`."""
    return name.removeprefix("branch_").partition("_")[2]


def own_score(output: str, named: str, names: Iterable[str]) -> str | None:
    """The probability of the class that an output names: `p_slsn` of a top_class slsn, `sky_slsn` of a sky_class slsn.

    Parameters
    ----------
    output : str
        An output whose value is a text: top_class, second_class, sky_class, branch.
    named : str
        The class, in capitals or not.
    names : iterable of str
        The module's outputs.

    Returns
    -------
    str or None
        An output; None if the module has no probability of that name, or tells no classes.
    """
    there = {name.lower(): name for name in names}
    if not class_scores(there.values()):
        return None
    wanted = (f"{prefix}{named}".lower() for prefix in (output.removesuffix("class"), PROBABILITY))
    return next((there[name] for name in wanted if name in there), None)


def leading(names: Iterable[str]) -> list[str]:
    """A module's outputs in the order to show them: the class that is called, calibrated probabilities, others.

    Parameters
    ----------
    names : iterable of str
        Outputs of a module. One that tells no classes keeps its order.
    """
    there = list(names)
    first, last = [*called_outputs(there), *class_scores(there)], other_versions(there)
    return [*first, *(name for name in there if name not in first and name not in last), *last]


def score_names(outputs: Iterable[Output]) -> list[str]:
    """The outputs by which alerts of a module stand out: its classes' probabilities, else what calls itself a score.

    Parameters
    ----------
    outputs : iterable of Output
        The floating-point outputs of a module.

    Returns
    -------
    list of str
        In the module's order. A score is a percentage, or says the word and its range: "score, 0 to 1".
    """
    there = list(outputs)
    classes = class_scores(each.name for each in there)
    return list(classes) or [each.name for each in there if _is_score(each)]


def _is_score(output: Output) -> bool:
    said = output.description.lower()
    return output.unit == "%" or ("score" in said and _RANGE.search(said) is not None)
