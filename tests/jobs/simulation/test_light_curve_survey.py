"""`strix simulate lightcurves`: tables that science modules and training read, the same bytes always."""

import json
from collections import Counter
from hashlib import sha256
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from jobs.cli.main import main
from jobs.pipeline.enrichment.modules import Enrichment
from jobs.simulation.classes import CLASSES
from jobs.simulation.light_curve_survey import Plan, class_names
from jobs.simulation.mix import Mix, Shares
from science_modules import registry
from science_modules.common.light_curves import light_curves
from science_modules.common.view import LC_KINDS, VIEW

OPTIONS = ["simulate", "lightcurves", "--classes", "rr_lyrae_ab,qso", "--years", "1", "--seed", "7"]


@pytest.fixture(scope="module")
def output(tmp_path_factory: pytest.TempPathFactory) -> Path:
    directory = tmp_path_factory.mktemp("light curves") / "ztf"
    assert main([*OPTIONS, "--n", "300", "--tasks", "1", "--output", str(directory)]) == 0
    return directory


def table(directory: Path, pattern: str = "*") -> pa.Table:
    files = sorted((directory / "light_curves").glob(f"{pattern}.parquet"))
    return pa.concat_tables([pq.read_table(file) for file in files])


def test_files_are_the_same_bytes_whatever_the_number_of_tasks(output: Path, tmp_path: Path) -> None:
    assert main([*OPTIONS, "--n", "300", "--tasks", "2", "--output", str(tmp_path / "again")]) == 0
    assert _bytes(tmp_path / "again") == _bytes(output)
    assert len(_bytes(output)) == 2 * 2 + 3


def _bytes(directory: Path) -> dict[str, str]:
    return {
        str(path.relative_to(directory)): sha256(path.read_bytes()).hexdigest()
        for path in directory.rglob("*")
        if path.is_file()
    }


def test_more_objects_leave_the_first_as_they_are(output: Path, tmp_path: Path) -> None:
    assert main([*OPTIONS, "--n", "100", "--tasks", "1", "--output", str(tmp_path / "few")]) == 0
    few, many = table(tmp_path / "few", "qso-*"), table(output, "qso-00000")
    assert 20 < few.num_rows < many.num_rows
    assert few.equals(many.slice(0, few.num_rows))


def test_science_modules_read_the_light_curves_as_they_read_alerts(output: Path) -> None:
    stars = table(output, "rr_lyrae_ab-*")
    scored = Enrichment([registry.get(name) for name in ("lc_features", "rise", "stetson_k")]).run(stars)
    features = scored["lc_features"].combine_chunks()
    enough = np.asarray(features.field("n_g")) >= 20
    assert enough.sum() > 50
    amplitude = np.asarray(features.field("amplitude_g"))[enough]
    assert 0.35 < np.median(amplitude) < 0.75  # half of maximum less minimum, of the star itself
    truth = pq.read_table(output / "truth.parquet").to_pandas().set_index("object_id")
    drawn = truth.parameters[np.asarray(scored["object_id"])[enough]]
    expected = np.array([dict(each)["amplitude_g"] for each in drawn]) / 2
    assert np.corrcoef(amplitude, expected)[0, 1] > 0.6
    assert np.isfinite(np.asarray(scored["stetson_k"].combine_chunks().field("k"))[enough]).all()


def test_columns_are_those_of_the_common_view(output: Path) -> None:
    known = {column.name: column.type for column in VIEW}
    schema = table(output).schema
    assert {field.name: field.type for field in schema} == {field.name: known[field.name] for field in schema}
    assert {column.name for column in VIEW if column.name.startswith("lc_")} < set(schema.names)


