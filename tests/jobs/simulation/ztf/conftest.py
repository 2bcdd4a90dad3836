"""One small night of all classes that these tests share."""

import io

import fastavro
import pyarrow.parquet as pq
import pytest

from jobs.simulation.sky_night import simulate_night
from jobs.simulation.ztf.maker import MAKER


@pytest.fixture(scope="session")
def sky_night(tmp_path_factory):
    """A directory with 300 alerts of all classes, in containers of 50."""
    output = tmp_path_factory.mktemp("sky") / "night"
    simulate_night(MAKER, output, 300, seed=11, mix="balanced", per_file=50, workers=1)
    return output


@pytest.fixture(scope="session")
def sky_packets(sky_night):
    """Its packets, in the order of the files."""
    return [one for path in sorted(sky_night.glob("*.avro")) for one in fastavro.reader(io.BytesIO(path.read_bytes()))]


@pytest.fixture(scope="session")
def sky_truth(sky_night):
    """What is true of them, in the same order."""
    return pq.read_table(sky_night / "_truth" / "truth.parquet").to_pylist()
