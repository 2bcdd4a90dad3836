"""The helper trainable `line` among the trainables."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from jobs.training import trainables

HELPERS = Path(__file__).parents[2] / "helpers" / "trainables"


@pytest.fixture
def line(monkeypatch: pytest.MonkeyPatch) -> Iterator[str]:
    """Its name."""
    monkeypatch.setattr(trainables, "__path__", [*trainables.__path__, str(HELPERS)])
    yield "line"
