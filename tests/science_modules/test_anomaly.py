"""The isolation forest: our arrays against coniferest, the cuts, the training, and injected anomalies on real alerts."""

import io
import json
import zipfile
from collections.abc import Callable, Mapping, Sequence
from hashlib import sha256
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from coniferest.isoforest import IsolationForest
from views import light_curves, ztf_view

from jobs.cli.train import main as train_main
from jobs.pipeline.enrichment.modules import Enrichment
from jobs.training.anomaly_set import light_curve_rows
from science_modules import registry
from science_modules.anomaly import ARTEFACTS, MODULE, load, run
from science_modules.anomaly.forest import Forest
from science_modules.anomaly.selection import FEATURES, NOT_QUALITY, NOT_REAL, TOO_FEW, UNDEFINED, Curves, curves
from science_modules.anomaly.training import Settings, alert_scores, grow, thinned, train
from science_modules.common import artefacts
from science_modules.common.alert_batch import AlertBatch
from science_modules.common.view import BANDS

SMALL = Settings(n_trees=20, n_subsamples=64, seed=3)
LC_FEATURES = registry.get("lc_features")


def sample(n: int = 300, seed: int = 0) -> Curves:
    """n made-up light curves of n alerts in g."""
    x = np.random.default_rng(seed).normal(size=(n, len(FEATURES))).astype(np.float32)
    return Curves(np.arange(n), np.ones(n, np.int64), x, np.full(n, None, object))


def science(x: Sequence[Mapping[str, Any]], **columns: Any) -> pa.Table:
    """Alerts with these statistics per band, 9 detections in each band that is given."""
    rows = []
    for bands in x:
        row: dict[str, Any] = {f"n_{band}": 9 if band in bands else 0 for band in BANDS}
        for band, values in bands.items():
            row |= {f"{name}_{band}": float(v) for name, v in zip(FEATURES, values, strict=True)}
        rows.append(row)
    n = len(x)
    alert = {"survey": ["ztf"] * n, "quality_ok": [True] * n, "real_bogus": [0.99] * n} | columns
    known = {
        "survey": pa.array(alert["survey"]),
        "alert_id": pa.array(range(n)),
        "object_id": pa.array(alert.get("object_id", [f"o{i}" for i in range(n)])),
        "mjd": pa.array([60000.0 + i for i in range(n)]),
        "quality_ok": pa.array(alert["quality_ok"], pa.bool_()),
        "real_bogus": pa.array(alert["real_bogus"], pa.float64()),
    }
    return pa.table({**known, "lc_features": pa.array(rows, LC_FEATURES.arrow_type)})


def scored(table: pa.Table, forest: Forest) -> pd.DataFrame:
    return run(AlertBatch(table), {"ztf": forest})


@pytest.fixture(scope="module")
def small() -> Forest:
    return grow(sample(), SMALL)


def test_scores_are_those_of_coniferest(small: Forest) -> None:
    grown = IsolationForest(20, 64, random_seed=3).fit(sample().x)
    new = sample(500, seed=9).x * 2
    np.testing.assert_allclose(small.score(new)[0], grown.score_samples(new), rtol=1e-6)


def test_a_value_on_a_threshold_goes_where_coniferest_sends_it(small: Forest) -> None:
    grown = IsolationForest(20, 64, random_seed=3).fit(sample().x)
    splits = np.flatnonzero(small.left > 0)[:200]
    x = np.zeros((len(splits), len(FEATURES)), np.float32)
    x[np.arange(len(splits)), small.feature[splits]] = small.value[splits]
    np.testing.assert_allclose(small.score(x)[0], grown.score_samples(x), rtol=1e-6)


def test_contributions_are_the_path_deltas_of_coniferest_and_add_up(small: Forest) -> None:
    grown = IsolationForest(20, 64, random_seed=3).fit(sample().x)
    new = sample(100, seed=9).x
    scores, contributions = small.score(new)
    # feature_signature is delta / hits / c(n), with delta the sum of our step lengths and the opposite sign.
    deltas, _ = grown.evaluator._feature_delta_sum(new)
    np.testing.assert_allclose(contributions, -deltas / 20, rtol=1e-4, atol=1e-6)
    mean_path = -np.log2(-scores) * small.scale[0]
    np.testing.assert_allclose(contributions.sum(axis=1), small.scale[0] - mean_path, atol=1e-5)


