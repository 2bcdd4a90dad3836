"""stamp: inputs placed and scaled as said, trees exactly those of scikit-learn, rules, the published network."""

import os
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pytest

from science_modules import stamp
from science_modules.common import artefacts, boosting, examples
from science_modules.common.alert_batch import AlertBatch
from science_modules.common.boosted_trees import Forest, probabilities
from science_modules.common.ztf_stamps import planes
from science_modules.stamp import features, growing, history, image_numbers, metadata
from science_modules.stamp.stamps import crops
from science_modules.stamp.trees import ALONE, WITH_HISTORY, Trees

STATE = stamp.load(artefacts.find(stamp.MODULE))
N = 24


def alerts(**columns: Any) -> pa.Table:
    table = examples.examples(N, "ztf")
    for name, values in columns.items():
        field = table.schema.field(name)
        table = table.set_column(table.schema.get_field_index(name), field, pa.array(values, field.type))
    return table


def with_candidate(table: pa.Table, **values: float) -> pa.Table:
    rows = [{**row, **values} for row in table["candidate"].to_pylist()]
    at = table.schema.get_field_index("candidate")
    return table.set_column(at, table.schema.field("candidate"), pa.array(rows, table.schema.field("candidate").type))


def turned(images: np.ndarray) -> np.ndarray:
    return np.ascontiguousarray(np.rot90(images, axes=(-2, -1)))


def test_published_features_are_clipped_and_in_the_published_order() -> None:
    table = with_candidate(
        alerts(is_positive=[False] * N), sgscore1=-999.0, distpsnr2=-999.0, fwhm=12.0, ndethist=40, ncovhist=3500, chinr=20.0,
        sharpnr=-999.0, ra=266.40499, dec=-28.93617, magpsf=18.5,
    )  # fmt: skip
    found = dict(zip(features.NAMES, features.published_features(AlertBatch(table))[0], strict=True))
    assert len(features.NAMES) == 26
    assert found["sgscore1"] == found["distpsnr2"] == found["sharpnr"] == -1
    assert (found["fwhm"], found["ndethist"], found["ncovhist"], found["non_detections"]) == (10, 20, 3000, 2000)
    assert (found["chinr"], found["isdiffpos"], found["magpsf"]) == (15, 1, 18.5)
    # the Galactic centre: l = 0, b = 0; ecliptic 266.84, -5.54 (Blaauw et al. 1960, precessed to J2000)
    assert found["gal_lat"] == pytest.approx(0, abs=1e-3)
    assert min(found["gal_long"], 360 - found["gal_long"]) == pytest.approx(0, abs=1e-3)
    assert (found["ecl_long"], found["ecl_lat"]) == pytest.approx((266.84, -5.54), abs=0.02)


def test_crops_are_scaled_channel_by_channel_and_hold_no_nan() -> None:
    images = np.random.default_rng(1).normal(100, 10, (2, 3, 63, 63)).astype(np.float32)
    images[0, 0, 31, 31], images[0, 1] = np.nan, 7.0
    found = crops(images)
    assert found.shape == (2, 21, 21, 3)
    assert found[0, 10, 10, 0] == 0
    assert np.all(found[0, :, :, 1] == 0)
    own = images[1, 2, 21:42, 21:42]
    np.testing.assert_allclose(found[1, :, :, 2], (own - own.min()) / (own.max() - own.min()), rtol=1e-6)


@pytest.mark.parametrize(
    ("shape", "at", "first"),
    [((48, 63), (1500.0, 17.0), (15, 0)), ((48, 63), (1500.0, 3064.0), (0, 0)), ((63, 40), (9.0, 800.0), (0, 23)),
     ((63, 40), (3060.0, 800.0), (0, 0)), ((48, 63), (float("nan"), float("nan")), (0, 0))],
)  # fmt: skip
def test_a_cut_stamp_is_padded_on_the_side_of_the_edge(shape: Any, at: Any, first: Any) -> None:
    image = np.random.default_rng(2).normal(0, 1, shape).astype(np.float32)
    table = examples.with_cutouts(alerts(), examples.fits_stamp(image)).slice(0, 1)
    found = planes(AlertBatch(with_candidate(table, xpos=at[0], ypos=at[1])))[0, 1]
    y, x = first
    np.testing.assert_array_equal(found[y : y + shape[0], x : x + shape[1]], image)
    assert np.isnan(found).sum() == 63 * 63 - image.size


