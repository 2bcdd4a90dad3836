"""`strix listen TOPIC`: the matches of a filter as they come, on the screen or in files."""

import argparse
import sys
from collections import deque
from collections.abc import Callable, Mapping
from contextlib import nullcontext
from typing import Any

from rich.live import Live
from rich.table import Table

from jobs.cli.broker import add_broker, connection_of
from jobs.cli.console import complain, pour, say, table_console
from jobs.cli.frame import OK, Options, UsageError, verb
from jobs.common.counting import counted
from jobs.common.local_paths import local_path
from jobs.common.plain_text import visible
from jobs.config import pairs
from jobs.kafka.cluster import Cluster
from jobs.kafka.connection import Connection
from jobs.listen.files import FORMATS, MOST_MESSAGES, Saver
from jobs.listen.folder import SaveFolder
from jobs.listen.listener import Listener
from jobs.listen.messages import ReceivedMessage, beginning, json_line
from jobs.listen.starts import STARTS
from jobs.pipeline.decode.registry import Registry
from jobs.services.jars import cache

COLUMNS = ("time (UTC)", "filter", "object", "alert", "band", "mag", "ra", "dec", "annotations")
_SHOWN = 30


def parser() -> argparse.ArgumentParser:
    """The options of the verb."""
    options = Options(prog="strix listen", description=__doc__)
    options.add_argument("topics", nargs="+", metavar="TOPIC", help="names, or patterns that begin with ^")
    options.add_argument("--from", dest="start", default="resume", metavar="WHERE", help=f"{STARTS}; default resume")
    options.add_argument("--format", choices=("table", *FORMATS), help="default: table, with --save parquet")
    options.add_argument(
        "--save", type=local_path, metavar="DIR", help="write files, each message once: goes on behind them"
    )
    options.add_argument(
        "--again", action="store_true", help="with --save: begin at --from, and write what the files do not hold"
    )
    options.add_argument("--per-file", type=int, default=MOST_MESSAGES, metavar="N", help="messages in a file, at most")
    options.add_argument("--to-end", action="store_true", help="stop where the topics end, do not wait for more")
    options.add_argument("--limit", type=int, metavar="N", help="stop after N messages")
    add_broker(options)
    options.add_argument(
        "--registry", type=pairs, default={}, metavar="KEY=VALUE,...", help="schema registry, as in a job's registry"
    )
    options.add_argument("--group", help="who listens; default strix-listen-<user>")
    return options


@verb("strix listen")
def main(arguments: list[str]) -> int:
    """Do what the command line says.

    Parameters
    ----------
    arguments : list of str
        As typed behind `strix listen`.

    Returns
    -------
    int
        0 done, 2 what was asked for cannot be, 3 the brokers do not answer.
    """
    given = parser().parse_args(arguments)
    format_ = given.format or ("parquet" if given.save else "table")
    if given.save is None and (format_ in ("avro", "parquet") or given.again):
        what = "--again completes files" if given.again else f"--format {format_} writes files"
        raise UsageError(f"{what}; give --save DIR")
    return _listen(given, format_)


def _listen(given: argparse.Namespace, format_: str) -> int:
    connection = connection_of(given)
    registry = Registry.of(given.registry, cache() / "schemas")
    # What is not saved yet is not known by the group either: it may have received it on the screen.
    start = "earliest" if given.save and given.start == "resume" else given.start
    with SaveFolder(given.save, _topic_ids(connection)) if given.save else nullcontext() as folder:
        behind = folder.behind if folder and not given.again else None
        wait = not given.to_end
        with Listener(connection, given.topics, start, given.group, registry, behind, wait) as listener:
            _tell_start(listener, given)
            kind = "parquet" if format_ == "table" else format_
            per_file = max(given.per_file, 1)
            saver = Saver(folder, kind, listener.schema_text, per_file, given.again) if folder else None
            return _print_all(listener, saver, given, format_)


def _topic_ids(connection: Connection) -> Callable[[str], str]:
    cluster = Cluster(connection)
    return lambda topic: next((part.topic_id for part in cluster.parts([topic])), "")


def _tell_start(listener: Listener, given: argparse.Namespace) -> None:
    if listener.missing:
        _note(listener.told_missing())
    if listener.known and given.start != "resume":
        _note(
            f"--from {given.start} is for what {given.save} does not hold yet; of {counted(listener.known, 'partition')} it"
            " reads on behind what is saved (--again begins there, and still saves each message once)"
        )


