"""The night's page: its numbers counted again, its charts measured, and the page opened in a real browser."""

import html.parser
import re
import shutil

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from duckdb_reader import rows as duckdb_rows

from jobs.cli import report_page
from jobs.ledger.counts import empty_counts
from jobs.ledger.records import Plan, Record
from jobs.ledger.streams import StreamLedger
from jobs.reports.night_page.calendar import week_before
from jobs.reports.night_page.ledger_part import read_ledger
from jobs.reports.night_page.page import NoSuchNight, night_page, span
from jobs.reports.night_page.science_part import SCORE_BINS, Latency, read_science, read_scores, score_columns
from jobs.reports.night_page.sky_cells import SkyCells, mollweide
from jobs.reports.night_page.sky_map import sky_map
from jobs.reports.night_page.svg import score_histogram, shares_bar, stacked_times
from jobs.storage.layout import Layout
from science_modules import registry

NIGHT = "20240210"


@pytest.fixture(scope="module")
def page(night_out):
    return night_page(night_out, NIGHT, count=6)


def text_of(page):
    return re.sub(r"\s+", " ", re.sub(r"<style.*?</style>|<[^>]+>", " ", page, flags=re.S))


def test_its_counts_are_those_of_the_files(night_out, page):
    source = f"read_parquet('{night_out.table('science')}/night={NIGHT}/*.parquet')"
    [[(count, answered)]] = duckdb_rows(f"select count(*), count(anomaly.percentile) from {source}")
    said = text_of(page)
    assert f"{count} packets read {count} scored 0 duplicates 0 quarantined all packets accounted for" in said
    assert re.search(
        rf"anomaly {re.escape(registry.get('anomaly').version)} {100 * answered / count:.1f} % .*? 0 {count - answered} 0",
        said,
    )
    [[(few,)]] = duckdb_rows(f"select count(*) from {source} where stetson_k.error like 'too few points%'")
    share = f"{100 * (count - few) / count:.1f}"
    assert few
    assert re.search(rf"stetson_k 1\.0\.0 {share} % .*? {few} 0 0 partial: too few points {few}", said)
    assert "SIMULATED: 90 of 90 alerts of this night" in said
    assert said.count("SIMULATED ") == 6  # on every card


def test_the_best_are_listed_best_first(page, science):
    night = science[science.night == int(NIGHT)]
    rows = night[night.anomaly.map(lambda answer: answer["percentile"] is not None)]
    order = rows.assign(p=[-a["percentile"] for a in rows.anomaly])
    best = order.sort_values(["p", "mjd", "alert_id"]).drop_duplicates("object_id").head(6)
    assert re.findall(r'class="name">([^<]+)<', page)[:6] == best.object_id.tolist()
    assert re.findall(r"strix show (\d+) ", page)[:6] == [str(alert) for alert in best.alert_id]


class References(html.parser.HTMLParser):
    """Every attribute that makes a browser fetch something, and all scripts."""

    def __init__(self):
        super().__init__()
        self.found, self.scripts = [], 0

    def handle_starttag(self, tag, attributes):
        self.scripts += tag == "script" or any(name.startswith("on") for name, _ in attributes)
        wanted = ("src", "href", "srcset", "data", "action", "poster", "xlink:href")
        self.found += [value for name, value in attributes if name in wanted]


def test_it_refers_to_nothing_outside_itself(page):
    references = References()
    references.feed(page)
    assert references.scripts == 0
    assert references.found
    assert [value for value in references.found if not value.startswith(("#", "data:"))] == []
    assert "url(" not in page
    assert "@import" not in page


def test_what_a_survey_sends_is_text_and_never_markup(night_out, tmp_path):
    shutil.copytree(night_out.root, tmp_path / "out")
    (file,) = (tmp_path / "out" / "science" / f"night={NIGHT}").glob("*.parquet")
    table = pq.ParquetFile(file).read()
    evil = "<script>alert(1)</script>\"'>"
    place = table.schema.get_field_index("object_id")
    ids = [f"{evil}{n}" for n in range(table.num_rows)]
    pq.write_table(table.set_column(place, table.schema.field(place), [ids]), file)
    page = night_page(Layout(tmp_path / "out"), NIGHT, count=3)
    references = References()
    references.feed(page)
    assert references.scripts == 0
    assert "&lt;script&gt;alert(1)" in page


def test_a_night_without_modules_that_apply_lists_its_brightest(night_out, science, tmp_path):
    shutil.copytree(night_out.root, tmp_path / "out")
    (file,) = (tmp_path / "out" / "science" / f"night={NIGHT}").glob("*.parquet")
    pq.write_table(pq.ParquetFile(file).read().drop_columns(["anomaly"]), file)
    page = night_page(Layout(tmp_path / "out"), NIGHT, count=2)
    brightest = science[science.night == int(NIGHT)].sort_values("mag").drop_duplicates("object_id").head(2)
    assert re.findall(r'class="name">([^<]+)<', page) == brightest.object_id.tolist()


