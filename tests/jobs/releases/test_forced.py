"""Forced photometry of IPAC's service: written by hand, and the published files."""

import gzip
import json
import shlex
from pathlib import Path

import numpy as np
import pytest
from releases import refused_of, run, stars_of

from jobs.cli.console import Console
from jobs.cli.main import main
from jobs.cli.reprocess import print_outcome
from jobs.config import ConfigError

NAMES = (
    "index, field, filter, infobitssci, exptime, zpdiff, programid, jd, forcediffimflux, forcediffimfluxunc, procstatus"
)
HEAD = "# Requested input R.A. = 169.5 degrees\n# Requested input Dec. = -18.25 degrees\n# Order of columns below:\n"
ROWS = (
    "0 574 ZTF_g 0 30. 26.4 1 2459250.8690856 100.0 10.0 0",
    "1 574 ZTF_r 0 300. 26.4 2 2459251.8690856 -60.0 10.0 57,61",
    "2 574 ZTF_g 33554432 30. 26.4 1 2459252.8 100.0 10.0 0",
    "3 574 ZTF_g 0 30. 26.4 1 2459253.8 null null 56",
    "4 574 ZTF_i 0 30. 26.4 1 2459254.8 -99999 -99999 61",
    "5 574 ZTF_i 4 30. 26.4 1 2459255.8 1.0 10.0 0",
)


def write(path: Path, rows: tuple[str, ...] = ROWS, names: str = NAMES) -> Path:
    """A file of the service."""
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(gzip.compress(f"{HEAD} {names}\n#\n{chr(10).join(' ' + row for row in rows)}\n".encode()))
    return path


def test_fluxes_times_and_statuses_are_those_of_the_file(tmp_path: Path) -> None:
    write(tmp_path / "in" / "forcedphotometry_req00000042_lc.txt.gz")
    run(tmp_path / "out", tmp_path / "in", format="forced")
    found = stars_of(tmp_path / "out").to_pylist()[0]
    assert (found["object_id"], found["ra"], found["dec"]) == ("req00000042", 169.5, -18.25)
    assert found["lc_band"] == ["g", "r", "i"]
    assert found["lc_kind"] == ["detection", "detection", "forced"]  # 10, -6 and 0.1 times the error
    assert (found["n_detections"], found["n_positive"]) == (2, 1)
    # zpdiff 26.4 is 5 mag below 31.4: a DN is 100 nJy
    assert found["lc_flux"] == pytest.approx([10000.0, -6000.0, 100.0])
    assert found["lc_flux_err"] == pytest.approx([1000.0] * 3)
    assert found["lc_flux_total"] == [None] * 3
    assert (found["corrected"], found["release"]["flux_kind"]) == (False, "difference")
    # the middle of 30 s and of 300 s, TAI 37 s ahead of UTC
    assert found["lc_mjd"][:2] == pytest.approx(
        [59250.3690856 + (15 + 37) / 86400, 59251.3690856 + (150 + 37) / 86400], abs=1e-9
    )
    assert found["release"]["procstatus"] == ["0", "57,61", "0"]
    assert found["lc_public"] == [True, False, True]
    assert found["release"]["n_dropped"] == 3
    # A negative difference has no magnitude; a forced point is no detection.
    told = found["lc_features"]
    assert (told["error"], told["n_g"], told["n_r"], told["n_i"], told["n_left_out"]) == (None, 1, 0, 0, 1)
    run(tmp_path / "strict", tmp_path / "in", format="forced", strict=True)
    assert stars_of(tmp_path / "strict")["lc_band"].to_pylist() == [["g", "r"]]


def test_what_is_no_such_file_is_told_and_the_others_are_read(tmp_path: Path) -> None:
    folder = tmp_path / "in"
    write(folder / "a.txt.gz")
    write(folder / "b.txt.gz", names=NAMES.replace(" zpdiff,", " zp,"))
    (folder / "c.txt.gz").write_bytes((folder / "a.txt.gz").read_bytes()[:-30])
    write(folder / "d.txt.gz", rows=(ROWS[0] + " 7",))
    (folder / "e.txt").write_text("nothing of the kind\n")
    write(folder / "f.txt.gz", rows=(ROWS[3],))
    write(folder / "g.txt.gz", rows=(ROWS[0].replace("2459250", "59250"),))
    outcome = run(tmp_path / "out", folder, format="forced")
    assert [(Path(each["file"]).name, each["reason"]) for each in outcome.plan.refused] == [
        ("b.txt.gz", "missing_columns"),
        ("c.txt.gz", "unreadable"),
        ("d.txt.gz", "unreadable"),
        ("e.txt", "missing_columns"),
    ]
    assert refused_of(tmp_path / "out") == [("", "wrong_unit"), ("f", "no_points")]
    assert stars_of(tmp_path / "out")["object_id"].to_pylist() == ["a"]


