"""What the checks of a night say of samples whose answer is known."""

import numpy as np
import pandas as pd
import pyarrow as pa
import pytest

from jobs.simulation import simulate
from jobs.simulation.checks import discrimination, night_alerts
from jobs.simulation.checks.aperture_photometry import aperture_pulls
from jobs.simulation.checks.discrimination import NUISANCE, _auroc
from jobs.simulation.checks.matching import matched
from jobs.simulation.checks.medians import COLUMNS, medians, share_within
from jobs.simulation.checks.night_alerts import Alerts, simulated_alerts
from jobs.simulation.checks.published_networks import fractions
from science_modules.common.alert_batch import AlertBatch

N = 200


def made_up(shift=0.0, seed=1, kind="SN"):
    rng = np.random.default_rng(seed)
    fields = pd.DataFrame({name: rng.normal(shift, 1, N) for name in {*COLUMNS, *NUISANCE, "ndethist"}})
    fields["ndethist"] = rng.integers(1, 40, N)
    fields["magpsf"] = rng.uniform(17, 20, N)
    fields["magzpsci"], fields["isdiffpos"] = 26.0, "t"
    fields["fid"], fields["jd"] = 1, 2460000.5 + rng.uniform(0, 100, N)
    return Alerts(np.full(N, kind, dtype=object), fields, AlertBatch(pa.table({"survey": ["ztf"] * N})))


def test_a_matched_sample_is_nearest_and_takes_nobody_twice():
    here = {"fid": 1, "jd": 2460000.5}
    real = pd.DataFrame({"ndethist": [1, 100, 1], "magpsf": [18.0, 18.0, 18.0], **here})
    simulated = pd.DataFrame({"ndethist": [90, 1, 1, 5], "magpsf": [18.0, 20.0, 18.1, 18.0], **here})
    assert matched(real, simulated).tolist() == [2, 0, 3]


def test_a_matched_sample_is_of_the_same_band_and_season():
    real = pd.DataFrame({"ndethist": [5, 5], "magpsf": [18.0, 18.0], "fid": [1, 2], "jd": [2460000.5, 2460000.5]})
    simulated = pd.DataFrame(
        {
            "ndethist": [5, 5, 5, 5],
            "magpsf": [18.0, 18.0, 18.3, 18.3],
            "fid": [1, 2, 1, 2],
            "jd": [2460180.5, 2460180.5, 2460365.5, 2460365.5],  # half a year and a year later
        }
    )
    assert matched(real, simulated).tolist() == [2, 3]


def test_medians_of_the_same_sky_agree_and_of_another_do_not():
    same = medians(made_up(seed=1), made_up(seed=2))
    assert share_within(same) == 1.0
    assert [row["n_real"] for row in same if row["class"] == "VS"] == [0] * len(COLUMNS)
    shifted = {
        row["column"]: row for row in medians(made_up(seed=1), made_up(shift=2.0, seed=2)) if row["class"] == "SN"
    }
    # two standard deviations are 2 / 1.349 of the interquartile range
    assert shifted["fwhm"]["difference"] == pytest.approx(2 / 1.349, abs=0.35)
    assert not shifted["fwhm"]["ok"]
    assert shifted["magpsf"]["ok"]  # matched


def test_a_forest_tells_another_sky_and_not_the_same(monkeypatch):
    monkeypatch.setattr(discrimination, "_TREES", 30)
    one, same, other = (made_up(shift, seed).fields[list(NUISANCE)] for shift, seed in ((0, 1), (0, 2), (1.5, 3)))
    assert _auroc(one, same)[0] == pytest.approx(0.5, abs=0.1)
    assert _auroc(one, other)[0] > 0.97


def test_fractions_are_compared_where_there_are_enough():
    real, simulated = made_up(), made_up(kind="SN")
    scores = {
        "real": pd.DataFrame({"braai": np.r_[np.ones(150), np.zeros(50)]}),
        "simulated": pd.DataFrame({"braai": np.ones(N)}),
    }
    rows = {row["class"]: row for row in fractions(real, simulated, scores, np.arange(N) < 100)}
    assert (rows["SN"]["real"], rows["SN"]["simulated"], rows["SN"]["ok"]) == (1.0, 1.0, True)
    assert (rows["SN"]["half"], rows["SN"]["n_real"], rows["SN"]["n_simulated"]) == (True, 100, N)
    assert rows["AGN"]["ok"] is None


def test_a_class_with_few_alerts_of_the_half_is_compared_by_all():
    scores = {origin: pd.DataFrame({"braai": np.r_[np.ones(150), np.zeros(50)]}) for origin in ("real", "simulated")}
    few = fractions(made_up(), made_up(), scores, np.arange(N) < 29)[0]
    assert (few["half"], few["n_real"], few["real"], few["ok"]) == (False, N, 0.75, True)


def test_networks_are_asked_of_simulated_alerts_like_the_real_ones():
    real, simulated = made_up(seed=1), made_up(seed=2)
    real.fields["ndethist"] = 30 + np.arange(N) % 10
    simulated.fields["ndethist"] = np.r_[np.full(100, 1), np.full(100, 35)]
    scores = {
        "real": pd.DataFrame({"braai": np.ones(N)}),
        "simulated": pd.DataFrame({"braai": np.repeat([0.0, 1.0], 100)}),
    }
    row = fractions(real, simulated, scores, np.arange(N) < 40)[0]
    assert (row["n_simulated"], row["night"]) == (80, 0.5)
    assert row["simulated"] > 0.9


def test_a_second_simulated_alert_is_taken_when_all_real_ones_have_one():
    here = {"fid": 1, "jd": 2460000.5}
    real = pd.DataFrame({"ndethist": [5, 5], "magpsf": [18.0, 19.0], **here})
    simulated = pd.DataFrame({"ndethist": [5, 5, 5], "magpsf": [18.1, 18.4, 18.6], **here})
    assert matched(real, simulated, 2).tolist() == [0, 2, 1]


def test_both_samples_hold_one_alert_of_each_object_of_a_class(night, real_alerts):
    for alerts in (simulated_alerts([night]), night_alerts.real_alerts(real_alerts)):
        names = [*zip(alerts.batch.table["object_id"].to_pylist(), alerts.kind, strict=True)]
        assert len(set(names)) == len(names)
        assert {"SN", "VS", "AGN", "asteroid", "bogus"} <= set(alerts.kind)


def test_simulated_cutouts_hold_the_flux_of_their_packets(tmp_path):
    # Alerts of an object share its surroundings: of a few hundred the fainter ones are of some thirty objects
    simulate(tmp_path / "night", 1200, seed=7)
    pulls = aperture_pulls(simulated_alerts([tmp_path / "night"]))
    assert pulls["positive"]["n"] > 100
    assert all(0.5 < row["median_absolute"] < 1.1 and abs(row["median"]) < 0.4 for row in pulls.values())
