"""The alerts that stand out as cards: cutouts, light curve, what sets them apart."""

import base64
import io
import math
from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
from markupsafe import Markup
from matplotlib import colormaps
from matplotlib.image import imsave

from jobs.archive.alert import Alert, Answer, ModuleAnswer, alerts_of
from jobs.archive.find import by_key
from jobs.archive.find_cutouts import Triplet, find_cutouts
from jobs.archive.top_alerts import NoSuchColumn, Order, top
from jobs.archive.words import magnitude, number
from jobs.common.counting import counted
from jobs.reports.night_page.svg import Box, mark, svg, text
from jobs.reports.pictures.cutouts import Stamp, cmap, shades, stamps_of
from jobs.reports.pictures.light_curve import Series, difference
from jobs.reports.pictures.module_words import called, leading_scores, scores
from jobs.reports.pictures.style import NIGHT_SKY, band_colour
from jobs.storage.layout import Layout

# Shades in a cutout: noise in more of them doubles the page and nobody sees it.
_SHADES = 48
_MOST_POINTS = 400
_CLASSES = 2  # bars of a module that tells classes


@dataclass(frozen=True)
class StampImage:
    """A cutout as an image of the page, or why there is none.

    Attributes
    ----------
    name : str
        science, template or difference.
    data : str or None
        A PNG as a data URL.
    reason : str
        Why there is no image; empty if there is one.
    """

    name: str
    data: str | None
    reason: str


@dataclass(frozen=True)
class Card:
    """An alert that stands out.

    Attributes
    ----------
    value : str
        The value that sorted it.
    why : sequence of str
        What sets it apart.
    bars : sequence of Answer
        Its scores between 0 and 1.
    reasons : sequence of str
        Why modules that answered did not answer all of it: `<module>: <reason>`.
    curve : Markup
        Its light curve as SVG.
    points : str
        How many points the curve has, in words.
    """

    alert: Alert
    value: str
    why: Sequence[str]
    bars: Sequence[Answer]
    reasons: Sequence[str]
    stamps: Sequence[StampImage]
    curve: Markup
    points: str


def cards(layout: Layout, night: str, order: Order, count: int, schemas: str | None = None) -> list[Card]:
    """The night's first objects in an order; empty if no alert has the column.

    Parameters
    ----------
    layout : Layout
        Of the output.
    night : str
        YYYYMMDD.
    order : sequence of (str, str)
        Columns and directions to sort by; the first column's value is shown.
    count : int
        Most cards; one per object.
    schemas : str, optional
        Directory of the schemas of the Confluent wire format, for packets that came in it.
    """
    column = order[0][0]
    try:
        best = top(layout.files("science", night), order, count, one_per_object=True)
    except NoSuchColumn:
        return []
    keys = list(zip(*(best[name].to_pylist() for name in ("survey", "alert_id", "night")), strict=True))
    alerts = alerts_of(by_key(layout, keys))
    images = find_cutouts(layout, keys, schemas)
    values = best[column].to_pylist()
    return [_card(alert, column, value, images.get(alert.key)) for alert, value in zip(alerts, values, strict=True)]


def _card(alert: Alert, column: str, value: float, triplet: Triplet | None) -> Card:
    module = column.partition(".")[0]
    why = [
        str(word)
        for said in alert.said
        for answer in said.answers
        if said.module == module and isinstance(answer.value, list)
        for word in answer.value
    ]
    bars = [bar for said in alert.said for bar in _bars(said)]
    images = [_image(stamp) for stamp in stamps_of(alert, triplet)]
    curve, points = _curve(alert)
    reasons = [f"{said.module}: {said.reason}" for said in alert.said if said.answers and said.reason]
    return Card(alert, number(value), why, bars, reasons, images, curve, points)


def _bars(said: ModuleAnswer) -> list[Answer]:
    """The scores of a module; of one that tells classes the highest, under the module's name and the class that it calls."""
    named = called(said)
    if not named:
        return leading_scores(said)
    of = f"{said.module}, {named[0][1]}"
    return [replace(answer, name=f"{of}: {answer.name}") for answer in scores(said)[:_CLASSES]]


