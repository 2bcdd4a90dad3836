"""What of a module's answers is shown, as bars and words: the class that it calls and the highest scores first."""

import math
from collections.abc import Mapping
from typing import Any

from jobs.archive.alert import Answer, ModuleAnswer
from jobs.archive.words import number
from jobs.labels.class_outputs import called_outputs, class_scores, other_versions, own_score

_SKY = "sky_class"
BARS_PER_MODULE = 6
WORDS_PER_MODULE = 6


def scores(said: ModuleAnswer) -> list[Answer]:
    """A module's scores between 0 and 1: the calibrated probabilities of its classes, the highest first, if it tells classes.

    Parameters
    ----------
    said : ModuleAnswer
        All that the module said of one alert.
    """
    classes = class_scores(answer.name for answer in said.answers)
    if not classes:
        return [answer for answer in said.answers if answer.is_score]
    known = [answer for answer in said.answers if answer.name in classes and isinstance(answer.value, float)]
    return sorted(known, key=lambda answer: -answer.value if answer.value == answer.value else math.inf)


def leading_scores(said: ModuleAnswer) -> list[Answer]:
    """The scores for which a picture has room beside the class that is called.

    Parameters
    ----------
    said : ModuleAnswer
        All that the module said of one alert.
    """
    return scores(said)[: BARS_PER_MODULE - len(called(said))]


def called(said: ModuleAnswer) -> list[tuple[str, str]]:
    """The class that a module calls, as name and text with the class's own probability; empty if it tells no classes.

    Beside it the class that is the likelier one on the sky, where that is another.

    Parameters
    ----------
    said : ModuleAnswer
        All that the module said of one alert.
    """
    known = {answer.name: answer for answer in said.answers if answer.value is not None}
    return [line for name in _called_names(said) if name in known for line in _lines(known[name], _values(said))]


def _called_names(said: ModuleAnswer) -> tuple[str, ...]:
    values = _values(said)
    names = called_outputs(values)
    differs = "top_class" in names and values.get(_SKY) not in (None, values["top_class"])
    return (*names, _SKY) if differs else names


def _values(said: ModuleAnswer) -> dict[str, Any]:
    return {answer.name: answer.value for answer in said.answers}


def told(said: ModuleAnswer, limit: int) -> tuple[list[tuple[str, str]], int]:
    """The first few of a module's further answers as text, and how many more there are; NULL and "no" are left out.

    Further are those that are no score and name no class that is called. A list takes one line per entry. What the same
    probabilities are before their calibration, or at other frequencies of the classes, is only counted.

    Parameters
    ----------
    said : ModuleAnswer
        All that the module said of one alert.
    limit : int
        Most lines.

    Returns
    -------
    lines : list of (str, str)
        Name and text.
    more : int
        Lines that are left out.
    """
    names = [answer.name for answer in said.answers]
    counted = other_versions(names)
    before = {*_called_names(said), *counted, *(answer.name for answer in scores(said))}
    known = [answer for answer in said.answers if answer.value not in (None, False, [])]
    lines = [line for answer in known if answer.name not in before for line in _lines(answer, _values(said))]
    more = len(lines[limit:]) + sum(answer.name in counted for answer in known)
    return lines[:limit], more


def shorten(text: str, length: int) -> str:
    """The text, or its beginning and an ellipsis.

    Parameters
    ----------
    text : str
    length : int
        Most characters, the ellipsis among them.
    """
    return text if len(text) <= length else text[: length - 1].rstrip(" ,") + "…"


def score_text(value: float) -> str:
    """A score from 0 to 1 to its third digit; a dash for NaN.

    Parameters
    ----------
    value : float
    """
    return "< 0.001" if 0 < value < 0.001 else "–" if math.isnan(value) else f"{value:.3f}"


def answer_text(name: str, value: Any, values: Mapping[str, Any], unit: str = "") -> str:
    """One answer as text; of a class that it names with the class's own probability: `slsn 0.451`.

    Parameters
    ----------
    name : str
        The output.
    value : float, int, bool, str or None
        Its value.
    values : mapping of str to object
        All outputs of the module, by name.
    unit : str
        Written behind a number.
    """
    text = number(value, unit)
    own = own_score(name, value, values) if isinstance(value, str) else None
    return text if own is None or values[own] is None else f"{text} {score_text(values[own])}"


def _lines(answer: Answer, values: Mapping[str, Any]) -> list[tuple[str, str]]:
    name = answer.name.replace("_", " ")
    if isinstance(answer.value, list):
        return [(name if place == 0 else "", shorten(str(each), 38)) for place, each in enumerate(answer.value)]
    return [(name, shorten(answer_text(answer.name, answer.value, values, answer.unit), 38))]


def in_words(said: ModuleAnswer) -> str:
    """What a module said, on one line, and the reason where it has one: it gave no answer, or not all of it.

    Parameters
    ----------
    said : ModuleAnswer
        All that the module said of one alert.
    """
    if not said.answers:
        return said.reason or ""
    first, bars = called(said), leading_scores(said)
    words, more = told(said, WORDS_PER_MODULE - len(first))
    more += len(scores(said)) - len(bars)
    parts = [f"{name} {text}" for name, text in first]
    parts += [f"{answer.name} {score_text(answer.value)}" for answer in bars]
    parts += [f"{name} {text}".strip() for name, text in words] + ([f"and {more} more"] if more else [])
    return "; ".join(part for part in (", ".join(parts), said.reason) if part)
