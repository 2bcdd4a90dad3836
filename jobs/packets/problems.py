"""What keeps a source from being read: said by a kind of its own, and carried from a task to the driver."""

from collections.abc import Sequence


class NoInput(ValueError):
    """An input names nothing that exists."""


class ServiceUnavailable(RuntimeError):
    """A service (a broker) does not answer. Nothing was sealed that depends on it; the same can be tried again."""


class AccessDenied(RuntimeError):
    """A service refuses us (authentication, permission); trying again does not help."""


class InputChanged(RuntimeError):
    """A planned file is gone or is not what it was when the batch was planned. Nothing of the batch was sealed."""


class InputUnreadable(RuntimeError):
    """A planned file cannot be opened where it is to be read. Nothing of the batch was sealed.

    Attributes
    ----------
    path : str
        The file.
    """

    def __init__(self, path: str, problem: str) -> None:
        super().__init__(f"{path} cannot be read: {problem}")
        self.path = path
        self.problem = problem

    def __reduce__(self) -> tuple[type["InputUnreadable"], tuple[str, str]]:
        return InputUnreadable, (self.path, self.problem)


def problem_to_json(problem: InputChanged | InputUnreadable | None) -> list[str]:
    """What a task found wrong with its file, for the driver; empty if there is nothing.

    Parameters
    ----------
    problem : InputChanged, InputUnreadable or None
        What the task caught.
    """
    if isinstance(problem, InputUnreadable):
        return [problem.path, problem.problem]
    return [str(problem)] if problem else []


def raise_problem(told: Sequence[str]) -> None:
    """Raise in the driver what a task found wrong with its file; nothing if there was nothing.

    Parameters
    ----------
    told : sequence of str
        As `problem_to_json` gives it.

    Raises
    ------
    InputChanged, InputUnreadable
    """
    if len(told) == 2:
        raise InputUnreadable(*told)
    if told:
        raise InputChanged(told[0])
