"""What a fit goes on from after a kill."""

import io
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from jobs.storage.writing import replace_bytes

_FILE, _STEP = "checkpoint.npz", "__step__"


@dataclass(frozen=True)
class Checkpoint:
    """The last state of a fit, written whole: a kill leaves the one before.

    Attributes
    ----------
    folder : pathlib.Path
        The fit's own; a framework's own checkpoint files may lie there.
    """

    folder: Path

    def save(self, step: int, state: Mapping[str, NDArray[Any]]) -> None:
        """Put a state in the place of the one before.

        Parameters
        ----------
        step : int
            How many steps (epochs, trees) the state holds.
        state : mapping of str to numpy.ndarray
            All that the next step needs, the optimiser's state among it.
        """
        stream = io.BytesIO()
        np.savez(stream, **{_STEP: np.array(step)}, **state)  # type: ignore[arg-type]
        replace_bytes(self.folder / _FILE, stream.getvalue())

    def load(self) -> tuple[int, dict[str, NDArray[Any]]] | None:
        """The last step and its state; None if nothing was saved."""
        path = self.folder / _FILE
        if not path.is_file():
            return None
        with np.load(path, allow_pickle=False) as kept:
            state = {name: kept[name] for name in kept.files}
        return int(state.pop(_STEP)), state
