"""The light-curve classifier and its features of a data release: the published values, through the door of releases."""

from pathlib import Path

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq
import pytest
from published_features import published
from releases import run, stars_of

from science_modules.common.curve_features.closed_forms import NAMES

STRIPE_82 = {
    "object_id": "object", "mjd": "mjd", "band": "band", "mag": "mag", "mag_err": "magerr", "flux_kind": "total"
}  # fmt: skip
N_STARS = 12
MODULES = ("alerce_features", "light_curve_class")


@pytest.fixture(scope="module")
def wanted(real_alerts: Path) -> pd.DataFrame:
    if not (real_alerts.parent / "golden" / "alerce_lc_features.parquet").exists():
        pytest.skip(f"no published feature values beside {real_alerts}")
    values = published(real_alerts.parent)
    return values[values["set"] == "sdss_s82_rrlyrae"].sort_values("object")[:N_STARS].set_index("object")


@pytest.fixture(scope="module")
def stars(wanted: pd.DataFrame, real_alerts: Path, tmp_path_factory: pytest.TempPathFactory) -> pa.Table:
    """What a run over the stars' points in g, r and i writes."""
    folder = tmp_path_factory.mktemp("release")
    (folder / "in").mkdir()
    table = pq.read_table(real_alerts / "lightcurves" / "sdss_s82_rrlyrae.parquet")
    own = table.filter(pc.is_in(table["object"], value_set=pa.array(wanted.index, table["object"].type)))
    pq.write_table(own, folder / "in" / "points.parquet")
    run(folder / "out", folder / "in", format="plain", columns=STRIPE_82, modules=MODULES)
    return stars_of(folder / "out")


@pytest.fixture(scope="module")
def found(stars: pa.Table) -> pd.DataFrame:
    features = pd.DataFrame(stars["alerce_features"].to_pylist())
    return features.set_index(pd.Index(stars["object_id"].to_pylist()))


def test_a_release_of_total_magnitudes_has_the_published_closed_forms(
    wanted: pd.DataFrame, found: pd.DataFrame
) -> None:
    assert found.index.tolist() == wanted.index.tolist() and found["error"].isna().all()
    for name in (name for name in NAMES if name != "positive_fraction"):
        for column in (f"{name}_1", f"{name}_2"):
            np.testing.assert_allclose(found[column], wanted[column], rtol=2e-6, err_msg=column)
    np.testing.assert_allclose(found["g_r_mean_corr"], wanted["g_r_mean"], rtol=1e-5)


def test_what_only_a_difference_says_is_null(found: pd.DataFrame) -> None:
    for name in ("positive_fraction_1", "SPM_A_1", "g_r_mean", "rb", "sgscore1"):
        assert found[name].isna().all(), name
    assert found["Multiband_period"].notna().all()


def test_the_stars_are_classified_through_the_same_door(stars: pa.Table) -> None:
    said = pd.DataFrame(stars["light_curve_class"].to_pylist())
    assert said["error"].isna().all() and (said["n_points"] > 12).all()
    assert (said["branch"] == "periodic").sum() > N_STARS / 2
    np.testing.assert_allclose(said[["p_periodic", "p_stochastic", "p_transient"]].sum(axis=1), 1, atol=1e-6)
