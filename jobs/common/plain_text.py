"""Text that came with a packet, made harmless: on a terminal, in a picture, in a spreadsheet.

An object id may be `[/b]`, hold an escape sequence that renames the window, turn the rest of the line round, or begin
with `=` and be run as a formula. Nothing is removed: what cannot be shown as it is, is shown as its escape.
"""

import re

_NUMBER = r"[+-]?(\d+\.?\d*|\.\d+)([eE][+-]?\d+)?|-?inf|nan"
_NUMBERS = re.compile(rf"({_NUMBER})(; ({_NUMBER}|None))*")
_FULL_WIDTH = ("\uff1d", "\uff0b", "\uff0d", "\uff20")  # = + - @, which spreadsheets take as well
_STARTS_FORMULA = ("=", "+", "-", "@", "\t", "\r", "\n", *_FULL_WIDTH)


def visible(text: str, keep: str = "") -> str:
    r"""The text with control characters, direction marks and lone surrogates as escapes such as `\x1b` and `\u202e`.

    Parameters
    ----------
    text : str
        As it came.
    keep : str
        Characters that stay as they are, as `"\n"` in a message of several lines.
    """
    if text.isprintable():
        return text
    return "".join(each if each.isprintable() or each in keep else _escaped(each) for each in text)


def _escaped(character: str) -> str:
    return character.encode("unicode_escape").decode("ascii")


def defused(text: str) -> str:
    """The text with an apostrophe before it where a spreadsheet would run it as a formula; numbers and lists of them stay.

    Parameters
    ----------
    text : str
        A cell of a CSV file.
    """
    return f"'{text}" if text.startswith(_STARTS_FORMULA) and not _NUMBERS.fullmatch(text) else text
