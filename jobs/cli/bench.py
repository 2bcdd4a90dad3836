"""`strix bench`: where the time goes on this machine."""

import argparse
import importlib
import json
import os
import sys
import tempfile
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from jobs.cli.frame import Options
from jobs.common.counting import counted
from jobs.common.local_paths import local_path
from jobs.common.typed_names import names_in

KINDS = {
    "pipeline": ("a night through Spark: rate, and CPU of all processes", "jobs.bench.pipeline", "pipeline"),
    "steps": ("CPU of each step of a task, without Spark", "jobs.bench.steps", "steps"),
    "decode": ("decode and common view, beside the slow way and fastavro", "jobs.bench.decoding", "decoding"),
    "batch": (
        "seconds from batch to batch of --batch alerts, and the engine's part of it",
        "jobs.bench.pipeline",
        "batches",
    ),
    "first": ("seconds from the command to the first committed alert", "jobs.bench.pipeline", "first"),
    "memory": ("peak of all processes, for --alerts and ten times as many", "jobs.bench.pipeline", "memory"),
    "stream": ("a backlog from Kafka through 25 filters to Kafka", "jobs.bench.stream", "drain"),
    "latency": ("50 alerts/s arriving: produce to match; restart", "jobs.bench.stream", "latency"),
    "burst": (
        "a visit's Rubin packets of 1000 points each, from Kafka: rate, memory, latency",
        "jobs.bench.burst",
        "burst",
    ),
    "store": ("HBase: CPU per alert written, and look-ups", "jobs.bench.store", "store"),
    "stored": ("nights to Parquet beside nights to Parquet and HBase", "jobs.bench.stored_night", "stored_nights"),
    "stored-stream": ("stream, and the same with HBase", "jobs.bench.stored_night", "stored_stream"),
    "stored-lookup": (
        "look-ups in HBase, idle and beside a night",
        "jobs.bench.stored_night",
        "lookups_beside_a_night",
    ),
    "ledger": ("start, plan and questions over a past of --batches batches", "jobs.bench.ledger", "ledger"),
    "lookup": ("objects and cones of an archive of 200 nights, without HBase", "jobs.bench.lookup", "lookups"),
    "reprocess": ("a data release through lc_features and anomaly", "jobs.bench.releases", "rate"),
    "reprocess-memory": (
        "peak of all processes, for --alerts light curves and a hundred times as many",
        "jobs.bench.releases",
        "memory",
    ),
    "reprocess-dense": (
        "its slowest partition beside the median one, a field being ten times denser than the others",
        "jobs.bench.releases",
        "dense",
    ),
    "simulate": ("packets of a night and light curves: rates, CPU", "jobs.bench.simulating", "simulating"),
    "features": ("CPU of alerce_features: each group, each closed form", "jobs.bench.features", "features"),
    "naive": ("fastavro, astropy, keras.predict, scikit-learn, for comparison", "jobs.bench.naive", "naive"),
}
ALERTS = {"pipeline": 20_000, "steps": 3000, "decode": 5000, "batch": 3000, "first": 300, "memory": 5000, "naive": 400}
ALERTS |= {"stream": 10_000, "latency": 3300, "burst": 10_000, "ledger": 100_000, "lookup": 1_000_000, "store": 100_000}
ALERTS |= {"stored": 20_000, "stored-stream": 10_000, "stored-lookup": 100_000}
ALERTS |= {"features": 1000, "simulate": 5000, "reprocess": 20_000, "reprocess-memory": 3000, "reprocess-dense": 60_000}
CHECKED = dict.fromkeys(("pipeline", "steps", "decode"), "first alerts checked equal to the slow decoder's")
CHECKED["naive"] = "braai checked equal"
CHECKED["lookup"] = "answers checked with what was written"
OF = {
    "burst": "the batches; other numbers once",
    "batch": "the batches, the first tenth left out",
    "lookup": "rounds of 500 questions",
}
ONCE = ("memory", "reprocess-memory")
MODULES = "braai,acai,lc_features,rise,anomaly"
RELEASES = ("reprocess", "reprocess-memory", "reprocess-dense")
MODULES_OF = dict.fromkeys(RELEASES, "lc_features,anomaly") | {"features": "alerce_features", "simulate": ""}
OF_RELEASES = "of a release"


