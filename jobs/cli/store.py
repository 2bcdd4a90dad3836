"""`strix store init|check|size|load|verify|expire`: the tables in HBase: made, compared, measured, filled, tidied."""

import argparse
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace

from jobs.cli.console import complain, say
from jobs.cli.dates import date_of
from jobs.cli.frame import OK, UNBALANCED, Options, UsageError, verb
from jobs.cli.outputs import output_of
from jobs.common.counting import counted
from jobs.common.local_paths import local_path
from jobs.hbase.connection import HBaseAddress
from jobs.lookup.opening import usual_address
from jobs.services.running import find
from jobs.store.administration import StoreTables
from jobs.store.settings import StoreSettings, settings_of
from jobs.store.tables import NAMESPACE, StoreTable

ZOOKEEPER_PORT = 2181


def parser() -> argparse.ArgumentParser:
    """The options."""
    options = Options(
        prog="strix store",
        description=__doc__,
        epilog="exit code: 0 done, 1 something differs, 2 it cannot be as asked for, 3 HBase does not answer",
    )
    actions = options.add_subparsers(dest="action", required=True)
    init = actions.add_parser("init", help="make the tables that are not there")
    _zookeeper(init)
    init.add_argument("--regions", type=int, default=4, help="of each large table, to begin with (default: 4)")
    _zookeeper(actions.add_parser("check", help="compare the tables with what is wanted"))
    size = actions.add_parser("size", help="regions and bytes of each table; --count: what an alert takes")
    _zookeeper(size)
    size.add_argument("--hbase", metavar="HOST:PORT", help="Thrift server, for --count; as of load")
    size.add_argument("--count", action="store_true", help="read all keys: rows, cells and bytes per alert")
    size.add_argument("--flush", action="store_true", help="write what is in memory to files before")
    load = actions.add_parser("load", help="write nights of an archive into the store; broken off, it goes on")
    _archive(load)
    load.add_argument("--nights", metavar="A[..B]", help="YYYYMMDD, or from one to another (default: all)")
    load.add_argument("--cutouts", action="store_true", help="cutouts, too")
    check = actions.add_parser("verify", help="compare a night of an archive with the store, cell by cell")
    _archive(check)
    check.add_argument("--night", required=True, metavar="YYYYMMDD", help="the night")
    check.add_argument("--cutouts", action="store_true", help="cutouts, too")
    expire = actions.add_parser("expire", help="remove the alerts of old nights from the store")
    _thrift(expire)
    expire.add_argument("--before", required=True, type=date_of, metavar="YYYYMMDD", help="the first night that stays")
    expire.add_argument("--cutouts", action="store_true", help="only their cutouts")
    expire.add_argument("--dry-run", action="store_true", help="say what would go, remove nothing")
    return options


def _zookeeper(options: argparse.ArgumentParser) -> None:
    options.add_argument(
        "--zookeeper", metavar="HOST:PORT", help="of HBase; default: that of `strix services`, else localhost:2181"
    )
    options.add_argument("--namespace", default=NAMESPACE, help=f"of the tables (default: {NAMESPACE})")


def _thrift(options: argparse.ArgumentParser) -> None:
    options.add_argument(
        "--hbase", metavar="HOST:PORT", help="Thrift server; default $STRIX_HBASE, else that of `strix services`"
    )
    options.add_argument("--namespace", default=NAMESPACE, help=f"of the tables (default: {NAMESPACE})")


def _archive(options: argparse.ArgumentParser) -> None:
    options.add_argument("data", metavar="DIR", type=local_path, help="output of `strix night` or `strix enrich`")
    _thrift(options)


@verb("strix store")
def main(arguments: list[str] | None = None) -> int:
    """Do what the command line says.

    Parameters
    ----------
    arguments : list of str, optional
        As typed behind `strix store`; `sys.argv[1:]` if not given.
    """
    given = parser().parse_args(arguments)
    actions = {"init": _init, "check": _check, "size": _size, "load": _load, "verify": _verify, "expire": _expire}
    return actions[given.action](given)