def test_a_larger_stamp_is_cropped_about_its_middle() -> None:
    image = np.random.default_rng(3).normal(0, 1, (71, 65)).astype(np.float32)
    table = examples.with_cutouts(alerts(), examples.fits_stamp(image)).slice(0, 1)
    np.testing.assert_array_equal(planes(AlertBatch(table))[0, 0], image[4:67, 1:64])


def test_numbers_of_the_image_do_not_change_when_it_is_turned_or_mirrored() -> None:
    images = planes(AlertBatch(alerts()))
    images[0, 0, 20:30, 10:20] = np.nan
    found = image_numbers.image_numbers(images)
    assert np.isfinite(found).mean() > 0.98
    for other in (turned(images), turned(turned(images)), images[..., ::-1]):
        np.testing.assert_allclose(image_numbers.image_numbers(other), found, rtol=1e-6, atol=1e-6)


def test_numbers_of_the_image_are_those_of_a_source_that_is_known() -> None:
    rng = np.random.default_rng(4)
    noise = rng.normal(0, 2, (1, 3, 63, 63))
    noise[0, 2] += examples.point_source((63, 63), 200, 2.4, 0, (0.6, -0.8))
    found = dict(zip(image_numbers.NAMES, image_numbers.image_numbers(noise.astype(np.float32))[0], strict=True))
    assert found["difference_offset"] == pytest.approx(1.0, abs=0.1)
    assert found["difference_size"] == pytest.approx(2.4 / 2.3548, rel=0.1)
    assert found["difference_brightest_at"] == pytest.approx(np.sqrt(2), abs=0.01)
    assert np.sinh(found["difference_brightest"]) == pytest.approx(100, rel=0.2)
    assert found["difference_missing"] == 0


def test_an_alert_without_stamps_has_no_numbers() -> None:
    assert np.isnan(image_numbers.image_numbers(np.full((1, 3, 63, 63), np.nan, np.float32))[0, :8]).all()


@pytest.fixture(scope="module")
def learnt() -> growing.TrainingSet:
    """Made-up examples of five classes that a few features tell; half without stamps."""
    rng = np.random.default_rng(5)
    label = np.tile(np.arange(5), 60)
    fields = rng.normal(0, 1, (300, len(metadata.NAMES)))
    numbers = rng.normal(0, 1, (300, len(image_numbers.NAMES)))
    fields[:, 3] += 3 * label
    numbers[:, 7] += 2 * (label % 2)
    fields[rng.random(fields.shape) < 0.1] = np.nan
    numbers[150:] = np.nan
    past = rng.normal(0, 1, (300, len(history.NAMES)))
    past[:, 5] += 4 * (label == 2)
    return growing.TrainingSet(
        fields, numbers, past, rng.random(300) < 0.8, label, np.arange(300) % 10 == 0, np.ones(300)
    )


def test_the_forest_is_the_mean_of_two_classifiers_of_scikit_learn(learnt: growing.TrainingSet) -> None:
    settings = growing.Settings(rounds=4)
    data = growing.grow(learnt, settings, 1).to_bytes()
    assert growing.grow(learnt, settings, 1).to_bytes() == data  # the same seed
    forest = Forest.from_bytes(data)
    pictured = learnt.take(learnt.has_stamps)
    x = np.hstack([learnt.fields, learnt.numbers])
    of_fields = boosting.boosted(
        learnt.fields, learnt.label, growing.weights(learnt, learnt.label, 5, settings), settings, 1
    )
    of_fields = of_fields._raw_predict(learnt.fields)
    both = np.hstack([pictured.fields, pictured.numbers])
    of_both = boosting.boosted(
        both, pictured.label, growing.weights(pictured, pictured.label, 5, settings), settings, 1
    )
    of_both = of_both._raw_predict(x)
    real = np.bincount(pictured.label[~pictured.simulated])
    prior = 0.3 * np.log((real + 1) / (real + 1).sum())
    np.testing.assert_allclose(forest.logits(x), (of_fields + of_both) / 2 + prior, rtol=1e-12, atol=1e-12)
    assert (forest.logits(x).argmax(axis=1) == learnt.label).mean() > 0.9


