"""What the science table says of a night, added up row group by row group: sky, times, bands, scores."""

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq
from numpy.typing import NDArray

from jobs.common.times import tai_to_utc
from jobs.labels.class_outputs import Output, score_names
from jobs.reports.night_page.sky_cells import SkyCells
from jobs.storage.footers import schema_in
from jobs.storage.schema_union import is_module

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]

SCORE_BINS = 40
_MINUTES = 5
_DAY_BINS = 24 * 60 // _MINUTES
# Latencies are kept as counts of their logarithm, 50 per decade from 0.01 s to 30 years: a quantile is right to 2 %.
_LATENCY = (-2.0, 9.0, 550)
_POINTS = 2000
_VIEW = ("survey", "band", "ra", "dec", "mjd", "is_simulated", "provenance.timestamp")


@dataclass(frozen=True)
class Score:
    """A score of a module.

    Attributes
    ----------
    column : str
        `module.output`.
    low, high : float
        Range of its histogram.
    """

    column: str
    description: str
    low: float
    high: float


@dataclass
class Latency:
    """How long something took, over all alerts of which it is known.

    Attributes
    ----------
    counts : numpy.ndarray of int64
        Alerts per bin of the logarithm of the seconds.
    """

    counts: Ints = field(default_factory=lambda: np.zeros(_LATENCY[2], dtype=np.int64))

    def add(self, seconds: Floats) -> None:
        """Count durations; what is not positive counts as the least.

        Parameters
        ----------
        seconds : numpy.ndarray of float64, shape (n,)
            One per alert [s]; NaN where it is not known, which is not counted.
        """
        low, high, bins = _LATENCY
        logs = np.log10(np.clip(seconds[np.isfinite(seconds)], 10**low, 10**high * 0.999))
        self.counts += np.bincount(((logs - low) / (high - low) * bins).astype(np.int64), minlength=bins)

    def quantile(self, share: float) -> float | None:
        """Quantile of the durations [s]; None if nothing was counted.

        Parameters
        ----------
        share : float
            From 0 to 1; 0.5 is the median.
        """
        total = int(self.counts.sum())
        if not total:
            return None
        low, high, bins = _LATENCY
        place = int(np.searchsorted(np.cumsum(self.counts), share * total))
        return float(10 ** (low + (place + 0.5) * (high - low) / bins))


@dataclass
class SciencePart:
    """The science table of a night.

    Attributes
    ----------
    alerts, simulated : int
    surveys, bands : Counter
        Alerts by survey, by band.
    times : dict
        Per band, alerts in 5 minutes of UTC each, from `first_day` (MJD, UTC) on, three days.
    points : list
        Right ascension and declination [deg] of the first 2,000 alerts.
    histograms : dict
        Per score column, counts in SCORE_BINS bins.
    to_topic, to_plan : Latency
        From mid-exposure to the Kafka record, and to the batch that took it.
    """

    first_day: float
    alerts: int = 0
    simulated: int = 0
    surveys: Counter[str] = field(default_factory=Counter)
    bands: Counter[str] = field(default_factory=Counter)
    times: dict[str, Ints] = field(default_factory=dict)
    cells: SkyCells = field(default_factory=SkyCells)
    points: list[tuple[float, float]] = field(default_factory=list)
    histograms: dict[str, Ints] = field(default_factory=dict)
    to_topic: Latency = field(default_factory=Latency)
    to_plan: Latency = field(default_factory=Latency)

    def add(self, rows: pa.Table, planned_mjd: float | None) -> None:
        """Count the rows of one row group.

        Parameters
        ----------
        rows : pyarrow.Table
            Flat rows of the science table; structs as `provenance.timestamp`.
        planned_mjd : float or None
            When their batch was planned [MJD TAI]; None if the ledger does not say.
        """
        self.alerts += rows.num_rows
        self.simulated += pc.sum(rows["is_simulated"]).as_py() or 0
        self.surveys.update(_counts(rows["survey"]))
        self.bands.update(_counts(rows["band"]))
        ra, dec, mjd = (np.asarray(rows[name].to_numpy(), dtype=np.float64) for name in ("ra", "dec", "mjd"))
        self.cells.add(ra, dec)
        room = _POINTS - len(self.points)
        self.points += list(zip(ra[:room].tolist(), dec[:room].tolist(), strict=True)) if room > 0 else []
        utc = tai_to_utc(mjd)
        self._add_times(utc, rows["band"])
        self._add_latencies(mjd, utc, rows["provenance.timestamp"], planned_mjd)

    def _add_times(self, utc: Floats, bands: pa.ChunkedArray) -> None:
        place = np.floor((utc - self.first_day) * _DAY_BINS)
        inside = np.isfinite(place) & (place >= 0) & (place < 3 * _DAY_BINS)
        for band in _counts(bands):
            own = inside & np.asarray(pc.fill_null(pc.equal(bands, band), False))
            more = np.bincount(place[own].astype(np.int64), minlength=3 * _DAY_BINS)
            self.times[band] = self.times.get(band, 0) + more

    def _add_latencies(self, mjd: Floats, utc: Floats, timestamps: pa.ChunkedArray, planned_mjd: float | None) -> None:
        if planned_mjd is not None:
            self.to_plan.add((planned_mjd - mjd) * 86400)
        if timestamps.null_count < len(timestamps):
            seconds = pc.divide(pc.cast(timestamps, pa.int64()).cast(pa.float64()), 1e6).to_numpy()
            self.to_topic.add(seconds - (utc - 40587.0) * 86400)  # MJD of 1970-01-01


