"""Light curves of known class, brought to what all of them have."""

from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from jobs.simulation.checks.curve_numbers import curve_numbers, nightly
from jobs.simulation.checks.positive_curves import Curves, enough, fewer, real_curves, windows
from jobs.simulation.checks.variable_stars import stripe_82_curves


def curves(n: int, points: int, step: float = 3.0) -> Curves:
    """n objects that fade by 0.02 mag/d in g and r."""
    owner = np.repeat(np.arange(n), 2 * points)
    mjd = np.tile(np.repeat(np.arange(points) * step, 2), n) + 59000.2
    flux = 1e5 * 10 ** (-0.4 * 0.02 * (mjd - 59000))
    table = pd.DataFrame({"owner": owner, "mjd": mjd, "band": np.tile(["g", "r"], n * points), "flux": flux})
    objects = pd.DataFrame({"object": [f"o{i}" for i in range(n)], "kind": "SN", "name": ["a", "b"] * (n // 2)})
    return enough(objects, table.assign(flux_err=0.02 * flux))


def test_real_light_curves_are_positive_detections_in_g_and_r(tmp_path: Path) -> None:
    n = 8
    rows = pd.DataFrame(
        {
            "object": ["SN1"] * n + ["V1"] * n + ["few"] * 3,
            "mjd": [*range(n), *range(n), 0, 1, 2],
            "band": "g", "mag": 19.0, "magerr": 0.1, "detected": True,
            "isdiffpos": [None] * n + [True, False] * 4 + [True] * 3,
            "coarse": ["SN"] * n + ["VS"] * n + ["SN"] * 3, "class": "x",
        }
    )  # fmt: skip
    rows.to_parquet(tmp_path / "lc.parquet")
    found = real_curves(tmp_path / "lc.parquet")  # V1 has 4 positive detections of 6 that are needed
    assert found.objects["object"].tolist() == ["SN1"]
    assert found.points["flux"].to_numpy() == pytest.approx(np.full(n, 10 ** (0.4 * (31.4 - 19))))
    assert found.points["flux_err"].to_numpy() == pytest.approx(found.points["flux"] * 0.0921, rel=1e-3)


def test_windows_are_no_longer_than_asked_and_hold_enough() -> None:
    pieces = windows(curves(40, 100), [(20, 30), (60, 100)], 1)
    span = pieces.points.groupby("owner")["mjd"].agg(np.ptp)
    assert span.max() < 100
    assert (span < 31).sum() > 10
    assert (span > 31).sum() > 30
    assert pieces.points.groupby(["owner", "band"]).size().groupby("owner").max().min() >= 6
    assert (np.diff(pieces.points["owner"]) >= 0).all()


def test_fewer_leaves_some_of_each_class() -> None:
    some = fewer(curves(40, 10), 5, 1)
    assert some.objects["name"].value_counts().to_dict() == {"a": 5, "b": 5}
    assert some.points["owner"].nunique() == 10


def test_points_of_a_night_are_averaged() -> None:
    mean = nightly(curves(4, 12, step=0.25))
    assert mean.points.groupby(["owner", "band"]).size().tolist() == [3] * 8  # 59000.2 to 59002.95
    assert mean.points["flux_err"].iloc[2] < 0.015 * mean.points["flux"].iloc[2]


def test_numbers_of_a_fading_source() -> None:
    numbers = curve_numbers(curves(4, 20))
    assert numbers["linear_trend_g"].to_numpy() == pytest.approx(np.full(4, 0.02), abs=1e-4)
    assert numbers["left_by_parabola_r"].to_numpy() == pytest.approx(np.zeros(4), abs=1e-4)
    assert numbers["curvature_r"].to_numpy() == pytest.approx(np.zeros(4), abs=1e-5)
    assert not [name for name in numbers if name.startswith(("mean", "median_g", "n_", "time_span", "brightest"))]


def test_stars_of_another_survey_get_a_reference_of_fifteen_exposures(tmp_path: Path) -> None:
    mjd = np.arange(60.0)
    rows = pd.DataFrame({"object": "S1", "mjd": mjd, "band": "g", "mag": 17 + 0.5 * np.sin(mjd), "magerr": 0.01})
    rows.assign(**{"class": "RRab", "period": 0.6}).to_parquet(tmp_path / "s82.parquet")
    found = stripe_82_curves(tmp_path / "s82.parquet")
    assert len(found) == 1
    assert 20 < len(found.points) < 40  # about half are brighter than the reference
    assert (found.points["flux"] > 5 * found.points["flux_err"]).all()
