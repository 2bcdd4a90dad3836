"""Putting a night's page together."""

import os
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime

from markupsafe import Markup

from jobs.archive.top_alerts import MOST_ANOMALOUS
from jobs.archive.versions import versions_in
from jobs.archive.words import number
from jobs.ledger.records import Record
from jobs.reports.night_page import svg
from jobs.reports.night_page.calendar import day_of, week_before
from jobs.reports.night_page.cards import Card, cards
from jobs.reports.night_page.ledger_part import LedgerPart, ModuleCounts, batch_read, read_ledger
from jobs.reports.night_page.science_part import (
    Ints,
    Latency,
    SciencePart,
    Score,
    read_science,
    read_scores,
    score_columns,
)
from jobs.reports.night_page.sky_map import sky_map
from jobs.reports.pictures.style import band_colour, bands_of
from jobs.reports.templates import environment
from jobs.storage.layout import Layout

_MINUTES = 5
_MJD_EPOCH = date(1858, 11, 17).toordinal()
_ANOMALIES = (
    (
        "Most anomalous",
        "anomaly.percentile",
        "Percentile of module anomaly: the share of its training alerts that are less anomalous. Best alert per object.",
    ),
    MOST_ANOMALOUS,
)
_HOSTED = (
    (
        "Hosted candidates",
        "acai.acai_h",
        "Score acai_h: a transient in a galaxy, off its nucleus. Best alert per object; a score, not a probability.",
    ),
    (("acai.acai_h", "descending"),),
)
_BRIGHTEST = (
    ("Brightest", "mag", "Magnitude of the difference: the greatest changes. Best alert per object."),
    (("mag", "ascending"),),
)
_SPANS = (
    (2 * 365.25 * 86400, 365.25 * 86400, "years"),
    (2 * 86400, 86400, "days"),
    (7200, 3600, "h"),
    (120, 60, "min"),
)


class NoSuchNight(LookupError):
    """The output holds nothing of the night; the message says which nights it has."""


@dataclass(frozen=True)
class Histogram:
    """A score's chart.

    Attributes
    ----------
    column, description : str
        The score's name, and what it is.
    chart : Markup
        As SVG.
    above : str
        The share of alerts above the middle of its range, in words; empty if the range has no natural middle.
    """

    column: str
    description: str
    chart: Markup
    above: str


@dataclass(frozen=True)
class Batch:
    """A batch of the ledger, in words.

    Attributes
    ----------
    planned : str
        When it was planned, UTC.
    read : int
        Packets of all its nights.
    nights : int
        How many nights its packets are of.
    seconds : float
        Of all its steps [s].
    steps : Markup
        A bar of them, as SVG.
    sinks : list of (str, str)
        Each sink's name, and what it acknowledged.
    """

    name: str
    state: str
    planned: str
    read: int
    nights: int
    seconds: float
    steps: Markup
    sinks: list[tuple[str, str]]


@dataclass(frozen=True)
class Standouts:
    """A list of alerts that stand out.

    Attributes
    ----------
    column : str
        By which they stand out.
    words : str
        What the column says.
    """

    title: str
    column: str
    words: str
    cards: list[Card]


def night_page(layout: Layout, night: str, count: int = 12, schemas: str | None = None) -> str:
    """The page of a night as HTML that needs nothing else: no script, no font, no picture from elsewhere.

    Parameters
    ----------
    layout : Layout
        Of the output.
    night : str
        YYYYMMDD.
    count : int
        Alerts in each list of those that stand out.
    schemas : str, optional
        Directory of the schemas of the Confluent wire format, for cutouts of packets that came in it.

    Raises
    ------
    NoSuchNight
        If neither ledger nor science table has it, or it is no date.
    """
    week = _week(layout, night)
    ledger = read_ledger(layout, night, week)
    files = layout.files("science", night)
    if not files and not ledger.batches:
        raise NoSuchNight(f"{layout.root} holds nothing of night {night}{_nights(layout)}")
    earlier = [path for each in week for path in layout.files("science", each)]
    scores = score_columns(files + earlier)
    first_day = day_of(night).toordinal() - _MJD_EPOCH - 1.0
    science = read_science(files, first_day, scores, _planned(ledger.batches))
    lists = _lists(layout, night, count, schemas)
    templates = environment()
    templates.filters["span"] = span
    return str(
        templates.get_template("night_page/page.html").render(
            night=night,
            day=day_of(night),
            ledger=ledger,
            science=science,
            modules=list(_modules(ledger)),
            versions=versions_in(files),
            batches=[_batch(record) for record in ledger.batches],
            histograms=_histograms(scores, science, read_scores(earlier, scores)),
            week=[week[0], week[-1]] if earlier else None,
            sky=sky_map(science, [card.alert for each in lists for card in each.cards]),
            times=svg.stacked_times(science.times, _MINUTES, first_day),
            bands={band: band_colour(band) for band in bands_of(science.bands)},
            latencies=[
                ("exposure to topic", *_latency(science.to_topic), "not read from Kafka"),
                ("exposure to batch", *_latency(science.to_plan), "its files were merged"),
            ],
            lists=lists,
            data=os.path.relpath(layout.root),
            made=datetime.now(UTC).strftime("%Y-%m-%d %H:%M:%S UTC"),
        )
    )  # fmt: skip