def _image(stamp: Stamp) -> StampImage:
    if stamp.pixels is None:
        return StampImage(stamp.name, None, stamp.reason or "no stamp")
    shade = np.round(shades(stamp) * (_SHADES - 1)) / (_SHADES - 1)
    colours = colormaps[cmap(stamp.name)].with_extremes(bad=NIGHT_SKY)(np.ma.masked_invalid(shade))
    out = io.BytesIO()
    imsave(out, colours, format="png")
    return StampImage(stamp.name, "data:image/png;base64," + base64.b64encode(out.getvalue()).decode(), "")


@dataclass(frozen=True)
class _Frame:
    """From days and fluxes to the places of a small chart."""

    box: Box
    first: float
    last: float
    bottom: float
    top: float

    def x(self, day: float) -> float:
        return self.box.left + self.box.width * (day - self.first) / (self.last - self.first)

    def y(self, flux: float) -> float:
        share = (min(max(flux, self.bottom), self.top) - self.bottom) / (self.top - self.bottom)
        return self.box.bottom - self.box.height * share


def _curve(alert: Alert) -> tuple[Markup, str]:
    """The difference light curve, and how many points it has."""
    series = difference(alert.curve)
    known = np.flatnonzero(series.inside)
    every = max(math.ceil(len(known) / _MOST_POINTS), 1)
    shown = known[::-1][::every][::-1]  # the alert itself is the last
    days = alert.curve.mjd - alert.facts["mjd"]
    reach = max(-float(days[known].min()), 1.0) if known.size else 1.0
    frame = _Frame(Box(10, 10, 280, 90), -1.03 * reach, 0.03 * reach, *series.span)
    zero = frame.y(0)
    parts = ['<rect class="plot" x="0" y="0" width="300" height="110" rx="6"/>']
    parts.append(f'<line class="zero" x1="0" x2="300" y1="{zero:.1f}" y2="{zero:.1f}"/>')
    parts += [_mark(frame, series, point, float(days[point])) for point in shown.tolist()]
    parts += [text(2, 124, f"−{reach:.0f} d" if known.size > 1 else ""), text(298, 124, "alert", "end")]
    parts.append(text(150, 124, _brightest(alert), "middle"))
    parts += _flux_scale(frame, series)
    outside = int(np.isfinite(series.y).sum()) - known.size
    note = counted(known.size, "point") + (f", one in {every} shown" if every > 1 else "")
    note += f", {outside} outside the frame" if outside else ""
    return svg(300, 128, parts, "light curve"), note


def _flux_scale(frame: _Frame, series: Series) -> list[str]:
    """The highest flux and zero, at the left edge."""
    known = series.y[series.inside]
    if not known.size:
        return []
    divisor, unit = series.unit
    highest = float(known.max())
    parts = [text(3, frame.y(highest) + 3, f"{number(highest / divisor)} {unit}", kind="tick flux")]
    if abs(frame.y(0) - frame.y(highest)) > 14:
        parts.append(text(3, frame.y(0) - 2, "0", kind="tick flux"))
    return parts


def _mark(frame: _Frame, series: Series, point: int, day: float) -> str:
    """One point with its error bar; a triangle for an upper limit, an open circle for a forced one."""
    shade = band_colour(str(series.curve.band[point]))
    kind, flux, err = series.curve.kind[point], float(series.y[point]), float(series.err[point])
    x, y = frame.x(day), frame.y(flux)
    if kind == "upper_limit":
        return f'<path d="M{x - 2.5:.1f} {y - 2:.1f}h5l-2.5 4z" fill="{shade}" opacity=".35"/>'
    bar = ""
    if math.isfinite(err):
        ends = f"M{x:.1f} {frame.y(flux + err):.1f}V{frame.y(flux - err):.1f}"
        bar = f'<path d="{ends}" stroke="{shade}" stroke-width=".8" opacity=".5"/>'
    fill = "none" if kind == "forced" else shade
    return bar + mark(str(series.curve.band[point]), x, y, 2.4, f'fill="{fill}" stroke="{shade}"')


def _brightest(alert: Alert) -> str:
    """The magnitude of the highest detection."""
    flux = alert.curve.flux[alert.curve.kind == "detection"]
    flux = flux[np.isfinite(flux)]
    highest = float(flux.max()) if flux.size else 0.0
    return f"brightest {magnitude(highest):.1f} mag" if highest > 0 else ""