def test_the_scale_is_the_path_length_of_liu_2008(small: Forest) -> None:
    # c(n) = 2 H(n - 1) - 2 (n - 1) / n
    assert small.scale[0] == pytest.approx(2 * sum(1 / k for k in range(1, 64)) - 2 * 63 / 64, rel=1e-6)


def test_an_outlier_is_anomalous_because_of_what_is_odd_in_it() -> None:
    forest = grow(sample(), Settings(n_trees=300, n_subsamples=64, seed=3))
    ordinary, odd = np.zeros(len(FEATURES)), np.zeros(len(FEATURES))
    names = ["mean", "maximum_slope", "stetson_k"]
    odd[[FEATURES.index(name) for name in names]] = 50, -50, 50
    frame = scored(science([{"r": ordinary}, {"r": odd}]), forest)
    assert frame["score"][1] < frame["score"][0]
    assert frame["percentile"][1] > frame["percentile"][0]
    assert sorted(frame["why"][1]) == sorted(f"{name}_r" for name in names)


def test_the_score_is_that_of_the_most_anomalous_band(small: Forest) -> None:
    x = sample(2, seed=5).x
    single = scored(science([{"g": x[0]}, {"i": x[1]}]), small)
    both = scored(science([{"g": x[0], "i": x[1]}]), small)
    assert both["score"][0] == single["score"].min()
    assert both["band"][0] == ("g", "i")[int(single["score"].argmin())]
    assert all(name.endswith(f"_{both['band'][0]}") for name in both["why"][0])


def test_percentile_is_the_share_of_training_alerts_that_are_less_anomalous(small: Forest) -> None:
    x = np.vstack([sample(5, seed=5).x, sample().x[:5]])  # new ones, and some of the training sample itself
    frame = scored(science([{"g": row} for row in x]), small)
    for score, percentile in zip(frame["score"], frame["percentile"], strict=True):
        assert percentile == pytest.approx(100 * sum(t > score for t in small.training_scores) / 300)


def test_every_cut_has_its_reason(small: Forest) -> None:
    x = np.zeros(len(FEATURES))
    missing = x.copy()
    missing[3] = np.nan
    table = science(
        [{"g": x}, {"g": x}, {"g": x}, {"g": x}, {}, {"g": missing}, {"g": missing, "r": x}, {"g": x}],
        quality_ok=[False, None, True, True, True, True, True, True],
        real_bogus=[0.9, 0.9, 0.5, None, 0.9, 0.9, 0.9, 0.9],
        survey=["ztf"] * 7 + ["lsst"],
    )
    frame = scored(table, small)
    reasons = [NOT_QUALITY, NOT_QUALITY, NOT_REAL, NOT_REAL, TOO_FEW, UNDEFINED, None, "no forest for survey lsst"]
    assert list(frame["error"]) == reasons
    assert list(frame["score"].isna()) == [reason is not None for reason in reasons]
    assert list(frame["why"].isna()) == [reason is not None for reason in reasons]


def test_an_object_of_a_release_has_no_alert_and_is_not_asked_for_a_real_bogus_score() -> None:
    x = [{"r": np.zeros(len(FEATURES))}] * 3
    table = science(x, real_bogus=[None, None, 0.9], quality_ok=[True, True, False])
    place = table.column_names.index("alert_id")
    table = table.set_column(place, "alert_id", pa.array([None, 1, None], pa.int64()))
    frame = scored(table, grow(sample(), SMALL))
    assert frame["error"].tolist() == [None, NOT_REAL, NOT_QUALITY]
    assert np.isfinite(frame["score"]).tolist() == [True, False, False]


def test_a_forest_on_other_statistics_is_refused(small: Forest) -> None:
    other = Forest(**{**vars(small), "features": np.array(["mean"] * len(FEATURES))})
    with pytest.raises(ValueError, match="forest of ztf splits on"):
        load({"forest_ztf.npz": other.to_bytes()})


def test_a_forest_survives_its_file_bit_for_bit(small: Forest) -> None:
    again = Forest.from_bytes(small.to_bytes())
    assert all(np.array_equal(getattr(again, name), value) for name, value in vars(small).items())
    assert again.to_bytes() == small.to_bytes()


def test_the_shipped_forest_is_plain_arrays_below_2_mb_and_its_card_names_it() -> None:
    data = artefacts.find(MODULE)["forest_ztf.npz"]
    assert len(data) < 2_000_000
    with zipfile.ZipFile(io.BytesIO(data)) as archive:
        for name in archive.namelist():
            assert b"'descr': '|O'" not in archive.read(name)[:256], f"{name} holds pickled objects"
    card = json.loads((Path(artefacts.places(MODULE, Path())[0]) / "forest_ztf.json").read_text())
    assert card["sha256"] == ARTEFACTS[0].sha256 == sha256(data).hexdigest()
    assert len(Forest.from_bytes(data).training_scores) == card["n_alerts"]


