"""An output whose alerts are answered by two classifiers that nobody installed, and labels of most of them."""

import shutil
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from jobs.labels import table as label_table
from jobs.storage.layout import Layout

CLASSES = ("AGN", "SN", "VS")


@pytest.fixture(scope="module")
def scored(night_out: Layout, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """130 alerts, `first_one` without an answer to each tenth, `second_one` of leaves of supernovae and AGN."""
    root = tmp_path_factory.mktemp("scored") / "out"
    shutil.copytree(night_out.root, root)
    rng = np.random.default_rng(5)
    for path in Layout(root).files("science"):
        table = pq.ParquetFile(path).read()
        n = table.num_rows
        scores = rng.dirichlet(np.ones(3), n).astype(np.float32)
        leaves = rng.dirichlet(np.ones(3), n)
        silent = np.arange(n) % 10 == 9
        table = table.append_column("first_one", answers(("p_agn", "p_sn", "p_vs"), scores, silent))
        table = table.append_column("second_one", answers(("p_qso", "p_snia", "p_snii"), leaves, np.zeros(n, bool)))
        pq.write_table(table, path)
    return root


def answers(names: tuple[str, ...], scores: np.ndarray, silent: np.ndarray) -> pa.Array:
    values = [pa.array(each, mask=silent) for each in scores.T]
    version = pa.array(["1.0.0"] * len(scores))
    error = pa.array(np.where(silent, "no stamp", None), pa.string())
    return pa.StructArray.from_arrays([*values, version, error], names=[*names, "version", "error"])


@pytest.fixture(scope="module")
def labels(scored: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Of alerts: each seventh has no label, one in thirteen is a TDE, others AGN, SN of a leaf, or VS."""
    rows = []
    for number, row in enumerate(facts(scored)):
        if number % 7:
            name = "TDE" if number % 13 == 0 else ("QSO", "SNIa", "RRL")[number % 3]
            keys = {"survey": "ztf", "object_id": row["object_id"], "alert_id": row["alert_id"]}
            rows.append({**keys, "class": name, "source": "bts"})
    path = tmp_path_factory.mktemp("labels") / "labels.parquet"
    label_table.write(pa.Table.from_pylist(rows, schema=label_table.SCHEMA), path)
    return path


def facts(scored: Path) -> list[dict[str, object]]:
    columns = ["object_id", "alert_id", "mjd", "mag", "first_one", "second_one"]
    return pa.concat_tables(
        [pq.ParquetFile(path).read(columns=columns) for path in Layout(scored).files("science")]
    ).to_pylist()
