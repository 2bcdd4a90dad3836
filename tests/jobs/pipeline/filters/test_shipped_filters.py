"""The filters that ship: sound, with examples of both kinds that give what they claim, on real alerts too."""

from pathlib import Path

import numpy as np
import pyarrow as pa
import pytest
from pyspark.sql import SparkSession

from jobs.config import load
from jobs.pipeline.enrichment.modules import Enrichment
from jobs.pipeline.filters import Filter, load_filters
from jobs.pipeline.filters.evaluation import find, together
from jobs.pipeline.filters.example_alerts import find_examples, packets_in
from jobs.pipeline.filters.examples import AS_CLAIMED, NOT_AS_CLAIMED, NOT_CHECKED, check_examples
from jobs.pipeline.filters.leaves import ALWAYS, FILE, ROW, clean
from science_modules import registry
from science_modules.common import artefacts

ROOT = Path(__file__).resolve().parents[4]


@pytest.fixture(scope="module")
def shipped() -> tuple[Filter, ...]:
    """As `strix night` would take them, and those on classes of light curves, whose modules are in no night by default."""
    modules = load(ROOT / "conf/jobs/night.yaml").science.modules
    of_classes = load_filters(
        ROOT / "conf/filters/light_curve_classes", (*modules, "alerce_features", "light_curve_class")
    )
    return (*load_filters(ROOT / "conf/filters", modules), *of_classes)


def test_every_filter_says_what_it_follows_and_has_examples_of_both_kinds(shipped: tuple[Filter, ...]) -> None:
    assert len({each.name for each in shipped}) == len(shipped) >= 26
    for each in shipped:
        assert each.reference, each.name
        for examples in (each.examples.match, each.examples.no_match):
            assert {isinstance(one, str) for one in examples} == {True, False}, each.name


@pytest.mark.spark
def test_synthetic_examples_give_what_they_claim(spark: SparkSession, shipped: tuple[Filter, ...]) -> None:
    checked = check_examples(spark, shipped)
    wrong = [str(each.problem) for each in checked if each.outcome == NOT_AS_CLAIMED]
    assert not wrong, "\n".join(wrong)
    assert sum(each.outcome == AS_CLAIMED for each in checked) == 2 * len(shipped)
    assert all(isinstance(each.example, str) for each in checked if each.outcome == NOT_CHECKED)


@pytest.mark.spark
def test_real_examples_give_what_they_claim(
    spark: SparkSession, shipped: tuple[Filter, ...], real_alerts: Path, models_directory: Path
) -> None:
    checked = check_examples(spark, shipped, find_examples(real_alerts, shipped, models_directory))
    wrong = [str(each.problem) for each in checked if each.outcome != AS_CLAIMED]
    assert not wrong, "\n".join(wrong)


@pytest.mark.spark
def test_the_filter_of_the_acai_paper_passes_sixteen_real_alerts(
    spark: SparkSession, shipped: tuple[Filter, ...], real_alerts: Path, models_directory: Path
) -> None:
    """The same sixteen as by NumPy over the columns."""
    hosted = next(each for each in shipped if each.name == "hosted_supernovae")
    modules = registry.resolve(["acai", "braai"])
    science = Enrichment(modules, {each.name: artefacts.find(each, models_directory) for each in modules})
    alerts = pa.concat_tables([science.run(view) for view in packets_in(real_alerts / "ztf_alerts")])
    leaves = clean(alerts, sorted({*hosted.columns, *ALWAYS}))
    numbers = pa.array(range(leaves.num_rows), pa.int64())
    leaves = leaves.append_column(FILE, numbers).append_column(ROW, numbers)
    found = together(leaves, find(spark, leaves, [hosted]), [hosted])
    assert set(found["alert_id"].to_pylist()) == set(by_hand(alerts))
    assert found.num_rows == 16


def by_hand(alerts: pa.Table) -> list[int]:
    acai = alerts["acai"].combine_chunks()
    scores = {name: acai.field(f"acai_{name}").to_numpy(zero_copy_only=False) for name in "hbnvo"}
    others = np.max([scores[name] for name in "bnvo"], axis=0)  # NaN if any is
    column = {
        name: alerts[name].to_numpy() for name in ("n_positive", "n_detections", "n_bad_history", "last_limit_mjd")
    }
    sound = (column["n_bad_history"] == 0) | (column["n_detections"] > 1) | ~np.isnan(column["last_limit_mjd"])
    positive = np.array(alerts["is_positive"].to_pylist()) == True  # noqa: E712
    unknown = np.array(alerts["is_known_sso"].to_pylist()) == False  # noqa: E712
    kept = (scores["h"] > 0.8) & (others < 0.1) & (column["n_positive"] < 5) & positive & unknown & sound
    ids: list[int] = alerts["alert_id"].to_numpy()[kept].tolist()
    return ids
