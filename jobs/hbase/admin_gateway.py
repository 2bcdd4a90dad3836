"""HBase's own Java administration, called from Python: a table with regions, compression and a bloom filter needs it.

Thrift can make a table, but not split it. So a Java process with HBase's classes is started for as long as somebody
administers, and py4j, which comes with pyspark, calls it.
"""

import subprocess
from collections import deque
from collections.abc import Iterator, Mapping
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from typing import Any

from py4j.java_gateway import GatewayParameters, JavaGateway, launch_gateway
from py4j.protocol import Py4JError, Py4JJavaError

from jobs.common.java import EnvironmentProblem
from jobs.services.hbase_java import class_path, java

PATIENCE_S = 30.0
_HEAP_MB = 256
# It lives for seconds: the first compiler is enough.
_QUICK = ("-XX:TieredStopAtLevel=1", "-XX:+UseSerialGC")
_END_S = 10.0
_LAST = 4


@dataclass(frozen=True)
class JavaAdmin:
    """A connection to an HBase in Java.

    Attributes
    ----------
    admin : py4j.java_gateway.JavaObject
        Its org.apache.hadoop.hbase.client.Admin; bytes are byte[].
    gateway : py4j.java_gateway.JavaGateway
        The Java process: `new_array` makes arrays there.
    """

    admin: Any
    gateway: Any

    @property
    def jvm(self) -> Any:
        """The classes there: `jvm.org.apache.hadoop.hbase.TableName.valueOf("alerts")`."""
        return self.gateway.jvm


@contextmanager
def java_gateway(
    zookeeper_quorum: str, port: int = 2181, settings: Mapping[str, str] | None = None, patience_s: float = PATIENCE_S
) -> Iterator[JavaAdmin]:
    """The Java administration of an HBase, on this machine or another; its process ends with the block.

    Parameters
    ----------
    zookeeper_quorum : str
        Hosts of its ZooKeeper, separated by commas. The names under which its servers are known there must be known
        here, too.
    port : int
        Of ZooKeeper.
    settings : mapping of str to str, optional
        Further properties of a client's hbase-site.xml, such as zookeeper.znode.parent.
    patience_s : float
        How long it may take to connect [s].

    Raises
    ------
    EnvironmentProblem
        Without Java or the jars, or if HBase does not answer in time; with what the client said last.
    """
    said: deque[str] = deque(maxlen=100)
    gateway, process = _launch(said)
    client = {"hbase.zookeeper.quorum": zookeeper_quorum, "hbase.zookeeper.property.clientPort": str(port)}
    try:
        connection, admin = _within(patience_s, gateway, client | dict(settings or {}), said)
        yield JavaAdmin(admin, gateway)
        with suppress(Py4JError):
            connection.close()
    finally:
        _end(gateway, process)


def _launch(said: deque[str]) -> tuple[Any, "subprocess.Popen[bytes]"]:
    program, *options = java(_HEAP_MB)
    try:
        # With a token, since others on this machine could call it, too. In a group of its own: a Ctrl-C of the terminal is
        # for us, and it ends when we do.
        port, token, process = launch_gateway(
            classpath=class_path(),
            javaopts=[*options, *_QUICK],
            java_path=program,
            enable_auth=True,
            die_on_exit=True,
            create_new_process_group=True,
            redirect_stdout=said,
            redirect_stderr=said,
            return_proc=True,
        )
    except ValueError:  # no line with a port came
        raise EnvironmentProblem(f"{program} did not start with the options {' '.join(options)}") from None
    return JavaGateway(gateway_parameters=GatewayParameters(port=port, auth_token=token)), process


def _within(patience_s: float, gateway: Any, settings: Mapping[str, str], said: deque[str]) -> tuple[Any, Any]:
    # The client's own limits are many and add up to minutes; the thread ends with the process that it waits for.
    threads = ThreadPoolExecutor(1, "connects to HBase")
    answer: Future[tuple[Any, Any]] = threads.submit(_connect, gateway, settings)
    threads.shutdown(wait=False)
    try:
        return answer.result(patience_s)
    except TimeoutError:
        reason = f"does not answer in {patience_s:g} s"
    except Py4JJavaError as error:
        reason = f"cannot be reached: {error.java_exception.toString()}"
    where = f"{settings['hbase.zookeeper.quorum']}, port {settings['hbase.zookeeper.property.clientPort']}"
    # The newest is at the left; where in Java it came from helps nobody.
    lines = [line.rstrip() for line in said if not line.startswith("\tat ")]
    last = "".join(f"\n{line}" for line in reversed(lines[:_LAST]))
    raise EnvironmentProblem(
        f"the HBase of ZooKeeper {where} {reason}; is it there (`strix services list`), and are the names of its servers "
        f"known on this machine? The client said last:{last or ' nothing'}"
    )


def _connect(gateway: Any, settings: Mapping[str, str]) -> tuple[Any, Any]:
    hbase = gateway.jvm.org.apache.hadoop.hbase
    configuration = hbase.HBaseConfiguration.create()
    for name, value in settings.items():
        configuration.set(name, value)
    connection = hbase.client.ConnectionFactory.createConnection(configuration)
    admin = connection.getAdmin()
    admin.listTableNames()  # the first question that the master answers
    return connection, admin


def _end(gateway: Any, process: "subprocess.Popen[bytes]") -> None:
    # First, or else py4j asks the ended process to forget each object that Python forgets, and reports that it is gone.
    with suppress(Py4JError):
        gateway.shutdown()
    process.terminate()
    try:
        process.wait(_END_S)
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait()