def test_no_object_has_more_alerts_than_told_and_they_are_spread() -> None:
    objects = np.array(["a"] * 9 + ["b"] * 2 + ["c"] * 4, dtype=object)
    kept = thinned(objects, 3)
    assert list(kept) == [2, 5, 8, 9, 10, 12, 13, 14]
    assert len(thinned(objects[:0], 3)) == 0


def made_up_science(n: int = 200) -> pa.Table:
    x = sample(n, seed=1).x
    return science([{"g": row, "r": row + 0.1} for row in x], object_id=[f"o{i // 2}" for i in range(n)])


def test_training_does_not_depend_on_the_order_of_the_rows() -> None:
    table = made_up_science()
    shuffled = table.take(np.random.default_rng(0).permutation(len(table)))
    assert train(table, SMALL).to_bytes() == train(shuffled, SMALL).to_bytes()


def test_too_few_light_curves_are_told_with_what_each_cut_left_out() -> None:
    x = sample(12, seed=1).x
    bogus, unsound = [0.1] * 3 + [0.99] * 9, [True] * 10 + [False] * 2
    table = science([{"g": row} for row in x], object_id=["o"] * 9 + list("abc"), real_bogus=bogus, quality_ok=unsound)
    with pytest.raises(ValueError, match="wants at least 64 light curves") as found:
        train(table, SMALL)
    assert str(found.value) == (
        "wants at least 64 light curves (settings: n_subsamples), 4 pass the cuts; of 12 alerts: 7 pass; 4 are left with 3 of"
        " an object; 3 not applicable: real_bogus is unknown or not over 0.5; 2 not applicable: quality_ok is false or unknown"
    )


