"""Tables of a test's own in the HBase of the run, and what they hold beside an archive."""

from itertools import count
from pathlib import Path

from jobs.hbase.admin_gateway import java_gateway
from jobs.hbase.connection import HBaseAddress
from jobs.services.hbase import HBaseServer
from jobs.storage.layout import Layout
from jobs.store.administration import StoreTables
from jobs.store.reading import StoreReader
from jobs.store.verifying import Verified, verify

_NUMBERS = count()


def new_namespace(server: HBaseServer, regions: int = 1) -> str:
    """A namespace with all tables, empty."""
    namespace = f"test{next(_NUMBERS)}"
    host, port = server.zookeeper.split(":")
    with java_gateway(host, int(port)) as java:
        StoreTables(java, namespace).make(regions)
    return namespace


def address_of(server: HBaseServer) -> HBaseAddress:
    return HBaseAddress("127.0.0.1", server.thrift_port)


def reader_of(server: HBaseServer, namespace: str) -> StoreReader:
    return StoreReader(address_of(server), namespace)


def verified(output: Path, server: HBaseServer, namespace: str, cutouts: bool = False) -> Verified:
    """All nights of an output beside the store."""
    layout = Layout(output)
    whole = Verified()
    for night in layout.nights("science"):
        found = verify(layout, night, reader_of(server, namespace), cutouts)
        whole.alerts += found.alerts
        whole.cells += found.cells
        whole.listed += found.listed
        whole.different += found.different
        whole.told += found.told
    return whole
