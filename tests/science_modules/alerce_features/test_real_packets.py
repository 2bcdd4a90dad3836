"""The module on real ZTF packets beside magnitudes that are computed here from the packets' own fields."""

import math
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import pandas as pd
import pytest
from views import ztf_view

from science_modules.alerce_features import MODULE, TOO_FEW, load, run
from science_modules.common.alert_batch import AlertBatch

NEAR = 1.4  # pixels: the reference holds the same source
Packets = Sequence[Mapping[str, Any]]


def magnitude(point: Mapping[str, Any], corrected: bool) -> tuple[float, float]:
    """Of the difference, or of difference and reference together (Förster et al. 2021); NaN if there is none."""
    if not corrected:
        return point["magpsf"], point["sigmapsf"]
    if not 0 <= point["distnr"] < NEAR:
        return math.nan, math.nan
    sign = 1 if point["isdiffpos"] in ("t", "1") else -1
    difference, reference = 10 ** (-0.4 * point["magpsf"]), 10 ** (-0.4 * point["magnr"])
    flux = reference + sign * difference
    return (-2.5 * math.log10(flux), difference * point["sigmapsf"] / flux) if flux > 0 else (math.nan, math.nan)


def magnitudes(packet: Mapping[str, Any], fid: int, corrected: bool) -> list[float]:
    """Of the detections in one band that the published classifier takes."""
    points = [*(packet["prv_candidates"] or []), packet["candidate"]]
    points = [each for each in points if each["magpsf"] is not None and each["fid"] == fid]
    of_exposure = {each["jd"]: each for each in sorted(points, key=lambda each: each["rb"])}  # the last stays
    given = [magnitude(each, corrected) for each in of_exposure.values() if each["rb"] >= 0.55]
    return [mag for mag, err in given if 0 < err < 1]


@pytest.fixture(scope="module")
def plain(ztf_packets: Packets) -> tuple[Packets, pd.DataFrame, Any]:
    """Every second packet without overwritten times, what the module says of them, and whether they are corrected."""
    ztf_packets = ztf_packets[::2]
    view = ztf_view(ztf_packets)
    names = [name for name in view.column_names if name.startswith("lc_")]
    found = run(AlertBatch(view.select(["survey", "corrected", "gal_b", "gal_l", "candidate", *names])), load({}))
    sound = view["n_bad_history"].to_numpy() == 0
    kept = [packet for packet, is_sound in zip(ztf_packets, sound, strict=True) if is_sound]
    return kept, found[sound], view["corrected"].to_numpy(zero_copy_only=False)[sound]


def test_counts_and_ranges_are_those_of_the_packets_fields(plain: tuple[Packets, pd.DataFrame, Any]) -> None:
    packets, found, corrected = plain
    for fid in (1, 2):
        of_each = [magnitudes(packet, fid, bool(is_so)) for packet, is_so in zip(packets, corrected, strict=True)]
        counts = np.array([len(mags) for mags in of_each])
        off = found[f"n_det_{fid}"].to_numpy() - counts
        assert len(off) > 550 and (off == 0).mean() > 0.99, np.bincount(abs(off))
        same = (off == 0) & found["error"].isna().to_numpy() & (counts > 0)
        ranges = np.array([np.ptp(mags) if mags else np.nan for mags in of_each])
        np.testing.assert_allclose(found[f"delta_mag_fid_{fid}"][same], ranges[same], rtol=1e-4, atol=1e-5)
        assert same.sum() > 125


def test_eligible_alerts_have_features_and_the_others_the_reason(plain: tuple[Packets, pd.DataFrame, Any]) -> None:
    _, found, _ = plain
    eligible = (found[["n_det_1", "n_det_2"]] >= 6).any(axis=1)
    assert (found["error"].isna() == eligible).all() and set(found["error"].dropna()) == {TOO_FEW}
    features = [field.name for field in MODULE.outputs if field.type in ("float32", "float64")]
    assert len(features) == 152
    assert found.loc[~eligible, features].isna().all(axis=None)
    assert found.loc[eligible, ["gal_b", "gal_l", "rb"]].notna().all(axis=None)
    assert not found[features].isin([-999.0]).any(axis=None)
