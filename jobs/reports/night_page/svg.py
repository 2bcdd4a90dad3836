"""The page's charts as SVG: drawn in the page's own colours, readable at any size, with words under the pointer."""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from markupsafe import Markup, escape
from numpy.typing import NDArray

from jobs.archive.words import number
from jobs.reports.pictures.style import band_colour, bands_of

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]


@dataclass(frozen=True)
class Box:
    """The inner frame of a chart, in pixels."""

    left: float
    top: float
    width: float
    height: float

    @property
    def right(self) -> float:
        """Its right edge."""
        return self.left + self.width

    @property
    def bottom(self) -> float:
        """Its lower edge."""
        return self.top + self.height


def svg(width: float, height: float, parts: Sequence[str], label: str) -> Markup:
    """A drawing with a description for those who do not see it.

    Parameters
    ----------
    width, height : float
        Of its own coordinates; the page scales it.
    parts : sequence of str
        SVG elements, with all foreign text escaped.
    label : str
        The description; escaped here.
    """
    inside = "".join(parts)
    size = f"0 0 {width:g} {height:g}"
    # what surveys and people wrote was escaped where it was put in
    return Markup(f'<svg viewBox="{size}" role="img" aria-label="{escape(label)}">{inside}</svg>')  # noqa: S704


def mark(band: str, x: float, y: float, size: float, attributes: str) -> str:
    """A band's shape, as in the pictures: circle, square, triangle, diamond, plus, cross.

    Parameters
    ----------
    band : str
        A filter's letter; a circle for any that is not u, r, i, z, y.
    x, y : float
        Its centre, y downwards.
    size : float
        From the centre to the edge.
    attributes : str
        SVG attributes such as `fill="none"`; not escaped.
    """
    shapes = {
        "u": f"M{x - size:.1f} {y + size:.1f}h{2 * size:.1f}L{x:.1f} {y - size:.1f}z",
        "r": f"M{x - size:.1f} {y - size:.1f}h{2 * size:.1f}v{2 * size:.1f}h{-2 * size:.1f}z",
        "i": f"M{x - size:.1f} {y:.1f}l{size:.1f} {-size:.1f}l{size:.1f} {size:.1f}l{-size:.1f} {size:.1f}z",
        "z": f"M{x - size:.1f} {y:.1f}h{2 * size:.1f}M{x:.1f} {y - size:.1f}v{2 * size:.1f}",
        "y": f"M{x - size:.1f} {y - size:.1f}l{2 * size:.1f} {2 * size:.1f}m0 {-2 * size:.1f}l{-2 * size:.1f} {2 * size:.1f}",
    }
    if band in shapes:
        return f'<path d="{shapes[band]}" {attributes}/>'
    return f'<circle cx="{x:.1f}" cy="{y:.1f}" r="{size:g}" {attributes}/>'


def text(x: float, y: float, words: object, anchor: str = "start", kind: str = "tick") -> str:
    """Words at a place; escaped here.

    Parameters
    ----------
    x, y : float
        Where, y downwards.
    words : object
        What is written, by its `str`.
    anchor : str
        start, middle or end: which part of the words is there.
    kind : str
        CSS class.
    """
    return f'<text class="{kind}" x="{x:.1f}" y="{y:.1f}" text-anchor="{anchor}">{escape(words)}</text>'


def stacked_times(times: Mapping[str, Ints], minutes: int, first_day: float) -> Markup | None:
    """Alerts over the night, stacked by band; None if there is no time.

    Parameters
    ----------
    times : mapping of str to numpy.ndarray of int64
        Per band, alerts in bins of `minutes` from `first_day` on.
    minutes : int
        Width of a bin [min]; a divisor of 60.
    first_day : float
        Where the first bin begins [MJD UTC].
    """
    total = np.sum(list(times.values()), axis=0) if times else np.zeros(1)
    filled = np.flatnonzero(total)
    if not filled.size:
        return None
    step, start, stop = _time_bins(filled, minutes)
    stacks = {band: _rebinned(times[band], start, stop, step) for band in bands_of(times)}
    width, height, box = 720, 262, Box(44, 34, 664, 180)
    top = _nice(float(np.sum(list(stacks.values()), axis=0).max()))
    parts = [*_value_axis(box, top), text(4, 18, f"alerts per {step * minutes} min")]
    bins = (stop - start) // step
    bar = box.width / bins
    base = np.zeros(bins)
    for band, counts in stacks.items():
        for place in np.flatnonzero(counts).tolist():
            tall = counts[place] / top * box.height
            y = box.bottom - (base[place] + counts[place]) / top * box.height
            when = _clock(first_day, (start + place * step) * minutes)
            said = f"{when} UTC, {band}: {counts[place]:,} in {step * minutes} min"
            x, wide = box.left + place * bar, max(bar - 1, 0.8)
            parts.append(_rect(x, y, wide, tall, band_colour(band), said))
        base += counts
    every = max(round(bins / 8), 1)
    for count, place in enumerate(range(0, bins + 1, every)):
        x = box.left + place * bar
        anchor = "middle" if x < box.right - 10 else "end"
        kind = "tick second" if count % 2 else "tick"  # left out where the page is narrow
        parts.append(text(x, box.bottom + 18, _clock(first_day, (start + place * step) * minutes), anchor, kind))
    parts.append(text(box.left, height - 2, "UTC", "middle"))
    return svg(width, height, parts, "alerts over the night by band")


