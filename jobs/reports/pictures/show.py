"""One alert on one picture: cutouts, light curve, what the modules said, what is known."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.patches import FancyBboxPatch, Rectangle

from jobs.archive.alert import Alert, ModuleAnswer
from jobs.archive.find_cutouts import Triplet
from jobs.archive.words import flux, iso_utc, number, with_error
from jobs.reports.pictures import style
from jobs.reports.pictures.cutouts import Stamp, draw_stamp, stamps_of
from jobs.reports.pictures.light_curve import draw_curve, legend, measured
from jobs.reports.pictures.module_words import (
    WORDS_PER_MODULE,
    called,
    leading_scores,
    score_text,
    scores,
    shorten,
    told,
)

_HEIGHT = 8.6  # inch
_LEFT, _COLUMN, _BETWEEN = 9.555, 3.133, 0.19  # inch: where the words begin, how wide they are
_TOP, _FLOOR, _LINE = 0.86, 0.062, 0.0262  # shares of the height
_REFERENCE = "template · ring: nearest source"


def picture(alert: Alert, triplet: Triplet | None, alerts: int = 1) -> Figure:
    """Draw an alert.

    Parameters
    ----------
    alert : Alert
    triplet : mapping or None
        Its cutouts as received; None if the output has none.
    alerts : int
        How many alerts of its object the light curve is made of.
    """
    columns = _columns(alert)
    with style.styled():
        drawn = style.figure(_LEFT + len(columns) * (_COLUMN + _BETWEEN) + 0.12, _HEIGHT)
        page = _Page(drawn)
        _header(page, alert, alerts)
        for place, stamp in enumerate([] if alert.is_star else stamps_of(alert, triplet)):
            axes = drawn.add_axes((page.x(0.806 + 2.678 * place), 0.529, page.x(2.6), 2.6 / _HEIGHT))
            draw_stamp(axes, stamp)
            axes.set_title(_title(stamp), fontsize=9, color=style.QUIET, loc="left", pad=4)
        _curve(page, alert)
        for place, lines in enumerate(columns):
            _panel(page, _LEFT + place * (_COLUMN + _BETWEEN), lines)
        return drawn


@dataclass(frozen=True)
class _Page:
    """The figure, whose width depends on how much there is to say."""

    drawn: Figure

    def x(self, inches: float) -> float:
        """Inches from the left as a share of the width."""
        return float(inches / self.drawn.get_figwidth())


def _title(stamp: Stamp) -> str:
    if not stamp.turned:
        return f"{stamp.name} (not turned: no sky directions)"
    return _REFERENCE if stamp.name == "template" and stamp.reference and stamp.pixels is not None else stamp.name


def facts_of(alert: Alert) -> list[tuple[str, str]]:
    """What is known of an alert, as name and text.

    Parameters
    ----------
    alert : Alert
        Its facts are columns of the common view; NULL becomes a dash or words.
    """
    facts = alert.facts
    if alert.is_star:
        first = facts["first_detection_mjd"]
        began = [("first detection", iso_utc(first))] if first is not None else []
        return [("points", f"{len(alert.curve):,}"), ("detections", number(facts["n_detections"])), *began,
            ("age", number(facts["age_days"], "d"))]  # fmt: skip
    sign = {True: "brighter than the template", False: "fainter than the template"}.get(facts["is_positive"], "–")
    known = {True: "yes", False: "no"}.get(facts["is_known_sso"], "not evaluated")
    sso = facts["sso_name"] or known
    if facts["sso_distance_arcsec"] is not None and facts["is_known_sso"]:
        sso += f", {facts['sso_distance_arcsec']:.1f}″ away"
    return [
        ("difference", sign),
        ("magnitude", with_error(facts["mag"], facts["mag_err"], "AB")),
        ("flux", flux(facts["flux"], facts["flux_err"])),
        ("total flux", flux(facts["flux_total"], facts["flux_total_err"]) if facts["corrected"] else "not corrected"),
        ("real-bogus", number(facts["real_bogus"])),
        ("quality cuts", {True: "passes", False: "fails"}.get(facts["quality_ok"], "–")),
        ("detections", f"{number(facts['n_detections'])} here, {number(facts['n_detections_survey'])} by the survey"),
        ("age", number(facts["age_days"], "d")),
        ("known asteroid", sso),
    ]


def _header(page: _Page, alert: Alert, alerts: int) -> None:
    facts, drawn, left = alert.facts, page.drawn, page.x(0.806)
    drawn.text(left, 0.952, facts["object_id"], fontsize=21, fontweight="bold", va="center")
    if alert.simulated:
        drawn.text(
            1 - page.x(0.31), 0.952, "SIMULATED", fontsize=14, fontweight="bold", color="white", ha="right", va="center",
            bbox={"boxstyle": "round,pad=0.4", "facecolor": style.WARN, "edgecolor": "none"},
        )  # fmt: skip
    several = f" · light curve of {alerts} alerts" if alerts > 1 else ""
    first = f"{alert.survey} alert {facts['alert_id']} · {facts['band']} band · {alert.time}{several}"
    if alert.is_star:
        first = f"{alert.survey} star of a data release · last point {alert.time}"
    drawn.text(left, 0.912, first, fontsize=10.5, va="center")
    second = (
        f"{alert.position}   ({facts['ra']:.6f}, {facts['dec']:+.6f})°   Galactic latitude {facts['gal_b']:+.1f}°"
        + ("" if alert.is_star else f"   night {facts['night']}")
    ).replace("-", "−")
    drawn.text(left, 0.884, second, fontsize=9, color=style.QUIET, va="center")


def _curve(page: _Page, alert: Alert) -> None:
    series = measured(alert.curve)
    bottom, height, gap = 0.085, (0.69 if alert.is_star else 0.352), 0.022
    each = (height - gap * (len(series) - 1)) / len(series)
    panels: list[Axes] = []
    for row in range(len(series)):
        place = (page.x(0.806), bottom + (len(series) - 1 - row) * (each + gap), page.x(7.956), each)
        panels.append(page.drawn.add_axes(place, sharex=panels[0] if panels else None))
    draw_curve(panels, alert, series)
    page.drawn.align_ylabels(panels)
    legend(page.drawn, [alert.curve], (page.x(0.806), bottom + height + 0.053), ring=not alert.is_star)


@dataclass(frozen=True)
class _Text:
    """A line of the panel: a name, and a text at the right or a bar; the heading of a module; a reason."""

    name: str
    text: str = ""
    kind: str = "pair"
    value: float = 0.0


_ROOM = int((_TOP - 0.022 - _FLOOR) / _LINE) + 1  # lines per column


def _columns(alert: Alert) -> list[list[_Text]]:
    """The facts and every module's answers, in one column where that is enough, else in two."""
    first = [_Text(name, text) for name, text in facts_of(alert)]
    modules = sorted(alert.said, key=lambda said: said.outputs)
    blocks = [_module_lines(said, WORDS_PER_MODULE) for said in modules]
    if len(first) + sum(map(len, blocks)) <= _ROOM:
        return [first + [line for block in blocks for line in block]]
    at = 0
    while at < len(blocks) and len(first) + len(blocks[at]) <= _ROOM:
        first += blocks[at]
        at += 1
    second: list[_Text] = []
    for place, said in enumerate(modules[at:]):
        share = (_ROOM - len(second)) // len(modules[at + place :])
        second += _module_lines(said, max(share - 3, 0))[: max(_ROOM - len(second), 0)]
    return [first, second[1:]]  # without the blank line before its first module