def test_the_week_before_is_compared_with(night_out, page):
    assert week_before("20240303") == [f"202402{day}" for day in range(25, 30)] + ["20240301", "20240302"]
    ledger = read_ledger(night_out, NIGHT, week_before(NIGHT))
    assert (ledger.counts["read"], ledger.week["read"], ledger.gap, len(ledger.batches)) == (90, 40, 0, 1)
    assert "nights 20240203 to 20240209" in text_of(page)
    assert 'class="week"' in page
    alone = night_page(night_out, "20240208", count=1)
    assert "no science of the seven nights before" in text_of(alone)
    assert 'class="week" points' not in alone


def test_histograms_hold_every_answer_once(night_out, science):
    files = night_out.files("science")
    scores = score_columns(files)
    assert [score.column for score in scores] == ["anomaly.score", "anomaly.percentile"]
    found = read_scores(files, scores)
    values = np.array([answer["percentile"] for answer in science.anomaly if answer["percentile"] is not None])
    assert (scores[1].low, scores[1].high) == (0, 100)
    assert found["anomaly.percentile"].tolist() == np.histogram(values, SCORE_BINS, (0, 100))[0].tolist()
    assert found["anomaly.score"].sum() == len(values)


def test_times_and_bands_are_those_of_the_table(night_out, science):
    part = read_science(night_out.files("science", NIGHT), 60349.0, [], {})  # 60350 is 2024-02-10
    night = science[science.night == int(NIGHT)]
    assert part.bands == night.band.value_counts().to_dict()
    assert {band: int(counts.sum()) for band, counts in part.times.items()} == dict(part.bands)
    utc = np.sort(night.mjd.to_numpy(float)) - 37 / 86400
    first = np.flatnonzero(sum(part.times.values()))[0]
    assert first == np.floor((utc[0] - 60349) * 288)
    assert stacked_times(part.times, 5, 60349.0).count("<rect") > 10
    assert stacked_times({}, 5, 60349.0) is None
    assert part.alerts == part.cells.counts.sum() == len(night)


def test_quantiles_of_latencies_are_right_to_a_few_percent():
    seconds = np.random.default_rng(2).lognormal(3, 2, 20_000)
    latency = Latency()
    for part in np.array_split(seconds, 7):
        latency.add(part)
    for share in (0.5, 0.95):
        assert latency.quantile(share) == pytest.approx(np.quantile(seconds, share), rel=0.04)
    assert Latency().quantile(0.5) is None
    assert [span(each) for each in (None, 1.5, 300, 86400 * 3, 3.2e8)] == [
        "–",
        "1.5 s",
        "5 min",
        "3 days",
        "10.14 years",
    ]


def test_sky_cells_are_nearly_equal_and_hold_every_alert():
    rng = np.random.default_rng(4)
    ra, dec = rng.uniform(0, 360, 300_000), np.degrees(np.arcsin(rng.uniform(-1, 1, 300_000)))
    cells = SkyCells()
    cells.add(ra, dec)
    counts, corners, heights = cells.filled()
    assert counts.sum() == 300_000
    areas = np.ptp(corners, axis=1) * np.degrees(np.ptp(np.sin(np.radians(heights)), axis=1))
    assert areas.sum() == pytest.approx(41252.96, rel=1e-3)
    assert np.percentile(areas, [1, 99]) == pytest.approx([4, 4], rel=0.05)
    one = SkyCells()
    one.add(np.array([123.4]), np.array([-31.0]))
    (_, (west,), (south,)) = one.filled()
    assert west.min() <= 123.4 <= west.max()
    assert south.min() <= -31.0 <= south.max()
    near_zero = SkyCells()
    near_zero.add(np.array([350.0, 10.0, 5.0]), np.array([0.0, 0.0, 10.0]))
    assert near_zero.centre() == 0


def test_the_map_keeps_areas_and_has_east_to_the_left():
    rng = np.random.default_rng(6)
    ra, dec = rng.uniform(0, 360, 200_000), np.degrees(np.arcsin(rng.uniform(-1, 1, 200_000)))
    x, y = mollweide(ra, dec, 77.0)
    assert np.all((x / 2) ** 2 + y**2 <= 1 + 1e-9)
    # equal areas: of points spread evenly over the sphere, each part of the ellipse holds its share
    for half_width in (0.3, 0.8, 1.5):
        inside = np.abs(x) < half_width
        u = half_width / 2
        share = (2 / np.pi) * (u * np.sqrt(1 - u**2) + np.arcsin(u))
        assert inside.mean() == pytest.approx(share, abs=0.005)
    assert mollweide(np.array([90.0]), np.array([0.0]), 80.0)[0] < 0
    assert mollweide(np.array([0.0, 0.0]), np.array([90.0, -90.0]), 0.0)[1].tolist() == pytest.approx([1, -1], abs=1e-4)


