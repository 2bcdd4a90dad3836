"""No bytes end the pass: each packet is answered or refused, planned as it is read, and its neighbours do not notice."""

import json
import time
from collections import Counter
from pathlib import Path

import pyarrow as pa
import pytest
from fuzzed_messages import KINDS, RECORDS, SCHEMA, envelope, hostile, one_pass, sourced
from source_reading import source

from jobs.packets.messages import Message
from jobs.packets.ranges import total
from jobs.packets.rejections import REASONS
from jobs.pipeline.enrichment.one_pass import OnePass
from jobs.pipeline.sources.files.units import count_in
from jobs.pipeline.sources.readers import read_ranges

NEIGHBOURS = [sourced(SCHEMA, RECORDS[:1], "first.avro"), sourced(SCHEMA, RECORDS[1:], "last.avro")]
PER_KIND = 40


@pytest.fixture(scope="module")
def passing(tmp_path_factory: pytest.TempPathFactory) -> OnePass:
    schemas = tmp_path_factory.mktemp("schemas")
    (schemas / "1.avsc").write_text(json.dumps(SCHEMA))
    (schemas / "2.avsc").write_text("[" * 5000)
    return one_pass(schemas=str(schemas))


def announced(message: Message) -> int:
    return 1 if message.schema is not None else count_in(message.value)


def spelled_out(alerts: pa.Table) -> pa.Table:
    """With the text of the writer schema in every row: dictionaries may hold texts of other rows."""
    return alerts.set_column(alerts.schema.get_field_index("schema"), "schema", alerts["schema"].cast(pa.string()))


def check(passing: OnePass, whole: pa.Table, kind: str, seeds: range) -> Counter[str]:
    """Pass hostile messages between sound ones; how often each reason came."""
    bad = [hostile(seed, kind) for seed in seeds]
    middle = [envelope(seed, number, each) for number, (seed, each) in enumerate(zip(seeds, bad, strict=True))]
    passed = passing([NEIGHBOURS[0], *middle, NEIGHBOURS[1]])
    neighbours = passed.alerts.filter(pa.compute.is_in(passed.alerts["provenance"].combine_chunks().field("file"),
                                                       value_set=pa.array(["first.avro", "last.avro"])))  # fmt: skip
    assert spelled_out(neighbours).equals(spelled_out(whole))
    assert passed.alerts.num_rows + passed.refused.num_rows == len(RECORDS) + sum(map(announced, bad))
    assert set(passed.refused["reason"].to_pylist()) <= set(REASONS)
    assert all(passed.refused["message"].to_pylist()) and all(passed.refused["night"].to_pylist())
    return Counter(passed.refused["reason"].to_pylist())


@pytest.mark.parametrize("kind", KINDS)
def test_every_packet_is_answered_or_refused_and_the_neighbours_do_not_notice(passing: OnePass, kind: str) -> None:
    whole = passing(NEIGHBOURS).alerts
    found = check(passing, whole, kind, range(PER_KIND))
    assert found or kind == "values"


@pytest.mark.parametrize("kind", ["header", "schema", "flipped", "noise"])
def test_a_file_is_planned_as_it_is_read(passing: OnePass, kind: str, tmp_path: Path) -> None:
    for seed in range(PER_KIND):
        path = tmp_path / f"{seed}.avro"
        path.write_bytes(hostile(seed, kind).value)
        planned = source(tmp_path / "_spool", path).plan(1 << 62)
        passed = passing(list(read_ranges(planned)))
        assert passed.alerts.num_rows + passed.refused.num_rows == total(planned), seed


@pytest.mark.soak
def test_the_same_for_long(passing: OnePass) -> None:
    whole = passing(NEIGHBOURS).alerts
    found: Counter[str] = Counter()
    started = time.monotonic()
    for start in range(PER_KIND, 1_000_000, PER_KIND):
        for kind in KINDS:
            found += check(passing, whole, kind, range(start, start + PER_KIND))
        if time.monotonic() - started > 600:
            break
    print(dict(found))
    assert found["bad_datum"] and found["unknown_schema"]
