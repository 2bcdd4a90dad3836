"""The helpers beside these tests, and the columns of a job."""

import sys
from pathlib import Path

import pytest

from jobs.pipeline.filters.columns import Catalogue

sys.path.insert(0, str(Path(__file__).parent))


@pytest.fixture(scope="session")
def catalogue() -> Catalogue:
    return Catalogue(["acai", "rise"])