def test_the_job_trains_on_nights_and_writes_forest_and_card(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    table = made_up_science()
    for night, rows in ((20240101, table), (20240102, table.slice(0, 10))):
        folder = tmp_path / "science" / f"night={night}"
        folder.mkdir(parents=True)
        pq.write_table(rows, folder / "a.parquet")
    given = [
        *settings(tmp_path),
        "--set",
        f"data.science={tmp_path / 'science'}",
        "--set",
        "data.nights=[20240101, 20240101]",
    ]
    assert train_main(["anomaly", *given]) == 0
    model = tmp_path / "run" / "model"
    data = (model / "forest_ztf.npz").read_bytes()
    record = json.loads((model / "training.json").read_text())
    facts = record["facts"]
    assert (facts["n_alerts"], facts["n_objects"], facts["n_light_curves"]) == (200, 100, 400)
    assert 0.0 <= facts["share beyond 99"] <= facts["share beyond 95"] < 0.25
    assert record["artefacts"] == {"forest_ztf.npz": sha256(data).hexdigest()}
    assert list(record["files"]) == [str(tmp_path / "science" / "night=20240101" / "a.parquet")]
    assert Forest.from_bytes(data).to_bytes() == train(table, SMALL).to_bytes()
    assert "| none | science | real | 200 | 100 |" in (model / "README.md").read_text()
    assert record["artefacts"]["forest_ztf.npz"] in capsys.readouterr().out


def settings(folder: Path) -> list[str]:
    return ["--output", str(folder / "run"), "--set", "settings={n_trees: 20, n_subsamples: 64, seed: 3}"]


def test_the_job_refuses_what_it_cannot_train_on(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    given = ["anomaly", "--output", str(tmp_path / "run"), "--set", f"data.science={tmp_path}"]
    assert train_main(given) == 2
    assert "no night" in capsys.readouterr().err
    folder = tmp_path / "night=20240101"
    folder.mkdir()
    pq.write_table(made_up_science(20).drop_columns(["lc_features"]), folder / "a.parquet")
    assert train_main(given) == 2
    assert "lacks ['lc_features']" in capsys.readouterr().err
    pq.write_table(made_up_science(20), folder / "a.parquet")
    assert train_main(given) == 2
    told = capsys.readouterr().err
    assert "wants at least 256 light curves (settings: n_subsamples), 40 pass the cuts; of " in told


def test_windows_of_labelled_light_curves_are_30_days_of_positive_detections(real_alerts: Path) -> None:
    rows = light_curve_rows(real_alerts / "lightcurves" / "ztf_labelled_lc.parquet", "ztf", 20)
    given = pd.read_parquet(real_alerts / "lightcurves" / "ztf_labelled_lc.parquet")
    assert rows.num_rows == 20
    for row in rows.to_pylist():
        own = given[(given["object"] == row["object_id"]) & given["detected"]]
        window = own[(own["mjd"] <= row["mjd"]) & (own["mjd"] > row["mjd"] - 30)]
        for band in ("g", "r"):
            assert row["lc_features"][f"n_{band}"] == (window["band"] == band).sum()
        assert (own["coarse"] == "SN").all()


@pytest.fixture(scope="module")
def real_halves(ztf_packets: Sequence[Mapping[str, Any]]) -> tuple[Forest, pa.Table]:
    """A forest of the real alerts of one half of the objects, and the scorable real alerts of the other half."""
    table = ztf_view(ztf_packets)
    keep = [name for name in table.column_names if name not in ("candidate",) and not name.startswith("cutout")]
    table = table.select(keep)
    half = np.array([sha256(name.encode()).digest()[0] % 2 for name in table["object_id"].to_pylist()])
    passed = [reason is None for reason in curves(AlertBatch(with_features(table))).reasons]
    forest = train(with_features(table.filter(pa.array(half == 0))), Settings(n_subsamples=128))
    return forest, table.filter(pa.array((half == 1) & np.array(passed)))


def with_features(table: pa.Table) -> pa.Table:
    return Enrichment([LC_FEATURES]).run(table)


Injection = Callable[[AlertBatch], Any]


def outburst(batch: AlertBatch) -> Any:
    """The last point 2 mag brighter."""
    points = batch.light_curves
    factor = np.ones(len(points.mjd))
    factor[points.offsets[1:] - 1] = 10**0.8
    return factor


def fade(batch: AlertBatch) -> Any:
    """0.3 mag a day on top of what is there."""
    points = batch.light_curves
    return 10 ** (-0.4 * 0.3 * (points.mjd - points.mjd[points.offsets[:-1]][points.owner]))


def injected(table: pa.Table, injection: Injection) -> pa.Table:
    """The same alerts with the fluxes of their light curves multiplied."""
    factor, offsets = injection(AlertBatch(table)), AlertBatch(table).light_curves.offsets.astype(np.int32)
    for name in ("lc_flux", "lc_flux_err", "lc_flux_total", "lc_flux_total_err"):
        values = table[name].combine_chunks().flatten().to_numpy(zero_copy_only=False) * factor
        column = pa.ListArray.from_arrays(pa.array(offsets), pa.array(values, from_pandas=True))
        table = table.set_column(table.column_names.index(name), name, column)
    return table


@pytest.mark.parametrize("injection", [outburst, fade])
def test_injected_anomalies_of_unseen_objects_rank_before_ordinary_alerts(
    real_halves: tuple[Forest, pa.Table], injection: Injection
) -> None:
    forest, unseen = real_halves
    ordinary = alert_scores(forest, curves(AlertBatch(with_features(unseen))))
    odd = alert_scores(forest, curves(AlertBatch(with_features(injected(unseen, injection)))))
    assert len(odd) == len(ordinary) >= 100
    area = np.mean(odd[:, None] < ordinary[None, :])  # share of pairs in the right order
    assert area > 0.85


def test_one_alert_in_twenty_of_unseen_objects_lies_beyond_the_95th_percentile(
    real_halves: tuple[Forest, pa.Table],
) -> None:
    forest, unseen = real_halves
    percentile = forest.percentile(alert_scores(forest, curves(AlertBatch(with_features(unseen)))))
    assert 0.01 < np.mean(percentile > 95) < 0.13


def test_a_batch_of_none_is_scored(small: Forest) -> None:
    assert len(scored(science([{}]).slice(0, 0), small)) == 0


def test_light_curves_without_features_do_not_reach_the_forest() -> None:
    table = pa.table({**light_curves([[(60000.0, "r", 1e4, 10.0)]]), "corrected": pa.array([False])})
    known = {"survey": ["ztf"], "alert_id": [1], "object_id": ["a"], "quality_ok": [True], "real_bogus": [0.9]}
    for name, values in known.items():
        table = table.append_column(name, pa.array(values))
    enriched = Enrichment([LC_FEATURES, MODULE], {"anomaly": artefacts.find(MODULE)}).run(table)
    assert enriched["anomaly"][0].as_py()["error"] == TOO_FEW
