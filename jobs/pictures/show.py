"""One alert on one picture: stamps, light curve, what the modules said, what is known."""

import math

from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.patches import FancyBboxPatch, Rectangle

from jobs.find_stamps import Triplet
from jobs.pictures import style
from jobs.pictures.alert import Alert, Answer, Said
from jobs.pictures.light_curve import difference, draw_curve, legend, total
from jobs.pictures.stamps import draw_stamp, stamps_of
from jobs.pictures.words import flux, number, with_error

_TITLES = {"science": "science", "template": "template", "difference": "difference"}
_BARS_PER_MODULE = 6
_WORDS_PER_MODULE = 6
_LINE = 0.0262


def picture(alert: Alert, triplet: Triplet | None, alerts: int = 1) -> Figure:
    """Draw an alert.

    Parameters
    ----------
    triplet : mapping or None
        Its stamps as received.
    alerts : int
        How many alerts of its object the light curve is made of.
    """
    with style.styled():
        drawn = style.figure(13.0, 8.6)
        _header(drawn, alert, alerts)
        for place, stamp in enumerate(stamps_of(alert, triplet)):
            axes = drawn.add_axes((0.062 + 0.206 * place, 0.529, 0.2, 0.2 * 13 / 8.6))
            draw_stamp(axes, stamp)
            name = _TITLES[stamp.name] + (" (not turned: no sky directions)" if not stamp.turned else "")
            axes.set_title(name, fontsize=9, color=style.QUIET, loc="left", pad=4)
        _curve(drawn, alert)
        _panel(drawn, alert)
        return drawn


def facts_of(alert: Alert) -> list[tuple[str, str]]:
    """What is known of an alert, as name and text."""
    facts = alert.facts
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


def _header(drawn: Figure, alert: Alert, alerts: int) -> None:
    facts = alert.facts
    drawn.text(0.062, 0.952, facts["object_id"], fontsize=21, fontweight="bold", va="center")
    if alert.simulated:
        drawn.text(
            0.976, 0.952, "SIMULATED", fontsize=14, fontweight="bold", color="white", ha="right", va="center",
            bbox={"boxstyle": "round,pad=0.4", "facecolor": style.WARN, "edgecolor": "none"},
        )  # fmt: skip
    several = f" · light curve of {alerts} alerts" if alerts > 1 else ""
    first = f"{alert.survey} alert {facts['alert_id']} · {facts['band']} band · {alert.time}{several}"
    drawn.text(0.062, 0.912, first, fontsize=10.5, va="center")
    second = (
        f"{alert.position}   ({facts['ra']:.6f}, {facts['dec']:+.6f})°   Galactic latitude {facts['gal_b']:+.1f}°"
        f"   night {facts['night']}"
    ).replace("-", "−")
    drawn.text(0.062, 0.884, second, fontsize=9, color=style.QUIET, va="center")


def _curve(drawn: Figure, alert: Alert) -> None:
    series = [difference(alert.curve)]
    itself = total(alert.curve)
    if itself is not None:
        series.append(itself)
    bottom, height, gap = 0.062, 0.375, 0.022
    each = (height - gap * (len(series) - 1)) / len(series)
    panels: list[Axes] = []
    for row in range(len(series)):
        place = (0.062, bottom + (len(series) - 1 - row) * (each + gap), 0.612, each)
        panels.append(drawn.add_axes(place, sharex=panels[0] if panels else None))
    draw_curve(panels, alert, series)
    drawn.align_ylabels(panels)
    legend(drawn, alert.curve, (0.062, 0.49))


def _panel(drawn: Figure, alert: Alert) -> None:
    drawn.add_artist(
        FancyBboxPatch(
            (0.735, 0.062), 0.241, 0.798, boxstyle="round,pad=0,rounding_size=0.008", mutation_aspect=13 / 8.6,
            facecolor=style.PANEL, edgecolor="none", transform=drawn.transFigure, zorder=-1,
        )
    )  # fmt: skip
    y = 0.838
    for name, text in facts_of(alert):
        _pair(drawn, y, name, text)
        y -= _LINE
    for said in sorted(alert.said, key=lambda said: said.outputs):
        y = _module(drawn, y - 0.6 * _LINE, said)


