"""`strix simulate stream --to-topic NAME --rate 250`: simulated alerts into a topic, with faults as often as asked.

`--sent FILE` lists every message: what a job reads of the topic must add up with it."""

import argparse
from collections.abc import Iterator
from typing import Any

from jobs.cli.broker import add_broker, connection_of
from jobs.cli.console import complain, say
from jobs.cli.frame import Options, verb
from jobs.cli.replay import check_topic, close, rate_of, tell
from jobs.cli.simulate_settings import add_config, settings_of
from jobs.common.counting import counted
from jobs.common.local_paths import local_path
from jobs.simulation.feeding import feed
from jobs.simulation.load import sendings
from jobs.simulation.lsst.packet_form import FORM as LSST
from jobs.simulation.lsst.packet_form import encoded, templates
from jobs.simulation.night import container
from jobs.simulation.sent import SentList
from jobs.simulation.settings import Settings
from jobs.simulation.ztf.packet_form import FORM as ZTF
from jobs.simulation.ztf.templates import templates as ztf_templates

DISTINCT = 1000
_RATES = {
    "bad": "bytes that are no packet",
    "duplicates": "alerts sent before, the same bytes",
    "conflicts": "ids sent before, with another brightness",
    "late": "alerts observed 1 to 20 nights earlier",
    "reordered": "messages sent up to 50 places late",
}


def parser() -> argparse.ArgumentParser:
    """The options of the verb."""
    options = Options(
        prog="strix simulate stream",
        description=__doc__,
        epilog="exit code: 0 all is sent, 1 the broker did not take some, 2 what was asked for cannot be, 3 no broker.",
    )
    options.add_argument(
        "--to-topic", required=True, metavar="NAME", help="a topic that is there: `strix services topic`"
    )
    options.add_argument("--survey", choices=("lsst", "ztf"), default="ztf", help="default ztf")
    options.add_argument("--wire", action="store_true", help="LSST: in Confluent wire format, as Rubin sends them")
    options.add_argument(
        "--history", type=int, metavar="N", help="LSST: packets with N detections before; 1000: 400 kB each"
    )
    options.add_argument("--alerts", type=int, default=10_000, metavar="N", help="messages; default 10000")
    options.add_argument(
        "--rate", type=rate_of, default=250.0, metavar="N", help="messages/s; 0: as fast as it goes; default 250"
    )
    options.add_argument(
        "--burst", type=int, default=1, metavar="N", help="send N at once, then wait until the rate holds again"
    )
    options.add_argument("--seed", type=int, default=0, help="0 to 99999; the same seed, the same messages")
    options.add_argument(
        "--distinct",
        type=int,
        default=DISTINCT,
        metavar="N",
        help=f"cutouts and histories that differ; then they come again under other ids and places; default {DISTINCT}",
    )
    for name, what in _RATES.items():
        options.add_argument(f"--{name}", type=float, metavar="SHARE", help=f"{what}, 0 to 1; default 0")
    add_config(options, streams=True)
    options.add_argument("--sent", type=local_path, metavar="FILE", help="Parquet: a row per message, and what it is")
    add_broker(options)
    return options


@verb("strix simulate stream")
def main(arguments: list[str]) -> int:
    """Do what the command line says; the code that the process ends with.

    Parameters
    ----------
    arguments : list of str
        As typed behind `strix simulate stream`.
    """
    given = parser().parse_args(arguments)
    if min(given.alerts, given.burst, given.distinct) < 1:
        raise ValueError("--alerts, --burst and --distinct are 1 or more")
    if given.survey != "lsst" and (given.wire or given.history):
        raise ValueError(f"--wire and --history are of --survey lsst, got --survey {given.survey}")
    settings = settings_of(given, streams=True)
    connection = connection_of(given)
    check_topic(connection, given.to_topic)
    noted = SentList(given.sent)
    try:
        values = _values(given, settings, noted)
        sent = feed(
            connection, given.to_topic, values, given.rate, lambda so_far: tell(so_far, "simulate stream"), given.burst
        )
    finally:
        noted.close()
    say(", ".join(f"{count:,} {what}" for what, count in noted.counts.most_common()))
    return close(sent, given.to_topic, connection.bootstrap, "simulate stream")


def _values(given: argparse.Namespace, settings: Settings, noted: SentList) -> Iterator[bytes]:
    distinct = min(given.distinct, given.alerts)
    complain(f"strix simulate stream: simulating {counted(distinct, 'alert')}")
    if given.survey == "lsst":
        form, first = LSST, list(templates(given.seed, distinct, given.history, settings))
    else:
        form, first = ZTF, list(ztf_templates(given.seed, distinct, settings))
    if not first:
        raise ValueError("the night has no alert of the classes that were asked for; take another mix or seed")

    def record(number: int) -> dict[str, Any]:
        return form.reissued(first[number % len(first)], number // len(first))

    def encode(content: dict[str, Any]) -> bytes:
        return encoded(content, given.wire) if given.survey == "lsst" else container([content])

    for each in sendings(record, encode, given.alerts, settings.faults, given.seed, form):
        noted.note(each)
        yield each.value
