"""The verbs that look through science files (`show`, `near`, `export`, light curves) answer alike with and without the index."""

import shutil
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from looked_up import NIGHTS, Row, alerts, made_up, separations, write_science

from jobs import cone
from jobs.archive.find import find_object
from jobs.archive.near import counts, sources, sources_near
from jobs.archive.position import Cone
from jobs.index.holders import files_near, files_with_object, files_with_objects
from jobs.index.science_index import FOLDER
from jobs.index.upkeep import index_nights
from jobs.storage.layout import Layout

PLACES = [(150.0, 2.0, 7200.0), (210.5, -30.0, 1.0), (0.0, 0.0, 60.0), (10.0, 90.0, 3600.0), (60.0, -60.0, 5.0)]


@pytest.fixture
def layout(tmp_path: Path) -> Layout:
    """An output with an index, but for its newest file."""
    made = made_up(tmp_path / "out", seed=12)
    index_nights(made)
    table = alerts(np.random.default_rng(3), NIGHTS[1], 5000, 25, ["anomaly"])
    write_science(made, NIGHTS[1], "bbbb-000000009-0000.parquet", table)
    return made


def rows_of(path: Path) -> list[Row]:
    return list(pq.ParquetFile(path).read().to_pylist())


def answers(layout: Layout) -> list[str]:
    found = [find_object(layout, f"obj{number}") for number in range(0, 30, 6)]
    found += [cone(*place, data=layout.root) for place in PLACES[:3]]
    near = [sources_near(layout, Cone(*place)) for place in PLACES[:3]]
    return [*(repr(table.to_pylist()) for table in found), *map(repr, near)]


def test_answers_are_those_without_an_index(layout: Layout, tmp_path: Path) -> None:
    bare = Layout(Path(shutil.copytree(layout.root, tmp_path / "bare")))
    shutil.rmtree(bare.root / FOLDER)
    assert answers(layout) == answers(bare)
    assert sources_near(layout, Cone(*PLACES[0])) == sources(layout.files("science"), Cone(*PLACES[0])) != []


def test_only_files_that_hold_what_is_asked_for_are_opened_and_those_that_nobody_knows(layout: Layout) -> None:
    unknown = "bbbb-000000009-0000.parquet"
    held: dict[str, set[str]] = {}
    for path in layout.files("science"):
        for row in rows_of(path):
            held.setdefault(row["object_id"], set()).add(path.name + path.parent.name)
    some = min(held, key=lambda name: len(held[name]))
    opened = {path.name + path.parent.name for path in files_with_object(layout, some)}
    assert opened == held[some] | {f"{unknown}night={NIGHTS[1]}"} and len(opened) < len(layout.files("science"))
    assert [path.name for path in files_with_object(layout, "nobody")] == [unknown]
    surveys = {row["survey"] for path in layout.files("science") for row in rows_of(path) if row["object_id"] == some}
    both = [(survey, some) for survey in surveys]
    assert files_with_objects(layout, both, layout.files("science")) == files_with_object(layout, some)
    rows = pa.table({"survey": [survey for survey, _ in both], "object_id": [some] * len(both)})
    assert counts(files_with_object(layout, some), rows) == counts(layout.files("science"), rows)
    for ra, dec, radius in PLACES:
        wanted = [
            path
            for path in layout.files("science")
            if path.name == unknown or np.any(separations(rows_of(path), ra, dec) <= radius)
        ]
        assert set(wanted) <= set(files_near(layout, ra, dec, radius))
    assert [path.name for path in files_near(layout, 60.0, -60.0, 5.0)] == [unknown]


def test_a_damaged_or_old_index_leaves_nothing_out(layout: Layout) -> None:
    before = answers(layout)
    for number, path in enumerate(sorted((layout.root / FOLDER).glob("*/*.keys"))):
        content = bytearray(path.read_bytes())
        if number % 2:
            content[len(content) // 3] ^= 0xFF
            path.write_bytes(content)
    victim = layout.files("science", NIGHTS[0])[0]
    victim.touch()  # as if it were another
    assert answers(layout) == before
    assert victim in files_with_object(layout, "nobody")
