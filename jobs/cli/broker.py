"""Which broker a verb talks to: the options that `listen`, `replay` and `services topic` share."""

import argparse

from jobs.config import pairs
from jobs.kafka.connection import Connection
from jobs.services.running import usual_bootstrap


def add_broker(options: argparse.ArgumentParser) -> None:
    """`--bootstrap` and `--kafka`.

    Parameters
    ----------
    options : argparse.ArgumentParser
        Of the verb.
    """
    options.add_argument(
        "--bootstrap", help="a broker, host:port; default: the one `strix services` started, else localhost:9092"
    )
    options.add_argument(
        "--kafka", type=pairs, default={}, metavar="KEY=VALUE,...", help="more settings, as in a job's kafka"
    )


def connection_of(given: argparse.Namespace) -> Connection:
    """The connection that the options describe.

    Parameters
    ----------
    given : argparse.Namespace
        What a parser with `add_broker` made.

    Raises
    ------
    SettingsError
        For settings that cannot be.
    """
    bootstrap = given.bootstrap or given.kafka.get("bootstrap", "local")
    return Connection.of({**given.kafka, "bootstrap": usual_bootstrap() if bootstrap == "local" else bootstrap})
