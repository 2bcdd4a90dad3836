"""real_bogus_stamps: both surveys in one batch, no opinion among its inputs, weights and calibration of its trees."""

from pathlib import Path

import numpy as np
import pyarrow as pa
import pytest

from science_modules import real_bogus_stamps
from science_modules.common import artefacts, examples
from science_modules.common.alert_batch import AlertBatch
from science_modules.common.boosted_trees import Forest
from science_modules.common.image_numbers import NAMES
from science_modules.real_bogus_stamps import growing

STATE = real_bogus_stamps.load(artefacts.find(real_bogus_stamps.MODULE))
N = 12


def answers(table: pa.Table) -> np.ndarray:
    return real_bogus_stamps.run(AlertBatch(table), STATE)["p_real"].to_numpy()


def test_alerts_of_two_surveys_in_one_batch_have_the_answers_that_each_has_alone() -> None:
    ztf, lsst = examples.examples(N, "ztf"), examples.examples(N, "lsst")
    places = {name: [0.0] * 2 * N for name in ("xpos", "ypos", "x", "y")}
    for number, (names, table) in enumerate(((("xpos", "ypos"), ztf), (("x", "y"), lsst))):
        for name in names:
            places[name][number * N : (number + 1) * N] = pa.compute.struct_field(table["candidate"], name).to_pylist()
    columns = ["survey", "is_positive", *(f"cutout_{name}" for name in ("science", "template", "difference"))]
    both = pa.concat_tables([ztf.select(columns), lsst.select(columns)])
    both = both.append_column(
        "candidate", pa.StructArray.from_arrays(list(map(pa.array, places.values())), list(places))
    )
    np.testing.assert_array_equal(answers(both), np.concatenate([answers(ztf), answers(lsst)]))
    turned = np.arange(2 * N) * 5 % (2 * N)  # surveys one after another
    np.testing.assert_array_equal(answers(both.take(turned)), answers(both)[turned])


def test_what_is_an_opinion_or_ages_is_no_input() -> None:
    read = {name.removeprefix("candidate.") for name in real_bogus_stamps.MODULE.inputs}
    assert read == {"survey", "cutouts", "is_positive", "xpos", "ypos", "x", "y"}


def test_a_stamp_that_the_edge_cut_is_taken_as_one_that_lacks_these_pixels() -> None:
    whole = np.random.default_rng(1).normal(100, 5, (63, 63)) + examples.point_source((63, 63), 500, 2.5)
    lacking = whole.copy()
    lacking[:, :20] = np.nan
    found = []
    for image in (lacking, whole[:, 20:]):
        table = examples.with_cutouts(examples.examples(1, "ztf"), examples.fits_stamp(image))
        candidate = [{**row, "xpos": 12.0, "ypos": 900.0} for row in table["candidate"].to_pylist()]
        at = table.schema.get_field_index("candidate")
        field = table.schema.field(at)
        found.append(answers(table.set_column(at, field, pa.array(candidate, field.type))))
    np.testing.assert_array_equal(found[0], found[1])
    assert np.isfinite(found[0]).all()


def test_trees_of_other_features_are_refused_and_a_class_without_examples_is_named() -> None:
    other = Forest(**{**vars(STATE["ztf"]), "features": STATE["ztf"].features[::-1]}).to_bytes()
    with pytest.raises(ValueError, match="trees split on"):
        real_bogus_stamps.load({real_bogus_stamps.file_of(survey): other for survey in real_bogus_stamps.SURVEYS})
    with pytest.raises(ValueError, match="every class wants examples, there are: real 0, bogus 5"):
        growing.grow(np.zeros((5, len(NAMES))), np.zeros(5, int), np.zeros(5, bool), growing.Settings(), 1)


def test_simulated_examples_have_their_share_of_a_class_however_many_they_are() -> None:
    label, simulated = np.array([0, 0, 0, 0, 1, 1, 1]), np.array([1, 1, 1, 0, 1, 1, 1], bool)
    weight = growing._weights(label, simulated, 0.1)
    np.testing.assert_allclose(weight[:4], [0.1 / 3, 0.1 / 3, 0.1 / 3, 0.9])
    np.testing.assert_allclose(weight[4:], weight[4])  # alone they have all of it


def test_a_calibrated_answer_is_one_half_where_both_are_equally_frequent() -> None:
    logits = np.repeat([-1.0, 1.0, 3.0], [30, 100, 60])
    label = np.concatenate([np.zeros(30, int), np.tile([0, 1], 50), np.ones(60, int)])
    forest = growing.calibrated(STATE["ztf"], logits, label)
    x = np.zeros((1, len(NAMES)))
    moved = (forest.logits(x) - STATE["ztf"].logits(x))[0, 0]
    said = 1 / (1 + np.exp(-(np.array([-1.0, 1.0, 3.0]) + moved) / forest.temperature[0]))
    assert said[0] < 0.1 and said[2] > 0.9
    assert said[1] == pytest.approx(0.42, abs=0.06)  # 50 of 110 real, 50 of 80 bogus


def test_alerts_that_the_survey_is_sure_of_are_mostly_called_real(real_alerts: Path) -> None:
    from jobs import read_packets

    for survey, file in (("ztf", "ztf_alerts/ztf_alerts_008.avro"), ("lsst", "lsst_alerts/lsst_v10_0_002.avro")):
        table = read_packets(real_alerts / file)
        said, sure = answers(table), table["real_bogus"].to_numpy() > 0.9
        assert set(table["survey"].to_pylist()) == {survey}
        assert np.isfinite(said).all() and sure.sum() > 20
        assert (said[sure] > 0.5).mean() > 0.8