def test_points_say_what_they_are(output: Path) -> None:
    stars = table(output, "rr_lyrae_ab-*")
    points = light_curves(stars)
    detection, limit = LC_KINDS.index("detection"), LC_KINDS.index("upper_limit")
    assert set(np.unique(points.kind)) == {detection, limit}
    assert np.isnan(points.flux[points.kind == limit]).all()
    assert (points.flux_err > 0).all()
    assert (np.abs(points.flux[points.kind == detection]) >= 3 * points.flux_err[points.kind == detection]).all()
    total = points.flux_total[(points.kind == detection) & points.corrected]
    assert np.isfinite(total).all()
    assert np.mean(total > 0) > 0.999
    same = np.diff(points.owner) == 0
    assert (np.diff(points.mjd)[same] > 0).all()
    row = stars.slice(3, 1).to_pylist()[0]
    kinds = np.array(row["lc_kind"])
    assert row["n_detections"] == (kinds == "detection").sum()
    assert row["n_positive"] == (np.array(row["lc_flux"], float)[kinds == "detection"] > 0).sum()
    last = np.flatnonzero(kinds == "detection")[-1]
    assert row["mjd"] == row["lc_mjd"][last]
    assert row["flux"] == row["lc_flux"][last]
    assert row["first_detection_mjd"] == row["lc_mjd"][np.flatnonzero(kinds == "detection")[0]]
    assert row["last_limit_mjd"] == max(np.array(row["lc_mjd"])[kinds == "upper_limit"])


def test_truth_has_every_object_and_labels_those_with_a_light_curve(output: Path) -> None:
    truth, labels = pq.read_table(output / "truth.parquet").to_pandas(), pq.read_table(output / "labels.parquet")
    assert len(truth) == 600
    assert truth.object_id.is_unique
    assert truth.object_id.str.startswith("SIM").all()
    assert truth.groupby("class").leaf.first().to_dict() == {"qso": "QSO", "rr_lyrae_ab": "RRL"}
    stars = truth[truth["class"] == "rr_lyrae_ab"]
    assert stars.period.between(0.42, 0.9).all()
    assert stars.redshift.isna().all()
    assert dict(stars.parameters.iloc[0])["period"] == stars.period.iloc[0]
    assert labels["object_id"].to_pylist() == truth.object_id[truth.n_detections > 0].tolist()
    assert sorted(labels["object_id"].to_pylist()) == sorted(table(output)["object_id"].to_pylist())
    assert labels.column_names == ["survey", "object_id", "alert_id", "class", "source", "who", "when", "weight"]
    assert set(labels["source"].to_pylist()) == {"strix-simulator"}


def test_the_truth_says_how_strong_the_source_was(output: Path) -> None:
    truth = pq.read_table(output / "truth.parquet").to_pandas()
    assert truth.max_snr[truth.n_detections > 10].min() > 3
    assert truth.max_snr[(truth.n_detections == 0) & (truth.n_visits > 50)].max() < 7


def test_lsst_has_a_forced_measurement_of_every_visit_and_negative_ids(tmp_path: Path) -> None:
    options = ["--survey", "lsst", "--n", "60", "--tasks", "1", "--output", str(tmp_path / "lsst")]
    assert main([*OPTIONS, *options]) == 0
    truth = pq.read_table(tmp_path / "lsst" / "truth.parquet").to_pandas().set_index("object_id")
    rows = table(tmp_path / "lsst").select(["object_id", "lc_kind", "lc_band", "lc_flux"]).to_pandas()
    assert (rows.object_id.astype(int) < 0).all()
    forced = rows.lc_kind.map(lambda kinds: int((kinds == "forced").sum()))
    assert forced.tolist() == truth.n_visits[rows.object_id].tolist()
    assert set(np.concatenate(rows.lc_band.to_numpy())) == set("ugrizy")
    assert not np.isnan(np.concatenate(rows.lc_flux.to_numpy())).any()


