"""The releases that `strix bench reprocess` is measured with."""

from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from releases import TYPES, row

from jobs.bench import releases
from jobs.bench.inputs import Bench


def base() -> pa.Table:
    rows = [row(n, 20.0 + n / 10, 1.0, epochs=3) for n in range(10)]
    table = pa.table({name: pa.array([each[name] for each in rows], kind) for name, kind in TYPES.items()})
    return table.append_column("star", pa.array(range(10)))


@pytest.mark.parametrize(("denser", "fields"), [(1, [10] * 12), (10, [100, 10, 10])])
def test_the_first_field_holds_the_light_curves_of_so_many(
    denser: int, fields: list[int], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(releases, "_simulated", base)
    bench = Bench(alerts=120, repeats=1, packets=tmp_path, modules=(), models="", model_sources=())
    folder = releases._release(bench, tmp_path / "release", denser)
    made = pa.concat_tables(pq.read_table(file) for file in sorted(folder.iterdir()))
    assert len(set(made["objectid"].to_pylist())) == 120
    assert len(set(zip(made["objra"].to_pylist(), made["objdec"].to_pylist(), strict=True))) == 120
    field = np.floor((made["objra"].to_numpy() - 20 + 1e-9) / 1.3).astype(int)
    assert np.bincount(field).tolist() == fields
