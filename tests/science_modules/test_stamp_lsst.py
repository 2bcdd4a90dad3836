"""stamp_lsst: stamps placed by their source and binned, numbers that a turn leaves, rules, trees of its own features."""

from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pytest

from science_modules import stamp_lsst
from science_modules.common import artefacts, examples
from science_modules.common.alert_batch import AlertBatch
from science_modules.common.boosted_trees import Forest
from science_modules.common.image_numbers import image_numbers
from science_modules.common.rings import CENTRE
from science_modules.common.rubin_stamps import levels, planes
from science_modules.stamp_lsst import fields, growing

STATE = stamp_lsst.load(artefacts.find(stamp_lsst.MODULE))
N = 12


def alerts(stamp: np.ndarray | None = None, candidate: dict[str, Any] | None = None, **columns: Any) -> pa.Table:
    table = examples.examples(N, "lsst")
    if stamp is not None:
        table = examples.with_cutouts(table, examples.fits_stamp(stamp, zipped=False))
    if candidate:
        columns["candidate"] = [{**row, **candidate} for row in table["candidate"].to_pylist()]
    for name, values in columns.items():
        field = table.schema.field(name)
        table = table.set_column(table.schema.get_field_index(name), field, pa.array(values, field.type))
    return table


@pytest.mark.parametrize(("side", "at", "pixel"), [(30, 77.6, 14), (31, 77.6, 14), (31, 77.3, 15), (93, 10.0, 46)])
def test_the_source_is_in_the_middle_bin_whatever_the_size(side: int, at: float, pixel: int) -> None:
    image = np.arange(side * side, dtype=np.float64).reshape(side, side)
    found = planes(AlertBatch(alerts(image, {"x": at, "y": at}, is_positive=[True] * N)))[0, 0]
    assert found[CENTRE, CENTRE] == image[pixel : pixel + 2, pixel : pixel + 2].mean()
    assert np.isfinite(found).sum() == ((side - pixel) // 2 + pixel // 2) ** 2


def test_the_difference_of_what_faded_is_turned_over() -> None:
    image = examples.point_source((33, 33), -50, 5.0)
    found = planes(AlertBatch(alerts(image, is_positive=[False] * N)))
    np.testing.assert_array_equal(found[:, 2], -found[:, 0])
    assert np.nanmax(found[0, 2]) == pytest.approx(44.9, abs=0.1)  # the mean of four pixels


def test_the_noise_is_that_of_the_border_of_the_difference() -> None:
    rng = np.random.default_rng(1)
    images = rng.normal(0, 1, (3, 3, 63, 63)).astype(np.float32)
    images[:, 2] *= 4
    images[0, :, :24], images[0, :, :, 40:] = np.nan, np.nan
    images[1, 2, 20:43, 20:43] += 1e4
    found = levels(images)
    assert (found[:, :, 0] == 0).all()
    np.testing.assert_allclose(found[..., 1], 4, rtol=0.2)
    assert np.isnan(levels(np.full((1, 3, 63, 63), np.nan, np.float32))[0, 0, 1])


def test_turned_and_mirrored_stamps_have_the_same_numbers() -> None:
    images = planes(AlertBatch(alerts()))
    found = image_numbers(images, levels(images))
    assert np.isfinite(found).mean() > 0.9
    for other in (np.rot90(images, axes=(2, 3)), np.rot90(images, 2, axes=(2, 3)), images[..., ::-1]):
        np.testing.assert_allclose(image_numbers(other, levels(other)), found, rtol=1e-5, atol=1e-5)


def test_fields_are_free_of_units() -> None:
    given = {
        "snr": 20.0,
        "psfFlux": -4000.0,
        "psfFluxErr": 200.0,
        "psfChi2": 3362.0,
        "psfNdata": 1681,
        "apFlux": -4400.0,
    }
    given |= {"scienceFlux": 6000.0, "templateFlux": 10000.0, "ixx": 0.4, "iyy": 0.5, "ixxPSF": 0.2, "iyyPSF": 0.25}
    found = dict(zip(fields.NAMES, fields.fields(AlertBatch(alerts(None, given, gal_b=[-30.0] * N)))[0], strict=True))
    assert found["snr"] == pytest.approx(np.log(20))
    assert found["template_share"] == pytest.approx(np.arcsinh(2.5))
    assert found["template_mag"] == pytest.approx(21.4)
    assert found["share_of_science"] == pytest.approx(2 / 3)
    assert found["aperture"] == pytest.approx(1.1)
    assert found["chi2"] == pytest.approx(np.log(2))
    assert found["size"] == pytest.approx(np.sqrt(2))
    assert found["abs_gal_b"] == 30


def test_what_stood_there_before_neither_moves_nor_passes() -> None:
    kinds = [["detection", "detection"], ["upper_limit", "detection"]] * (N // 2)
    times = {"mjd": [60000.0] * N, "lc_mjd": [[59990.0, 60000.0]] * N, "lc_kind": kinds, "is_known_sso": [False] * N}
    answers = stamp_lsst.run(AlertBatch(alerts(**times)), STATE)
    assert (answers.loc[::2, ["p_asteroid", "p_satellite"]] == 0).all(axis=None)
    assert (answers.loc[1::2, ["p_asteroid", "p_satellite"]] > 0).all(axis=None)
    np.testing.assert_allclose(answers.filter(regex="^p_").sum(axis=1), 1, atol=1e-6)
    known = stamp_lsst.run(AlertBatch(alerts(is_known_sso=[True] * N)), STATE)
    assert set(known["top_class"]) == {"asteroid"}
    assert (known["raw_asteroid"] < 1).all()


def test_what_is_an_opinion_or_a_footprint_is_no_input() -> None:
    read = {name.removeprefix("candidate.") for name in stamp_lsst.MODULE.inputs}
    assert not read & {"reliability", "ssObjectId", "ra", "dec", "midpointMjdTai", "nDiaSources", "real_bogus"}
    assert not [name for name in read if "Flags" in name or "glint" in name]


def test_trees_of_other_features_are_refused_and_a_class_without_examples_is_named() -> None:
    other = Forest(**{**vars(STATE), "features": STATE.features[::-1]})
    with pytest.raises(ValueError, match="trees split on"):
        stamp_lsst.load({"stamp_lsst.npz": other.to_bytes()})
    with pytest.raises(ValueError, match=r"every class wants examples.*satellite 0"):
        growing.grow(np.zeros((5, len(stamp_lsst.FEATURES))), np.arange(5), np.ones(5), growing.Settings(), 1)


def test_within_a_class_ranges_of_brightness_weigh_alike() -> None:
    x = np.zeros((6, len(stamp_lsst.FEATURES)))
    x[:, fields.SNR] = np.log([6, 6, 6, 200, 6, 200])
    weight = growing._evened(x, np.array([0, 0, 0, 0, 1, 1]), 1.0)
    np.testing.assert_allclose(weight, [1 / 3, 1 / 3, 1 / 3, 1, 1, 1])
    np.testing.assert_allclose(growing._evened(x, np.zeros(6, int), 0.0), 1)


def test_real_alerts_are_answered_and_known_asteroids_are_found(real_alerts: Path) -> None:
    from jobs import read_packets

    table = read_packets(real_alerts / "lsst_alerts" / "lsst_v10_0_002.avro")
    answers = stamp_lsst.run(AlertBatch(table), STATE)
    assert answers["error"].isna().all()
    known = np.array(table["is_known_sso"].to_pylist(), object) == True  # noqa: E712  NULL is not known
    alone = answers.filter(like="raw_").to_numpy()[known].argmax(axis=1)
    assert known.sum() > 5
    assert (alone == stamp_lsst.ASTEROID).mean() > 0.6