def test_the_published_files_give_the_fluxes_of_their_rows(real_alerts: Path, tmp_path: Path) -> None:
    run(tmp_path / "out", real_alerts / "forced", format="forced")
    stars = {each["object_id"]: each for each in stars_of(tmp_path / "out").to_pylist()}
    assert sorted(stars) == ["req00010458", "req00010550", "req00012210"]
    first = stars["req00010458"]
    assert first["lc_flux"][0] == pytest.approx(12.6855478032097 * 10 ** (0.4 * (31.4 - 26.3699)), rel=1e-12)
    assert first["lc_mjd"][0] == pytest.approx(2459250.8690856 - 2400000.5 + 52 / 86400, abs=1e-8)
    long = stars["req00010550"]
    assert len(long["release"]["procstatus"]) == len(long["lc_mjd"]) > 1600
    assert long["release"]["n_dropped"] > 5
    assert np.all(np.diff(long["lc_mjd"]) >= 0)
    detected = [each["lc_kind"].count("detection") for _, each in sorted(stars.items())]
    assert detected == [4, 109 + 144 + 360 + 422, 36 + 48]  # five errors or more, of either sign, g before r
    assert [stars[name]["n_detections"] for name in sorted(stars)] == detected
    assert [stars[name]["lc_features"]["n_g"] for name in sorted(stars)] == [2, 109, 36]  # positive differences
    run(tmp_path / "short", real_alerts / "forced", format="forced", without_light_curves=True)
    shorn = stars_of(tmp_path / "short")["release"].to_pylist()
    assert [each["procstatus"] for each in shorn] == [None] * 3
    assert [each["n_dropped"] for each in shorn] == [stars[name]["release"]["n_dropped"] for name in sorted(stars)]
    assert set(long["release"]["procstatus"]) == {"0", "56"}  # every epoch of status 57 or 61 has no flux


def test_the_end_says_which_module_answered_nothing_and_what_can_be_typed_next(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    write(tmp_path / "in" / "forcedphotometry_req00000042_lc.txt.gz")
    monkeypatch.chdir(tmp_path)
    outcome = run(tmp_path / "out", tmp_path / "in", format="forced", modules=("lc_features", "stetson_k"))
    print_outcome(outcome, Console())
    shown = capsys.readouterr().out
    told = "stetson_k answered nothing: 0 of 1 star; most frequent reason: no band: K is of the alert's own"
    assert told in shown and "lc_features answered nothing" not in shown
    typed = [shlex.split(line) for line in shown.partition("next:\n")[2].splitlines()]
    assert [words[:3] for words in typed] == [
        ["strix", "export", str(tmp_path / "out")],
        ["strix", "show", "req00000042"],
        ["strix", "get", "cone"],
    ]
    for words in typed[1:]:
        assert main(words[1:]) == 0
    assert (tmp_path / "star.png").stat().st_size > 10_000
    assert "req00000042" in capsys.readouterr().out


def test_an_output_of_other_rows_of_the_same_files_is_not_gone_on_with(tmp_path: Path) -> None:
    write(tmp_path / "in" / "a_lc.txt.gz")
    outcome = run(tmp_path / "out", tmp_path / "in", format="forced")
    plan = json.loads(outcome.run.plan_path.read_text())
    assert plan["asked"].pop("changes of the rows that Strix makes of the format") == 1
    outcome.run.plan_path.write_text(json.dumps(plan))
    with pytest.raises(ConfigError, match="changes of the rows that Strix makes of the format was None, now 1; name"):
        run(tmp_path / "out", tmp_path / "in", format="forced")


def test_a_pattern_names_files_as_it_does_for_a_night(tmp_path: Path) -> None:
    for name in ("a", "b"):
        write(tmp_path / "in" / f"{name}_lc.txt.gz")
    (tmp_path / "in" / "README.txt").write_text("of another kind\n")
    outcome = run(tmp_path / "out", tmp_path / "in" / "*_lc.txt.gz", format="forced")
    assert [Path(each.path).name for each in outcome.plan.files] == ["a_lc.txt.gz", "b_lc.txt.gz"]
    assert not outcome.plan.refused
    with pytest.raises(ConfigError, match=r"--input .*/c\* is not there, no path matches it"):
        run(tmp_path / "none", tmp_path / "in" / "c*", format="forced")
