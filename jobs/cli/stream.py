"""`strix stream status|reset`: how a stream does, and moving it to other offsets."""

import argparse
import time

from rich.live import Live

from jobs.cli.console import Console, pour, say
from jobs.cli.frame import OK, UNBALANCED, Options, verb
from jobs.cli.stream_table import read_stream, show
from jobs.common.counting import counted
from jobs.common.local_paths import local_name
from jobs.config import add_options, load, overrides
from jobs.kafka.cluster import Cluster
from jobs.kafka.connection import Connection
from jobs.ledger.records import LedgerError
from jobs.ledger.streams import StreamLedger, streams
from jobs.pipeline.sources.kafka.positions import NAME
from jobs.pipeline.sources.kafka.reset import reset
from jobs.storage.layout import Layout
from jobs.storage.lock import OutputLock

INTERVAL_S = 2.0


def parser() -> argparse.ArgumentParser:
    """The options of the verb."""
    options = Options(
        prog="strix stream",
        description=__doc__,
        epilog="exit code: 0 all is well, 1 records are lost, 2 configuration, 3 environment, 4 output in use",
    )
    actions = options.add_subparsers(dest="action", required=True)
    status = actions.add_parser("status", help="lag, rate, age of the newest alert, what is lost, the last error")
    status.add_argument("directory", type=local_name, help="the job's output")
    status.add_argument("--watch", action="store_true", help="again every 2 s, until Ctrl-C")
    status.add_argument("--json", action="store_true", help="for programs")
    move = actions.add_parser("reset", help="read from other offsets from the next batch on; kept in the ledger")
    move.add_argument("directory", type=local_name, help="the job's output")
    move.add_argument("--to", required=True, help="earliest, latest, a time (ISO UTC), or topic:partition=offset;...")
    move.add_argument("--stream", help="which stream, if the output has more than one that reads Kafka")
    add_options(move)
    return options


@verb("strix")
def main(arguments: list[str]) -> int:
    """Do what the command line says; the code that the process ends with.

    Parameters
    ----------
    arguments : list of str
        As typed behind `strix stream`.
    """
    given = parser().parse_args(arguments)
    return _reset(given) if given.action == "reset" else _status(given)


def _status(given: argparse.Namespace) -> int:
    layout = Layout.of(given.directory)
    told = read_stream(layout)
    if given.json:
        pour(told.to_json() + "\n")
    elif given.watch:
        _watch(layout)
    else:
        Console().print(show(told))
    return UNBALANCED if told.lost else OK


def _watch(layout: Layout) -> None:
    with Live(show(read_stream(layout)), auto_refresh=False) as live:
        try:
            while True:
                time.sleep(INTERVAL_S)
                live.update(show(read_stream(layout)), refresh=True)
        except KeyboardInterrupt:
            return


def _reset(given: argparse.Namespace) -> int:
    config = load(given.config, {**overrides(given), "output": given.directory})
    layout = Layout.of(config.tables.output)
    cluster = Cluster(Connection.of(config.source.kafka))
    with OutputLock(layout.lock, "stream reset"):
        ledger = StreamLedger(layout, given.stream or _only_stream(layout), config.tables.durable)
        moved = reset(ledger, cluster, config.source.topics, given.to)
    for each in moved:
        say(f"{each}")
    say(f"{counted(len(moved), 'partition')} of stream {ledger.stream} moved")
    return OK


def _only_stream(layout: Layout) -> str:
    known = [stream for stream in streams(layout) if (layout.stream_ledger(stream) / NAME).exists()]
    if len(known) != 1:
        told = f"{len(known)} streams that read Kafka ({', '.join(known)}); name one with --stream"
        raise LedgerError(f"{layout.root} has {told if known else 'no stream that reads Kafka'}")
    return known[0]
