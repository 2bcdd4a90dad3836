"""The columns of a job."""

import pytest

from jobs.pipeline.filters.columns import Catalogue


@pytest.fixture(scope="session")
def catalogue() -> Catalogue:
    return Catalogue(["acai", "rise"])