def nights_of(layout: Layout) -> list[str]:
    """The nights of the science table (YYYYMMDD), oldest first.

    Parameters
    ----------
    layout : Layout
        Of the output.
    """
    return [night for night in layout.nights("science") if night.isdigit()]


def span(seconds: float | None) -> str:
    """A duration in words, in the unit that suits it.

    Parameters
    ----------
    seconds : float or None
        The duration [s]; None gives a dash.
    """
    if seconds is None:
        return "–"
    return next(
        (number(seconds / unit, name) for least, unit, name in _SPANS if seconds >= least), number(seconds, "s")
    )


def _week(layout: Layout, night: str) -> list[str]:
    try:
        return week_before(night)
    except ValueError:
        raise NoSuchNight(f"{night!r} is no night, a night is YYYYMMDD{_nights(layout)}") from None


def _nights(layout: Layout) -> str:
    there = layout.nights_in_words("science")
    return f"; it has {there}" if there else ""


def _planned(batches: Sequence[Record]) -> dict[str, float]:
    """When the batch of each file was planned."""
    return {
        file.name.rpartition("/")[2]: record.plan.now_mjd
        for record in batches
        for file in record.files
        if file.table == "science"
    }


def _modules(ledger: LedgerPart) -> list[tuple[ModuleCounts, ModuleCounts | None, Markup]]:
    earlier = {each.name: each for each in ledger.modules(week=True)}
    return [(each, earlier.get(each.name), svg.shares_bar(_shares(each))) for each in ledger.modules()]


def _shares(module: ModuleCounts) -> list[tuple[str, int, str]]:
    return [
        ("answered", module.answered + module.any_output, "var(--good)"),
        ("answered in part, with a reason", module.in_part, "var(--part)"),
        ("no answer, with a reason", sum(module.null.values()) - module.failed, "var(--line-strong)"),
        ("failed", module.failed, "var(--bad)"),
    ]


_STEPS = {"stage": "#3b5bdb", "dedupe": "#5c7cfa", "seal": "#91a7ff", "publish": "#159a76", "store": "#b8860b"}


def _batch(record: Record) -> Batch:
    steps = [
        (f"{name}, ms", round(1000 * seconds), _STEPS.get(name, "#a04fb8"))
        for name, seconds in record.timings_s.items()
    ]
    return Batch(
        name=f"{record.stream} / {record.batch}",
        state=record.state,
        planned=record.plan.planned_at.replace("T", " ").replace("+00:00", " UTC"),
        read=batch_read(record),
        nights=len(record.nights),
        seconds=sum(record.timings_s.values()),
        steps=svg.shares_bar(sorted(steps, key=lambda step: -step[1])),
        sinks=[(name, _acknowledged(counts)) for name, counts in record.sinks.items()],
    )


def _acknowledged(counts: object) -> str:
    if not isinstance(counts, dict):
        return str(counts)
    return ", ".join(
        f"{name} {value:,}" if isinstance(value, int) else f"{name} {value}" for name, value in counts.items()
    )


def _histograms(scores: Sequence[Score], science: SciencePart, week: dict[str, Ints]) -> list[Histogram]:
    found = []
    for score in scores:
        counts = science.histograms.get(score.column)
        if counts is not None and counts.sum():
            earlier = week.get(score.column)
            chart = svg.score_histogram(counts, earlier, score.low, score.high)
            found.append(Histogram(score.column, score.description, chart, _above(score, counts, earlier)))
    return found


def _above(score: Score, counts: Ints, week: Ints | None) -> str:
    """The share in the upper half of a natural range, and that of the week before."""
    if (score.low, score.high) not in ((0.0, 1.0), (0.0, 100.0)):
        return ""
    middle = number((score.low + score.high) / 2)
    now = 100 * counts[len(counts) // 2 :].sum() / counts.sum()
    before = 100 * week[len(week) // 2 :].sum() / week.sum() if week is not None and week.sum() else None
    return f"{now:.3g} % above {middle}" + (f", {before:.3g} % the week before" if before is not None else "")


def _latency(latency: Latency) -> tuple[str, str]:
    return span(latency.quantile(0.5)), span(latency.quantile(0.95))


def _lists(layout: Layout, night: str, count: int, schemas: str | None) -> list[Standouts]:
    """What stands out; on a night to which neither module applies, the brightest."""
    asked = (_ANOMALIES, _HOSTED)
    found = [Standouts(*words, cards(layout, night, order, count, schemas)) for words, order in asked]
    if any(each.cards for each in found):
        return found
    words, order = _BRIGHTEST
    return [*found, Standouts(*words, cards(layout, night, order, count, schemas))]
