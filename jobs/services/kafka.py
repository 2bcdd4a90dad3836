"""One real Kafka broker on this machine: KRaft, 127.0.0.1 only, a data directory of its own."""

import logging
import os
import subprocess
import uuid
from base64 import urlsafe_b64encode
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from confluent_kafka import KafkaException
from confluent_kafka.admin import AdminClient
from confluent_kafka.admin._scram import ScramCredentialInfo, ScramMechanism, UserScramCredentialUpsertion

from jobs.common.java import EnvironmentProblem, find_java
from jobs.services.jars import jars
from jobs.services.process import ended_on_failure, free_port, start, stop, wait_ready

DEFAULT_PORT = 9092
SCRAM_PORT = 9094
START_TIMEOUT_S = 60.0
# Without this a client that comes before its broker waits up to 10 s between two tries.
_IMPATIENT = {"reconnect.backoff.max.ms": 200, "log_level": 0}
# It says so on stderr, too, unless it is given a logger.
_SILENT = logging.Logger("strix.services", logging.CRITICAL)
SETTINGS = Path(__file__).resolve().parents[2] / "deploy" / "kafka"


@dataclass(frozen=True)
class KafkaBroker:
    """A running broker.

    Attributes
    ----------
    directory : pathlib.Path
        Settings, log and data; all that it leaves on the machine.
    pid : int
        Of its process.
    port, scram_port, controller_port : int
        On 127.0.0.1: of the listener without a password, of the one that wants SCRAM-SHA-512, of the broker itself.
    """

    directory: Path
    pid: int
    port: int
    scram_port: int
    controller_port: int

    @property
    def bootstrap(self) -> str:
        """Where clients connect that need no password."""
        return f"127.0.0.1:{self.port}"

    @property
    def scram(self) -> str:
        """Where clients connect that have a password (SASL_PLAINTEXT, SCRAM-SHA-512)."""
        return f"127.0.0.1:{self.scram_port}"

    @property
    def log(self) -> Path:
        """What the broker says."""
        return self.directory / "broker.log"

    def add_user(self, name: str, password: str) -> None:
        """Add a user who can authenticate at the SCRAM listener, or change the password of one.

        Parameters
        ----------
        name, password : str
            For SCRAM-SHA-512.
        """
        credential = ScramCredentialInfo(ScramMechanism.SCRAM_SHA_512, 8192)
        admin = AdminClient({"bootstrap.servers": self.bootstrap})
        wanted = UserScramCredentialUpsertion(name, credential, password.encode())
        for future in admin.alter_user_scram_credentials([wanted]).values():
            future.result(timeout=START_TIMEOUT_S)

    def stop(self) -> None:
        """End the broker; its data stays."""
        stop(self.pid)

    def start_again(self) -> "KafkaBroker":
        """The same broker, with its data and its ports, in a new process."""
        pid = _launch(self.directory, self.bootstrap)
        return KafkaBroker(self.directory, pid, self.port, self.scram_port, self.controller_port)


def start_kafka(directory: Path, port: int | None = None, settings: Mapping[str, str] | None = None) -> KafkaBroker:
    """Start a broker in an empty directory and wait until it answers.

    Parameters
    ----------
    directory : pathlib.Path
        Gets its settings, log and data; made if it is not there.
    port : int, optional
        Port of the listener without a password; else any that is free. The others are always free ones, but for
        9094 beside 9092.
    settings : mapping of str to str, optional
        Further lines of server.properties.

    Raises
    ------
    EnvironmentProblem
        Without Java, without the jars, or if it does not answer; with the end of its log.
    """
    directory.mkdir(parents=True, exist_ok=True, mode=0o700)
    own = port or free_port()
    scram = free_port(SCRAM_PORT if own == DEFAULT_PORT else None)
    controller = free_port()
    _write_settings(directory, own, scram, controller, settings or {})
    _format(directory)
    pid = _launch(directory, f"127.0.0.1:{own}")
    return KafkaBroker(directory, pid, own, scram, controller)


def _write_settings(directory: Path, port: int, scram: int, controller: int, settings: Mapping[str, str]) -> None:
    addresses = {"PLAINTEXT": port, "SASL_PLAINTEXT": scram}
    listeners = ",".join(f"{name}://127.0.0.1:{number}" for name, number in addresses.items())
    own = {
        "listeners": f"{listeners},CONTROLLER://127.0.0.1:{controller}",
        "advertised.listeners": listeners,
        "controller.quorum.voters": f"1@127.0.0.1:{controller}",
        "log.dirs": str(directory / "data"),
        "sasl.enabled.mechanisms": "SCRAM-SHA-512",
        "listener.name.sasl_plaintext.scram-sha-512.sasl.jaas.config": (
            "org.apache.kafka.common.security.scram.ScramLoginModule required;"
        ),
        **settings,
    }
    common = (SETTINGS / "server.properties").read_text(encoding="utf-8")
    lines = "\n".join(f"{key}={value}" for key, value in own.items())
    (directory / "server.properties").write_text(f"{common}\n# This broker's own:\n{lines}\n", encoding="utf-8")


def _java(heap_mb: int) -> list[str]:
    java, _ = find_java()
    class_path = os.pathsep.join([str(jars("broker") / "*"), str(SETTINGS)])
    # The first compiler is enough for a broker of this size, and it is up sooner.
    quick = ["-XX:TieredStopAtLevel=1", "-XX:+UseSerialGC"]
    return [
        java,
        f"-Xmx{heap_mb}m",
        *quick,
        f"-Dlog4j.configuration=file:{SETTINGS / 'log4j.properties'}",
        "-cp",
        class_path,
    ]


def _format(directory: Path) -> None:
    cluster = urlsafe_b64encode(uuid.uuid4().bytes).decode().rstrip("=")
    # An id that begins with a dash would be read as an option.
    cluster = f"s{cluster[1:]}"
    tool = [*_java(128), "kafka.tools.StorageTool", "format", "-t", cluster, "-c", "server.properties"]
    done = subprocess.run(tool, cwd=directory, capture_output=True, text=True, timeout=START_TIMEOUT_S, check=False)
    if done.returncode:
        raise EnvironmentProblem(f"{directory / 'data'} could not be formatted: {done.stdout}{done.stderr}".strip())


def _launch(directory: Path, bootstrap: str) -> int:
    log = directory / "broker.log"
    pid = start([*_java(512), "kafka.Kafka", "server.properties"], log, directory)
    admin = AdminClient({"bootstrap.servers": bootstrap, **_IMPATIENT}, logger=_SILENT)
    with ended_on_failure([pid]):
        wait_ready(lambda: _answers(admin), {pid: log}, START_TIMEOUT_S)
    return pid


def broker_answers(bootstrap: str) -> bool:
    """Whether a broker answers within a second or so.

    Parameters
    ----------
    bootstrap : str
        Its address, host:port.
    """
    return _answers(AdminClient({"bootstrap.servers": bootstrap, **_IMPATIENT}, logger=_SILENT))


def _answers(admin: AdminClient) -> bool:
    try:
        return bool(admin.list_topics(timeout=1.0).brokers)
    except KafkaException:
        return False
