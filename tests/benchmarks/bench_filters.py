"""Filters over one batch: what 25 cost beside one, and where the time goes.

    .venv/bin/python tests/benchmarks/bench_filters.py OUTPUT [--alerts 200 1000 5000] [--repeats 15]

OUTPUT is an output of `strix night`. Its science rows, repeated to so many alerts, are written to four files. The 25 are
the shipped filters and looser or tighter copies of them, all different. Both ways must find the same matches. Says wall
time (median and least) of `evaluate`, files to matches.
"""

import argparse
import re
import statistics
import sys
import tempfile
import time
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
from pyspark.sql import SparkSession

from jobs.pipeline.filters import Filter, evaluate, load_filters
from jobs.pipeline.filters.columns import Catalogue
from jobs.pipeline.filters.definition import make_filter
from jobs.spark.session import build_session
from science_modules import registry

ROOT = Path(__file__).resolve().parents[2]
FILES, MANY = 4, 25


def filters_of(count: int) -> list[Filter]:
    """The shipped filters, then copies with other limits."""
    catalogue = Catalogue(registry.names())
    shipped = list(load_filters(ROOT / "conf/filters", registry.names()))
    made = list(shipped)
    while len(made) < count:
        each = shipped[len(made) % len(shipped)]
        where = re.sub(r"(?<![\w.])0\.(\d)\b", lambda found: f"0.{found.group(1)}5", each.where) + " AND mag < 30"
        content = {"description": "copy", "owner": "bench", "where": where, "annotations": dict(each.annotations)}
        copy, problems = make_filter(f"{each.name}_{len(made)}", content, catalogue)
        assert copy is not None, problems
        made.append(copy)
    return made[:count]


def files_of(output: Path, alerts: int, directory: Path) -> list[Path]:
    """The output's science rows, repeated, in a few files."""
    rows = pa.concat_tables(
        [pq.ParquetFile(path).read() for path in sorted((output / "science").rglob("*.parquet"))],
        promote_options="permissive",
    )
    rows = pa.concat_tables([rows] * (alerts // rows.num_rows + 1)).slice(0, alerts).combine_chunks()
    share = -(-alerts // FILES)
    paths = [directory / f"{alerts}-{number}.parquet" for number in range(FILES)]
    for number, path in enumerate(paths):
        pq.write_table(rows.slice(number * share, share), path, compression="zstd")
    return paths


def timed(spark: SparkSession, files: list[Path], filters: list[Filter]) -> tuple[float, int]:
    start = time.perf_counter()
    found = evaluate(spark, files, filters)
    return 1000 * (time.perf_counter() - start), found.num_rows


def main() -> None:
    options = argparse.ArgumentParser(description=__doc__)
    options.add_argument("output", type=Path)
    options.add_argument("--alerts", type=int, nargs="+", default=[200, 1000, 5000])
    options.add_argument("--repeats", type=int, default=15)
    given = options.parse_args()
    spark = build_session("bench filters", "local")
    many = filters_of(MANY)
    hosted = [each for each in many if each.name == "hosted_supernovae"]
    with tempfile.TemporaryDirectory() as directory:
        for alerts in given.alerts:
            files = files_of(given.output, alerts, Path(directory))
            assert evaluate(spark, files, many, "local").equals(evaluate(spark, files, many, "job"))
            for _ in range(10):  # the JVM compiles what is hot
                timed(spark, files, many), timed(spark, files, hosted)
            one, all_ = ([timed(spark, files, each) for _ in range(given.repeats)] for each in (hosted, many))
            line = f"{alerts:6} alerts"
            for name, times in (("1 filter", one), (f"{len(many)} filters", all_)):
                walls = [wall for wall, _ in times]
                line += f"; {name} {statistics.median(walls):.0f} ms (least {min(walls):.0f}), {times[0][1]} matches"
            ratios = [statistics.median(t for t, _ in all_) / statistics.median(t for t, _ in one)]
            sys.stdout.write(f"{line}; ratio {ratios[0]:.2f}\n")
    spark.stop()


if __name__ == "__main__":
    main()
