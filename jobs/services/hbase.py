"""One real HBase on this machine: HMaster, with a region server and a ZooKeeper inside, and a Thrift server.

On 127.0.0.1 only, with a data directory of its own. The settings, and why, are in deploy/hbase.
"""

import os
import socket
from collections.abc import Mapping
from contextlib import closing
from dataclasses import dataclass, field
from pathlib import Path

from jobs.common.java import EnvironmentProblem
from jobs.services.hbase_java import SETTINGS, class_path, java
from jobs.services.process import alive, ended_on_failure, free_port, kill, start, stop, wait_ready

THRIFT_PORT = 9090
ZOOKEEPER_PORT = 2181
HEAP_VARIABLE = "STRIX_HBASE_HEAP_MB"
HEAP_MB = 512
# With less HMaster does not come up reliably.
LEAST_HEAP_MB = 256
# From here on it is there to be measured. Below, the first compiler is enough: HBase is up with half of the CPU, 8 s of 16.
LARGE_HEAP_MB = 1024
# 8 s on a quiet machine; after a kill 16 to 22 s, since the ZooKeeper's sessions of the dead run out first.
START_TIMEOUT_S = 120.0
# Both together must end within 20 s.
STOP_PATIENCE_S = 9.0
# While HBase starts a call hangs in Thrift; the next try is then worth more than the answer.
_ANSWER_S = 3.0
# Each refusal is a page in Thrift's log.
_AGAIN_S = 0.5