def score_histogram(counts: Ints, week: Ints | None, low: float, high: float) -> Markup:
    """Shares of the night's alerts on a logarithmic scale, and of the week before as a line.

    Parameters
    ----------
    counts : numpy.ndarray of int64, shape (n,)
        The night's alerts per bin.
    week : numpy.ndarray of int64, shape (n,), or None
        Those of the week before in the same bins; no line if None or all are 0.
    low, high : float
        Ends of the range of the score that the bins divide.
    """
    width, height, box = 340, 182, Box(38, 22, 294, 128)
    shares = counts / max(int(counts.sum()), 1)
    earlier = week / week.sum() if week is not None and week.sum() else None
    known = np.concatenate([shares[shares > 0], earlier[earlier > 0] if earlier is not None else []])
    floor = 10 ** math.floor(math.log10(float(known.min()))) if len(known) else 1e-3
    floor = min(floor, 0.1)
    decades = -math.log10(floor)

    def tall(share: float) -> float:
        return box.height * (1 + math.log10(max(share, floor * 0.8)) / decades) if share > 0 else 0.0

    parts = [text(0, 10, "share of alerts")]
    for decade in range(round(decades) + 1):
        y = box.bottom - tall(floor * 10**decade)
        parts += [
            _line(box.left, y, box.right, y, "grid"),
            text(box.left - 5, y + 3.5, _percent(floor * 10**decade), "end"),
        ]
    bar = box.width / len(counts)
    for place, share in enumerate(shares):
        if share > 0:
            start, stop = (low + (high - low) * (place + side) / len(counts) for side in (0, 1))
            said = f"{start:.3g} to {stop:.3g}: {counts[place]:,} alerts, {_percent(share)}"
            size = max(tall(share), 1.5)
            parts.append(_rect(box.left + place * bar, box.bottom - size, bar - 0.8, size, "var(--accent)", said))
    if earlier is not None:
        steps = []
        for place, share in enumerate(earlier):
            y = box.bottom - tall(share)
            steps += [f"{box.left + place * bar:.1f},{y:.1f}", f"{box.left + (place + 1) * bar:.1f},{y:.1f}"]
        parts.append(f'<polyline class="week" points="{" ".join(steps)}"/>')
    for place in range(5):
        value = low + (high - low) * place / 4
        anchor, words = {0: "start", 4: "end"}.get(place, "middle"), f"{value:.3g}".replace("-", "−")
        parts.append(text(box.left + box.width * place / 4, box.bottom + 17, words, anchor))
    return svg(width, height, parts, "distribution of the score")


def shares_bar(parts: Sequence[tuple[str, int, str]]) -> Markup:
    """One bar cut into named parts.

    Parameters
    ----------
    parts : sequence of (str, int, str)
        Name, count and CSS colour of each, from left to right.
    """
    total = sum(count for _, count, _ in parts)
    drawn, x = [], 0.0
    for name, count, colour in parts:
        wide = 400 * count / total if total else 0
        drawn.append(_rect(x, 0, max(wide - 1, 0.5) if count else 0, 12, colour, f"{name}: {count:,}"))
        x += wide
    inside = "".join(drawn)
    return Markup(f'<svg class="bar" viewBox="0 0 400 12" preserveAspectRatio="none" role="img">{inside}</svg>')  # noqa: S704


def _rect(x: float, y: float, width: float, height: float, colour: str, said: str) -> str:
    place = f'x="{x:.2f}" y="{y:.2f}" width="{width:.2f}" height="{height:.2f}"'
    return f'<rect {place} fill="{colour}"><title>{escape(said)}</title></rect>'


def _line(x1: float, y1: float, x2: float, y2: float, kind: str) -> str:
    return f'<line class="{kind}" x1="{x1:.1f}" y1="{y1:.1f}" x2="{x2:.1f}" y2="{y2:.1f}"/>'


def _value_axis(box: Box, top: float) -> list[str]:
    parts = []
    for place in range(5):
        value, y = top * place / 4, box.bottom - box.height * place / 4
        parts += [_line(box.left, y, box.right, y, "grid"), text(box.left - 6, y + 3.5, number(value), "end")]
    return parts


def _nice(value: float) -> float:
    """The next number up that four steps divide well."""
    unit = 10 ** math.floor(math.log10(max(value, 1)))
    return max(next(float(step * unit) for step in (1, 2, 4, 6, 8, 10) if step * unit >= value), 4.0)


def _time_bins(filled: Ints, minutes: int) -> tuple[int, int, int]:
    """Bins to join, first and last bin, so that about 60 bars cover the night from hour to hour."""
    hour = 60 // minutes
    start = int(filled[0]) // hour * hour
    stop = (int(filled[-1]) // hour + 1) * hour
    step = next(step for step in (1, 2, 3, 6, 12) if (stop - start) / step <= 72 or step == hour)
    return step, start, stop


def _rebinned(counts: Ints, start: int, stop: int, step: int) -> Ints:
    return np.asarray(counts[start:stop].reshape(-1, step).sum(axis=1))


def _clock(first_day: float, minutes: int) -> str:
    whole = round((first_day % 1) * 1440) + minutes
    return f"{whole // 60 % 24:02d}:{whole % 60:02d}"


def _percent(share: float) -> str:
    return f"{100 * share:.3g} %"
