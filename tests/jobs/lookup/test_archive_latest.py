"""The newest alerts of a night, of a Solar-system body and of a filter, against a sort of every row."""

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from looked_up import NIGHTS, every_row, made_up, same_summaries

from jobs.ledger import volume_writing
from jobs.ledger.counts import empty_counts
from jobs.ledger.id_index import span
from jobs.ledger.records import KEPT_IDS, DataFile, Plan, Record
from jobs.ledger.rolling import roll
from jobs.ledger.sent_file import Sent, sent_path, write_sent
from jobs.ledger.streams import StreamLedger
from jobs.lookup.archive import ArchiveStore
from jobs.lookup.store import BadQuestion, NotThere
from jobs.packets.ranges import Range

COLUMNS = ("survey", "alert_id", "object_id", "mjd", "filter")
STREAM, FILTERS = "s", ("all", "even", "late", "none")


def takes(row, name):
    """What the filters of these tests send."""
    return {"all": True, "even": row["alert_id"] % 2 == 0, "late": row["mjd"] > 60_352, "none": False}[name]


def close(layout, number, path):
    """Seal and close a batch that wrote a file, with what the filters sent of it."""
    rows = pq.ParquetFile(path).read().to_pylist()
    sent = [[*(row[name] for name in COLUMNS[:4]), each] for row in rows for each in FILTERS if takes(row, each)]
    columns = dict(zip(COLUMNS, (list(each) for each in zip(*sent, strict=True)), strict=True))
    write_sent(sent_path(layout, STREAM, number), Sent(pa.table(columns), {each: {"sent": 1} for each in FILTERS}))
    ledger = StreamLedger(layout, STREAM)
    ids = pa.table({name: [row.get(name) for row in rows] for name in KEPT_IDS.names}, schema=KEPT_IDS)
    plan = Plan(STREAM, number, "night", "2024-01-01T00:00:00+00:00", 6e4, (Range("container", "a", 0, 1),))
    night, size = path.parent.name.removeprefix("night="), path.stat().st_size
    file = DataFile("science", night, str(path.relative_to(layout.root)), "", len(rows), size)
    counts = {night: {**empty_counts(), "read": len(rows), "decoded": len(rows)}}
    ledger.begin_plan(plan)
    ledger.write_ids(number, ids)
    ledger.write(Record(plan, "r", ("science",), counts, (file,), span(ids), {"modules": {}}, "closed", {}, {}))


@pytest.fixture(scope="module")
def layout(tmp_path_factory):
    """A batch per file, the oldest night's last, as when it is read again; three volumes, and three batches on their own."""
    made = made_up(tmp_path_factory.mktemp("latest"), seed=4)
    paths = [path for at in (1, 3, 2, 0) for path in made.files("science", NIGHTS[at])]
    with pytest.MonkeyPatch.context() as patched:
        patched.setattr(volume_writing, "BATCHES", 3)
        for number, path in enumerate(paths):
            close(made, number, path)
            if number == len(paths) - 3:
                roll(StreamLedger(made, STREAM))
    return made


@pytest.fixture(scope="module")
def store(layout):
    return ArchiveStore(layout.root)


@pytest.fixture(scope="module")
def rows(layout):
    return every_row(layout)


def newest(rows, limit):
    return sorted(rows, key=lambda row: (-row["mjd"], row["survey"], row["alert_id"]))[:limit]


@pytest.mark.parametrize("limit", [1, 3, 10, 40, 1000])
@pytest.mark.parametrize("night", NIGHTS)
def test_the_newest_of_a_night(store, rows, night, limit):
    wanted = [row for row in rows if row["night"] == int(night)]
    assert len({row["mjd"] for row in wanted}) < len(wanted)
    same_summaries(store.latest("night", night, limit), newest(wanted, limit))


@pytest.mark.parametrize("limit", [1, 5, 1000])
@pytest.mark.parametrize("body", ["Ceres", "2010 AB"])
def test_the_newest_of_a_body(store, rows, body, limit):
    same_summaries(store.latest("sso", body, limit), newest((row for row in rows if row["sso_name"] == body), limit))


@pytest.mark.parametrize("limit", [1, 2, 7, 30, 1000])
@pytest.mark.parametrize("name", ["all", "even", "late"])
def test_the_newest_that_a_filter_sent_rolled_batches_included(store, layout, rows, name, limit):
    assert len(StreamLedger(layout, STREAM).rolled.volumes) == 3
    assert len(StreamLedger(layout, STREAM).open_numbers()) == 3
    same_summaries(store.latest("filter", name, limit), newest((row for row in rows if takes(row, name)), limit))


def test_volumes_that_hold_nothing_new_enough_are_not_read(store, layout, monkeypatch):
    read = []
    kept = StreamLedger.kept

    def counting(self, batch, ending):
        read.append(batch)
        return kept(self, batch, ending)

    monkeypatch.setattr(StreamLedger, "kept", counting)
    store.latest("filter", "all", 3)
    few = len(read)
    store.latest("filter", "all", 1000)
    assert few < len(read) - few


@pytest.mark.parametrize(
    ("kind", "name", "told"),
    [
        ("filter", "none", "no alert that the filter 'none' sent"),
        ("filter", "nobody", "no alert that the filter 'nobody' sent"),
        ("night", "20240209", "20240208 to 20240301.* no alert of night '20240209'"),
        ("sso", "Vesta", "no alert of the body 'Vesta'"),
    ],
)
def test_lists_that_are_not_there_are_said(store, kind, name, told):
    with pytest.raises(NotThere, match=told):
        store.latest(kind, name, 10)


@pytest.mark.parametrize(
    ("kind", "name", "limit", "told"),
    [
        ("topic", "x", 1, "there are filter, night, sso"),
        ("night", "2024-02-10", 1, "eight digits"),
        ("sso", "x", 0, "limit"),
    ],
)
def test_lists_that_cannot_be_asked_for_are_said(store, kind, name, limit, told):
    with pytest.raises(BadQuestion, match=told):
        store.latest(kind, name, limit)


def test_the_order_of_what_is_shown_is_that_of_the_interface(store):
    told = store.latest("night", NIGHTS[0], 1000).select(["mjd", "survey", "alert_id"]).to_pylist()
    assert told == sorted(told, key=lambda row: (-row["mjd"], row["survey"], row["alert_id"]))
    assert np.all(np.diff([row["mjd"] for row in told]) <= 0)
