"""Time lc_features, rise and anomaly per alert, against the light-curve package at its best settings.

    python tests/benchmarks/bench_features.py [--alerts 4000] [--repeats 7]

Made-up alerts, 4 to 40 detections in g and r; one thread each; both sides compute the same 30 statistics and the
answers are compared. CPU seconds of the process, median and range of the repeats.
"""

import argparse
import platform
import statistics
import time
from collections.abc import Callable
from importlib.metadata import version
from typing import Any

import light_curve as lc
import numpy as np
import pyarrow as pa
from coniferest.isoforest import IsolationForest

from jobs.pipeline.enrichment.modules import Enrichment
from science_modules import anomaly, lc_features, rise
from science_modules.anomaly.selection import curves
from science_modules.common import artefacts
from science_modules.common.alert_batch import AlertBatch
from science_modules.common.view import BANDS, LIGHT_CURVE
from science_modules.lc_features.curves import band_curves
from science_modules.lc_features.features import NAMES


def made_up(n: int, seed: int = 0) -> pa.Table:
    """n alerts in the common view, as far as the three modules read it."""
    rng = np.random.default_rng(seed)
    count = rng.integers(4, 41, n)
    total, offsets = int(count.sum()), pa.array(np.concatenate([[0], np.cumsum(count)]).astype(np.int32))
    flux = rng.lognormal(10, 0.3, total)
    points = {
        "lc_mjd": np.concatenate([np.sort(rng.uniform(60000, 60030, k)) for k in count]),
        "lc_band": np.array(["g", "r"], object)[rng.integers(0, 2, total)],
        "lc_kind": np.full(total, "detection", object),
        "lc_flux": flux,
        "lc_flux_err": flux * rng.uniform(0.02, 0.2, total),
    }
    columns: dict[str, Any] = {
        "survey": ["ztf"] * n,
        "alert_id": np.arange(n),
        "object_id": [str(i) for i in range(n)],
        "mjd": np.full(n, 60030.0),
        "first_detection_mjd": np.full(n, 60000.0),
        "last_limit_mjd": np.full(n, 59999.0),
        "quality_ok": np.full(n, True),
        "real_bogus": np.full(n, 0.99),
        "corrected": np.full(n, False),
    }
    for column in LIGHT_CURVE:
        values = pa.array(points[column.name]) if column.name in points else pa.nulls(total, column.type.value_type)
        columns[column.name] = pa.ListArray.from_arrays(offsets, values)
    return pa.table(columns)


def extractor() -> Any:
    """light-curve's extractor of the 30 statistics that it shares with lc_features, in the order of NAMES."""
    return lc.Extractor(
        *(lc.Mean(), lc.WeightedMean(), lc.StandardDeviation(), lc.Median(), lc.Amplitude(), lc.BeyondNStd(1)),
        *(lc.BeyondNStd(2), lc.Cusum(), lc.InterPercentileRange(0.1), lc.Kurtosis(), lc.Skew(), lc.LinearTrend()),
        *(lc.LinearFit(), lc.MagnitudePercentageRatio(0.4, 0.05), lc.MagnitudePercentageRatio(0.2, 0.1)),
        *(lc.MaximumSlope(), lc.MedianAbsoluteDeviation(), lc.MedianBufferRangePercentage(0.1)),
        *(lc.PercentAmplitude(), lc.AndersonDarlingNormal(), lc.ReducedChi2(), lc.StetsonK(), lc.Eta(), lc.EtaE()),
        *(lc.ExcessVariance(), lc.Duration()),
    )


def timed(name: str, repeats: int, n: int, function: Callable[[], Any]) -> Any:
    """Print CPU microseconds per alert; the last answer."""
    used, answer = [], function()
    for _ in range(repeats):
        start = time.process_time()
        answer = function()
        used.append((time.process_time() - start) / n * 1e6)
    print(f"{name:58s} {statistics.median(used):8.2f} us/alert  ({min(used):.2f} to {max(used):.2f})")
    return answer


