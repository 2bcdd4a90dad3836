"""`strix show ID --dr DIR`: the points of a data release at the place of an object, beside its alerts'."""

from pathlib import Path

import numpy as np
import pytest
from releases import row, run, write

from jobs.archive.alert import alerts_of
from jobs.archive.find import find_alert
from jobs.archive.release_points import RELEASE, with_release
from jobs.cli.main import main
from jobs.lookup.opening import open_store
from jobs.reports.pictures.light_curve import total
from jobs.storage.layout import Layout


@pytest.fixture
def release(science, tmp_path: Path) -> Path:  # type: ignore[no-untyped-def]
    """A release with a star 0.5 arcsec from an alert, and one far from it."""
    alert = science.iloc[20]
    rows = [row(1, alert.ra, alert.dec + 0.5 / 3600, epochs=30), row(2, alert.ra, alert.dec + 0.1, epochs=30)]
    run(tmp_path / "out", write(tmp_path / "release" / "a.parquet", rows))
    return tmp_path / "out"


def test_show_tells_of_the_star_of_the_release(  # type: ignore[no-untyped-def]
    night_out: Layout, science, release: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    picture = str(tmp_path / "a.png")
    arguments = ["show", str(science.iloc[20].alert_id), "--data", str(night_out.root), "-o", picture]
    assert main([*arguments, "--dr", str(release)]) == 0
    assert "data release: 1, 0.5 arcsec, 30 points" in capsys.readouterr().out
    assert main(["show", str(science.iloc[3].alert_id), *arguments[2:], "--dr", str(release)]) == 0
    assert "no star of" in capsys.readouterr().out


def test_show_says_where_light_curves_were_left_out(  # type: ignore[no-untyped-def]
    night_out: Layout, science, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    alert = science.iloc[20]
    shard = write(tmp_path / "release" / "a.parquet", [row(1, alert.ra, alert.dec + 0.5 / 3600)])
    run(tmp_path / "out", shard, without_light_curves=True)
    arguments = ["show", str(alert.alert_id), "--data", str(night_out.root), "-o", str(tmp_path / "a.png")]
    assert main([*arguments, "--dr", str(tmp_path / "out")]) == 0
    told = capsys.readouterr().out
    assert "data release: 1, 0.5 arcsec\n" in told
    assert f"strix reprocess --input {shard}` without that option" in told


def test_its_points_are_in_the_panel_of_total_fluxes_in_the_order_of_time(  # type: ignore[no-untyped-def]
    night_out: Layout, science, release: Path
) -> None:
    (alert,) = alerts_of(find_alert(night_out, int(science.iloc[20].alert_id)))
    star = open_store(str(release)).object("1")
    both = with_release(alert, star).curve
    own = both.kind == RELEASE
    assert (own.sum(), (~own).sum()) == (30, len(alert.curve))
    assert np.all(np.diff(both.mjd) >= 0)
    assert both.total[own].tolist() == star["lc_flux_total"][0].as_py()
    series = total(both)
    assert series is not None
    assert (series.curve.kind == RELEASE).sum() == 30