def score_columns(files: Sequence[Path]) -> list[Score]:
    """The scores among the modules' outputs, by what their descriptions say; ranges from the files' statistics.

    Parameters
    ----------
    files : sequence of pathlib.Path
        Parquet files of the science table; only their footers are read.
    """
    found: dict[str, Score] = {}
    for path in files:
        metadata = pq.read_metadata(path)
        ranges = _ranges(metadata)
        for name, description in _descriptions(schema_in(metadata)).items():
            low, high = ranges.get(name, (np.inf, -np.inf))
            known = found.get(name)
            if known:
                low, high = min(low, known.low), max(high, known.high)
            found[name] = Score(name, description, low, high)
    return [_framed(score) for score in found.values() if score.low <= score.high]


def read_science(
    files: Sequence[Path], first_day: float, scores: Sequence[Score], planned: Mapping[str, float]
) -> SciencePart:
    """Add up a night's files.

    Parameters
    ----------
    files : sequence of pathlib.Path
        Parquet files of the science table.
    first_day : float
        Where the bins of time begin [MJD UTC].
    scores : sequence of Score
        Those of which histograms are made.
    planned : mapping
        File name to the time its batch was planned [MJD TAI].
    """
    part = SciencePart(first_day)
    for path in files:
        for rows in _groups(path, [*_VIEW, *(score.column for score in scores)]):
            part.add(rows, planned.get(path.name))
            add_scores(part.histograms, rows, scores)
    return part


def read_scores(files: Iterable[Path], scores: Sequence[Score]) -> dict[str, Ints]:
    """Histograms of the scores over some files.

    Parameters
    ----------
    files : iterable of pathlib.Path
        Parquet files of the science table.
    scores : sequence of Score

    Returns
    -------
    dict of str to numpy.ndarray of int64, shape (SCORE_BINS,)
        Per column, as far as any file has it.
    """
    histograms: dict[str, Ints] = {}
    for path in files:
        for rows in _groups(path, [score.column for score in scores]):
            add_scores(histograms, rows, scores)
    return histograms


def add_scores(histograms: dict[str, Ints], rows: pa.Table, scores: Sequence[Score]) -> None:
    """Count the values of each score that the rows have.

    Parameters
    ----------
    histograms : dict of str to numpy.ndarray of int64, shape (SCORE_BINS,)
        Per column; grows.
    rows : pyarrow.Table
        Flat rows of the science table.
    scores : sequence of Score
        Values beyond a score's range count in its first or last bin.
    """
    for score in scores:
        if score.column in rows.column_names:
            values = rows[score.column].drop_null().to_numpy()
            counts, _ = np.histogram(np.clip(values, score.low, score.high), SCORE_BINS, (score.low, score.high))
            histograms[score.column] = histograms.get(score.column, 0) + counts


def _groups(path: Path, columns: list[str]) -> Iterable[pa.Table]:
    with pq.ParquetFile(path) as file:
        for group in range(file.num_row_groups):
            yield file.read_row_group(group, columns=columns).flatten()


def _counts(column: pa.ChunkedArray) -> dict[str, int]:
    return {each["values"]: each["counts"] for each in pc.value_counts(column).to_pylist() if each["values"]}


def _descriptions(schema: pa.Schema) -> dict[str, str]:
    """Columns of modules that are scores, with what they say of themselves."""
    found: dict[str, str] = {}
    for module in (each for each in schema if is_module(each.type)):
        numbers = [_output(child) for child in module.type if pa.types.is_floating(child.type)]
        scores = score_names(numbers)
        found |= {f"{module.name}.{each.name}": each.description for each in numbers if each.name in scores}
    return found


def _output(child: pa.Field) -> Output:
    unit, text = ((child.metadata or {}).get(key, b"").decode() for key in (b"unit", b"description"))
    return Output(child.name, unit, text)


def _ranges(metadata: pq.FileMetaData) -> dict[str, tuple[float, float]]:
    ranges: dict[str, tuple[float, float]] = {}
    for group in range(metadata.num_row_groups):
        for place in range(metadata.num_columns):
            chunk = metadata.row_group(group).column(place)
            known = chunk.statistics
            if chunk.physical_type in ("FLOAT", "DOUBLE") and known is not None and known.has_min_max:
                low, high = ranges.get(chunk.path_in_schema, (np.inf, -np.inf))
                ranges[chunk.path_in_schema] = (min(low, known.min), max(high, known.max))
    return ranges


def _framed(score: Score) -> Score:
    """The natural range where the values fit one: 0 to 1, 0 to 100."""
    for top in (1.0, 100.0):
        if score.low >= 0 and score.high <= top and (top == 1.0 or score.high > 1.0):
            return Score(score.column, score.description, 0.0, top)
    pad = 1e-9 + 0.02 * (score.high - score.low)
    return Score(score.column, score.description, score.low - pad, score.high + pad)