def parser() -> argparse.ArgumentParser:
    """The options of `strix bench`."""
    lines = [f"  {name:<14}{does}" for name, (does, _, _) in KINDS.items()]
    options = Options(
        prog="strix bench", description=__doc__, epilog="\n".join(lines), formatter_class=argparse.RawTextHelpFormatter
    )
    options.add_argument("what", choices=KINDS)
    options.add_argument("--alerts", "--n", type=int, help="how many (default: enough for steady numbers)")
    options.add_argument("--batch", type=int, default=100, help="of batch and first: alerts of a batch (default: 100)")
    options.add_argument("--batches", type=int, help="of ledger: how many (default: 100,000)")
    options.add_argument("--repeats", type=int, default=5)
    options.add_argument("--modules", help=f"science modules (default: {MODULES}, of a release fewer); '' for none")
    options.add_argument("--models", default="models")
    options.add_argument("--model-sources", default="../shared/models")
    options.add_argument("--cores", type=int, help="use only so many")
    options.add_argument("--packets", type=local_path, help="where simulated packets are kept between runs")
    options.add_argument("--real", nargs="+", default=(), help="real packets instead: files or directories")
    options.add_argument("--schemas", help="schemas of wire messages")
    options.add_argument("--json", type=local_path, help="write the numbers there, too")
    return options


def main(arguments: Sequence[str] | None = None) -> int:
    """Measure and print.

    Parameters
    ----------
    arguments : sequence of str, optional
        As typed behind `strix bench`; `sys.argv[1:]` if not given.
    """
    given = parser().parse_args(arguments)
    if given.cores:
        os.sched_setaffinity(0, sorted(os.sched_getaffinity(0))[: given.cores])
    from jobs.bench.inputs import machine
    from jobs.bench.packets import WHAT

    bench = _bench(given)
    on, what = machine(), "real packets" if bench.real else WHAT
    if given.what in MODULES_OF:
        what = OF_RELEASES + (", real ones" if bench.real else ", simulated")
    if given.what == "features":
        what = "simulated ones in g and r"
    if given.what == "simulate":
        what = "packets of ZTF 3.3 with cutouts, and light curves of as many objects"
    if given.what == "burst":
        what = "simulated Rubin packets, 20 distinct ones issued again"
    print("; ".join(f"{key} {value}" for key, value in on.items()))
    if given.what == "ledger":
        print(f"ledger: a past of {bench.alerts} batches; each number once")
    else:
        of_what = "light curve" if given.what in (*RELEASES, "features") else "alert"
        print(f"{given.what}: {counted(bench.alerts, of_what)}, {what}; modules {', '.join(bench.modules) or 'none'}")
        checked = f"; {CHECKED[given.what]}" if given.what in CHECKED else ""
        of = OF.get(given.what, f"{bench.repeats}, one before not counted")
        print(f"each number once{checked}" if given.what in ONCE else f"median (range) of {of}{checked}")
    sys.stdout.flush()  # in a pipe, too, before anything is measured
    _, module, function = KINDS[given.what]
    numbers = getattr(importlib.import_module(module), function)(bench)
    print("\n".join(number.line() for number in numbers))
    if given.json:
        given.json.write_text(json.dumps(_report(given.what, bench.alerts, what, on, numbers), indent=1))
    return 0


def _bench(given: argparse.Namespace) -> Any:
    from jobs.bench.inputs import Bench

    return Bench(
        alerts=(given.batches if given.what == "ledger" else given.alerts) or ALERTS[given.what],
        repeats=given.repeats,
        packets=given.packets or Path(tempfile.gettempdir()) / "strix-bench-packets",
        modules=names_in(MODULES_OF.get(given.what, MODULES) if given.modules is None else given.modules),
        models=given.models,
        model_sources=names_in(given.model_sources),
        schemas=given.schemas,
        real=tuple(given.real),
        batch=given.batch,
    )


def _report(kind: str, alerts: int, what: str, on: dict[str, Any], numbers: Sequence[Any]) -> dict[str, Any]:
    rows = [{"what": each.what.strip(), "unit": each.unit, "values": each.values} for each in numbers]
    return {"bench": kind, "alerts": alerts, "packets": what, "machine": on, "numbers": rows}


if __name__ == "__main__":
    sys.exit(main())