def test_the_forest_of_what_was_seen_before_is_that_of_scikit_learn_without_asteroids(
    learnt: growing.TrainingSet,
) -> None:
    settings = growing.Settings(rounds=4)
    forest = growing.grow_history(learnt, settings, 1)
    known = learnt.take(learnt.earlier & (learnt.label != stamp.ASTEROID))
    label = np.where(known.label == 4, 3, known.label)
    weight = growing.weights(known, label, 4, settings)
    fields = np.hstack([known.fields, known.past])
    of_fields = boosting.boosted(fields, label, weight, settings, 1)
    pictured = known.has_stamps
    x = np.hstack([learnt.fields, learnt.numbers, learnt.past])
    both = np.hstack([known.fields, known.numbers, known.past])[pictured]
    weight = growing.weights(known.take(pictured), label[pictured], 4, settings)
    of_both = boosting.boosted(both, label[pictured], weight, settings, 1)
    real = np.bincount(label[pictured & ~known.simulated])
    prior = 0.3 * np.log((real + 1) / (real + 1).sum())
    of_fields = of_fields._raw_predict(np.hstack([learnt.fields, learnt.past]))
    wanted = (of_fields + of_both._raw_predict(x)) / 2 + prior
    found = forest.logits(x)
    np.testing.assert_allclose(found[:, [0, 1, 2, 4]], wanted, rtol=1e-12, atol=1e-12)
    assert (found[:, stamp.ASTEROID] == -np.inf).all()


def test_both_forests_answer_for_what_was_seen_before_and_one_for_the_rest(learnt: growing.TrainingSet) -> None:
    settings = growing.Settings(rounds=4)
    alone, past = growing.grow(learnt, settings, 1), growing.grow_history(learnt, settings, 1)
    trees = Trees(boosting.with_temperature(alone, 1.5), boosting.with_temperature(past, 2.0))
    x, earlier = learnt.features, learnt.earlier
    logits = alone.logits(x)
    found = trees.calibrated(logits, x, learnt.past, earlier)
    np.testing.assert_allclose(found[~earlier], probabilities(logits[~earlier], 1.5), atol=1e-12)
    both = (logits + past.logits(np.hstack([x, learnt.past])))[earlier] / 2
    np.testing.assert_allclose(found[earlier], probabilities(both, 2.0), atol=1e-12)
    assert (found[earlier, stamp.ASTEROID] == 0).all()


def test_a_class_that_was_never_seen_before_is_named(learnt: growing.TrainingSet) -> None:
    fresh = learnt.take((learnt.label != 1) | ~learnt.earlier)
    with pytest.raises(
        ValueError, match="every class wants examples with an earlier detection and stamps, there are: SN 0, AGN"
    ):
        growing.grow_history(fresh, growing.Settings(rounds=1), 1)


def with_light_curve(mjd: list[float], flux: list[float | None], **more: list[Any]) -> AlertBatch:
    """Alerts at MJD 60000, each with this light curve of detections in g; errors are 10 nJy."""
    given = {
        **{"lc_mjd": mjd, "lc_flux": flux, "lc_flux_err": [10.0] * len(mjd), "lc_band": ["g"] * len(mjd)},
        **{"lc_kind": ["detection"] * len(mjd), "lc_flag": [None] * len(mjd), **more},
    }
    table = examples.examples(N, "ztf")
    columns: dict[str, list[Any]] = {name: [None] * len(mjd) for name in table.schema.names if name.startswith("lc_")}
    return AlertBatch(
        alerts(
            mjd=[60000.0] * N,
            is_known_sso=[False] * N,
            **{name: [values] * N for name, values in (columns | given).items()},
        )
    )


def past_of(batch: AlertBatch) -> dict[str, float]:
    rows = history.history(batch)
    np.testing.assert_array_equal(rows[0], rows[-1])
    return dict(zip(history.NAMES, rows[0], strict=True))


