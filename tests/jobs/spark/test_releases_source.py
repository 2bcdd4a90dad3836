"""`spark.read.format("strix")` over a data release: the rows that `strix reprocess` gives to its modules, bit for bit."""

from pathlib import Path

import pyarrow as pa
import pytest
from pyspark.sql import SparkSession
from releases import row, run, sky, stars_of, write

from jobs.releases.view import VIEW_SCHEMA
from jobs.spark.options import OptionProblem, ReadOptions
from jobs.spark.releases import Part, ReleaseReader, schema_of
from jobs.spark.rows import as_spark_takes
from jobs.spark.source import StrixSource
from jobs.storage.writing import replace_table

N = 200


@pytest.fixture(scope="module")
def release(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Two files, of g and of r, whose objects lie at the same places, and an object whose epochs are all bad."""
    folder = tmp_path_factory.mktemp("release")
    places = sky(N)
    write(folder / "g.parquet", [row(n, ra, dec) for n, (ra, dec) in enumerate(places)])
    rest = [row(1000 + n, ra, dec, band="r") for n, (ra, dec) in enumerate(places[::2])]
    write(folder / "r.parquet", [*rest, row(9999, 10.0, 10.0) | {"catflags": [32768] * 8}])
    return folder


@pytest.mark.spark
def test_rows_are_those_of_reprocess_bit_for_bit(release: Path, tmp_path: Path, spark: SparkSession) -> None:
    run(tmp_path / "out", release, partition_points=3000, modules=("stetson_k",))
    frame = spark.read.format("strix").load(str(release), release="ztf_dr", partitionPoints=6000)
    stars = stars_of(tmp_path / "out").select(VIEW_SCHEMA.names)
    found = frame.toArrow().sort_by("object_id")
    assert found.num_rows == N
    assert found.cast(VIEW_SCHEMA).equals(stars.cast(VIEW_SCHEMA))


def reader(path: Path, **options: str) -> ReleaseReader:
    """As Spark makes it."""
    return ReleaseReader(ReadOptions.parse({"path": str(path), "release": "ztf_dr", **options}))


def test_a_task_carries_the_files_of_its_partition_alone(release: Path) -> None:
    reads = reader(release, partitionPoints="2000")
    parts = reads.partitions()
    assert len(parts) > 5
    rows = 0
    for part in parts:
        assert isinstance(part, Part)
        assert len(part.plan.partitions) == 1
        batches = list(reads.read(part))
        rows += sum(batch.num_rows for batch in batches)
        assert all(batch.schema.equals(as_spark_takes(schema_of(reads.asked))) for batch in batches)
    assert rows == N


def test_columns_are_those_that_are_asked_for(release: Path) -> None:
    reads = reader(release, columns="object_id,n_detections")
    (part,) = reads.partitions()
    found = pa.Table.from_batches(reads.read(part))
    assert found.column_names == ["object_id", "n_detections"]
    assert sorted(found["n_detections"].to_pylist()) == [8] * (N // 2) + [16] * (N // 2)


def test_a_release_is_no_stream(release: Path) -> None:
    source = StrixSource({"path": str(release), "release": "ztf_dr"})
    with pytest.raises(OptionProblem, match=r"a data release is no stream: spark\.read reads it"):
        source.streamReader(source.schema())


def test_other_formats_take_a_map_of_columns(tmp_path: Path) -> None:
    points = {"id": ["a", "a", "b"], "t": [59000.0, 59001.0, 59002.0], "f": [1.0, 2.0, 3.0], "e": [1.0] * 3}
    replace_table(tmp_path / "points.parquet", pa.table(points | {"b": ["g", "g", "r"]}))
    told = "object_id=id, mjd=t, band=b, flux=f, flux_err=e, flux_kind=difference"
    reads = reader(tmp_path, release="plain", columnMap=told, columns="object_id,lc_flux")
    rows = [each for part in reads.partitions() for batch in reads.read(part) for each in batch.to_pylist()]
    expected = [{"object_id": "a", "lc_flux": [1.0, 2.0]}, {"object_id": "b", "lc_flux": [3.0]}]
    assert sorted(rows, key=lambda each: each["object_id"]) == expected


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"release": "ztf_rd"}, "release wants ztf_dr, forced, .*; found 'ztf_rd'.*ztf_dr"),
        ({"release": "plain"}, "option columnMap: columns maps object_id"),
        ({"release": "plain", "columnMap": "object_id"}, "columnMap wants NAME=COLUMN,NAME=COLUMN, found 'object_id'"),
        ({"rejected": "true"}, "rejected belong to packets, found option release"),
        ({"release": "", "strict": "true"}, "strict belong to a data release: set option release, too"),
        ({"partitionPoints": "0"}, "partitionPoints wants a whole number above 0, found '0'"),
        ({"release": "forced"}, "path wants files of forced, .* has none"),
    ],
)
def test_what_cannot_be_read_is_said(options: dict[str, str], message: str, release: Path) -> None:
    with pytest.raises(OptionProblem, match=message):
        reader(release, **options).partitions()


def test_columns_are_those_of_the_view(release: Path) -> None:
    with pytest.raises(OptionProblem, match=r"columns names 'raa'.*ra.*; the rows have _healpix_29, survey"):
        schema_of(reader(release, columns="raa").asked)
    (release / "broken.parquet").write_bytes(b"no")
    with pytest.raises(OptionProblem, match=r"broken\.parquet cannot be read as ztf_dr: wants a whole Parquet file"):
        reader(release).partitions()
    (release / "broken.parquet").unlink()