def _module_lines(said: ModuleAnswer, words: int) -> list[_Text]:
    """A blank line, the heading, the reason where there is no answer or not all of it, then bars and texts."""
    lines = [_Text("", kind="blank"), _Text(said.module, said.version, "heading")]
    if said.reason:
        lines.append(_Text(shorten(said.reason, 50), kind="reason"))
        words -= 1
    first, bars = called(said), leading_scores(said)
    lines += [_Text(name, text) for name, text in first]
    lines += [_Text(answer.name, kind="bar", value=float(answer.value)) for answer in bars]
    texts, more = told(said, max(words - len(first) - len(bars), 0))
    more += len(scores(said)) - len(bars)
    lines += [_Text(name, text) for name, text in texts]
    return [*lines, _Text(f"and {more} more", kind="quiet")] if more else lines


def _panel(page: _Page, left: float, lines: Sequence[_Text]) -> None:
    page.drawn.add_artist(
        FancyBboxPatch(
            (page.x(left), _FLOOR), page.x(_COLUMN), _TOP - _FLOOR, boxstyle="round,pad=0,rounding_size=0.008",
            mutation_aspect=page.drawn.get_figwidth() / _HEIGHT, facecolor=style.PANEL, edgecolor="none",
            transform=page.drawn.transFigure, zorder=-1,
        )
    )  # fmt: skip
    for place, line in enumerate(lines):
        _write(page, left + 0.13, left + _COLUMN - 0.11, _TOP - 0.022 - place * _LINE, line)


_FONTS: dict[str, dict[str, Any]] = {
    "heading": {"fontsize": 9, "fontweight": "bold"},
    "reason": {"fontsize": 8, "color": style.QUIET, "style": "italic"},
    "quiet": {"fontsize": 7.8, "color": style.QUIET},
}


def _write(page: _Page, left: float, right: float, y: float, line: _Text) -> None:
    name_font = _FONTS.get(line.kind, {"fontsize": 8.2, "color": style.QUIET})
    page.drawn.text(page.x(left), y, line.name, va="center", **name_font)
    text = line.text
    if line.kind == "bar":
        _bar(page, right - 1.9, y, line.value)
        text = score_text(line.value)
    text_font = {"fontsize": 7.5, "color": style.QUIET} if line.kind == "heading" else {"fontsize": 8.2}
    page.drawn.text(page.x(right), y, text, ha="right", va="center", **text_font)


def _bar(page: _Page, left: float, y: float, value: float) -> None:
    for length, colour in ((1.0, style.LINE), (value, style.ACCENT)):
        page.drawn.add_artist(Rectangle((page.x(left), y - 0.0045), page.x(1.365) * length, 0.009, color=colour, lw=0))
