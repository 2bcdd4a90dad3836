"""The published code's feature values, and the light curves they are of."""

from pathlib import Path

import pytest
from golden_curves import GoldenCurves, golden_curves


@pytest.fixture(scope="session")
def golden(real_alerts: Path) -> GoldenCurves:
    return golden_curves(real_alerts)
