"""The baseline of forced photometry: against light curves whose level is known, and in the published files."""

import gzip
from pathlib import Path

import numpy as np
import pytest
from releases import run, stars_of

from jobs.cli.console import Console
from jobs.cli.reprocess import print_outcome
from jobs.releases.baseline import baseline, time_of_maximum

HEAD = "# Requested input R.A. = 169.5 degrees\n# Requested input Dec. = -18.25 degrees\n"
NAMES = (
    "index, field, ccdid, qid, filter, infobitssci, exptime, zpdiff, programid, jd, forcediffimflux,"
    " forcediffimfluxunc, procstatus"
)
PEAK = 59200.0
# zpdiff 26.4 is 5 mag below 31.4: a DN is 100 nJy.


def supernova(mjd: np.ndarray) -> np.ndarray:
    """Rises for 20 days, fades over 40 [DN]."""
    since = mjd - PEAK
    return np.where(since < -20, 0.0, np.where(since < 0, 500 * (1 + since / 20), 500 * np.exp(-since / 40)))


def rows(place: str, before: int, level: float, zero: float = 26.4, spread: float = 10.0) -> list[str]:
    """Epochs of a series: quiescent ones, and 30 of a supernova."""
    rng = np.random.default_rng(before)
    mjd = np.concatenate([np.linspace(PEAK - 400, PEAK - 120, before), PEAK - 20 + 3.0 * np.arange(30)])
    flux = (supernova(mjd) + level + rng.normal(0, spread, len(mjd))) * 10 ** (0.4 * (zero - 26.4))
    return [
        f"{n} {place} 0 30. {zero} 1 {at + 2400000.5} {value} {10.0 * 10 ** (0.4 * (zero - 26.4))} 0"
        for n, (at, value) in enumerate(zip(mjd, flux, strict=True))
    ]


def write(path: Path, lines: list[str], names: str = NAMES) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(gzip.compress(f"{HEAD} {names}\n{chr(10).join(lines)}\n".encode()))
    return path


def test_each_series_gets_its_own_level_subtracted_and_the_raw_fluxes_can_be_had_again(tmp_path: Path) -> None:
    lines = [*rows("574 8 1 ZTF_g", 60, 40.0), *rows("574 8 1 ZTF_r", 61, -30.0, zero=25.0)]
    write(tmp_path / "in" / "req1_lc.txt.gz", [*lines, *rows("573 5 0 ZTF_g", 7, 200.0)])
    run(tmp_path / "raw", tmp_path / "in", format="forced")
    outcome = run(tmp_path / "out", tmp_path / "in", format="forced", baseline="auto")
    (raw,), (found,) = (stars_of(tmp_path / name).to_pylist() for name in ("raw", "out"))
    band, told = np.array(found["lc_band"]), found["release"]
    level = np.array([np.nan if each is None else each for each in told["baseline"]])
    epochs = np.array(told["n_baseline"])
    counts = [int((epochs == n).sum()) for n in (60, 61, 7)]
    assert counts == [90, 91, 37]
    # A median of 60 points of 10 DN is good to 1.6 DN; the errors are as they scatter.
    assert level[epochs == 60] == pytest.approx(4000, abs=500)
    assert level[epochs == 61] == pytest.approx(-3000, abs=500)
    assert np.isnan(level[epochs == 7]).all()
    corrected, before = np.array(found["lc_flux"]), np.array(raw["lc_flux"])
    assert corrected + np.nan_to_num(level) == pytest.approx(before)
    at = np.array(found["lc_mjd"])
    quiet = (at < PEAK - 100) & (epochs > 7)
    assert abs(np.median(corrected[quiet & (band == "r")])) < 1e-6
    scale = np.array([each or 1.0 for each in told["baseline_scale"]])
    assert np.array(found["lc_flux_err"]) == pytest.approx(scale * 1000.0)
    assert (scale >= 1).all() and (scale < 1.3).all()
    # What is a detection is asked of the flux that stays, with its error.
    error = np.array(found["lc_flux_err"])
    assert found["lc_kind"] == np.where(np.abs(corrected) >= 5 * error, "detection", "forced").tolist()
    assert set(np.array(raw["lc_kind"])[epochs == 7]) == {"detection"}  # 20 times the error, by their level alone
    quiet_kinds = [np.array(each["lc_kind"])[quiet].tolist().count("detection") for each in (raw, found)]
    assert quiet_kinds[0] > 5 > quiet_kinds[1] == 0
    assert {*told["no_baseline"]} == {None, "wants 10 quiescent epochs of 573/5/0/ZTF_g, found 7"}
    assert outcome.records[0]["baseline"] == {"corrected": 181, "left_as_they_are": 37}
    assert raw["release"]["baseline"] is None and raw["release"]["n_baseline"] is None


