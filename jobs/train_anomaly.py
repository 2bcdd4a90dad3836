"""Train the isolation forest of a survey on nights of the science table, and write it with its card."""

import argparse
import sys
from collections.abc import Sequence
from pathlib import Path

import pyarrow as pa

from jobs.pipeline.surveys import SURVEY_NAMES
from jobs.training.anomaly_set import light_curve_rows, science_rows
from science_modules.anomaly.training import Settings, train, write


def main(argv: Sequence[str] | None = None) -> int:
    """Train as the command line says; 0 if done, 2 if it cannot be.

    Parameters
    ----------
    argv : sequence of str, optional
        The command line behind the program's name; `sys.argv[1:]` if not given.
    """
    options = _parser().parse_args(argv)
    try:
        parts = [science_rows(path, options.survey, options.nights) for path in options.science]
        parts += [light_curve_rows(path, options.survey, options.objects) for path in options.light_curves]
        settings = Settings(options.trees, options.subsamples, options.alerts_per_object, options.seed)
        forest, facts = train(pa.concat_tables(parts), settings)
    except (OSError, ValueError) as refusal:
        print(f"train_anomaly: {refusal}", file=sys.stderr)
        return 2
    names = (path.name for path in (*options.science, *options.light_curves))
    offered = dict(zip(names, (part.num_rows for part in parts), strict=True))
    card = {"note": options.note, "alerts_offered": offered, **facts}
    digest = write(forest, card, options.survey, options.out)
    print(f"{options.out}/forest_{options.survey}.npz: {facts['n_alerts']} alerts of {facts['n_objects']} objects")
    print(f"declare it in science_modules/anomaly/__init__.py with sha256 {digest}")
    return 0


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="train_anomaly", description=__doc__)
    parser.add_argument("--survey", required=True, choices=SURVEY_NAMES, help="whose alerts")
    parser.add_argument("--science", type=Path, nargs="*", default=[], help="science tables: directories with night=*/")
    parser.add_argument(
        "--nights", type=int, nargs=2, default=(0, 99999999), metavar=("FIRST", "LAST"), help="YYYYMMDD"
    )
    parser.add_argument("--light-curves", type=Path, nargs="*", default=[], help="labelled light curves, Parquet")
    parser.add_argument("--objects", type=int, default=300, help="at most so many objects of each light-curve file")
    parser.add_argument("--out", type=Path, default=Path("models/anomaly"), help="where forest and card are written")
    parser.add_argument("--trees", type=int, default=Settings.n_trees)
    parser.add_argument("--subsamples", type=int, default=Settings.n_subsamples, help="light curves per tree")
    parser.add_argument("--alerts-per-object", type=int, default=Settings.alerts_per_object)
    parser.add_argument("--seed", type=int, default=Settings.seed)
    parser.add_argument("--note", default="", help="what a reader of the card should know about the data")
    return parser


if __name__ == "__main__":
    sys.exit(main())
