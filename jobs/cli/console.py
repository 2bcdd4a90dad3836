"""Where the verbs print: what came with a packet is shown, never obeyed.

Everything under `jobs/cli` prints through this file; `tests/jobs/cli/test_console.py` holds that.
"""

import sys
from collections.abc import Iterable
from typing import Any

import rich.console
from rich.segment import Segment
from rich.style import Style
from rich.text import Text

from jobs.common.plain_text import visible

_WIDTH_IN_A_PIPE = 240


class Console(rich.console.Console):
    """rich's console without markup, emoji codes or highlighting; control characters come out as their escapes."""

    def __init__(self, **options: Any) -> None:
        super().__init__(**{"markup": False, "emoji": False, "highlight": False, **options})

    def render_str(self, text: str, **options: Any) -> Text:
        """A text as it is: cells, titles and what `print` is given come here, before their widths are measured.

        Parameters
        ----------
        text : str
            As it came, control characters and all.
        **options : object
            As rich's.
        """
        return super().render_str(visible(text), **options)

    def render(self, *arguments: Any, **options: Any) -> Iterable[Segment]:
        """What goes out; for `Text` and markdown, which do not pass through `render_str`.

        Parameters
        ----------
        *arguments, **options : object
            As rich's.
        """
        for text, style, control in super().render(*arguments, **options):
            yield Segment(text if control else visible(text, keep="\n"), style, control)


def table_console() -> Console:
    """Where tables go: as wide as the terminal; a pipe has no width of its own, and ids must not be cut."""
    return Console() if sys.stdout.isatty() else Console(width=_WIDTH_IN_A_PIPE)


def styled(text: object, style: str | Style) -> Text:
    """A text in a style, for instance "bold".

    Parameters
    ----------
    text : object
        Its `str` is shown.
    style : str or rich.style.Style
        As rich names it.
    """
    return Text(visible(str(text)), style)


def say(message: str) -> None:
    """A line, or lines, for people on stdout.

    Parameters
    ----------
    message : str
        Without the last line's end; lines may be divided by newlines.
    """
    sys.stdout.write(visible(message, keep="\n") + "\n")


def complain(message: str) -> None:
    """A line, or lines, for people on stderr.

    Parameters
    ----------
    message : str
        Without the last line's end; lines may be divided by newlines.
    """
    sys.stderr.write(visible(message, keep="\n") + "\n")


def show_progress(message: str) -> None:
    """How far something is: on a terminal in the place of what it said before, nowhere else.

    Parameters
    ----------
    message : str
        One line.
    """
    if sys.stderr.isatty():
        sys.stderr.write(f"\r{visible(message)}\033[K")
        sys.stderr.flush()


def pour(document: str) -> None:
    """A document for programs on stdout, as it is: JSON, CSV, VOTable. On a terminal a person reads it: there it is escaped.

    Parameters
    ----------
    document : str
        With the last line's end.
    """
    sys.stdout.write(visible(document, keep="\n\t") if sys.stdout.isatty() else document)
