"""`strix listen TOPIC`: the matches of a filter as they come, on the screen or in files."""

import argparse
import sys
from collections import deque
from pathlib import Path
from typing import Any

from confluent_kafka import KafkaException
from rich.live import Live
from rich.table import Table

from jobs.cli.console import Console, complain, pour, say
from jobs.corridor.decode.registry import Registry
from jobs.corridor.sinks.message_encoding import to_json
from jobs.kafka.connection import Connection
from jobs.listening import STARTS, Heard, Listener
from jobs.listening_files import FORMATS, MOST_MESSAGES, Saver, saved_places
from jobs.plain_text import visible
from jobs.services.jars import cache
from jobs.services.running import find

OK, USAGE, ENVIRONMENT = 0, 2, 3
COLUMNS = ("time (UTC)", "filter", "object", "alert", "band", "mag", "ra", "dec", "annotations")
_SHOWN = 30
_WIDTH = 160


def parser() -> argparse.ArgumentParser:
    """The options of the verb."""
    options = argparse.ArgumentParser(prog="strix listen", description=__doc__)
    options.add_argument("topics", nargs="+", metavar="TOPIC", help="names, or patterns that begin with ^")
    options.add_argument("--from", dest="start", default="resume", metavar="WHERE", help=f"{STARTS}; default resume")
    options.add_argument("--format", choices=("table", *FORMATS), help="default: table, with --save parquet")
    options.add_argument("--save", type=Path, metavar="DIR", help="write files, each message once; resumes behind them")
    options.add_argument("--per-file", type=int, default=MOST_MESSAGES, metavar="N", help="messages in a file, at most")
    options.add_argument("--to-end", action="store_true", help="stop where the topics end, do not wait for more")
    options.add_argument("--limit", type=int, metavar="N", help="stop after N messages")
    options.add_argument(
        "--bootstrap", help="a broker, host:port; default: the one `strix services` started, localhost:9092"
    )
    options.add_argument("--kafka", default="", metavar="KEY=VALUE,...", help="more settings, as in a job's kafka")
    options.add_argument(
        "--registry", default="", metavar="KEY=VALUE,...", help="schema registry, as in a job's registry"
    )
    options.add_argument("--group", help="who listens; default strix-listen-<user>")
    return options


def main(arguments: list[str]) -> int:
    """Do what the command line says.

    Returns
    -------
    int
        0 done, 2 what was asked for cannot be, 3 the brokers do not answer.
    """
    given = parser().parse_args(arguments)
    format_ = given.format or ("parquet" if given.save else "table")
    if given.save is None and format_ in ("avro", "parquet"):
        return _say(f"--format {format_} writes files; give --save DIR", USAGE)
    try:
        connection = Connection.of({"bootstrap": given.bootstrap or _usual(), **_pairs(given.kafka)})
        start = saved_places(given.save) if given.save and given.start == "resume" else given.start
        registry = Registry.of(_pairs(given.registry), cache() / "schemas")
        with Listener(connection, given.topics, start, given.group, registry) as listener:
            return _hear(listener, given, format_)
    except ValueError as error:
        return _say(str(error), USAGE)
    except KafkaException as error:
        return _say(f"Kafka: {error.args[0].str()}", ENVIRONMENT)


def _usual() -> str:
    service = find("kafka")
    return service.addresses["bootstrap"] if service is not None and service.up else "localhost:9092"


def _pairs(text: str) -> dict[str, str]:
    return dict(part.split("=", 1) for part in text.split(",") if "=" in part)


def _hear(listener: Listener, given: argparse.Namespace, format_: str) -> int:
    saver = None
    if given.save:
        kind = format_ if format_ != "table" else "parquet"
        saver = Saver(given.save, kind, listener.schema_text, max(given.per_file, 1))
    count = 0
    with _Screen(format_, saver is not None) as screen:
        try:
            for heard in listener.messages_or_none(given.to_end):
                if heard is not None:
                    count += 1
                    screen.show(heard)
                if saver is not None:
                    saver.add(heard) if heard is not None else saver.tend()
                if given.limit and count >= given.limit:
                    listener.heard(heard)
                    break
        except (KeyboardInterrupt, BrokenPipeError):
            pass
    if saver is not None:
        saver.write()
    told = f", {listener.undecodable} passed over (not decodable)" if listener.undecodable else ""
    complain(f"strix listen: {count} messages{told}")
    return OK


class _Screen:
    """Where messages are shown: a live table at a terminal, lines elsewhere."""

    def __init__(self, format_: str, saving: bool) -> None:
        self.json = format_ == "json" and not saving
        self.console = Console(width=None if sys.stdout.isatty() else _WIDTH)
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

    def show(self, heard: Heard) -> None:
        """Show one message."""
        self.count += 1
        if self.json:
            pour(f"{to_json(heard.record)}\n")
            sys.stdout.flush()
        elif self.live is not None:
            self.last.append(row(heard))
            self.live.update(self._table())
        elif self.lines:
            say("  ".join(visible(cell) for cell in row(heard)))
            sys.stdout.flush()

    def _table(self) -> Table:
        table = Table(title=f"{self.count:,} matches", title_justify="left")
        for name in COLUMNS:
            table.add_column(name, no_wrap=name in ("object", "alert"))
        for each in self.last:
            table.add_row(*each)
        return table


def row(heard: Heard) -> tuple[str, ...]:
    """A message as a line of the table."""
    record = heard.record
    mark = " SIMULATED" if record.get("is_simulated") else ""
    annotations = record.get("annotations") or {}
    return (
        str(record.get("time_utc") or heard.sent_at or ""),
        str(record.get("filter") or heard.topic),
        f"{record.get('object_id', '')}{mark}",
        str(record.get("alert_id", "")),
        str(record.get("band") or ""),
        _number(record.get("mag"), ".2f"),
        _number(record.get("ra"), ".5f"),
        _number(record.get("dec"), "+.5f"),
        " ".join(f"{name}={_short(value)}" for name, value in annotations.items()),
    )


def _number(value: Any, form: str) -> str:
    return format(value, form) if isinstance(value, float) else ""


def _short(value: Any) -> str:
    return f"{value:.4g}" if isinstance(value, float) else "NULL" if value is None else str(value)


def _say(message: str, code: int) -> int:
    complain(f"strix: {message}")
    return code
