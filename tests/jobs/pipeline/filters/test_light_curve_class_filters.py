"""The filters on classes of light curves, which ship apart because their modules are in no night by default."""

from pathlib import Path

import pytest
from pyspark.sql import SparkSession

from jobs.config import load
from jobs.pipeline.filters import Filter, load_filters
from jobs.pipeline.filters.example_alerts import find_examples
from jobs.pipeline.filters.examples import AS_CLAIMED, check_examples

ROOT = Path(__file__).resolve().parents[4]
MODULES = ("alerce_features", "light_curve_class")


@pytest.fixture(scope="module")
def shipped() -> tuple[Filter, ...]:
    """As `strix night --filters conf/filters/light_curve_classes` would take them, with its modules."""
    modules = (*load(ROOT / "conf/jobs/night.yaml").science.modules, *MODULES)
    return load_filters(ROOT / "conf/filters/light_curve_classes", modules)


def test_they_have_names_that_no_other_filter_has(shipped: tuple[Filter, ...]) -> None:
    names = {each.name for each in shipped}
    assert len(names) >= 7
    assert not names & {path.stem for path in (ROOT / "conf/filters").glob("*.yaml")}
    assert all(
        each.reference and "light_curve_class" in {name.split(".")[0] for name in each.columns} for each in shipped
    )


@pytest.mark.spark
def test_examples_give_what_they_claim(spark: SparkSession, shipped: tuple[Filter, ...], real_alerts: Path) -> None:
    checked = check_examples(spark, shipped, find_examples(real_alerts, shipped, None))
    wrong = [str(each.problem) for each in checked if each.outcome != AS_CLAIMED]
    assert not wrong, "\n".join(wrong)
    assert len(checked) >= 2 * len(shipped)