def ledger_of(tmp_path, *batches):
    """A ledger with one batch per (job, counts of the night)."""
    layout = Layout(tmp_path)
    for number, (job, counts) in enumerate(batches):
        plan = Plan(job, number, job, "2024-02-11T00:00:00+00:00", 60351.0, ())
        nights = {NIGHT: {**empty_counts(), **counts}}
        StreamLedger(layout, job).write(Record(plan, "run", (), nights, (), {}, {}))
    return read_ledger(layout, NIGHT, [])


def test_what_ingest_kept_and_enrich_scored_was_read_once(tmp_path):
    kept = {"read": 10, "decoded": 8, "duplicates": 1, "quarantined": {"unreadable": 1}}
    scored = {"read": 8, "decoded": 7, "quarantined": {"killed_worker": 1}, "enriched": 7}
    part = ledger_of(tmp_path, ("ingest", kept), ("enrich", scored))
    assert {name: part.counts[name] for name in ("read", "decoded", "enriched")} == {
        "read": 10,
        "decoded": 8,
        "enriched": 7,
    }
    assert (part.quarantined, part.gap, set(part.jobs)) == (2, 0, {"ingest", "enrich"})
    page = text_of(night_page(Layout(tmp_path), NIGHT))
    assert "ingest enrich 7 nights before decoded 8 7 0" in page
    assert "all packets accounted for" in page


def test_files_without_a_ledger_are_said_to_have_none(night_out, tmp_path):
    shutil.copytree(night_out.table("science"), tmp_path / "science")
    page = text_of(night_page(Layout(tmp_path), NIGHT, count=1))
    assert "no ledger of this night" in page
    assert "accounted for Rate" not in page and "all packets accounted for" not in page
    assert "90 alerts" in page


def test_a_big_night_is_drawn_in_cells(night_out):
    part = read_science(night_out.files("science", NIGHT), 60349.0, [], {})
    assert (sky_map(part, []).count("<polygon"), sky_map(part, []).count('class="alert"')) == (0, 90)
    part.alerts = 5000
    cells = re.findall(r'<polygon class="cell" points="([^"]+)"', sky_map(part, []))
    assert len(cells) == np.count_nonzero(part.cells.counts)
    corners = np.array([[[float(n) for n in pair.split(",")] for pair in each.split()] for each in cells])
    assert np.ptp(corners[..., 0], axis=1).max() < 20  # none reaches across the map


def test_a_gap_is_not_hidden_by_another_jobs_surplus(tmp_path):
    part = ledger_of(tmp_path, ("night", {"read": 5, "decoded": 4}), ("replay", {"read": 1, "decoded": 2}))
    assert part.gap == 2
    assert "2 packets not accounted for" in text_of(night_page(Layout(tmp_path), NIGHT))


def test_bars_are_as_long_as_their_counts():
    drawn = shares_bar([("a", 30, "red"), ("b", 10, "blue"), ("c", 0, "green")])
    widths = [float(each) for each in re.findall(r'width="([\d.]+)"', drawn)]
    assert widths == [299.0, 99.0, 0.0]  # 400 px less a gap of one each
    assert "<b>" not in shares_bar([("<b>", 1, "red")])
    counts = np.zeros(40, dtype=np.int64)
    counts[[0, 39]] = 10, 1000
    tall = [float(each) for each in re.findall(r'height="([\d.]+)"', score_histogram(counts, None, 0, 1))]
    assert tall[1] == pytest.approx(128 * (1 + np.log10(1000 / 1010) / 3), abs=0.01)
    assert tall[0] == pytest.approx(128 * (1 + np.log10(10 / 1010) / 3), abs=0.01)


def test_the_verb_writes_the_newest_night_and_refuses_what_is_not_there(night_out, tmp_path, capsys):
    assert report_page.main([str(night_out.root), "-n", "1", "-o", str(tmp_path / "n.html")]) == 0
    assert "Night 2024-02-10" in (tmp_path / "n.html").read_text(encoding="utf-8")
    for night, message in (("20200101", "it has 2 nights, 20240208 to 20240210"), ("soon", "'soon' is no night")):
        assert report_page.main([str(night_out.root), "--night", night]) == 2
        assert message in capsys.readouterr().err
    assert report_page.main([str(tmp_path / "empty")]) == 2
    with pytest.raises(NoSuchNight):
        night_page(night_out, "20231301")