def _init(given: argparse.Namespace) -> int:
    if given.regions < 1:
        raise UsageError(f"--regions is at least 1, found {given.regions}")
    with _tables(given) as tables:
        made = tables.make(given.regions)
    say(f"made {', '.join(made)}" if made else f"all tables of {given.namespace} are there")
    return OK


def _check(given: argparse.Namespace) -> int:
    with _tables(given) as tables:
        differences = tables.differences()
    for each in differences:
        say(str(each))
    if not differences:
        say(f"the tables of {given.namespace} are as they should be")
    return UNBALANCED if differences else OK


def _size(given: argparse.Namespace) -> int:
    from jobs.cli.store_size import print_sizes
    from jobs.store.size import sizes, with_counts

    with _tables(given) as tables:
        found = sizes(tables.java, given.namespace, given.flush)
    if not found:
        say(f"namespace {given.namespace} has no tables; `strix store init` makes them")
        return UNBALANCED
    if given.count:
        address = _settings(given).address
        found = [with_counts(each, address, given.namespace, _count_told) for each in found]
    print_sizes(found)
    return OK


def _count_told(table: StoreTable, rows: int) -> None:
    if rows % 1_000_000 == 0:
        complain(f"{table.name}: {counted(rows, 'row')} so far")


def _load(given: argparse.Namespace) -> int:
    from jobs.spark.session import session_for
    from jobs.store.back_fill import load, nights_between

    layout = output_of(given.data)
    first, _, last = (given.nights or "0..99999999").partition("..")
    nights = nights_between(layout, first, last or first)
    with session_for("store load") as session:
        total = 0
        for each in load(session, layout, nights, _settings(given)):
            total += each.alerts
            say(f"{each.night}: {each.files} of {each.of} files, {counted(total, 'alert')} written")
    return OK


def _verify(given: argparse.Namespace) -> int:
    from jobs.store.back_fill import nights_between
    from jobs.store.reading import StoreReader
    from jobs.store.verifying import verify

    settings = _settings(given)
    layout = output_of(given.data)
    (night,) = nights_between(layout, given.night, given.night)
    found = verify(layout, night, StoreReader(settings.address, settings.namespace), given.cutouts)
    for told in found.told:
        say(told)
    if found.different > len(found.told):
        say(f"... and {found.different - len(found.told)} more")
    if found.listed > found.alerts:
        more = counted(found.listed - found.alerts, "alert")
        say(f"the store lists {more} of this night that {layout.root.name} does not have")
    say(
        f"{night}: {counted(found.alerts, 'alert')}, {counted(found.cells, 'cell')} compared, {found.different} different"
    )
    return UNBALANCED if found.different else OK


def _expire(given: argparse.Namespace) -> int:
    from jobs.store.expiring import Expiry
    from jobs.store.reading import StoreReader

    settings = _settings(given)
    removed: Counter[str] = Counter()
    reader = StoreReader(settings.address, settings.namespace)
    for what, rows in Expiry(reader, given.before, given.cutouts, given.dry_run).run():
        told = [f"{counted(count, 'row')} of {table}" for table, count in rows.items()]
        say(f"{what}: {', '.join(told)}")
        removed.update(rows)
    all_told = "would be removed in all, nothing was" if given.dry_run else "removed in all"
    say(f"{all_told}: {counted(sum(removed.values()), 'row')}")
    return OK


def _settings(given: argparse.Namespace) -> StoreSettings:
    address = HBaseAddress.of(given.hbase) if given.hbase is not None else usual_address()
    if address is None:
        raise UsageError("no HBase is known: name its Thrift server, --hbase HOST:PORT, or `strix services up hbase`")
    asked = settings_of({"namespace": given.namespace, "cutouts": getattr(given, "cutouts", False)})
    return replace(asked, address=address)


@contextmanager
def _tables(given: argparse.Namespace) -> Iterator[StoreTables]:
    from jobs.hbase.admin_gateway import java_gateway

    service = find("hbase")
    started = service.addresses["zookeeper"] if service is not None and service.up else None
    host, _, port = (given.zookeeper or started or "localhost").partition(":")
    settings_of({"namespace": given.namespace})
    with java_gateway(host, int(port or ZOOKEEPER_PORT)) as java:
        yield StoreTables(java, given.namespace)
