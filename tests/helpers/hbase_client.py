"""A happybase connection to a test's HBase, that waits no longer than a test may."""

import happybase

from jobs.services.hbase import HBaseServer


def connect(server: HBaseServer) -> happybase.Connection:
    """A new connection: one that saw its server die must not be used again (it gives other rows' answers)."""
    return happybase.Connection("127.0.0.1", server.thrift_port, timeout=60_000)