def test_the_natural_mix_follows_the_shares_of_a_night(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    options = ["--n", "50", "--classes", "all", "--mix", "natural", "--tasks", "1", "--output", str(tmp_path / "mix")]
    assert main([*OPTIONS, *options]) == 0
    assert "the mix" not in capsys.readouterr().err
    number = pq.read_table(tmp_path / "mix" / "truth.parquet").to_pandas()["class"].value_counts()
    whole = sum(kind.share for kind in CLASSES)
    for kind in CLASSES:
        assert number.get(kind.name, 0) == pytest.approx(50 * len(CLASSES) * kind.share / whole, abs=1)
    assert json.loads((tmp_path / "mix" / "simulation.json").read_text())["mix"] == "natural"


def test_a_file_says_the_mix_the_depth_and_the_cadence(
    output: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    config = tmp_path / "deep.yaml"
    config.write_text("mix: {rr_lyrae_ab: 3, sn_ia: 1}\ndepth: 1.0\ncadence: 0.5\n")
    options = ["--n", "100", "--tasks", "1", "--config", str(config), "--output", str(tmp_path / "deep")]
    assert main([*OPTIONS, *options]) == 0
    told = capsys.readouterr().err
    assert "not in --classes, so not used of the mix: sn_ia" in told
    assert "without a share in the mix, so none is drawn: qso" in told
    truth = pq.read_table(tmp_path / "deep" / "truth.parquet").to_pandas()
    assert truth["class"].unique().tolist() == ["rr_lyrae_ab"]  # of the two that OPTIONS asks for
    assert len(truth) == 100
    whole = pq.read_table(output / "truth.parquet").to_pandas().iloc[:100]
    assert truth.n_visits.sum() / whole.n_visits.sum() == pytest.approx(0.5, abs=0.05)
    assert truth.mean_mag.max() == pytest.approx(whole.mean_mag.max() + 1, abs=0.2)  # fainter ones are drawn
    said = json.loads((tmp_path / "deep" / "simulation.json").read_text())
    assert (said["depth"], said["cadence"], dict(said["mix"])["sn_ia"]) == (1.0, 0.5, 1.0)


@pytest.mark.parametrize(
    ("classes", "mix", "wanted"),
    [
        ("all", (("rr_lyrae_ab", 3.0), ("sn_ia", 1.0)), {"rr_lyrae_ab": 150, "sn_ia": 50}),
        ("qso,sn_ia,agn", (("qso", 1.0), ("sn_ia", 2.0), ("agn", 0.0)), {"sn_ia": 133, "qso": 67}),
        ("qso,sn_ia,agn", "balanced", {"sn_ia": 100, "qso": 100, "agn": 100}),
        ("qso,sn_ia,agn", "natural", {"sn_ia": 111, "qso": 126, "agn": 63}),
    ],
)
def test_n_objects_are_drawn_for_each_class_of_the_mix_by_its_shares(
    classes: str, mix: Mix | Shares, wanted: dict[str, int]
) -> None:
    plan = Plan("ztf", class_names(classes), 100, 7, 58849.0, 1.0, mix)
    drawn: Counter[str] = Counter()
    for block in plan.blocks():
        drawn[block.name] += block.n
    assert +drawn == wanted
    assert drawn.total() == 100 * len(wanted)


def test_a_mix_without_any_of_the_classes_is_refused(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    config = tmp_path / "mix.yaml"
    config.write_text("mix: {sn_ia: 1}\n")
    assert main([*OPTIONS, "--config", str(config), "--output", str(tmp_path / "x")]) == 2
    assert "no class of rr_lyrae_ab, qso has a share in the mix" in capsys.readouterr().err
    config.write_text("faults: {late: 0.5}\n")
    assert main([*OPTIONS, "--config", str(config), "--output", str(tmp_path / "x")]) == 2
    assert "faults are of `strix simulate stream`" in capsys.readouterr().err


def test_what_cannot_be_is_said(output: Path, capsys: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    assert main([*OPTIONS, "--output", str(output)]) == 4 or "not empty" in capsys.readouterr().err
    assert main(["simulate", "lightcurves", "--classes", "ufo", "--output", str(tmp_path / "x")]) == 2
    assert "no class ufo; the classes are rr_lyrae_ab" in capsys.readouterr().err
    assert main([*OPTIONS, "--n", "0", "--output", str(tmp_path / "x")]) == 2
