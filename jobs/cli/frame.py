"""What every verb stands in: its exit code, what it says when something stops it, its options and values below zero.

A verb raises what went wrong; nothing else in `jobs/cli` turns an exception into a message and a code.
"""

import argparse
import difflib
import re
from collections.abc import Callable
from functools import wraps
from typing import Any, NoReturn, ParamSpec

from jobs.cli.console import complain
from jobs.common.error_text import text_of

OK, UNBALANCED, USAGE, ENVIRONMENT, IN_USE, FAILED = 0, 1, 2, 3, 4, 5

# By name, so that a verb does not import what its own work never raises. The first class of an exception's own that is here
# counts: what is asked for cannot be; something outside is missing; another job writes there; the work itself failed.
CODES = {
    UNBALANCED: ("FilterError",),
    USAGE: (
        "BadQuestion",
        "ConfigError", "ModelProblem", "NoEntry", "NoInput", "NoPosition", "NoSuchColumn", "NoSuchFilter", "NoSuchNight",
        "NotFound", "NotThere", "NothingInCommon", "ResolveError", "ScaffoldError", "StoreRefused", "UnknownModule", "UsageError",
    ),
    ENVIRONMENT: (
        "AccessDenied", "ArtefactChanged", "ArtefactError", "EnvironmentProblem", "ExecutorsDiffer", "InputChanged",
        "InputUnreadable", "LedgerError", "SchemaConflict",
        "ServiceUnavailable", "UnknownCell",
    ),
    IN_USE: ("OutputInUse",),
    FAILED: ("TooManyFailures",),
}  # fmt: skip
# Of libraries.
FOREIGN = {
    "PySparkException": FAILED,
    "Py4JError": FAILED,
    "ConnectionError": FAILED,
    "KafkaException": ENVIRONMENT,
    "TimeoutExpired": ENVIRONMENT,
    "FileExistsError": USAGE,  # what is to be written is there: another name is wanted
    "OSError": ENVIRONMENT,
    "ValueError": USAGE,
}
_CODE_OF = {name: code for code, names in CODES.items() for name in names} | FOREIGN

Given = ParamSpec("Given")


class UsageError(ValueError):
    """The options ask for what cannot be."""


def verb(name: str) -> Callable[[Callable[Given, int]], Callable[Given, int]]:
    """Put a verb's function into the frame.

    Parameters
    ----------
    name : str
        What its messages begin with, such as `strix export`.
    """

    def framed(work: Callable[Given, int]) -> Callable[Given, int]:
        @wraps(work)
        def main(*arguments: Given.args, **named: Given.kwargs) -> int:
            return exit_code(lambda: work(*arguments, **named), name)

        return main

    return framed


def exit_code(work: Callable[[], int], name: str = "strix") -> int:
    """What some work returns, or the code of what stops it; the message goes to stderr, without a traceback.

    Parameters
    ----------
    work : callable
        Returns its exit code.
    name : str
        What the message begins with.

    Raises
    ------
    Exception
        What is in no table is a mistake of ours: it keeps its traceback.
    """
    try:
        return work()
    except Exception as error:
        code = code_of(error)
        if code is None:
            raise
        complain(f"{name}: {_told(error)}")
        return code


def code_of(error: BaseException) -> int | None:
    """The exit code of an exception; None for one that nobody expects.

    Parameters
    ----------
    error : BaseException
        Looked up by the names of its classes, its own first.
    """
    return next((_CODE_OF[kind.__name__] for kind in type(error).__mro__ if kind.__name__ in _CODE_OF), None)


def _told(error: Exception) -> str:
    kinds = {kind.__name__ for kind in type(error).__mro__}
    if kinds & {"PySparkException", "Py4JError", "ConnectionError"}:
        return f"Spark gave up, the batch in hand is not sealed; start the job again to go on\n{text_of(error)}"
    if "KafkaException" in kinds:
        return f"Kafka: {error.args[0].str()}"
    return text_of(error)


# -5, -.5, -1e-3, -01:02:03, -1d2m3s: values. argparse knows the first two, and takes the others for options.
_BELOW_ZERO = re.compile(r"-\.?\d")


class Options(argparse.ArgumentParser):
    """Options of a verb; a mistyped one is answered with the nearest. What begins with a minus and a digit is a value."""

    def __init__(self, **given: Any) -> None:
        super().__init__(**given)
        self._negative_number_matcher = _BELOW_ZERO

    def error(self, message: str) -> NoReturn:
        """Say what is wrong, and which option was meant; ends with USAGE.

        Parameters
        ----------
        message : str
            As argparse says it.
        """
        mistyped = re.findall(r"(--[\w-]+)", message) if message.startswith("unrecognized arguments") else []
        names = {name.lstrip("-"): name for name in self._names()}  # the dashes are like in all
        near = [names[like] for each in mistyped for like in difflib.get_close_matches(each[2:], names, n=1)]
        super().error(message + (f" (did you mean {', '.join(near)}?)" if near else ""))

    def _names(self) -> list[str]:
        own = [name for action in self._actions for name in action.option_strings]
        below: list[Any] = [each for each in self._actions if isinstance(each, argparse._SubParsersAction)]
        return own + [
            name for each in below for parser in each.choices.values() for name in parser._option_string_actions
        ]
