"""By what an evaluation is broken down: magnitude, latitudes, detections, survey, season."""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from jobs.reports.evaluation.answers import IN_TRAINING

UNKNOWN = "not known"
TRAINING = "training"
REAL, SIMULATED = "real", "simulated"
SEEN, UNSEEN = "object was trained on", "object was not"
_MJD_EPOCH = np.datetime64("1858-11-17", "D")
_QUARTERS = ("January to March", "April to June", "July to September", "October to December")

Floats = NDArray[np.float64]
Texts = NDArray[np.str_]


@dataclass(frozen=True)
class Slicing:
    """A way to cut alerts into parts.

    Attributes
    ----------
    name : str
        As JSON has it.
    title : str
        In words, with the unit.
    part_of : callable
        Rows to the name of each row's part.
    order : tuple of str
        The parts in their order; empty: in the order of their names.
    """

    name: str
    title: str
    part_of: Callable[[pa.Table], Texts]
    order: tuple[str, ...] = ()

    def sorted(self, parts: set[str]) -> list[str]:
        """Parts in their order, `not known` last.

        Parameters
        ----------
        parts : set of str
            Those that there are.
        """
        known = [part for part in self.order if part in parts] if self.order else sorted(parts - {UNKNOWN})
        return known + [UNKNOWN] * (UNKNOWN in parts)


def _between(
    edges: tuple[float, ...], words: tuple[str, ...], column: str, absolute: bool = False
) -> Callable[..., Texts]:
    def part_of(rows: pa.Table) -> Texts:
        value = np.asarray(rows[column].to_numpy(zero_copy_only=False), np.float64)
        place = np.searchsorted(edges, np.abs(value) if absolute else value, side="right")
        return np.where(np.isfinite(value), np.array(words)[place], UNKNOWN)

    return part_of


def _survey(rows: pa.Table) -> Texts:
    return np.array(rows["survey"].to_pylist(), str)


def _origin(rows: pa.Table) -> Texts:
    simulated = rows["is_simulated"].fill_null(False).to_numpy(zero_copy_only=False)
    return np.where(simulated.astype(bool), SIMULATED, REAL)


def _training(rows: pa.Table) -> Texts:
    seen = rows[IN_TRAINING].to_pylist()
    return np.array([UNKNOWN if each is None else SEEN if each else UNSEEN for each in seen], str)


def season(rows: pa.Table) -> Texts:
    """The quarter of the year, such as `2020 April to June`.

    Parameters
    ----------
    rows : pyarrow.Table
        With mjd [d].
    """
    mjd = np.asarray(rows["mjd"].to_numpy(zero_copy_only=False), np.float64)
    known = np.isfinite(mjd)
    month = (_MJD_EPOCH + np.where(known, mjd, 0).astype(np.int64)).astype("datetime64[M]").astype(np.int64)
    told = [f"{1970 + each // 12} {_QUARTERS[each % 12 // 3]}" for each in month.tolist()]
    return np.where(known, np.array(told, str), UNKNOWN)


_MAGNITUDES = (
    "brighter than 16",
    "16 to 17",
    "17 to 18",
    "18 to 19",
    "19 to 20",
    "20 to 21",
    "21 to 23",
    "fainter than 23",
)
_LATITUDES = ("0 to 10", "10 to 20", "20 to 40", "40 to 60", "60 to 90")
_DETECTIONS = ("1", "2 to 3", "4 to 9", "10 to 29", "30 or more")


def _quarter_key(name: str) -> tuple[str, int]:
    year, _, quarter = name.partition(" ")
    return year, _QUARTERS.index(quarter) if quarter in _QUARTERS else 0


@dataclass(frozen=True)
class _Seasons(Slicing):
    """Seasons are in the order of time, not of their names."""

    def sorted(self, parts: set[str]) -> list[str]:
        return sorted(parts - {UNKNOWN}, key=_quarter_key) + [UNKNOWN] * (UNKNOWN in parts)


SLICINGS = (
    Slicing(
        "mag", "Magnitude [mag]", _between((16, 17, 18, 19, 20, 21, 23), _MAGNITUDES, "mag"), _MAGNITUDES
    ),
    Slicing(
        "galactic_latitude", "Galactic latitude |b| [deg]",
        _between((10, 20, 40, 60), _LATITUDES, "gal_b", absolute=True), _LATITUDES,
    ),
    Slicing(
        "n_detections", "Detections in the packet", _between((2, 4, 10, 30), _DETECTIONS, "n_detections"), _DETECTIONS
    ),
    Slicing("survey", "Survey", _survey),
    Slicing("origin", "Origin", _origin, (REAL, SIMULATED)),
    Slicing(TRAINING, "Training", _training, (SEEN, UNSEEN)),
    _Seasons("season", "Season", season),
)  # fmt: skip
