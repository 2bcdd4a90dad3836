"""Two runs side by side: what is paired, what is counted, what a person reads."""

from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from matplotlib.image import imread
from releases import row, run, write
from small_outputs import run_night, write_packets

from jobs.archive.comparing import NothingInCommon, compare
from jobs.cli.main import main

KIND = pa.struct([("k", pa.float64()), ("word", pa.string()), ("version", pa.string()), ("error", pa.string())])


def science(folder: Path, answers: list[dict[str, object] | None], version: str, names: str = "abcde") -> Path:
    """A science table of a module `m`, a row per name."""
    n = len(answers)
    rows = [{"k": None, "word": None} if each is None else each for each in answers]
    columns = {
        "survey": pa.array(["ztf"] * n),
        "alert_id": pa.array([None] * n, pa.int64()),
        "object_id": pa.array(list(names)[:n]),
        "ra": pa.array([10.0 + k / 100 for k in range(n)]),
        "dec": pa.array([1.0] * n),
        "mjd": pa.array([60000.0] * n),
        "m": pa.array([each | {"version": version, "error": None} for each in rows], KIND),
    }
    path = folder / "science" / "night=unknown" / "r-000000000-0000.parquet"
    path.parent.mkdir(parents=True)
    pq.write_table(pa.table(columns), path)
    return folder


@pytest.fixture
def two(tmp_path: Path) -> tuple[Path, Path]:
    """Two versions of a module over stars of which four are in both."""
    a = [{"k": 1.0, "word": "x"}, {"k": 2.0, "word": "x"}, None, {"k": 4.0, "word": None}, {"k": 5.0, "word": "z"}]
    b = [{"k": 1.0, "word": "x"}, {"k": 2.5, "word": "y"}, {"k": 3.0, "word": "q"}, None, {"k": 9.0, "word": "z"}]
    return science(tmp_path / "a", a, "1.0.0"), science(tmp_path / "b", b, "1.1.0", "abcdf")


def test_each_output_has_its_counts_and_its_differences(two: tuple[Path, Path]) -> None:
    found = compare(*two)
    assert (found.pairs, found.only_a, found.only_b) == (4, 1, 1)
    assert found.versions == {"m": ("1.0.0", "1.1.0")}
    k, word = found.outputs
    assert (k.output, k.both, k.equal, k.only_a, k.only_b, k.differ) == ("m.k", 2, 1, 1, 1, 3)
    assert (k.difference(50), k.difference(100)) == (0.25, 0.5)
    assert (word.both, word.equal, word.only_a, word.only_b) == (2, 1, 0, 1)


def test_the_verb_prints_what_changed_and_draws_it(
    two: tuple[Path, Path], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    picture = tmp_path / "c.png"
    assert main(["compare", *map(str, two), "-o", str(picture)]) == 0
    out = capsys.readouterr().out
    assert "4 pairs by survey and object_id; only in A 1, only in B 1" in out
    assert "m: version 1.0.0 and 1.1.0" in out
    assert "2 of 2 outputs differ somewhere" in out
    assert imread(picture).std() > 0.02
    assert main(["compare", *map(str, two), "--modules", "rise"]) == 2
    assert "wants modules that both runs have, rise; they have m and m" in capsys.readouterr().err


def test_a_run_and_itself_do_not_differ(two: tuple[Path, Path]) -> None:
    assert [each.differ for each in compare(two[0], two[0]).outputs] == [0, 0]


def test_a_stream_and_a_release_are_paired_by_place(tmp_path: Path) -> None:
    night = tmp_path / "night"
    run_night(night, write_packets(tmp_path / "packets", range(6)))
    files = sorted((night / "science").rglob("*.parquet"))
    alerts = pa.concat_tables(
        pq.read_table(file, columns=["object_id", "ra", "dec"], partitioning=None) for file in files
    )
    rows = [row(n, each["ra"], each["dec"] + 0.4 / 3600) for n, each in enumerate(alerts.to_pylist()[:4])]
    rows.append(row(9, 10.0, -20.0))
    run(tmp_path / "dr", write(tmp_path / "release" / "a.parquet", rows), modules=("stetson_k", "lc_features"))
    found = compare(night, tmp_path / "dr", ("stetson_k",))
    assert (found.pairs, found.only_b) == (4, 1)
    assert found.how.startswith("by place, within 1.5 arcsec")
    with pytest.raises(NothingInCommon):
        compare(night, tmp_path / "dr", ("rise",))
