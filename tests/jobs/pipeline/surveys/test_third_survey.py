"""A third survey is one adapter, one schema folder and one YAML (tests/surveys): a night of it, with ZTF's, end to end."""

import io
import json
import math
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import fastavro
import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from jobs.simulation.night import simulate
from science_modules.common.examples import fits_stamp

ROOT = Path(__file__).resolve().parents[4]
SURVEYS = ROOT / "tests" / "surveys"
SCHEMA = json.loads((SURVEYS / "atlas" / "schemas" / "5001.avsc").read_text())
MJD = 60400.31  # UTC; 2024-03-31, 7 h
TAI = 37 / 86400
Packet = dict[str, Any]


def measured(mjd: float, flux: float, band: str = "o", chi: float = 1.2, err: float | None = 5.0) -> Packet:
    return {"mjd": mjd, "filter": band, "uJy": flux, "duJy": err, "chiN": chi, "obs": "02a60400o0123c"}


def packet(number: int) -> Packet:
    """A packet with five forced points: one flagged, one later than the alert, one without an error, one in c."""
    own = measured(MJD + 0.01 * number, -80.0 - number if number == 2 else 80.0 + number)
    detection = {
        **own,
        "ra": 10.0 + number,
        "dec": -20.0,
        "mag5sig": -99.0 if number == 1 else 19.4,
        "rb": 0.3 if number == 3 else 0.9,
        "field": "none" if number == 4 else "SV123",
        "exptime": 30.0,
        "x": 5000.0,
        "y": 5000.0,
    }
    forced = [
        measured(MJD - 1, 70.0),
        measured(MJD - 3, -10.0, band="c"),
        measured(MJD - 2, 900.0, chi=500.0),
        measured(MJD + 1, 75.0),
        measured(MJD - 4, 12.5, err=None),
    ]
    image = np.zeros((41, 41), np.float32)
    image[30, 10] = 100.0  # below and left of the middle, where row 0 is south and column 0 east: north and east
    cutout = fits_stamp(image)
    return {
        "alertId": 9000 + number,
        "objectId": f"ATLAS24a{'bcdefg'[number]}",
        "detection": detection,
        "forced": forced,
        **dict.fromkeys(("science", "template", "difference"), cutout),
    }


def strix(cwd: Path, *arguments: str) -> str:
    """What a verb prints; it must end well."""
    environment = os.environ | {"STRIX_SURVEY_PATH": str(SURVEYS), "PYTHONPATH": str(ROOT)}
    command = [sys.executable, "-m", "jobs.cli.main", *arguments]
    done = subprocess.run(command, cwd=cwd, env=environment, capture_output=True, text=True, timeout=280)
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout + done.stderr


FILTER = """
description: "Bright in o, with a known limit."
owner: strix
reference: "made up"
where: survey = 'atlas' AND band = 'o' AND mag < 21.5 AND candidate.mag5sig < 19.5 AND stetson_k.n >= 1
annotations: {limit: candidate.mag5sig}
examples:
  match:
    - {survey: atlas, band: o, mag: 19.1, candidate: {mag5sig: 19.0}, stetson_k: {n: 3}}
  no_match:
    - {survey: atlas, band: o, mag: 19.1, candidate: {mag5sig: -99.0}, stetson_k: {n: 3}}
"""


