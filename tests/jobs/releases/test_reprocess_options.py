"""Options of a run: those of modules reach the modules and stand in the output; another one is another run."""

from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from releases import run, stars_of

from jobs.cli.reprocess import _overrides, parser, say_losses
from jobs.config import ConfigError
from jobs.config.job_config import load_as
from jobs.config.reprocess import ReprocessConfig
from science_modules.common.options import OptionError

PERIOD = 0.025  # d: 40 per day, beyond the default 24
COLUMNS = {"object_id": "id", "mjd": "t", "band": "b", "flux": "f", "flux_err": "e", "flux_kind": "total"}


@pytest.fixture
def fast(tmp_path: Path) -> Path:
    """A star of 36 minutes, 60 points in 30 d."""
    time = np.sort(np.random.default_rng(3).uniform(60000, 60030, 60))
    flux = 1000 + 200 * np.sin(2 * np.pi * time / PERIOD)
    columns = {"id": ["fast"] * 60, "t": time, "b": ["g"] * 60, "f": flux, "e": np.full(60, 5.0)}
    (tmp_path / "release").mkdir()
    pq.write_table(pa.table(columns), tmp_path / "release" / "points.parquet")
    return tmp_path / "release"


def period_of(output: Path) -> tuple[float, str]:
    """Period and version of the one star."""
    said = stars_of(output)["period"][0].as_py()
    assert said["error"] is None
    return said["period"], said["version"]


def test_a_period_beyond_the_default_is_found_with_fmax_and_the_output_says_so(fast: Path, tmp_path: Path) -> None:
    keys = {"format": "plain", "columns": COLUMNS, "modules": ("period",)}
    run(tmp_path / "usual", fast, **keys)
    period, version = period_of(tmp_path / "usual")
    assert (period > 1 / 24, version) == (True, "1.0.0")
    run(tmp_path / "wide", fast, **keys, options={"period.fmax": "72"})
    period, version = period_of(tmp_path / "wide")
    assert period == pytest.approx(PERIOD, rel=1e-4)
    assert version == "1.0.0 fmax=72"
    run(tmp_path / "same", fast, **keys, options={"period.fmax": "24"})
    assert stars_of(tmp_path / "same").equals(stars_of(tmp_path / "usual"))
    with pytest.raises(ConfigError, match=r"over something else: options was \{'period.fmax': 72.0\}, now None"):
        run(tmp_path / "wide", fast, **keys)
    with pytest.raises(ConfigError, match=r"options was None, now \{'period.fmax': 36.0\}"):
        run(tmp_path / "usual", fast, **keys, options={"period.fmax": "36"})
    with pytest.raises(OptionError, match="period has no option 'fmex'; its options: fmax"):
        run(tmp_path / "none", fast, **keys, options={"period.fmex": "36"})
    assert not (tmp_path / "none" / "science").exists()


def test_a_file_and_the_command_line_tell_options(tmp_path: Path) -> None:
    file = tmp_path / "job.yaml"
    file.write_text("options: {period.fmax: 48}\n", encoding="utf-8")

    def told(*arguments: str) -> dict[str, str]:
        given = parser().parse_args(["--config", str(file), *arguments])
        return dict(load_as(ReprocessConfig, given.config, _overrides(given)).release.options)

    assert told() == {"period.fmax": "48"}
    assert told("--options", "period.fmax=36") == {"period.fmax": "36"}
    assert told("--option", "period.fmax=36") == {"period.fmax": "36"}
    assert told("--fmax", "72") == {"period.fmax": "72"}


def test_a_part_of_the_sky_without_an_object_is_said(
    fast: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    outcome = run(tmp_path / "out", fast, format="plain", columns=COLUMNS, healpix=("5/7",))
    assert say_losses(outcome) == 0
    assert "the files that can be read have no object in HEALPix 5/7" in capsys.readouterr().err
