"""Light curves: difference flux about zero, and the flux of the source itself where it is known."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from matplotlib.axes import Axes
from matplotlib.dates import AutoDateLocator, ConciseDateFormatter
from matplotlib.figure import Figure
from matplotlib.lines import Line2D
from matplotlib.ticker import FuncFormatter, MaxNLocator
from numpy.typing import NDArray

from jobs.archive.alert import Alert, Curve
from jobs.archive.release_points import RELEASE
from jobs.archive.words import FLUX_UNITS, magnitude, utc_times
from jobs.reports.pictures import style
from science_modules.common.photometry import flux_of_magnitude

Floats = NDArray[np.float64]

# An upper limit's flux_err is a fifth of the limit.
LIMIT_SIGMA = 5.0
MJD_OF_1970 = 40587
_MANY = 150
_MARGIN = 0.09


@dataclass(frozen=True)
class Series:
    """What one panel shows.

    Attributes
    ----------
    curve : Curve
        The points.
    y, err : numpy.ndarray of float64, shape (n_points,)
        Flux and its error per point [nJy]; NaN where there is none.
    limits : bool
        Whether it is the difference flux, with upper limits and a line at zero.
    """

    curve: Curve
    y: Floats
    err: Floats
    limits: bool

    @property
    def unit(self) -> tuple[float, str]:
        """Divisor and name of the flux unit that suits the values."""
        shown = np.abs(self.y[self.inside])
        largest = float(shown.max()) if shown.size else 1.0
        return next((pair for pair in FLUX_UNITS if largest >= 2 * pair[0]), FLUX_UNITS[-1])

    @property
    def inside(self) -> NDArray[np.bool_]:
        """Which points lie in the frame, shape (n_points,)."""
        bottom, top = self.span
        return np.isfinite(self.y) & (self.y >= bottom) & (self.y <= top)

    @property
    def span(self) -> tuple[float, float]:
        """Lowest and highest flux to show [nJy]: all detections, of the noisier points the middle 98 %.

        A limit only says what was not seen: a shallow one lies outside. Limits set the span where there is nothing else.
        """
        found, limit = self.curve.kind == "detection", self.curve.kind == "upper_limit"
        low, high = self.y - self.err, self.y + self.err
        values = [low[found], high[found], *([np.zeros(1)] if self.limits else [])]
        noisier = ~found & ~limit if np.isfinite(self.y[~limit]).any() else limit
        rest = np.concatenate([low[noisier], high[noisier]])
        rest = rest[np.isfinite(rest)]
        values.append(np.percentile(rest, [1, 99]) if rest.size else rest)
        known = np.concatenate(values)
        known = known[np.isfinite(known)]
        if not known.size:
            return -1.0, 1.0
        bottom, top = float(known.min()), float(known.max())
        pad = _MARGIN * (top - bottom) or max(abs(top), 1.0)
        return bottom - pad, top + pad


def difference(curve: Curve) -> Series:
    """Difference flux; upper limits at five times their error.

    Parameters
    ----------
    curve : Curve
        All points of an object, of every band and kind.
    """
    limit = curve.kind == "upper_limit"
    return Series(
        curve, np.where(limit, LIMIT_SIGMA * curve.flux_err, curve.flux), np.where(limit, 0, curve.flux_err), True
    )


def total(curve: Curve) -> Series | None:
    """Flux of the source itself; None where no point has it.

    Parameters
    ----------
    curve : Curve
        All points of an object, of every band and kind.
    """
    known = curve.where(np.isfinite(curve.total))
    return Series(known, known.total, known.total_err, False) if len(known) else None


def measured(curve: Curve) -> list[Series]:
    """What a light curve is shown as: its difference fluxes and its total ones, those that it has; difference of an empty one.

    Parameters
    ----------
    curve : Curve
        All points of an object, of every band and kind.
    """
    differences, itself = difference(curve), total(curve)
    if itself is None:
        return [differences]
    return [differences, itself] if np.isfinite(differences.y).any() else [itself]


def draw_curve(panels: list[Axes], alert: Alert, series: list[Series]) -> None:
    """Draw series into panels that share their time axis; the lowest gets the dates, the highest days to the alert.

    Parameters
    ----------
    panels : list of matplotlib.axes.Axes
        From top to bottom.
    alert : Alert
        Marked with a ring; day 0 of the upper axis.
    series : list of Series
        One per panel.
    """
    for axes, each in zip(panels, series, strict=True):
        _draw(axes, each, alert)
    _dates(panels[-1], alert)
    for axes in panels[:-1]:
        axes.tick_params(labelbottom=False)
    _days(panels[0], alert.facts["mjd"], "last point" if alert.is_star else "alert")


def draw_small(axes: Axes, alert: Alert) -> None:
    """The difference light curve for a contact sheet, where there is none the total one: points, limits, the zero line.

    Parameters
    ----------
    axes : matplotlib.axes.Axes
        Its ticks and frame are removed, but for a few fluxes on the right.
    alert : Alert
        Its curve is drawn, over days from the alert.
    """
    series = measured(alert.curve)[0]
    bottom, top = series.span
    days = series.curve.mjd - alert.facts["mjd"]
    if series.limits:
        axes.axhline(0, color=style.INK, lw=0.6, alpha=0.5)
    for band in style.bands_of(series.curve.band.tolist()):
        own = (series.curve.band == band) & np.isfinite(series.y)
        limit = own & (series.curve.kind == "upper_limit")
        point = own & ~limit
        colour = style.band_colour(band)
        axes.plot(days[limit], series.y[limit], ls="", marker=style.limit_mark(band), ms=2.4, color=colour, alpha=0.4)
        mark = style.band_mark(band)
        axes.errorbar(days[point], series.y[point], series.err[point], fmt=mark, ms=2.6, color=colour, elinewidth=0.6)
    axes.set_ylim(bottom, top)
    _scale(axes, series)
    axes.set_xticks([])
    axes.set_facecolor(style.PANEL)
    for spine in axes.spines.values():
        spine.set_visible(False)


def _scale(axes: Axes, series: Series) -> None:
    """The highest and the lowest flux and zero, at the right of a small light curve."""
    divisor, _ = series.unit
    known = series.y[series.inside]
    bottom, top = axes.get_ylim()
    ticks = [known.max(), 0.0, known.min()] if known.size else []
    shown: list[float] = []
    for value in ticks:
        if bottom <= value <= top and all(abs(value - other) > 0.14 * (top - bottom) for other in shown):
            shown.append(float(value))
    axes.yaxis.tick_right()
    axes.set_yticks(shown, [_short(value / divisor) for value in shown], fontsize=6.2)
    axes.tick_params(axis="y", length=0, pad=1.5)


def _short(value: float) -> str:
    """Two digits, or whole numbers."""
    return (f"{value:.0f}" if abs(value) >= 10 or value == 0 else f"{value:.2g}").replace("-", "−")


def legend(
    drawn: Figure, curves: Sequence[Curve], at: tuple[float, float], where: Any = "center left", ring: bool = True
) -> None:
    """Bands and kinds of points, at this place of the figure.

    Parameters
    ----------
    drawn : matplotlib.figure.Figure
    curves : sequence of Curve
        Those on the figure: only their bands and kinds are named.
    at : (float, float)
        Where, in shares of the figure's width and height.
    where : str
        Which point of the legend is put there, as matplotlib's `loc`.
    ring : bool
        Also the mark of the alert itself.
    """
    seen = {band for curve in curves for band in curve.band.tolist()}
    kinds = {kind for curve in curves for kind in curve.kind.tolist()}
    bands = style.bands_of(seen)
    marks = [_handle(style.band_mark(band), style.band_colour(band), band) for band in bands]
    if "forced" in kinds:
        marks.append(_handle("o", style.QUIET, "open: forced photometry", mfc="none"))
    if "upper_limit" in kinds:
        shape = style.limit_mark(bands[0]) if len(bands) == 1 else "v"
        marks.append(_handle(shape, style.QUIET, "pale: 5σ limit", alpha=0.5))
    if RELEASE in kinds:
        marks.append(_handle("o", style.QUIET, "small: data release", ms=3, alpha=0.6))
    if ring:
        marks.append(_handle("o", style.INK, "ring: this alert", mfc="none", ms=10, mew=1.2))
    drawn.legend(
        handles=marks, loc=where, bbox_to_anchor=at, ncols=max(len(marks), 1), frameon=False, fontsize=8.5,
        handletextpad=0.1, columnspacing=1.3, borderpad=0, borderaxespad=0,
    )  # fmt: skip


def _handle(mark: Any, colour: str, text: str, **how: Any) -> Line2D:
    return Line2D([], [], ls="", marker=mark, color=colour, label=text, **{"ms": 6, **how})


def _draw(axes: Axes, series: Series, alert: Alert) -> None:
    divisor, unit = series.unit
    bottom, top = (value / divisor for value in series.span)
    times = utc_times(series.curve.mjd)
    crowded = len(times) > _MANY
    if series.limits:
        axes.axhline(0, color=style.INK, lw=0.7, alpha=0.55, zorder=1)
    for band in style.bands_of(series.curve.band.tolist()):
        for kind in (RELEASE, "upper_limit", "forced", "detection"):
            own = (series.curve.band == band) & (series.curve.kind == kind) & np.isfinite(series.y)
            if own.any():
                _points(axes, kind, band, times[own], series.y[own] / divisor, series.err[own] / divisor, crowded)
    _ring(axes, series, times, alert, divisor)
    axes.set_ylim(bottom, top)
    axes.set_ylabel(f"{'difference' if series.limits else 'total'} flux ({unit})")
    axes.grid(axis="y", color=style.LINE, lw=0.6, alpha=0.7)
    axes.set_axisbelow(True)
    _magnitudes(axes, divisor, bottom, top)
    outside = int(((series.y / divisor < bottom) | (series.y / divisor > top)).sum())
    if outside:
        note = f"{outside} point{'s' * (outside > 1)} outside the frame"
        axes.text(0.995, 0.03, note, transform=axes.transAxes, ha="right", fontsize=7.5, color=style.QUIET,
            bbox={"facecolor": "white", "edgecolor": "none", "alpha": 0.8, "pad": 1.5}, zorder=6)  # fmt: skip


def _points(
    axes: Axes, kind: str, band: str, times: NDArray[np.datetime64], y: Floats, err: Floats, many: bool
) -> None:
    colour = style.band_colour(band)
    if kind == "upper_limit":
        axes.plot(times, y, ls="", marker=style.limit_mark(band), ms=5, mew=1.2, color=colour, alpha=0.4, zorder=2)
        return
    if kind == RELEASE:
        axes.errorbar(
            times, y, err, fmt=style.band_mark(band), ms=2.6, color=colour, elinewidth=0.5, alpha=0.45, zorder=1.5
        )
        return
    open_ = kind == "forced"
    size, alpha = (3.4 if many else 4.4 if open_ else 5.5), (0.6 if many else 0.95)
    face, edge = ("white", colour) if open_ else (colour, "white")
    axes.errorbar(
        times, y, err, fmt="none", ecolor=colour, elinewidth=0.6 if many else 1.0, alpha=0.5 * alpha, zorder=2
    )
    axes.plot(
        times,
        y,
        ls="",
        marker=style.band_mark(band),
        ms=size,
        mfc=face,
        mec=edge,
        mew=0.8 if open_ else 0.6,
        alpha=alpha,
        zorder=3 if open_ else 4,
    )


def _ring(axes: Axes, series: Series, times: NDArray[np.datetime64], alert: Alert, divisor: float) -> None:
    """A ring around the alert itself."""
    apart = np.abs(series.curve.mjd - alert.facts["mjd"])
    own = (series.curve.kind == "detection") & (series.curve.band == alert.facts["band"]) & (apart < 1e-4)
    axes.plot(times[own], series.y[own] / divisor, "o", ms=12, mfc="none", mec=style.INK, mew=1.2, zorder=5)


def _magnitudes(axes: Axes, divisor: float, bottom: float, top: float) -> None:
    """AB magnitudes of the positive fluxes, on the right."""
    ticks = magnitude_ticks(bottom * divisor, top * divisor)
    if not ticks:
        return
    right = axes.twinx()
    right.set_ylim(bottom, top)
    right.spines["right"].set_visible(True)
    right.set_yticks([flux_of_magnitude(mag) / divisor for mag in ticks])
    shown = FuncFormatter(lambda value, _: f"{magnitude(value * divisor):.4g}" if value > 0 else "")
    right.yaxis.set_major_formatter(shown)
    right.set_ylabel("AB mag", rotation=270, labelpad=12)


def magnitude_ticks(low: float, high: float) -> list[float]:
    """A handful of round AB magnitudes between two fluxes, an eighth of the range apart or more.

    Parameters
    ----------
    low, high : float
        Ends of the axis [nJy]; magnitudes are given of positive fluxes only.
    """
    if high <= 0:
        return []
    apart, ticks = (high - low) / 8, list[float]()
    for step in (1.0, 0.5, 0.2, 0.1, 0.05, 0.02):
        ticks, last = [], np.inf
        for mag in np.ceil(magnitude(high) / step) * step + step * np.arange(200):
            flux = flux_of_magnitude(float(mag))
            if flux < max(low, apart / 3):
                break
            if last - flux > apart:
                ticks.append(round(float(mag), 3))
                last = flux
        if len(ticks) >= 4:
            return ticks
    return ticks


def _dates(axes: Axes, alert: Alert) -> None:
    """Dates below, from the first point to the last and the alert itself."""
    locator = AutoDateLocator(minticks=4, maxticks=9)  # type: ignore[no-untyped-call]
    axes.xaxis.set_major_locator(locator)
    axes.xaxis.set_major_formatter(ConciseDateFormatter(locator))  # type: ignore[no-untyped-call]
    times = np.append(alert.curve.mjd, alert.facts["mjd"])
    pad = max(0.06 * float(np.ptp(times)), 0.5)
    left, right = utc_times(np.array([times.min() - pad, times.max() + pad]))
    axes.set_xlim(left, right)
    _row_label(axes, "UTC", 12)
    _mjd(axes)


def _mjd(axes: Axes) -> None:
    """MJD (TAI, as in the tables) below the dates; the 37 s to UTC are less than a pixel."""

    lower = axes.secondary_xaxis(
        "bottom",
        functions=(lambda day: day + MJD_OF_1970, lambda mjd: mjd - MJD_OF_1970),  # type: ignore[operator]
    )
    lower.spines["bottom"].set_position(("outward", 26))
    lower.spines["bottom"].set_visible(False)
    lower.xaxis.set_major_locator(MaxNLocator(6, steps=[1, 2, 5, 10]))
    lower.xaxis.set_major_formatter(FuncFormatter(lambda value, _: f"{value:.10g}"))
    lower.tick_params(length=0, pad=2)
    _row_label(axes, "MJD", 34)


def _row_label(axes: Axes, text: str, below: float) -> None:
    """What a row of tick labels is, left of them; `below` the axes in points."""
    axes.annotate(
        text, (0, 0), (-8, -below), xycoords="axes fraction", textcoords="offset points", ha="right", va="center",
        fontsize=8, color=style.QUIET, annotation_clip=False,
    )  # fmt: skip


def _days(axes: Axes, mjd: float, of: str) -> None:
    alert_day = utc_times(np.array([mjd]))[0].astype("datetime64[s]").astype(np.float64) / 86400
    upper = axes.secondary_xaxis("top", functions=(lambda day: day - alert_day, lambda day: day + alert_day))
    upper.tick_params(length=3)
    upper.set_xlabel(f"days from the {of}", labelpad=4, loc="right", fontsize=8)