def test_the_verb_takes_the_fullest_recent_night_and_says_so(night_out, tmp_path, capsys):
    shutil.copytree(night_out.root, tmp_path / "out")
    (file,) = (tmp_path / "out" / "science" / f"night={NIGHT}").glob("*.parquet")
    table = pq.ParquetFile(file).read()
    for night, rows in (("20240211", 3), *((f"2023010{day}", len(table)) for day in range(1, 8))):
        (tmp_path / "out" / "science" / f"night={night}").mkdir()
        many = pa.concat_tables([table, table])[: rows if night > NIGHT else 2 * rows]  # the old nights are fuller
        pq.write_table(many, tmp_path / "out" / "science" / f"night={night}" / "a.parquet")
    shutil.rmtree(tmp_path / "out" / "science" / "night=20230107")
    shutil.rmtree(tmp_path / "out" / "science" / "night=20230106")
    for night in ("20240205", "20240206", "20240207", "20240209"):
        (tmp_path / "out" / "science" / f"night={night}").mkdir()
        pq.write_table(table[:5], tmp_path / "out" / "science" / f"night={night}" / "a.parquet")
    assert report_page.main([str(tmp_path / "out"), "-n", "1", "-o", str(tmp_path / "n.html")]) == 0
    told = "night 20240210 (90 alerts, the most of the newest 7 nights; the newest, 20240211, has 3: --night 20240211)"
    assert told in capsys.readouterr().out
    assert "Night 2024-02-10" in (tmp_path / "n.html").read_text(encoding="utf-8")


def test_the_verb_takes_a_night_with_scores_before_a_fuller_one_without(night_out, tmp_path, capsys):
    shutil.copytree(night_out.root, tmp_path / "out")
    (file,) = (tmp_path / "out" / "science" / f"night={NIGHT}").glob("*.parquet")
    table = pq.ParquetFile(file).read()
    bare = pa.concat_tables([table, table]).drop_columns(["stetson_k", "lc_features", "anomaly"])
    silent = table.set_column(
        table.schema.get_field_index("anomaly"), "anomaly", pa.nulls(len(table), table["anomaly"].type)
    )
    for night, rows in (("20240211", bare), ("20240212", pa.concat_tables([silent, silent])), ("20240213", table[:3])):
        (tmp_path / "out" / "science" / f"night={night}").mkdir()
        own = pa.array([int(night)] * len(rows), rows["night"].type)
        rows = rows.set_column(rows.schema.get_field_index("night"), "night", own)
        pq.write_table(rows, tmp_path / "out" / "science" / f"night={night}" / "a.parquet")
    assert report_page.main([str(tmp_path / "out"), "-n", "1", "-o", str(tmp_path / "n.html")]) == 0
    told = "night 20240210 (90 alerts, the most of the newest 5 nights that have scores; the newest, 20240213, has 3"
    assert told in capsys.readouterr().out
    for night in ("20240208", "20240210", "20240213"):
        shutil.rmtree(tmp_path / "out" / "science" / f"night={night}")
    assert report_page.main([str(tmp_path / "out"), "-n", "1", "-o", str(tmp_path / "n.html")]) == 0
    assert "night 20240212 (the newest, 180 alerts)" in capsys.readouterr().out


def test_a_card_links_to_brokers_and_archives_and_loads_nothing(night_out, tmp_path):
    shutil.copytree(night_out.root, tmp_path / "out")
    (file,) = (tmp_path / "out" / "science" / f"night={NIGHT}").glob("*.parquet")
    table = pq.ParquetFile(file).read()
    for name, values in (("is_simulated", [False] * len(table)), ("object_id", ["ZTF24abcdefg"] * len(table))):
        place = table.schema.get_field_index(name)
        table = table.set_column(place, table.schema.field(place), [values])
    pq.write_table(table, file)
    page = night_page(Layout(tmp_path / "out"), NIGHT, count=1)
    outside = re.findall(r"<(\w+) [^>]*(?:href|src)=\"(http[^\"]*)\"", page)
    assert {tag for tag, _ in outside} == {"a"}
    assert [address.partition("?")[0] for _, address in outside] == [
        "https://alerce.online/object/ZTF24abcdefg",
        "https://ztf.fink-portal.org/ZTF24abcdefg",
        "https://lasair-ztf.lsst.ac.uk/objects/ZTF24abcdefg/",
        "https://simbad.cds.unistra.fr/simbad/sim-coo",
        "https://www.wis-tns.org/search",
        "https://aladin.cds.unistra.fr/AladinLite/",
    ]
