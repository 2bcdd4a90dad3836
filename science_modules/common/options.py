"""Options of a science module: what a user may set, within which bounds; unset, it has its default."""

import math
from dataclasses import dataclass

Number = float | int


class OptionError(ValueError):
    """An option that a module does not have, or a value that it does not take; the message says both sides."""


@dataclass(frozen=True)
class Option:
    """A number that a module can be told, handed to its `load` by name.

    Parameters
    ----------
    name : str
        As `load` names it; users write `<module>.<name>`.
    default : float or int
        Its value where nothing is given; its type is the option's.
    unit, help : str
        What it means.
    least, most : float
        The values that it takes, both ends included.

    Raises
    ------
    ValueError
        If the default is none of them.
    """

    name: str
    default: Number
    unit: str
    help: str
    least: float
    most: float

    def __post_init__(self) -> None:
        if not self.name.isidentifier() or not self.least <= self.default <= self.most:
            raise ValueError(f"{self.name} wants a default from {self.least:g} to {self.most:g}, has {self.default!r}")

    def value_of(self, given: object, module: str) -> Number:
        """The value of what a file or a command line says.

        Parameters
        ----------
        given : object
            A number or its text.
        module : str
            Whose option it is, for the message.

        Raises
        ------
        OptionError
            If it is none, or beyond the bounds.
        """
        kind = type(self.default)
        try:
            value: Number = kind(str(given))  # by its text, so that 2.5 is no whole number and True no number
        except ValueError:
            value = math.nan
        if not self.least <= value <= self.most:
            raise OptionError(f"{module}.{self.name} is {given!r}, it should be {self.in_words()}")
        return value

    def in_words(self) -> str:
        """Which values it takes."""
        what = "a whole number" if isinstance(self.default, int) else "a number"
        return f"{what} from {self.least:g} to {self.most:g}" + (f" {self.unit}" if self.unit else "")
