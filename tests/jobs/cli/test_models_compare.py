"""Two classifiers on the same labelled alerts."""

import shutil
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from jobs.cli.models import main
from jobs.labels import table as label_table
from jobs.reports.model_comparison import compare_models
from jobs.storage.layout import Layout


@pytest.fixture
def scored(night_out: Layout, tmp_path: Path) -> Path:
    """130 alerts that `old` calls right in 6 of 10 and `new_v2_0_0` in all but one of 10; the last ten have no answer of old."""
    root = tmp_path / "out"
    shutil.copytree(night_out.root, root)
    seen = 0
    for path in Layout(root).files("science"):
        table = pq.ParquetFile(path).read()
        rows = np.arange(seen, seen + table.num_rows)
        seen += table.num_rows
        table = table.append_column("old", answers(rows, rows % 10 < 6, rows >= 120))
        pq.write_table(table.append_column("new_v2_0_0", answers(rows, rows % 10 != 3, rows < 0)), path)
    return root


def answers(rows: np.ndarray, right: np.ndarray, silent: np.ndarray) -> pa.Array:
    supernova = np.where((rows % 2 == 0) == right, 0.9, 0.1)
    fields = {"p_sn": supernova, "p_vs": 1 - supernova}
    values = {name: pa.array(each, mask=silent) for name, each in fields.items()}
    errors = pa.array([None] * len(rows), pa.string())
    return pa.StructArray.from_arrays([*values.values(), errors], names=[*values, "error"])


@pytest.fixture
def labels(scored: Path, tmp_path: Path) -> Path:
    """The class of every alert; those of even rows are supernovae."""
    tables = [pq.ParquetFile(path).read(columns=["object_id", "alert_id"]) for path in Layout(scored).files("science")]
    rows = [
        {**row, "survey": "ztf", "class": "VS" if number % 2 else "SNIa", "source": "bts"}
        for number, row in enumerate(pa.concat_tables(tables).to_pylist())
    ]
    label_table.write(pa.Table.from_pylist(rows, schema=label_table.SCHEMA), tmp_path / "labels.parquet")
    return tmp_path / "labels.parquet"


def test_the_better_one_is_named_with_numbers_of_both(
    scored: Path, labels: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    sheet = scored.parent / "sheet.png"
    given = ["compare", "old", "new@2.0.0", "--on", str(scored), "--labels", str(labels), "-o", str(sheet), "-n", "5"]
    assert main(given) == 0
    told = capsys.readouterr().out
    assert "new_v2_0_0 is better, by more than chance" in told
    assert "not compared: 10 without an answer of both, 0 without a label" in told
    assert f"5 of 60 alerts on which they disagree: {sheet}" in told
    assert sheet.read_bytes()[:4] == b"\x89PNG"


def test_counts_are_those_of_a_plain_loop(scored: Path, labels: Path) -> None:
    found = compare_models(("old", "new_v2_0_0"), scored, [labels])
    assert found.classes == ("SN", "VS")
    rows = np.arange(120)
    old, new = rows % 10 < 6, rows % 10 != 3
    assert (found.paired.only_first, found.paired.only_second) == ((old & ~new).sum(), (new & ~old).sum())
    assert found.paired.difference == pytest.approx(new.mean() - old.mean())
    assert [each.accuracy.k for each in found.confusions] == [old.sum(), new.sum()]
    disagreed = found.disagreements()
    assert len(disagreed) == (old != new).sum()
    assert all(row["right"] for row in disagreed)  # of two classes, one is right
    assert disagreed[0]["words"] in ("SN: VS / SN", "SN: SN / VS")


def test_what_cannot_be_compared_is_refused(scored: Path, labels: Path, capsys: pytest.CaptureFixture[str]) -> None:
    given = ["--on", str(scored), "--labels", str(labels)]
    assert main(["compare", "old", "anomaly", *given]) == 2
    assert "anomaly wants outputs p_<class> of our classes, it has none" in capsys.readouterr().err
    assert main(["compare", "old", "new@3", *given]) == 2
    assert "has no answers of new_v3; score it: strix enrich --again" in capsys.readouterr().err
    (labels.parent / "bts.csv").write_text("ZTFID,type\nZTF18aaaaaaa,CV\n")
    assert main(["compare", "old", "new@2.0.0", "--on", str(scored), "--labels", str(labels.parent / "bts.csv")]) == 2
    assert "130 alerts, 0 with such a label" in capsys.readouterr().err
