"""What a picture tells beyond colour: shapes, scales, rings, the answers of every module."""

from dataclasses import replace

import numpy as np
import pyarrow.parquet as pq
import pytest
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.lines import Line2D
from matplotlib.text import Text

from jobs.archive.alert import Answer, ModuleAnswer, alerts_of
from jobs.reports.night_page.svg import mark, score_histogram, stacked_times
from jobs.reports.pictures.sheet import Entry, contact_sheet
from jobs.reports.pictures.show import picture
from jobs.reports.pictures.style import band_colour, band_mark, bands_of, limit_mark
from science_modules.common.view import BANDS


@pytest.fixture(scope="module")
def alerts(night_out):
    (path,) = night_out.table("science").glob("night=20240210/*.parquet")
    return sorted(alerts_of(pq.read_table(path, partitioning=None)), key=lambda alert: -len(alert.curve))


@pytest.fixture(scope="module")
def drawn(alerts):
    return picture(alerts[0], None)


def words(figure):
    return [text.get_text() for text in figure.findobj(Text)]


def test_every_band_has_a_shape_of_its_own():
    for look in (band_colour, band_mark, limit_mark):
        assert len({str(look(band)) for band in BANDS}) == len(BANDS)
    assert len({mark(band, 5, 5, 2, "") for band in BANDS}) == len(BANDS)


def test_a_band_that_no_survey_declares_is_drawn_too():
    assert bands_of(["q", "r", "", "g"]) == ["g", "r", "q"]
    assert (band_colour("q"), band_mark("q"), limit_mark("q")) == ("#0f8fa8", "h", "v")


def test_points_are_drawn_in_their_bands_shape_and_colour(drawn, alerts):
    bands = set(alerts[0].curve.band[alerts[0].curve.kind == "detection"].tolist())
    assert len(bands) > 1
    colours = {band_colour(band): band_mark(band) for band in bands}
    for axes in drawn.axes:
        for line in axes.findobj(Line2D):
            if line.get_markerfacecolor() in colours and line.get_alpha() != 0.4 and len(line.get_xdata()):
                assert line.get_marker() == colours[line.get_markerfacecolor()]


def test_the_ring_the_limits_and_the_bands_are_explained(drawn, alerts):
    (legend,) = drawn.legends
    told = [text.get_text() for text in legend.get_texts()]
    assert "ring: this alert" in told and "pale: 5σ limit" in told
    assert set(alerts[0].curve.band.tolist()) <= set(told)


def test_time_is_told_in_utc_and_in_mjd(drawn, alerts):
    FigureCanvasAgg(drawn).draw()
    told = words(drawn)
    assert {"UTC", "MJD"} <= set(told)
    axes = next(axes for axes in drawn.axes if any(label.get_text() == "MJD" for label in axes.texts))
    (lower,) = axes.child_axes[-1:]
    ticks = [float(label.get_text()) for label in lower.get_xticklabels() if label.get_text()]
    mjd = alerts[0].curve.mjd
    assert len(ticks) >= 3
    assert mjd.min() - 10 < np.median(ticks) < mjd.max() + 10


def test_every_module_is_on_the_picture_with_answers_or_a_reason(alerts):
    rise = tuple(Answer(f"rate_{number}", 0.1 * number, "mag/d", "slope") for number in range(1, 30))
    acai = tuple(Answer(f"acai_{name}", 0.5, "", "sigmoid score") for name in "hnvob")
    more = [ModuleAnswer("rise", "1.0.0", rise, None, 29), ModuleAnswer("acai", "1.0.1", acai, None, 7)]
    alert = replace(alerts[0], said=[*alerts[0].said, *more, ModuleAnswer("braai", "1.0.0", (), "no science stamp", 1)])
    told = words(picture(alert, None))
    assert {"lc_features", "anomaly", "stetson_k", "rise", "acai", "braai"} <= set(told)
    assert {"rate 1", "0.1 mag/d", "acai_h", "0.500", "no science stamp"} <= set(told)
    lines = told[told.index("lc_features") :]
    assert sum(text.endswith(" mag") for text in lines) >= 3, "lc_features is named and says nothing"


def test_a_sheet_has_a_legend_and_a_flux_scale(alerts):
    sheet = contact_sheet("t", "s", [Entry(alert, 1.0) for alert in alerts[:3]], {})
    assert len(sheet.legends) == 1
    curves = [axes for axes in sheet.axes if axes.lines and not axes.images]
    assert len(curves) == 3
    for axes, alert in zip(curves, alerts, strict=False):
        shown = np.where(alert.curve.kind == "upper_limit", 5 * alert.curve.flux_err, alert.curve.flux)
        assert axes.get_yticks()[0] == pytest.approx(np.nanmax(shown[shown <= axes.get_ylim()[1]]))
        assert axes.get_ylim()[1] >= np.nanmax(alert.curve.flux[alert.curve.kind == "detection"])
    assert sum("Jy" in word for word in words(sheet)) == 3


def test_charts_of_the_page_name_their_units():
    times = {"g": np.r_[np.zeros(100, np.int64), 3, np.zeros(763, np.int64)]}
    assert "alerts per 5 min" in stacked_times(times, 5, 60000.0)
    assert "share of alerts" in score_histogram(np.arange(40), None, 0, 1)
    assert "7 alerts, 100 %" in score_histogram(np.r_[7, np.zeros(39, np.int64)], None, 0, 1)
    assert ">20,000<" in stacked_times(
        {"g": np.r_[np.zeros(100, np.int64), 19000, np.zeros(763, np.int64)]}, 5, 60000.0
    )
