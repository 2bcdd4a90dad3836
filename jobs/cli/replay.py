"""`strix replay INPUT --to-topic NAME --rate 50`: feed packets from files into a topic, as a survey's broker would."""

import argparse
import sys
from collections.abc import Iterator
from itertools import islice

from jobs.cli.broker import add_broker, connection_of
from jobs.cli.console import complain, say
from jobs.cli.frame import OK, UNBALANCED, Options, verb
from jobs.common.counting import counted
from jobs.kafka.cluster import Cluster
from jobs.kafka.connection import Connection
from jobs.pipeline.decode.fault import Fault
from jobs.simulation.feeding import Sent, feed, packets_of


def parser() -> argparse.ArgumentParser:
    """The options of the verb."""
    options = Options(
        prog="strix replay",
        description=__doc__,
        epilog="exit code: 0 all is sent, 1 the broker did not take some, 2 what was asked for cannot be, 3 no broker."
        " (`strix quarantine replay` reads refused packets again.)",
    )
    options.add_argument(
        "input", nargs="+", help="files, directories, globs, archives of packets; the raw Parquet of an output"
    )
    options.add_argument(
        "--to-topic", required=True, metavar="NAME", help="a topic that is there: `strix services topic`"
    )
    options.add_argument(
        "--rate", type=rate_of, default=50.0, metavar="N", help="alerts/s; 0: as fast as it goes; default 50"
    )
    options.add_argument("--limit", type=int, metavar="N", help="stop after N packets")
    options.add_argument(
        "--wire",
        action="store_true",
        help="Confluent wire format under the survey's schema ids, not a container each; for LSST",
    )
    options.add_argument(
        "--loop", action="store_true", help="begin again at the end, until Ctrl-C; jobs count duplicates"
    )
    add_broker(options)
    return options


@verb("strix replay")
def main(arguments: list[str]) -> int:
    """Do what the command line says; the code that the process ends with.

    Parameters
    ----------
    arguments : list of str
        As typed behind `strix replay`.
    """
    given = parser().parse_args(arguments)
    connection = connection_of(given)
    check_topic(connection, given.to_topic)
    sent = feed(
        connection,
        given.to_topic,
        islice(_packets(given), given.limit),
        given.rate,
        lambda so_far: tell(so_far, "replay"),
    )
    return close(sent, given.to_topic, connection.bootstrap, "replay")


def _packets(given: argparse.Namespace) -> Iterator[bytes | Fault]:
    yield from packets_of(given.input, given.wire)
    while given.loop:
        yield from packets_of(given.input, given.wire)


def check_topic(connection: Connection, topic: str) -> None:
    """Raise ValueError, with the topics that there are, where this one is not.

    Parameters
    ----------
    connection : Connection
    topic : str
        Its name.
    """
    names = [name for name in Cluster(connection).names() if not name.startswith("__")]
    if topic not in names:
        raise ValueError(
            f"no topic {topic} at {connection.bootstrap}; there are {', '.join(names) or 'none'}"
            f" (`strix services topic {topic}` makes it)"
        )


def tell(sent: Sent, verb_name: str) -> None:
    """Say how many were sent, and how fast.

    Parameters
    ----------
    sent : Sent
        So far.
    verb_name : str
        Behind `strix`.
    """
    complain(f"strix {verb_name}: {sent.packets:,} sent, {sent.packets / sent.seconds:.1f}/s")


def close(sent: Sent, topic: str, bootstrap: str, verb_name: str) -> int:
    """Say what was sent and what was not; the exit code.

    Parameters
    ----------
    sent : Sent
    topic, bootstrap : str
        Where to.
    verb_name : str
        Behind `strix`.
    """
    rate = f" ({sent.packets / sent.seconds:.1f}/s)" if sent.seconds else ""
    say(f"{counted(sent.packets, 'packet')} sent to {topic} at {bootstrap} in {sent.seconds:.1f} s{rate}")
    for count, what in ((sent.unreadable, "that cannot be read"), (sent.failed, "that the broker did not take")):
        if count:
            complain(f"strix {verb_name}: {count:,} {what}")
    for problem in sent.problems:
        complain(f"strix {verb_name}: first {problem}")
    sys.stdout.flush()
    return UNBALANCED if sent.failed else OK


def rate_of(text: str) -> float:
    """A rate as typed [1/s].

    Parameters
    ----------
    text : str
        0 for as fast as it goes.
    """
    try:
        value = float(text)
    except ValueError:
        value = -1.0
    if not 0 <= value < float("inf"):
        raise argparse.ArgumentTypeError(f"is {text!r}, it should be alerts per second, 0 for as fast as it goes")
    return value
