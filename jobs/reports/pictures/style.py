"""Colours, marks and the bare figure: the same in every picture and on the night's page."""

from collections.abc import Iterable
from pathlib import Path
from typing import Any

from matplotlib import rc_context
from matplotlib.figure import Figure

from jobs.pipeline.surveys import SURVEYS
from science_modules.common.view import BANDS

# Blue to dark along the wavelength, as far apart in lightness as in hue.
_COLOURS = {"u": "#2f6fde", "g": "#159a76", "r": "#d64545", "i": "#b8860b", "z": "#a04fb8", "y": "#5b6270"}
# Shapes tell bands apart where colours do not: green and red are the commonest pair, and the hardest for many eyes. A limit is a
# smaller mark of the same band.
_MARKS = {"u": "^", "g": "o", "r": "s", "i": "D", "z": "P", "y": "X"}
_LIMIT_MARKS: dict[str, Any] = {"u": 7, "g": "v", "r": "1", "i": 11, "z": "|", "y": "_"}
# Bands of other letters take these in turn, in the order in which the surveys declare them.
_MORE_COLOURS, _MORE_MARKS = ("#0f8fa8", "#d9730d", "#7a4a1e", "#c2257a"), ("h", "*", "p", "d")
_OTHERS = tuple(dict.fromkeys(band for survey in SURVEYS for band in survey.bands if band not in BANDS))
INK = "#16202c"
QUIET = "#66717f"
LINE = "#d5dae1"
PANEL = "#f5f7f9"
ACCENT = "#3b5bdb"
WARN = "#c2410c"
NIGHT_SKY = "#0d1320"


def bands_of(seen: Iterable[str]) -> list[str]:
    """These bands in the order in which they are drawn: u to y, then other surveys' own, then undeclared letters.

    Parameters
    ----------
    seen : iterable of str
        Bands, in any order and number; an empty one is left out.
    """
    found = set(seen)
    known = [band for band in (*BANDS, *_OTHERS) if band in found]
    return known + sorted(found.difference(known, ("",)))


def band_colour(band: str) -> str:
    """The colour of a band, as `#rrggbb`.

    Parameters
    ----------
    band : str
        A filter's letter; any other gets a colour, too.
    """
    return _COLOURS.get(band) or _MORE_COLOURS[_place(band) % len(_MORE_COLOURS)]


def band_mark(band: str) -> str:
    """The matplotlib marker of a band's points.

    Parameters
    ----------
    band : str
        A filter's letter; any other gets a marker, too.
    """
    return _MARKS.get(band) or _MORE_MARKS[_place(band) % len(_MORE_MARKS)]


def limit_mark(band: str) -> Any:
    """The matplotlib marker of a band's upper limits.

    Parameters
    ----------
    band : str
        A filter's letter; a triangle that points down for any that is not u to y.
    """
    return _LIMIT_MARKS.get(band, "v")


def _place(band: str) -> int:
    return _OTHERS.index(band) if band in _OTHERS else len(_OTHERS)


FONT: Any = {
    "font.family": "DejaVu Sans",
    "font.size": 9.0,
    "text.parse_math": False,  # an object id may hold a dollar sign
    "text.color": INK,
    "axes.edgecolor": LINE,
    "axes.labelcolor": QUIET,
    "axes.linewidth": 0.9,
    "xtick.color": QUIET,
    "ytick.color": QUIET,
    "xtick.labelsize": 8.0,
    "ytick.labelsize": 8.0,
    "axes.spines.top": False,
    "axes.spines.right": False,
}


def figure(width: float, height: float) -> Figure:
    """A white figure that no window shows.

    Parameters
    ----------
    width, height : float
        Its size [inch].
    """
    return Figure(figsize=(width, height), facecolor="white")


def save(drawn: Figure, path: Path, dpi: int = 150) -> None:
    """Write a figure to a file.

    Parameters
    ----------
    drawn : matplotlib.figure.Figure
    path : pathlib.Path
        Its suffix says in which format: .png, .pdf, .svg.
    dpi : int
        Pixels per inch.
    """
    drawn.savefig(path, dpi=dpi)


def styled() -> Any:
    """A context in which everything is drawn with this style."""
    return rc_context(FONT)