def test_the_history_of_a_source_that_is_known() -> None:
    times, fluxes = [59990.0, 59998.0, 59999.0, 60000.0], [100.0, -50.0, 80.0, 160.0]
    found = past_of(with_light_curve(times, fluxes, lc_band=["g", "g", "r", "g"]))
    assert found["history_positive"] == found["history_same_sign"] == pytest.approx(2 / 3)
    assert found["history_range"] == pytest.approx(160 / 50)
    assert found["history_g_r"] == pytest.approx(160 / 80)
    assert found["history_change"] == pytest.approx((160 - 25) / 10)
    own = np.array([100.0, -50.0, 160.0])
    size = np.abs(own).mean()
    assert found["history_scatter"] == pytest.approx(own.std() / size)
    assert found["history_chi2"] == pytest.approx(own.var(ddof=1) / 100)
    assert found["history_trend"] == pytest.approx(np.polyfit([-10, -2, 0], own, 1)[0] / size)
    falling = past_of(with_light_curve(times, [100.0, 50.0, 80.0, -160.0], lc_band=["r"] * 4))
    assert (falling["history_positive"], falling["history_same_sign"]) == (1, 0)
    assert np.isnan(falling["history_g_r"])


@pytest.mark.parametrize(
    ("mjd", "flux", "kind"),
    [([59999.99, 60000.0], [90.0, 100.0], None), ([59990.0, 60000.0], [None, 100.0], None),
     ([59990.0, 60000.0], [None, 100.0], ["upper_limit", "detection"]), ([59990.0], [90.0], None), ([], [], None)],
)  # fmt: skip
def test_without_an_earlier_flux_or_its_own_an_alert_has_no_history(mjd: Any, flux: Any, kind: Any) -> None:
    batch = with_light_curve(mjd, flux, **({"lc_kind": kind} if kind else {}))
    assert np.isnan(history.history(batch)).all()


def test_what_came_later_is_no_history() -> None:
    before = with_light_curve([59990.0, 60000.0], [90.0, 100.0])
    after = with_light_curve([59990.0, 60000.0, 60003.0], [90.0, 100.0, 5000.0])
    np.testing.assert_array_equal(history.history(after), history.history(before))


def test_earlier_fluxes_move_the_used_answer_and_leave_the_raw_one() -> None:
    steady = stamp.run(with_light_curve([59990.0, 59995.0, 60000.0], [100.0, 100.0, 100.0]), STATE)
    wild = stamp.run(with_light_curve([59990.0, 59995.0, 60000.0], [-900.0, 2000.0, 100.0]), STATE)
    raw, used = ([f"{what}_{name.lower()}" for name in stamp.CLASSES] for what in ("raw", "p"))
    np.testing.assert_array_equal(steady[raw], wild[raw])
    assert np.abs(steady[used].to_numpy() - wild[used].to_numpy()).max(axis=1).min() > 0.01


def test_the_temperature_is_the_one_that_labels_were_drawn_with() -> None:
    rng = np.random.default_rng(6)
    logits = rng.normal(0, 3, (4000, 5))
    label = np.array([rng.choice(5, p=row) for row in probabilities(logits, 2.0)])
    assert boosting.best_temperature(logits, label) == pytest.approx(2.0, rel=0.1)


def test_an_earlier_detection_rules_an_asteroid_out() -> None:
    fluxes = [100.0, 100.0]
    old, limit, same_night = (
        stamp.run(with_light_curve([before, 60000.0], fluxes, lc_kind=[kind, "detection"]), STATE)
        for before, kind in ((59990.0, "detection"), (59990.0, "upper_limit"), (59999.99, "detection"))
    )
    assert (old["p_asteroid"] == 0).all()
    assert (limit["p_asteroid"] > 0).all() and (same_night["p_asteroid"] > 0).all()
    np.testing.assert_allclose(old.filter(regex="^p_").sum(axis=1), 1, atol=1e-6)
    np.testing.assert_allclose(old.filter(like="raw_").sum(axis=1), 1, atol=1e-6)


def test_a_known_solar_system_object_is_an_asteroid_and_the_raw_answer_stands() -> None:
    known = stamp.run(AlertBatch(alerts(is_known_sso=[True] * N)), STATE)
    unknown = stamp.run(AlertBatch(alerts(is_known_sso=[None] * N)), STATE)
    assert (known["p_asteroid"] == 1).all()
    assert set(known["top_class"]) == {"asteroid"}
    np.testing.assert_array_equal(known["raw_sn"], unknown["raw_sn"])
    assert (unknown["p_asteroid"] < 1).all()


