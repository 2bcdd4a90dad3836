"""A real YARN on this machine: a ResourceManager and one NodeManager, on free ports of the loopback."""

import os
import re
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from urllib.request import ProxyHandler, build_opener
from xml.sax.saxutils import escape

import pyspark

from jobs.services.jars import jars
from jobs.services.process import free_port

JARS = Path(pyspark.__file__).parent / "jars"
IVY_FILE = Path(__file__).parents[1] / "deploy" / "ivy.xml"
SERVER = "org.apache.hadoop.yarn.server"
READY_S = 120.0


@contextmanager
def yarn(directory: Path) -> Iterator[dict[str, str]]:
    """The variables with which spark-submit finds the cluster; it is gone at the end."""
    conf = directory / "conf"
    conf.mkdir(parents=True)
    _write(conf / "core-site.xml", {"fs.defaultFS": "file:///", "hadoop.tmp.dir": str(directory / "tmp")})
    _write(conf / "yarn-site.xml", _settings(directory))
    (conf / "log4j.properties").write_text("log4j.rootLogger=OFF\n")
    started = []
    try:
        for name in ("resourcemanager.ResourceManager", "nodemanager.NodeManager"):
            started.append(_start(f"{SERVER}.{name}", conf, directory / f"{name}.log"))
        _wait_for_node(directory)
        yield {"HADOOP_CONF_DIR": str(conf)}
    finally:
        for process in reversed(started):
            process.terminate()
            process.wait(60)


def _settings(directory: Path) -> dict[str, str]:
    resource_manager = ("", "scheduler.", "resource-tracker.", "admin.", "webapp.")
    node_manager = ("", "localizer.", "webapp.")
    addresses = {f"yarn.resourcemanager.{each}address": f"127.0.0.1:{free_port()}" for each in resource_manager}
    addresses |= {f"yarn.nodemanager.{each}address": f"127.0.0.1:{free_port()}" for each in node_manager}
    return addresses | {
        "yarn.nodemanager.local-dirs": str(directory / "local"),
        "yarn.nodemanager.log-dirs": str(directory / "logs"),
        "yarn.nodemanager.disk-health-checker.enable": "false",  # a disk that is 90 % full would take no task
        "yarn.nodemanager.pmem-check-enabled": "false",
        "yarn.nodemanager.vmem-check-enabled": "false",
        "yarn.nodemanager.resource.memory-mb": "4096",
        "yarn.nodemanager.resource.cpu-vcores": "4",
        "yarn.scheduler.minimum-allocation-mb": "128",
        "yarn.resourcemanager.scheduler.class": f"{SERVER}.resourcemanager.scheduler.fifo.FifoScheduler",
    }


def _write(path: Path, settings: dict[str, str]) -> None:
    lines = [
        f"<property><name>{name}</name><value>{escape(value)}</value></property>" for name, value in settings.items()
    ]
    path.write_text("\n".join(["<configuration>", *lines, "</configuration>\n"]))


def _start(main: str, conf: Path, log: Path) -> "subprocess.Popen[bytes]":
    hadoop = [str(each) for each in sorted(JARS.glob("hadoop-client-*.jar"))]
    class_path = os.pathsep.join([str(conf), *hadoop, str(jars("yarn", IVY_FILE) / "*"), str(JARS / "*")])
    quick = ["-Xmx512m", "-XX:TieredStopAtLevel=1", "-XX:+UseSerialGC", "--add-opens=java.base/java.lang=ALL-UNNAMED"]
    with log.open("wb") as said:
        return subprocess.Popen(["java", *quick, "-cp", class_path, main], stdout=said, stderr=said, cwd=conf.parent)


def _wait_for_node(directory: Path) -> None:
    """Until the ResourceManager says that the node runs."""
    settings = (directory / "conf" / "yarn-site.xml").read_text()
    (address,) = re.findall(r"yarn.resourcemanager.webapp.address</name><value>([^<]+)", settings)
    directly = build_opener(ProxyHandler({}))
    until = time.monotonic() + READY_S
    while time.monotonic() < until:
        with suppress(OSError):  # not up yet
            if b'"activeNodes":1' in directly.open(f"http://{address}/ws/v1/cluster/metrics", timeout=5).read():
                return
        time.sleep(0.3)
    said = "".join(path.read_text(errors="replace")[-2000:] for path in directory.glob("*.log"))
    raise TimeoutError(f"no node of YARN after {READY_S} s:\n{said}")