def main() -> None:
    """Run all timings; stops if the two sides differ."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--alerts", type=int, default=4000)
    parser.add_argument("--repeats", type=int, default=7)
    options = parser.parse_args()
    table, n, repeats = made_up(options.alerts), options.alerts, options.repeats
    packages = ", ".join(f"{name} {version(name)}" for name in ("numpy", "numba", "light-curve", "coniferest"))
    print(f"{platform.machine()}, Python {platform.python_version()}, {packages}; {n} alerts, 2 bands")
    batch = AlertBatch(table)
    points = band_curves(batch)
    kernel = lc_features.load({})
    ours = timed("lc_features: kernel alone", repeats, n, lambda: statistics_of(points, kernel))
    timed("lc_features: run, from flat light curves to DataFrame", repeats, n, lambda: lc_features.run(batch, kernel))
    compare(ours, points, repeats, n)
    timed("rise: run", repeats, n, lambda: rise.run(batch, None))
    forest(table, repeats, n)
    everything(table, repeats, n)


def statistics_of(points: Any, kernel: Any) -> Any:
    """What lc_features computes, without the table around it."""
    values = np.full((len(points.starts) - 1, len(NAMES)), np.nan)
    kernel(points.starts, points.mjd, points.mag, points.mag_err, values)
    return values


def compare(ours: Any, points: Any, repeats: int, n: int) -> None:
    """light-curve on the same curves: all at once (`many`), and one call per curve."""
    rows = np.flatnonzero(np.diff(points.starts))
    parts = [slice(points.starts[k], points.starts[k + 1]) for k in rows]
    given = [(points.mjd[p] - 60000, points.mag[p], points.mag_err[p]) for p in parts]
    extract, settings = extractor(), {"fill_value": np.nan, "sorted": True, "check": False}
    many = timed("light-curve: Extractor.many, n_jobs=1", repeats, n, lambda: extract.many(given, n_jobs=1, **settings))
    timed("light-curve: Extractor, a call per curve", repeats, n, lambda: [extract(*c, **settings) for c in given])
    np.testing.assert_allclose(ours[rows][:, : many.shape[1]], many, rtol=1e-5, atol=1e-6)
    print("the two agree")


def forest(table: pa.Table, repeats: int, n: int) -> None:
    """The shipped forest on the features of these alerts, and coniferest on a forest of the same size."""
    science = Enrichment([lc_features.MODULE]).run(table)
    state, batch = anomaly.load(artefacts.find(anomaly.MODULE)), AlertBatch(science)
    found = curves(batch)
    print(f"{len(found.x)} light curves of {len(set(found.alert))} alerts pass the cuts of anomaly")
    timed("anomaly: forest alone, scores and contributions", repeats, n, lambda: state["ztf"].score(found.x))
    grown = IsolationForest(200, 256, random_seed=0, n_jobs=1).fit(found.x)
    timed("coniferest: score_samples, 1 thread", repeats, n, lambda: grown.score_samples(found.x))
    timed("coniferest: feature_signature, 1 thread", repeats, n, lambda: grown.feature_signature(found.x))
    timed("anomaly: run", repeats, n, lambda: anomaly.run(batch, state))


def everything(table: pa.Table, repeats: int, n: int) -> None:
    """The three modules through the enrichment, struct columns included, in batches of 1000."""
    modules = [lc_features.MODULE, rise.MODULE, anomaly.MODULE]
    enrichment = Enrichment(modules, {"anomaly": artefacts.find(anomaly.MODULE)})
    parts = [table.slice(at, 1000) for at in range(0, n, 1000)]
    timed("all three, enrichment of batches of 1000", repeats, n, lambda: [enrichment.run(part) for part in parts])
    print(f"columns: {len(lc_features.MODULE.outputs)} + {len(rise.MODULE.outputs)}, bands {BANDS}")


if __name__ == "__main__":
    main()