@pytest.fixture(scope="module")
def place(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A directory with packets of two surveys, a filter, and the night's output in `out`."""
    directory = tmp_path_factory.mktemp("third")
    (directory / "packets").mkdir()
    (directory / "filters").mkdir()
    (directory / "filters" / "bright_o.yaml").write_text(FILTER)
    with (directory / "packets" / "atlas.avro").open("wb") as file:
        fastavro.writer(file, fastavro.parse_schema(SCHEMA, named_schemas={}), [packet(number) for number in range(5)])
    simulate(directory / "simulated", 4, seed=1)
    inputs = [str(directory / name) for name in ("packets", "simulated")]
    job = ["night", "--config", str(SURVEYS / "atlas.yaml"), "--output", str(directory / "out"), "--input", *inputs]
    strix(directory, *job, "--filters", str(directory / "filters"))
    return directory


@pytest.fixture(scope="module")
def alerts(place: Path) -> dict[int, Packet]:
    """The science rows of the third survey, by alert id."""
    files = sorted((place / "out" / "science").rglob("*.parquet"))
    rows = pa.concat_tables([pq.read_table(file, partitioning=None) for file in files]).to_pylist()
    assert sorted({row["survey"] for row in rows}) == ["atlas", "ztf"]
    return {row["alert_id"]: row for row in rows if row["survey"] == "atlas"}


@pytest.mark.spark
def test_the_common_view_agrees_with_what_the_packets_say(alerts: dict[int, Packet]) -> None:
    assert sorted(alerts) == [9000, 9001, 9002, 9003, 9004]
    for number, row in enumerate(alerts[9000 + each] for each in range(5)):
        micro = packet(number)["detection"]["uJy"]
        assert row["flux"] == micro * 1000
        assert row["flux_err"] == 5000
        assert row["mag"] == pytest.approx(23.9 - 2.5 * math.log10(abs(micro)), abs=1e-12)
        assert row["mag_err"] == pytest.approx(2.5 / math.log(10) * 5 / abs(micro), rel=1e-12)
        assert row["is_positive"] is (number != 2)
        assert row["mjd"] == pytest.approx(MJD + 0.01 * number + TAI, abs=1e-9)
        assert (row["night"], row["band"], row["real_bogus"]) == (
            20240330,
            "o",
            pytest.approx(0.3 if number == 3 else 0.9),
        )
        assert row["quality_ok"] is (number != 3)
        assert (row["flux_total"], row["corrected"], row["dubious"], row["stellar"]) == (None, False, None, None)
        assert (row["n_detections"], row["n_bad_history"], row["n_flagged_points"]) == (1, 1, 1)
        assert row["age_days"] == 0.0


@pytest.mark.spark
def test_its_light_curve_is_in_order_with_its_own_bands(alerts: dict[int, Packet]) -> None:
    row = alerts[9001]
    assert row["lc_mjd"] == pytest.approx([MJD - days + TAI for days in (4, 3, 2, 1, -0.01)], abs=1e-9)
    assert row["lc_band"] == ["o", "c", "o", "o", "o"]
    assert row["lc_kind"] == ["forced"] * 4 + ["detection"]
    assert row["lc_flux"] == [12500.0, -10000.0, None, 70000.0, 81000.0]
    assert row["lc_flux_err"] == [None, 5000.0, 5000.0, 5000.0, 5000.0]
    assert row["lc_flux_flagged"] == [None, None, 900000.0, None, None]
    assert row["lc_flag"] == [None, None, "chiN > 100", None, None]


@pytest.mark.spark
def test_candidate_types_of_two_surveys_may_differ(alerts: dict[int, Packet], place: Path) -> None:
    own = alerts[9000]["candidate"]
    # ZTF's `field` is a number, its `exptime` a float32: the third survey's own stand beside them.
    assert (own["atlas_field"], own["field"], own["atlas_exptime"], own["exptime"]) == ("SV123", None, 30.0, None)
    assert (own["mag5sig"], own["ra"], own["fid"]) == (pytest.approx(19.4), 10.0, None)


@pytest.mark.spark
def test_modules_that_name_no_survey_serve_it_in_any_band(alerts: dict[int, Packet]) -> None:
    row = alerts[9000]
    assert (row["stetson_k"]["n"], row["stetson_k"]["error"]) == (1, "too few points: n < 3")  # one detection, in o
    assert (row["lc_features"]["n_g"], row["lc_features"]["n_r"]) == (0, 0)


@pytest.mark.spark
def test_filters_read_its_sentinels_as_null(place: Path) -> None:
    told = strix(place, "filter", "test", "filters/bright_o.yaml", "--data", "out")
    assert "9000" in told and "9001" not in told  # mag5sig of 9001 is -99


@pytest.mark.spark
def test_show_names_the_survey_and_its_pages_and_draws_its_bands(place: Path) -> None:
    told = strix(place, "show", "9002", "--data", "out", "--survey", "atlas", "-o", "shown.svg")
    assert "ATLAS alert 9002" in told
    assert "https://example.org/objects/ATLAS24ad" in told
    drawn = (place / "shown.svg").read_text()
    assert "ATLAS24ad" in told and "no science stamp" not in drawn


@pytest.mark.spark
def test_export_has_its_rows_and_fields(place: Path) -> None:
    columns = "object_id,survey,mag,candidate.mag5sig,candidate.atlas_field"
    strix(place, "export", "out", "-o", "flat.parquet", "--columns", columns)
    rows = [row for row in pq.read_table(place / "flat.parquet").to_pylist() if row["survey"] == "atlas"]
    assert len(rows) == 5
    assert {row["object_id"] for row in rows} == {f"ATLAS24a{letter}" for letter in "bcdef"}


@pytest.mark.spark
def test_the_ledger_counts_its_packets(place: Path) -> None:
    assert "9" in strix(place, "ledger", "check", "out")


def test_wire_messages_are_decoded_with_the_schema_that_the_adapter_brings(tmp_path: Path) -> None:
    datum = io.BytesIO()
    fastavro.schemaless_writer(datum, fastavro.parse_schema(SCHEMA, named_schemas={}), packet(0))
    (tmp_path / "one").write_bytes(datum.getvalue())
    code = """
import sys
from pathlib import Path
from jobs.packets.messages import Message
from jobs.pipeline.decode.decoder import Decoder
from jobs.pipeline.decode.single import wire_of
from jobs.pipeline.surveys import SURVEYS, SURVEY_NAMES, survey_of
schema = survey_of("atlas").schemas.joinpath("5001.avsc").read_text()
decoded = Decoder(SURVEYS, None).decode([Message(wire_of(schema, Path(sys.argv[1]).read_bytes()))])
print(SURVEY_NAMES, [(g.survey.name, g.packets[0]["alertId"].as_py(), g.versions) for g in decoded.groups])
"""
    environment = os.environ | {"STRIX_SURVEY_PATH": str(SURVEYS), "PYTHONPATH": str(ROOT)}
    command = [sys.executable, "-c", code, str(tmp_path / "one")]
    said = subprocess.run(command, env=environment, capture_output=True, text=True, check=True, timeout=120).stdout
    assert said == "('ztf', 'lsst', 'atlas') [('atlas', 9000, ['1.0'])]\n"


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("SURVEY = 1", "wants a SURVEY called 'mine', has 'int'"),
        ("from jobs.pipeline.surveys.ztf import ZTF as SURVEY", "wants a SURVEY called 'mine', has 'ztf'"),
        (None, "which is no directory"),
    ],
)
def test_a_path_that_names_no_survey_is_said_in_one_line(tmp_path: Path, text: str | None, said: str) -> None:
    if text is not None:
        (tmp_path / "mine.py").write_text(text)
    path = tmp_path if text is not None else tmp_path / "absent"
    environment = os.environ | {"STRIX_SURVEY_PATH": str(path), "PYTHONPATH": str(ROOT)}
    command = [sys.executable, "-m", "jobs.cli.main", "night", "--help"]
    done = subprocess.run(command, env=environment, capture_output=True, text=True, timeout=120)
    assert done.returncode == 2
    assert said in done.stderr and done.stderr.startswith("strix: STRIX_SURVEY_PATH")
    assert "Traceback" not in done.stderr
