"""What a benchmark works in: a folder that is gone afterwards."""

import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path


@contextmanager
def empty_folder() -> Iterator[Path]:
    """A folder of its own."""
    made = Path(tempfile.mkdtemp(prefix="strix-bench-"))
    try:
        yield made
    finally:
        shutil.rmtree(made, ignore_errors=True)
