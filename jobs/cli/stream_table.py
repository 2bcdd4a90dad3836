"""What a stream tells of itself, from `status.json`, the lock and the ledger: no broker is asked."""

import json
import socket
import time
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from rich.console import Group
from rich.table import Table

from jobs.cli.console import styled
from jobs.common.counting import counted
from jobs.ledger.records import LedgerError
from jobs.ledger.streams import StreamLedger, streams
from jobs.services.process import alive
from jobs.storage.layout import Layout
from jobs.storage.lock import STALE_S, read_holder
from jobs.streaming.metrics import newest_age_s, quarantine_share

ENDED = ("stopped", "failed", "interrupted")
# A heartbeat empties the lock file for a moment.
REWRITTEN_S = 0.2
# What a job of an earlier version did not say.
_NOT_SAID = {"newest_mjd": None, "last_commit": None, "last_error": None, "alerts_per_s_run": None}


@dataclass(frozen=True)
class Stream:
    """A stream as it is now.

    Attributes
    ----------
    status : dict
        What `status.json` holds.
    state : str
        Its state, or `died` where the process is gone without a word.
    lost : dict
        Lost records of all batches, by what the ledger says of them.
    """

    status: dict[str, Any]
    state: str
    lost: dict[str, int]

    def to_json(self) -> str:
        """For programs."""
        share, age = quarantine_share(self.status), newest_age_s(self.status)
        more = {"state": self.state, "lost_in_ledger": self.lost, "quarantine_share": share, "newest_alert_age_s": age}
        return json.dumps({**self.status, **more}, indent=1, sort_keys=True)


def read_stream(layout: Layout) -> Stream:
    """The stream that wrote to an output last.

    Parameters
    ----------
    layout : Layout
        Of the output.

    Raises
    ------
    LedgerError
        If none has.
    """
    try:
        status = {**_NOT_SAID, **json.loads(layout.status.read_text(encoding="utf-8"))}
    except (OSError, ValueError):
        raise LedgerError(f"{layout.root} has no status.json; it should be the output of a job") from None
    known = [status["stream"]] if status["stream"] in streams(layout) else []
    lost = {
        f"{each['topic']}/{each['partition']} {each['start']} to {each['stop'] - 1} ({each['why']})": each["stop"]
        - each["start"]
        for stream in known
        for each in StreamLedger(layout, stream).lost()
    }
    return Stream(status, _state(layout, status), lost)


def _state(layout: Layout, status: dict[str, Any]) -> str:
    """The state that the job told last, or `died` where nobody can have told of the end: SIGKILL, power loss."""
    state = str(status["state"])
    if state in ENDED:
        return state
    holder = read_holder(layout.lock)
    if not holder:
        time.sleep(REWRITTEN_S)
        holder = read_holder(layout.lock)
    if not holder or time.time() - holder["heartbeat"] > STALE_S:
        return "died"
    here = holder["host"] == socket.gethostname()
    return "died" if here and not alive(status["pid"]) else state


def show(stream: Stream) -> Group:
    """The stream for people.

    Parameters
    ----------
    stream : Stream
        As `read_stream` gives it.
    """
    facts = Table(show_header=False, box=None, pad_edge=False)
    for name, value in _facts(stream):
        facts.add_row(styled(name, "bold"), value)
    kafka = stream.status.get("kafka")
    return Group(facts, *([_partitions(kafka)] if kafka else []))


def _facts(stream: Stream) -> Iterator[tuple[str, str]]:
    status = stream.status
    share, age = quarantine_share(status), newest_age_s(status)
    error = status["last_error"]
    yield "stream", f"{status['stream']} (job {status['job']}, process {status['pid']})"
    yield "state", f"{stream.state} at {status['at']}"
    yield "last commit", f"{status['last_commit'] or 'none since the start'}"
    whole = status["alerts_per_s_run"]
    read = counted(status["read"], "packet")
    run = f"{whole:g} alerts/s and {read}" if whole is not None else read
    yield "rate", f"{status['alerts_per_s']:g} alerts/s in the last minute; {run} in this run"
    yield "newest alert", f"{_age(age)} old" if age is not None else "none since the start"
    yield "quarantined", f"{100 * share:.2f} %" if share is not None else "nothing was read"
    if "kafka" in status:
        yield "lag", f"{counted(status['kafka']['lag'], 'record')} at {status['kafka']['bootstrap']}"
    yield "lost", counted(sum(stream.lost.values()), "record") if stream.lost else "nothing"
    for place, count in list(stream.lost.items())[:10]:
        yield "", f"{place}: {count}"
    yield "last error", f"{error['at']}: {error['message']}" if error else "none since the start"
    for notice in status.get("notices", ()):
        yield "notice", notice


def _age(seconds: float) -> str:
    for size, unit in ((86400.0, "days"), (3600.0, "h"), (60.0, "min")):
        if seconds >= 2 * size:
            return f"{seconds / size:.1f} {unit}"
    return f"{seconds:.0f} s"


def _partitions(kafka: dict[str, Any]) -> Table:
    table = Table("topic", "partition", "position", "end", "lag")
    for column in table.columns[1:]:
        column.justify = "right"
    for each in kafka["partitions"]:
        table.add_row(each["topic"], *(f"{each[name]:,}" for name in ("partition", "position", "end", "lag")))
    return table
