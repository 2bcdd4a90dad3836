"""A contact sheet: many alerts at a glance, each with its cutouts, its light curve and the value that sorted it."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from matplotlib.axes import Axes
from matplotlib.figure import Figure

from jobs.archive.alert import Alert
from jobs.archive.find_cutouts import Key, Triplet
from jobs.archive.words import number
from jobs.reports.pictures import style
from jobs.reports.pictures.cutouts import draw_stamp, stamps_of
from jobs.reports.pictures.light_curve import draw_small, legend, measured

_CELL = (4.7, 1.82)  # inch
_COLUMNS = 3
_TOP, _BOTTOM, _SIDE = 0.95, 0.35, 0.3  # inch
_STAMP, _GAP = 0.98, 0.05
_SHORT = 28  # characters that have room beside an id in large letters


@dataclass(frozen=True)
class Entry:
    """An alert on the sheet.

    Attributes
    ----------
    alert : Alert
    value : float, int, str or None
        What it was sorted by.
    """

    alert: Alert
    value: float | int | str | None


def contact_sheet(title: str, subtitle: str, entries: Sequence[Entry], stamps: Mapping[Key, Triplet]) -> Figure:
    """Draw entries row by row, best first.

    Parameters
    ----------
    title, subtitle : str
        Words above the sheet.
    entries : sequence of Entry
        In the order in which they are drawn.
    stamps : mapping
        Cutouts as received, by survey and alert id; an alert that is not in it is drawn without.
    """
    columns = min(_COLUMNS, max(len(entries), 1))
    rows = max(-(-len(entries) // columns), 1)
    width, height = 2 * _SIDE + columns * _CELL[0], _TOP + _BOTTOM + rows * _CELL[1]
    with style.styled():
        drawn = style.figure(width, height)
        drawn.text(_SIDE / width, 1 - 0.36 / height, title, fontsize=16, fontweight="bold", va="center")
        drawn.text(_SIDE / width, 1 - 0.66 / height, subtitle, fontsize=9, color=style.QUIET, va="center")
        curves = [entry.alert.curve for entry in entries]
        legend(drawn, curves, (1 - _SIDE / width, 1 - 0.36 / height), "center right", ring=False)
        for place, entry in enumerate(entries):
            row, column = divmod(place, columns)
            left, top = _SIDE + column * _CELL[0], height - _TOP - row * _CELL[1]
            _cell(_Canvas(drawn, width, height, left, top), place + 1, entry, stamps.get(entry.alert.key))
        return drawn


@dataclass(frozen=True)
class _Canvas:
    """A place on the figure: x to the right and y down from its upper left corner [inch]."""

    drawn: Figure
    width: float
    height: float
    left: float
    top: float

    def axes(self, x: float, y: float, width: float, height: float) -> Axes:
        place = ((self.left + x) / self.width, (self.top - y - height) / self.height)
        return self.drawn.add_axes((*place, width / self.width, height / self.height))

    def text(self, x: float, y: float, text: str, **how: object) -> None:
        self.drawn.text((self.left + x) / self.width, (self.top - y) / self.height, text, va="center", **how)  # type: ignore[arg-type]


def _cell(canvas: _Canvas, rank: int, entry: Entry, triplet: Triplet | None) -> None:
    facts = entry.alert.facts
    right = 3 * (_STAMP + _GAP) + 1.22
    canvas.text(0, 0.1, f"{rank}", fontsize=9, color=style.QUIET)
    canvas.text(0.25, 0.1, facts["object_id"], fontsize=10, fontweight="bold")
    told = number(entry.value)
    size = 10 if len(told) <= _SHORT else 7.5
    canvas.text(right, 0.1, told, fontsize=size, fontweight="bold", color=style.ACCENT, ha="right")
    bright = "" if entry.alert.is_star else f" · {facts['band']} {number(facts['mag'])}"
    canvas.text(0.25, 0.3, f"{entry.alert.time[:16]}{bright}", fontsize=7.8, color=style.QUIET)
    note, colour = _note(entry.alert)
    canvas.text(right, 0.3, note, fontsize=7.8, color=colour, ha="right")
    if entry.alert.is_star:  # which has no cutouts: its light curve is years long
        draw_small(canvas.axes(0.08, 0.42, right - 0.26, _STAMP), entry.alert)
        return
    for place, stamp in enumerate(stamps_of(entry.alert, triplet)):
        axes = canvas.axes(place * (_STAMP + _GAP), 0.42, _STAMP, _STAMP)
        draw_stamp(axes, stamp, marks=False)
    draw_small(canvas.axes(3 * (_STAMP + _GAP) + 0.08, 0.42, 0.96, _STAMP), entry.alert)


def _note(alert: Alert) -> tuple[str, str]:
    days = max(alert.facts["mjd"] - float(alert.curve.mjd.min()), 0) if len(alert.curve) else 0
    words = [f"{days:.0f} d, {measured(alert.curve)[0].unit[1]}"]
    if alert.facts["is_known_sso"]:
        words.insert(0, str(alert.facts["sso_name"] or "known asteroid"))
    elif alert.facts["is_positive"] is False:
        words.insert(0, "fainter")
    if alert.simulated:
        return " · ".join(["SIMULATED", *words]), style.WARN
    return " · ".join(words), style.QUIET