def _pair(drawn: Figure, y: float, name: str, text: str, quiet: bool = False) -> None:
    drawn.text(0.745, y, name, fontsize=8.2, color=style.QUIET, va="center")
    drawn.text(0.968, y, text, fontsize=8.2, color=style.QUIET if quiet else style.INK, ha="right", va="center")


def _module(drawn: Figure, y: float, said: Said) -> float:
    if y < 0.062 + 3 * _LINE:
        return y
    drawn.text(0.745, y, said.module, fontsize=9, fontweight="bold", va="center")
    drawn.text(0.968, y, said.version, fontsize=7.5, color=style.QUIET, ha="right", va="center")
    y -= _LINE
    if said.reason and not said.answers:
        drawn.text(0.745, y, shorten(said.reason, 50), fontsize=8, color=style.QUIET, style="italic", va="center")
        return y - _LINE
    for answer in scores(said)[:_BARS_PER_MODULE]:
        _bar(drawn, y, answer)
        y -= _LINE
    room = max(int((y - 0.062) / _LINE) - 1, 0)
    words, more = told(said, min(room, _WORDS_PER_MODULE))
    for name, text in words:
        _pair(drawn, y, name, text)
        y -= _LINE
    if more:
        drawn.text(0.745, y, f"and {more} more", fontsize=7.8, color=style.QUIET, va="center")
        y -= _LINE
    return y


def scores(said: Said) -> list[Answer]:
    """A module's scores between 0 and 1."""
    return [answer for answer in said.answers if answer.is_score]


def told(said: Said, limit: int) -> tuple[list[tuple[str, str]], int]:
    """The first few of a module's other answers as text, and how many more there are; NULL and "no" are left out.

    A list takes one line per entry.
    """
    known = [answer for answer in said.answers if not answer.is_score and answer.value not in (None, False, [])]
    lines = [line for answer in known for line in _lines(answer)]
    return lines[:limit], max(len(lines) - limit, 0)


def shorten(text: str, length: int) -> str:
    """The text, or its beginning and an ellipsis."""
    return text if len(text) <= length else text[: length - 1].rstrip(" ,") + "…"


def _lines(answer: Answer) -> list[tuple[str, str]]:
    name = answer.name.replace("_", " ")
    if isinstance(answer.value, list):
        return [(name if place == 0 else "", shorten(str(each), 38)) for place, each in enumerate(answer.value)]
    return [(name, shorten(number(answer.value, answer.unit), 38))]


def _bar(drawn: Figure, y: float, answer: Answer) -> None:
    drawn.text(0.745, y, answer.name, fontsize=8.2, color=style.QUIET, va="center")
    left, width, height = 0.822, 0.105, 0.009
    for length, colour in ((1.0, style.LINE), (float(answer.value), style.ACCENT)):
        box = Rectangle((left, y - height / 2), width * length, height, color=colour, lw=0)
        drawn.add_artist(box)
    value = float(answer.value)
    shown = "< 0.001" if 0 < value < 0.001 else f"{value:.3f}" if not math.isnan(value) else "–"
    drawn.text(0.968, y, shown, fontsize=8.2, ha="right", va="center")


def in_words(said: Said) -> str:
    """What a module said, on one line."""
    if not said.answers:
        return said.reason or ""
    parts = [f"{answer.name} {float(answer.value):.3f}" for answer in scores(said)]
    words, more = told(said, _WORDS_PER_MODULE)
    parts += [f"{name} {text}".strip() for name, text in words] + ([f"and {more} more"] if more else [])
    return ", ".join(parts)