def _print_all(listener: Listener, saver: Saver | None, given: argparse.Namespace, format_: str) -> int:
    count = foreign = 0
    with _Screen(format_, saver is not None) as screen:
        try:
            for received in listener.messages_or_none(given.to_end):
                if received is not None and (saver is None or saver.add(received)):
                    count += 1
                    foreign += bool(received.foreign)
                    screen.show(received)
                elif saver is not None:
                    saver.poll()
                if given.limit and count >= given.limit:
                    listener.consumed(received)
                    break
        except (KeyboardInterrupt, BrokenPipeError):
            pass
    if saver is not None:
        saver.write()
    _note(_told(count, foreign, saver))
    return OK


def _told(count: int, foreign: int, saver: Saver | None) -> str:
    foreign += saver.unfit if saver else 0
    kept = ", kept as *.foreign.jsonl" if saver else ""
    told = f", {foreign} of them foreign (no matches{kept})" if foreign else ""
    held = saver.held_before if saver else 0
    before = f"; {held:,} {'was' if held == 1 else 'were'} saved before" if held else ""
    return f"{counted(count, 'message')}{told}{before}"


class _Screen:
    """Where messages are shown: a live table at a terminal, lines elsewhere."""

    def __init__(self, format_: str, saving: bool) -> None:
        self.json = format_ == "json" and not saving
        self.console = table_console()
        self.last: deque[tuple[str, ...]] = deque(maxlen=_SHOWN)
        self.count = 0
        self.live = None
        if not self.json and self.console.is_terminal:
            self.live = Live(self._table(), console=self.console, refresh_per_second=4)
        self.lines = not self.json and self.live is None and not saving

    def __enter__(self) -> "_Screen":
        if self.live is not None:
            self.live.start()
        return self

    def __exit__(self, *_: object) -> None:
        if self.live is not None:
            self.live.stop()

    def show(self, received: ReceivedMessage) -> None:
        """Show one message."""
        self.count += 1
        if self.json:
            pour(f"{json_line(received)}\n")
            sys.stdout.flush()
        elif self.live is not None:
            self.last.append(row(received))
            self.live.update(self._table())
        elif self.lines:
            say("  ".join(visible(cell) for cell in row(received)))
            sys.stdout.flush()

    def _table(self) -> Table:
        table = Table(title=counted(self.count, "match", "matches"), title_justify="left")
        for name in COLUMNS:
            table.add_column(name, no_wrap=name in ("object", "alert"))
        for each in self.last:
            table.add_row(*each)
        return table


def row(received: ReceivedMessage) -> tuple[str, ...]:
    """A message as a line of the table.

    Parameters
    ----------
    received : ReceivedMessage
        One of Strix's or a foreign one.

    Returns
    -------
    tuple of str, one per name of COLUMNS
        Empty where the message does not say.
    """
    if received.foreign:
        return _foreign_row(received)
    record = received.record
    mark = " SIMULATED" if record.get("is_simulated") else ""
    annotations = record.get("annotations")
    return (
        str(record.get("time_utc") or received.sent_at or ""),
        str(record.get("filter") or received.topic),
        f"{record.get('object_id', '')}{mark}",
        str(record.get("alert_id", "")),
        str(record.get("band") or ""),
        _number(record.get("mag"), ".2f"),
        _number(record.get("ra"), ".5f"),
        _number(record.get("dec"), "+.5f"),
        " ".join(f"{name}={_short(value)}" for name, value in annotations.items())
        if isinstance(annotations, Mapping)
        else "",
    )


def _foreign_row(received: ReceivedMessage) -> tuple[str, ...]:
    place = f"partition {received.partition} offset {received.offset}"
    at = str(received.sent_at or "")
    return (at, received.topic, "FOREIGN", place, "", "", "", "", f"{received.foreign}: {beginning(received.value)}")


def _number(value: Any, form: str) -> str:
    return format(value, form) if isinstance(value, float) else ""


def _short(value: Any) -> str:
    return f"{value:.4g}" if isinstance(value, float) else "NULL" if value is None else str(value)


def _note(message: str) -> None:
    complain(f"strix listen: {message}")
