"""What of a module's answers is shown, as bars and words: the class that it calls and the highest scores first."""

import math

from jobs.archive.alert import Answer, ModuleAnswer
from jobs.archive.words import number
from jobs.labels.class_outputs import called_outputs, class_scores, other_versions

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
    """The class that a module calls, as name and text; empty if it tells no classes.

    Parameters
    ----------
    said : ModuleAnswer
        All that the module said of one alert.
    """
    values = {answer.name: answer for answer in said.answers if answer.value is not None}
    names = called_outputs(answer.name for answer in said.answers)
    return [line for name in names if name in values for line in _lines(values[name])]


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
    before = {*called_outputs(names), *counted, *(answer.name for answer in scores(said))}
    known = [answer for answer in said.answers if answer.value not in (None, False, [])]
    lines = [line for answer in known if answer.name not in before for line in _lines(answer)]
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


def _lines(answer: Answer) -> list[tuple[str, str]]:
    name = answer.name.replace("_", " ")
    if isinstance(answer.value, list):
        return [(name if place == 0 else "", shorten(str(each), 38)) for place, each in enumerate(answer.value)]
    return [(name, shorten(number(answer.value, answer.unit), 38))]


def in_words(said: ModuleAnswer) -> str:
    """What a module said, on one line; why it gave no answer, if it gave none.

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
    parts += [f"{answer.name} {float(answer.value):.3f}" for answer in bars]
    parts += [f"{name} {text}".strip() for name, text in words] + ([f"and {more} more"] if more else [])
    return ", ".join(parts) or said.reason or ""
