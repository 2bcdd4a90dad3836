"""Fixtures that all tests share."""

import os
from collections.abc import Iterator
from pathlib import Path

import hypothesis
import pytest
from make_variables import forget_make

from jobs.common.java import EnvironmentProblem, find_java
from jobs.modules import weights as models
from jobs.services.hbase import HBaseServer, start_hbase
from jobs.services.kafka import KafkaBroker, start_kafka
from science_modules import registry

ROOT = Path(__file__).resolve().parents[1]
# An example that takes 200 ms while another process starts beside it is no fault; how long things take is `strix bench`'s.
hypothesis.settings.register_profile("strix", deadline=None)
hypothesis.settings.load_profile("strix")
forget_make(os.environ)


def real_alerts_directory() -> Path:
    """Where real packets are: $STRIX_REAL_ALERTS, else shared/data beside the checkout."""
    return Path(os.environ.get("STRIX_REAL_ALERTS", ROOT.parent / "shared" / "data"))


@pytest.fixture(scope="session")
def real_alerts() -> Path:
    """Directory with real ZTF and Rubin packets; the test skips where it is absent."""
    directory = real_alerts_directory()
    if not directory.is_dir():
        pytest.skip(f"no real alerts: {directory} is absent; set STRIX_REAL_ALERTS to the directory that has them")
    return directory


@pytest.fixture(scope="session")
def weights() -> Path:
    """Directory with the published weights; the test skips where it is absent."""
    directory = Path(os.environ.get("STRIX_PUBLISHED_MODELS", ROOT.parent / "shared" / "models"))
    if not directory.is_dir():
        pytest.skip(f"no published weights: {directory} is absent; set STRIX_PUBLISHED_MODELS to the directory")
    return directory


@pytest.fixture(scope="session")
def models_directory(weights: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A models directory with the networks of acai and braai, converted here."""
    directory = tmp_path_factory.mktemp("models")
    for name in ("acai", "braai"):
        models.add(registry.get(name), weights, directory)
    return directory


@pytest.fixture(scope="session")
def kafka(tmp_path_factory: pytest.TempPathFactory) -> Iterator[KafkaBroker]:
    """A real broker of this test run, on free ports, gone at its end; mark its tests `kafka`."""
    try:
        find_java()
    except EnvironmentProblem as problem:
        pytest.skip(f"no Kafka broker: {problem}")
    # Compaction looks every 15 s by default, which no test waits for.
    broker = start_kafka(tmp_path_factory.mktemp("kafka"), settings={"log.cleaner.backoff.ms": "100"})
    yield broker
    broker.stop()


@pytest.fixture(scope="session")
def hbase(tmp_path_factory: pytest.TempPathFactory) -> Iterator[HBaseServer]:
    """A real HBase of this test run, on free ports, gone at its end; mark its tests `hbase`.

    A test may kill it if it calls `start_again` before it ends.
    """
    try:
        find_java()
    except EnvironmentProblem as problem:
        pytest.skip(f"no HBase: {problem}")
    # What is not needed any more goes after a second, so that a test can wait for it.
    often = {f"hbase.master.{name}": "1000" for name in ("logcleaner.ttl", "hfilecleaner.ttl", "cleaner.interval")}
    server = start_hbase(tmp_path_factory.mktemp("hbase"), settings=often)
    yield server
    server.stop()
