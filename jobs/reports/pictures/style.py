"""Colours, marks and the bare figure: the same in every picture and on the night's page."""

from pathlib import Path
from typing import Any

from matplotlib import rc_context
from matplotlib.figure import Figure

# Blue to dark along the wavelength, as far apart in lightness as in hue.
BAND_COLOURS = {"u": "#2f6fde", "g": "#159a76", "r": "#d64545", "i": "#b8860b", "z": "#a04fb8", "y": "#5b6270"}
# Shapes tell bands apart where colours do not: green and red are the commonest pair, and the hardest for many eyes. A limit is a
# smaller mark of the same band.
BAND_MARKS = {"u": "^", "g": "o", "r": "s", "i": "D", "z": "P", "y": "X"}
LIMIT_MARKS = {"u": 7, "g": "v", "r": "1", "i": 11, "z": "|", "y": "_"}
INK = "#16202c"
QUIET = "#66717f"
LINE = "#d5dae1"
PANEL = "#f5f7f9"
ACCENT = "#3b5bdb"
WARN = "#c2410c"
NIGHT_SKY = "#0d1320"

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
    """A white figure of a size [inch] that no window shows."""
    return Figure(figsize=(width, height), facecolor="white")


def save(drawn: Figure, path: Path, dpi: int = 150) -> None:
    """Write a figure; the ending of the name says in which format."""
    drawn.savefig(path, dpi=dpi)


def styled() -> Any:
    """A context in which everything is drawn with this style."""
    return rc_context(FONT)
