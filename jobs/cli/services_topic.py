"""`strix services topic`: topics of a broker made, listed and removed."""

import argparse

from jobs.cli.broker import add_broker, connection_of
from jobs.cli.console import say
from jobs.common.counting import counted
from jobs.kafka.cluster import Cluster
from jobs.kafka.topics import DEFAULT_DAYS, make_topic, remove_topic, topics


def add_options(options: argparse.ArgumentParser) -> None:
    """The options of the action.

    Parameters
    ----------
    options : argparse.ArgumentParser
        Of the action.
    """
    options.add_argument("name", nargs="?", metavar="NAME", help="the topic to make, unless --list or --delete")
    options.add_argument(
        "--partitions", type=_count, default=1, metavar="N", help="default 1: one order of all packets"
    )
    options.add_argument(
        "--retention-days",
        type=_days,
        default=DEFAULT_DAYS,
        metavar="D",
        help=f"d; how long the broker keeps what is in it; default {DEFAULT_DAYS:g}",
    )
    options.add_argument("--list", action="store_true", help="the topics that are there")
    options.add_argument("--delete", action="store_true", help="remove the topic with all that is in it")
    add_broker(options)


def run(given: argparse.Namespace) -> None:
    """Do what the options say.

    Parameters
    ----------
    given : argparse.Namespace
        What a parser with `add_options` made.

    Raises
    ------
    ValueError
        For what cannot be.
    ServiceUnavailable, AccessDenied
    """
    if given.list == bool(given.name) or (given.list and given.delete):
        raise ValueError("wants a NAME, or --list alone")
    cluster = Cluster(connection_of(given))
    at = cluster.connection.bootstrap
    if given.list:
        _list(cluster, at)
    elif given.delete:
        remove_topic(cluster, given.name)
        say(f"topic {given.name} at {at}: removed with all that was in it")
    else:
        made = make_topic(cluster, given.name, given.partitions, given.retention_days)
        kept = f"{counted(given.partitions, 'partition')}, kept {given.retention_days:g} days"
        say(f"topic {given.name} at {at}: {'made' if made else 'is there already'}, {kept}")


def _list(cluster: Cluster, at: str) -> None:
    found = topics(cluster)
    for each in found:
        say(f"{each.name}: {counted(each.partitions, 'partition')}, {counted(each.offsets, 'offset')}")
    if not found:
        say(f"no topic at {at}; `strix services topic NAME` makes one")


def _count(text: str) -> int:
    return int(_positive(text, int))


def _days(text: str) -> float:
    return _positive(text, float)


def _positive(text: str, kind: type[int] | type[float]) -> float:
    try:
        value = kind(text)
    except ValueError:
        value = 0
    if not 0 < value < 100_000:
        raise argparse.ArgumentTypeError(f"is {text!r}, it should be a number above 0 and below 100000")
    return value