def test_errors_that_are_too_small_are_scaled_to_the_scatter(tmp_path: Path) -> None:
    write(tmp_path / "in" / "req1_lc.txt.gz", rows("574 8 1 ZTF_g", 400, 0.0, spread=30.0))
    run(tmp_path / "out", tmp_path / "in", format="forced", baseline=str(PEAK - 100))
    (found,) = stars_of(tmp_path / "out").to_pylist()
    assert set(found["release"]["n_baseline"]) == {400}
    assert found["release"]["baseline_scale"][0] == pytest.approx(3.0, rel=0.15)
    assert found["lc_flux_err"] == pytest.approx([1000.0 * found["release"]["baseline_scale"][0]] * 430)


def test_where_too_little_was_seen_before_the_late_epochs_are_quiescent() -> None:
    mjd = np.concatenate([PEAK - 300 + np.arange(12.0), PEAK + np.arange(0.0, 40.0), PEAK + 600 + np.arange(30.0)])
    flux = np.concatenate([np.full(12, 5.0), np.full(40, 900.0), np.full(30, 7.0)])
    error, series = np.ones(len(mjd)), np.full(len(mjd), "1/1/1/g")
    assert PEAK <= time_of_maximum(mjd, flux, error, series) <= PEAK + 40
    found = baseline(mjd, flux, error, series, "auto")
    assert set(found.level) == {7.0} and set(found.epochs) == {30}
    # Twelve before do where there are no more behind.
    cut = slice(0, 70)
    found = baseline(mjd[cut], flux[cut], error[cut], series[cut], "auto")
    assert set(found.level) == {5.0} and set(found.epochs) == {12}


def test_a_source_that_was_never_seen_twice_in_a_fortnight_has_no_maximum_and_no_baseline() -> None:
    mjd = 59000 + 20.0 * np.arange(30)
    one, series = np.ones(30), np.full(30, "1/1/1/g")
    assert np.isnan(time_of_maximum(mjd, one, one, series))
    found = baseline(mjd, one, one, series, "auto")
    assert np.isnan(found.level).all()
    assert set(found.reason) == {"wants 10 quiescent epochs of 1/1/1/g, found 0"}


def test_a_baseline_is_refused_where_it_cannot_be(tmp_path: Path) -> None:
    path = write(tmp_path / "in" / "req1_lc.txt.gz", rows("574 8 1 ZTF_g", 30, 0.0))
    with pytest.raises(ValueError, match="is of format forced alone"):
        run(tmp_path / "out", path, format="ztf_dr", baseline="auto")
    with pytest.raises(ValueError, match=r"takes auto, or the MJD .* found 'early'"):
        run(tmp_path / "out", path, format="forced", baseline="early")
    lacking = [line.replace(" 1 ZTF_g", " ZTF_g") for line in rows("574 8 1 ZTF_g", 30, 0.0)]
    bare = write(tmp_path / "bare" / "req2_lc.txt.gz", lacking, NAMES.replace(" qid,", ""))
    assert not run(tmp_path / "a", bare, format="forced").plan.refused
    outcome = run(tmp_path / "b", bare, format="forced", baseline="auto")
    (lacks,) = outcome.plan.refused
    assert lacks["reason"] == "missing_columns" and lacks["message"].endswith("lacks qid")


def test_a_source_that_varies_all_the_time_keeps_its_fluxes() -> None:
    mjd = 59000 + np.arange(400.0)
    flux = 500 * np.sin(mjd / 3)
    found = baseline(mjd, flux, np.ones(400), np.full(400, "1/1/1/g"), "59300")
    assert np.isnan(found.level).all() and set(found.epochs) == {300}
    assert found.reason[0] is not None and found.reason[0].endswith("times their errors: it varies there")


def test_the_published_files(real_alerts: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """Of a supernova that was seen 22 days before it rose, of another one seen too late, and of a variable star."""
    for name in ("raw", "out"):
        outcome = run(
            tmp_path / name, real_alerts / "forced", format="forced", baseline="59276" if name == "out" else None
        )
    stars = {each["object_id"]: each for each in stars_of(tmp_path / "out").to_pylist()}
    young, variable, late = (stars[f"req000{number}"] for number in ("10458", "10550", "12210"))
    told = young["release"]
    series = set(zip(told["n_baseline"], told["baseline"], strict=True))
    assert sorted({n for n, _ in series}) == [9, 10, 11]
    assert [level is None for n, level in series] == [n < 10 for n, _ in series]
    raw = stars_of(tmp_path / "raw").to_pylist()[0]
    flux, at = np.array(raw["lc_flux"]), np.array(raw["lc_mjd"])
    for n, level in series:
        if level is not None:
            own = np.array([each == level for each in told["baseline"]])
            assert (own & (at < 59276)).sum() == n
            assert level == np.median(flux[own & (at < 59276)])
    assert not {*late["release"]["baseline"]} - {None}
    assert not {*variable["release"]["baseline"]} - {None}
    assert "it varies there" in variable["release"]["no_baseline"][0]
    print_outcome(outcome, Console())
    shown = capsys.readouterr().out
    assert "points with it subtracted" in shown and "release.no_baseline says why" in shown