@dataclass(frozen=True)
class HBaseServer:
    """An HBase that was started; the same object after its processes were ended and started again.

    Attributes
    ----------
    directory : pathlib.Path
        Logs and data; all that it leaves on the machine.
    thrift_port, zookeeper_port : int
        On 127.0.0.1: for happybase, and for Java clients, who learn the other ports there.
    heap_mb : int
        Of HMaster [MB].
    settings : mapping of str to str
        What differs from deploy/hbase/hbase-site.xml.
    """

    directory: Path
    thrift_port: int
    zookeeper_port: int
    heap_mb: int = HEAP_MB
    settings: Mapping[str, str] = field(default_factory=dict)

    @property
    def thrift(self) -> str:
        """Where happybase connects."""
        return f"127.0.0.1:{self.thrift_port}"

    @property
    def zookeeper(self) -> str:
        """Where Java clients begin."""
        return f"127.0.0.1:{self.zookeeper_port}"

    @property
    def master_pid(self) -> int:
        """Of HMaster as it was started last."""
        return int((self.directory / "master.pid").read_text(encoding="utf-8"))

    @property
    def thrift_pid(self) -> int:
        """Of the Thrift server as it was started last."""
        return int((self.directory / "thrift.pid").read_text(encoding="utf-8"))

    @property
    def master_log(self) -> Path:
        """What HMaster says."""
        return self.directory / "master.log"

    @property
    def thrift_log(self) -> Path:
        """What the Thrift server says."""
        return self.directory / "thrift.log"

    def stop(self) -> None:
        """End both, the Thrift server first; the data stays."""
        stop(self.thrift_pid, STOP_PATIENCE_S)
        stop(self.master_pid, STOP_PATIENCE_S)

    def kill_hbase(self) -> None:
        """SIGKILL for HMaster, so for the region server and ZooKeeper; the Thrift server lives on without them."""
        kill(self.master_pid)

    def kill_thrift(self) -> None:
        """SIGKILL for the Thrift server alone."""
        kill(self.thrift_pid)

    def start_thrift(self) -> None:
        """The Thrift server alone, whether or not there is an HBase behind it; until it takes connections."""
        pid = self._start_thrift()
        wait_ready(self._listens, {pid: self.thrift_log}, START_TIMEOUT_S)

    def start_again(self) -> "HBaseServer":
        """What does not run of it, with its data and its ports, in a new process; until tables can be read."""
        if not alive(self.master_pid):
            self._start_master()
        if not alive(self.thrift_pid):
            self._start_thrift()
        self._wait()
        return self

    def _start_master(self) -> int:
        return self._start("master", self.heap_mb, ["org.apache.hadoop.hbase.master.HMaster", *self._own(), "start"])

    def _start_thrift(self) -> int:
        place = ["-p", str(self.thrift_port), "--infoport", "-1", "-b", "127.0.0.1"]
        main = ["org.apache.hadoop.hbase.thrift.ThriftServer", *self._own(), "start", *place]
        return self._start("thrift", min(self.heap_mb // 2, 512), main)

    def _start(self, name: str, heap_mb: int, main: list[str]) -> int:
        data, temporary = self.directory / "data", self.directory / "data" / "tmp"
        temporary.mkdir(parents=True, exist_ok=True)
        # Libraries that Java unpacks stay where they are if it is killed.
        own = [f"-Dhb.data={data}", f"-Dhb.zkport={self.zookeeper_port}", f"-Djava.io.tmpdir={temporary}"]
        command = [*java(heap_mb), *self._compiler, *own, "-cp", class_path(SETTINGS), *main]
        pid = start(command, self.directory / f"{name}.log", self.directory)
        (self.directory / f"{name}.pid").write_text(f"{pid}\n", encoding="utf-8")
        return pid

    @property
    def _compiler(self) -> list[str]:
        return ["-XX:TieredStopAtLevel=1"] if self.heap_mb < LARGE_HEAP_MB else []

    def _own(self) -> list[str]:
        return [word for name, value in self.settings.items() for word in ("-D", f"{name}={value}")]

    def _wait(self) -> None:
        logs = {self.thrift_pid: self.thrift_log, self.master_pid: self.master_log}
        wait_ready(lambda: thrift_answers(self.thrift), logs, START_TIMEOUT_S, _AGAIN_S)

    def _listens(self) -> bool:
        with socket.socket() as probe:
            return probe.connect_ex(("127.0.0.1", self.thrift_port)) == 0


def start_hbase(
    directory: Path, port: int | None = None, settings: Mapping[str, str] | None = None, heap_mb: int | None = None
) -> HBaseServer:
    """Start an HBase in an empty directory and wait until tables can be listed and read.

    Parameters
    ----------
    directory : pathlib.Path
        Gets its logs and data; made if it is not there.
    port : int, optional
        Port of the Thrift server; else any that is free. ZooKeeper's is always a free one, but for 2181 beside 9090.
    settings : mapping of str to str, optional
        Properties of hbase-site.xml that differ from deploy/hbase/hbase-site.xml.
    heap_mb : int, optional
        Heap of HMaster [MB]; the Thrift server's is half as large, at most 512. Else $STRIX_HBASE_HEAP_MB, else 512: both
        take about 1 GB then. From 1024 on Java compiles for speed, which costs time at the start.

    Raises
    ------
    EnvironmentProblem
        Without Java, without the jars, or if it does not answer; with the end of its logs. No process is left then.
    """
    directory.mkdir(parents=True, exist_ok=True, mode=0o700)
    own = port or free_port()
    zookeeper = free_port(ZOOKEEPER_PORT if own == THRIFT_PORT else None)
    server = HBaseServer(directory, own, zookeeper, heap_mb or usual_heap_mb(), dict(settings or {}))
    # At once: each is busy with itself for some seconds.
    with ended_on_failure([server._start_master(), server._start_thrift()]):
        server._wait()
    return server


def usual_heap_mb() -> int:
    """Heap of HMaster [MB]: $STRIX_HBASE_HEAP_MB, else 512.

    Raises
    ------
    EnvironmentProblem
        If the variable is no number of megabytes, or too small a one.
    """
    given = os.environ.get(HEAP_VARIABLE, str(HEAP_MB))
    if not given.isdecimal() or int(given) < LEAST_HEAP_MB:
        raise EnvironmentProblem(
            f"{HEAP_VARIABLE} is {given!r}; wanted is HMaster's heap in MB, at least {LEAST_HEAP_MB}, such as 2048"
        )
    return int(given)


def thrift_answers(address: str) -> bool:
    """Whether an HBase can list its tables and read one, asked through its Thrift server.

    Parameters
    ----------
    address : str
        Of the Thrift server, host:port.

    Notes
    -----
    The list alone comes some 9 s before the first row can be read.
    """
    # Here: every job asks this room for its broker, and few have an HBase.
    import happybase
    from thriftpy2.thrift import TException

    host, _, port = address.rpartition(":")
    try:
        with closing(happybase.Connection(host, int(port), timeout=int(1000 * _ANSWER_S))) as connection:
            connection.tables()
            return bool(connection.table("hbase:namespace").row(b"default"))
    except (OSError, TException):
        return False
