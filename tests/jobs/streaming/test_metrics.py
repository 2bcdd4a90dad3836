"""Who can ask a job for its numbers."""

import urllib.error
import urllib.request

import psutil
import pytest

from jobs.common.java import EnvironmentProblem
from jobs.config import MonitoringConfig
from jobs.services.process import free_port
from jobs.streaming.metrics import served

STATUS = {
    **dict.fromkeys(("read", "decoded", "duplicates", "quarantined", "lost", "batches", "alerts_per_s"), 0),
    "state": "idle",
    "modules": {},
    "alerts_per_s_run": 0,
    "newest_mjd": None,
    "last_commit": None,
    "last_error": None,
}


def other_address() -> str:
    """An address of this machine that is not its loopback's 127.0.0.1."""
    found = [each.address for all_ in psutil.net_if_addrs().values() for each in all_ if each.family.name == "AF_INET"]
    return next((address for address in found if not address.startswith("127.")), "127.0.0.2")


def answers(host: str, port: int) -> bool:
    try:
        with urllib.request.urlopen(f"http://{host}:{port}/metrics", timeout=5) as page:
            return b"strix_read_total 0.0" in page.read()
    except urllib.error.URLError:
        return False


@pytest.mark.parametrize(("host", "others"), [(MonitoringConfig().metrics_host, False), ("0.0.0.0", True)])
def test_metrics_are_this_machines_alone_unless_told(host: str, others: bool) -> None:
    port = free_port()
    with served(host, port, lambda: STATUS):
        assert answers("127.0.0.1", port)
        assert answers(other_address(), port) is others
    assert not answers("127.0.0.1", port)


@pytest.mark.parametrize(("host", "port"), [("127.0.0.1", 70_000), ("192.0.2.1", 0), ("no.such.host.invalid", 0)])
def test_an_address_that_cannot_be_is_said(host: str, port: int) -> None:
    port = port or free_port()
    with (
        pytest.raises(EnvironmentProblem, match=f"metrics_host {host}, metrics_port {port}: .*an address of this"),
        served(host, port, lambda: STATUS),
    ):
        pass