def test_an_alert_without_an_answer_says_why() -> None:
    answers = stamp.run(AlertBatch(examples.with_cutouts(alerts(is_known_sso=[True] * N), None)), STATE)
    assert set(answers["error"]) == {"no science stamp"}
    assert answers[["raw_sn", "p_asteroid"]].isna().all(axis=None)
    assert answers["top_class"].isna().all() and answers["is_sn_candidate"].isna().all()


def test_trees_of_other_features_are_refused() -> None:
    files = {ALONE: STATE.alone, WITH_HISTORY: STATE.history}
    for name, forest in files.items():
        other = Forest(**{**vars(forest), "features": forest.features[::-1]})
        with pytest.raises(ValueError, match="trees split on"):
            stamp.load({**{each: trees.to_bytes() for each, trees in files.items()}, name: other.to_bytes()})


def test_the_features_that_leak_or_age_are_no_inputs() -> None:
    read = {name.removeprefix("candidate.") for name in stamp.MODULE.inputs}
    assert not read & {
        "drb",
        "rb",
        "ndethist",
        "ncovhist",
        "jd",
        "jdstarthist",
        "ra",
        "dec",
        "field",
        "ssdistnr",
        "magzpsci",
    }


def test_real_alerts_are_answered_and_turning_them_changes_nothing(real_alerts: Path) -> None:
    from jobs import read_packets

    table = read_packets(sorted((real_alerts / "ztf_alerts").glob("*.avro"))[0])
    batch = AlertBatch(table)
    answers = stamp.run(batch, STATE)
    assert answers["error"].isna().mean() > 0.99
    images, fields = planes(batch), metadata.metadata(batch)
    x = [np.hstack([fields, image_numbers.image_numbers(each)]) for each in (images, turned(images))]
    np.testing.assert_allclose(
        probabilities(STATE.alone.logits(x[0])), probabilities(STATE.alone.logits(x[1])), atol=1e-6
    )


@pytest.mark.tensorflow
def test_the_published_network_has_its_weights_and_onnx_says_the_same() -> None:
    os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
    pytest.importorskip("tensorflow")
    from science_modules.common.networks import inference_session
    from science_modules.stamp import convert, network

    model = network.build()
    rng = np.random.default_rng(7)
    for weight in model.weights:
        if weight.name in ("bias", "beta", "moving_mean"):
            weight.assign(rng.normal(0, 0.1, weight.shape))
        elif weight.name == "moving_variance":
            weight.assign(rng.uniform(0.5, 2, weight.shape))
    assert sum(int(np.prod(each.shape)) for each in model.trainable_weights) == network.N_WEIGHTS
    images = crops(planes(AlertBatch(alerts())))
    numbers = rng.normal(0, 1, (N, 26)).astype(np.float32)
    wanted = np.asarray(model([images, numbers]))
    assert wanted.std(axis=0).min() > 1e-3
    onnx = convert.to_onnx(network.weights_of(model))
    assert onnx == convert.to_onnx(network.weights_of(model))
    session = inference_session(onnx)
    for each in (images, np.rot90(images, axes=(1, 2)), np.rot90(images, 3, axes=(1, 2))):
        given = {"stamps": np.ascontiguousarray(each), "features": numbers}
        np.testing.assert_allclose(session.run(None, given)[0], wanted, atol=1e-6)
    assert set(network.silent_units(model, images)) == {"conv_1", "conv_2", "conv_3", "conv_4", "conv_5", "dense_1"}


@pytest.mark.tensorflow
def test_the_loss_is_cross_entropy_less_half_the_entropy() -> None:
    pytest.importorskip("tensorflow")
    from science_modules.stamp.network import entropy_regularised

    said = np.array([[0.5, 0.2, 0.1, 0.1, 0.1]], np.float32)
    true = np.eye(5, dtype=np.float32)[[1]]
    wanted = -np.log(0.2) + 0.5 * (said * np.log(said)).sum()
    assert float(np.asarray(entropy_regularised(0.5)(true, said))[0]) == pytest.approx(wanted, rel=1e-5)
