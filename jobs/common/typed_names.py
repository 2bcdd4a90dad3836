"""Names as people type them: several in one word, and the one that was meant where it is not known."""

import difflib
from collections.abc import Iterable


def names_in(text: str) -> tuple[str, ...]:
    """The names of a list such as `braai, acai`; those that are empty are left out.

    Parameters
    ----------
    text : str
        Divided by commas, with or without spaces.
    """
    return tuple(name.strip() for name in text.split(",") if name.strip())


def did_you_mean(name: object, known: Iterable[str]) -> str:
    """` (did you mean x?)` for a message about a name that is not known; empty if no known one is near.

    Parameters
    ----------
    name : object
        As it was given; a key of a YAML file may be no text.
    known : iterable of str
        What could be meant; upper and lower case are alike.
    """
    names = {each.lower(): each for each in known}
    near = difflib.get_close_matches(str(name).lower(), names, n=1)
    return f" (did you mean {names[near[0]]}?)" if near else ""
