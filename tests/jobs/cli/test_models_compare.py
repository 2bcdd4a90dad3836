"""Two classifiers on the same labelled alerts."""

import shutil
import sys
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

import science_modules
from jobs.cli.models import main
from jobs.labels import table as label_table
from jobs.measures.paired import mcnemar
from jobs.modules.trained_on import FILE, TrainedOn, object_names
from jobs.reports.evaluation import caveats
from jobs.reports.model_comparison import ComparedModels, compare_models
from jobs.simulation.night import container
from jobs.simulation.packets import packet
from jobs.storage.layout import Layout


@pytest.fixture
def scored(night_out: Layout, tmp_path: Path) -> Path:
    """130 alerts that `old` calls right in 6 of 10 and `new_v2_0_0` in all but one of 10; the last ten have no answer of old."""
    root = tmp_path / "out"
    shutil.copytree(night_out.root, root)
    seen = 0
    for path in Layout(root).files("science"):
        table = pq.ParquetFile(path).read()
        rows = np.arange(seen, seen + table.num_rows)
        seen += table.num_rows
        table = table.append_column("old", answers(rows, rows % 10 < 6, rows >= 120))
        pq.write_table(table.append_column("new_v2_0_0", answers(rows, rows % 10 != 3, rows < 0)), path)
    return root


def answers(rows: np.ndarray, right: np.ndarray, silent: np.ndarray) -> pa.Array:
    supernova = np.where((rows % 2 == 0) == right, 0.9, 0.1)
    fields = {"p_sn": supernova, "p_vs": 1 - supernova}
    values = {name: pa.array(each, mask=silent) for name, each in fields.items()}
    errors, versions = pa.array([None] * len(rows), pa.string()), pa.array(["1.0.0"] * len(rows))
    return pa.StructArray.from_arrays([*values.values(), versions, errors], names=[*values, "version", "error"])


@pytest.fixture
def labels(scored: Path, tmp_path: Path) -> Path:
    """The class of every alert; those of even rows are supernovae."""
    tables = [pq.ParquetFile(path).read(columns=["object_id", "alert_id"]) for path in Layout(scored).files("science")]
    rows = [
        {**row, "survey": "ztf", "class": "VS" if number % 2 else "SNIa", "source": "bts"}
        for number, row in enumerate(pa.concat_tables(tables).to_pylist())
    ]
    label_table.write(pa.Table.from_pylist(rows, schema=label_table.SCHEMA), tmp_path / "labels.parquet")
    return tmp_path / "labels.parquet"


def test_the_better_one_is_named_with_numbers_of_both(
    scored: Path, labels: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    sheet = scored.parent / "sheet.png"
    given = ["compare", "old", "new@2.0.0", "--on", str(scored), "--labels", str(labels), "-o", str(sheet), "-n", "5"]
    assert main(given) == 0
    told = capsys.readouterr().out
    assert (
        "new_v2_0_0 is better, by more than chance, if these were not in the training of old and of new_v2_0_0" in told
    )
    assert "NOT KNOWN WHETHER THIS IS A TEST: no file beside old says" in told
    assert "SIMULATED: 120 of 120 alerts are simulated or injected: this says nothing of the real sky" in told
    assert "not compared: 10 without an answer of both, 0 without a label" in told
    assert f"5 of 60 alerts on which they disagree: {sheet}" in told
    assert sheet.read_bytes()[:4] == b"\x89PNG"


def test_counts_are_those_of_a_plain_loop(scored: Path, labels: Path) -> None:
    found = compare_models(ComparedModels(("old", "new_v2_0_0"), scored, [labels]))
    assert found.classes == ("SN", "VS")
    rows = np.arange(120)
    old, new = rows % 10 < 6, rows % 10 != 3
    assert (found.paired.only_first, found.paired.only_second) == ((old & ~new).sum(), (new & ~old).sum())
    assert found.paired.p_value == mcnemar(found.paired.groups_first, found.paired.groups_second)
    assert found.paired.difference == pytest.approx(new.mean() - old.mean())
    assert [each.accuracy.k for each in found.confusions] == [old.sum(), new.sum()]
    disagreed = found.disagreements()
    assert len(disagreed) == (old != new).sum()
    assert all(row["right"] for row in disagreed)  # of two classes, one is right
    assert disagreed[0]["words"] in ("SN: VS / SN", "SN: SN / VS")


@pytest.fixture
def five_scores(scored: Path) -> Path:
    """Networks of acai in two versions: `acai_v8` finds SN at chance, `acai_v9` orders them but for one of five."""
    seen = 0
    for path in Layout(scored).files("science"):
        table = pq.ParquetFile(path).read()
        rows = np.arange(seen, seen + table.num_rows)
        seen += table.num_rows
        table = table.append_column("acai_v8", five(rows, np.full(len(rows), 0.4)))
        supernova = np.where((rows % 2 == 0) & (rows % 5 > 0), 0.8, 0.3) + rows / 1e4
        pq.write_table(table.append_column("acai_v9", five(rows, supernova)), path)
    return scored


def five(rows: np.ndarray, supernova: np.ndarray) -> pa.Array:
    star = np.where(rows % 2 == 0, 0.2, 0.7)
    none = np.zeros(len(rows))
    fields = {"acai_h": supernova, "acai_n": none, "acai_v": star, "acai_o": none, "acai_b": none}
    errors, versions = pa.array([None] * len(rows), pa.string()), pa.array(["1.0.0"] * len(rows))
    return pa.StructArray.from_arrays(
        [*map(pa.array, fields.values()), versions, errors], names=[*fields, "version", "error"]
    )


def test_scores_that_were_trained_alone_are_compared_one_by_one(five_scores: Path, labels: Path) -> None:
    """Counted by hand: of 65 supernovae (even rows) every fifth, 13, is scored like a star of its place."""
    found = compare_models(ComparedModels(("acai_v8", "acai_v9"), five_scores, [labels]))
    assert [each.name for each in found.by_score] == ["AGN", "SN", "VS", "asteroid", "bogus"]
    supernova, star = found.by_score[1], found.by_score[2]
    assert (supernova.area.n_members, supernova.area.n_others) == (65, 65)
    assert supernova.area.first == 0.5
    rows = np.arange(130)
    low = rows[(rows % 2 == 0) & (rows % 5 == 0)]
    won = 52 * 65 + sum((rows[rows % 2 == 1] < row).sum() for row in low)
    assert supernova.area.second == pytest.approx(won / 65**2)
    assert supernova.area.low > 0.3 and supernova.area.is_more_than_chance
    assert (star.area.first, star.area.second, star.area.difference) == (1, 1, 0)
    assert (supernova.at(0, 0.2), supernova.at(0, 0.5)) == ("0.000 / 1.000", "1.000 / 0.000")
    assert (supernova.at(1, 0.2), supernova.at(1, 0.5)) == ("0.000 / 1.000", "0.200 / 0.000")
    assert supernova.alike(1) == "0.154 / 0.231 at 0.310"  # ten of the thirteen; stars of row 101 and later
    assert found.by_score[0].alike(0) == "no examples of both"
    assert found.by_score[0].at(0, 0.5) == "none / 0.000"
    apart = found.apart("SN", 0.5)
    assert len(apart) == 52 and apart[0]["words"] == "SN: 0.40 / 0.81"
    with pytest.raises(ValueError, match="no score of 'TDE'; acai_v8 and acai_v9 have AGN, SN"):
        found.apart("TDE", 0.5)


def test_the_terminal_has_a_line_per_score_and_the_sheet_those_on_two_sides(
    five_scores: Path, labels: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    sheet = five_scores.parent / "apart.png"
    given = ["compare", "acai@8", "acai@9", "--on", str(five_scores), "--labels", str(labels)]
    assert main([*given, "--score", "SN", "--threshold", "0.5", "-o", str(sheet), "-n", "3"]) == 0
    told = capsys.readouterr().out
    assert "each score: area under the ROC curve" in told and "more than chance" in told
    assert "no examples of both" in told and "nan" not in told
    assert "missed / false alarms (FNR / FPR)" in told and "0.200 / 0.000" in told
    assert f"3 of 52 alerts whose scores of SN lie on two sides of 0.5: {sheet}" in told
    assert sheet.read_bytes()[:4] == b"\x89PNG"
    assert main([*given, "--score", "SN"]) == 2
    assert "--score chooses what -o draws: give -o FILE too" in capsys.readouterr().err


def test_of_probabilities_of_one_whole_there_is_no_table_by_score(
    scored: Path, labels: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["compare", "old", "new@2.0.0", "--on", str(scored), "--labels", str(labels)]) == 0
    assert "each score" not in capsys.readouterr().out


def test_what_cannot_be_compared_is_refused(scored: Path, labels: Path, capsys: pytest.CaptureFixture[str]) -> None:
    given = ["--on", str(scored), "--labels", str(labels)]
    assert main(["compare", "old", "anomaly", *given]) == 2
    assert "anomaly tells no classes: wanted are outputs p_<class>" in capsys.readouterr().err
    assert main(["compare", "old", "old", *given]) == 2
    assert "two models are compared, found old twice" in capsys.readouterr().err
    assert main(["compare", "old", "new@3", *given]) == 2
    assert "out has no answers of new_v3; no science module 'new_v3'" in capsys.readouterr().err
    (labels.parent / "bts.csv").write_text("ZTFID,type\nZTF18aaaaaaa,CV\n")
    assert main(["compare", "old", "new@2.0.0", "--on", str(scored), "--labels", str(labels.parent / "bts.csv")]) == 2
    assert "130 alerts, 0 with such a label" in capsys.readouterr().err


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """That of `new_v2_0_0`; nothing is known of `old`."""
    folder = tmp_path / "new_v2_0_0"
    folder.mkdir()
    monkeypatch.setattr(caveats, "_folder", lambda name: folder if name == "new_v2_0_0" else None)
    return folder


def trained_on(folder: Path, rows: pa.Table) -> None:
    (folder / FILE).write_bytes(TrainedOn.of(object_names(rows)).to_bytes())


def test_there_is_no_verdict_on_what_one_of_them_was_trained_on(
    folder: Path, scored: Path, labels: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    trained_on(folder, label_table.read(labels))
    assert main(["compare", "old", "new@2.0.0", "--on", str(scored), "--labels", str(labels)]) == 0
    told = capsys.readouterr().out
    assert "objects were in the training of new_v2_0_0" in told
    assert "no verdict: some of these were in the training of new_v2_0_0" in told
    assert "new_v2_0_0 less old: +0.300" in told  # the numbers are there
    assert "better" not in told and "no difference" not in told


def test_the_verdict_is_that_of_the_objects_that_neither_saw(
    folder: Path, scored: Path, labels: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """Counted by hand over the alerts of other objects than those of the first seventy."""
    given = label_table.read(labels)
    objects = given["object_id"].to_pylist()
    seen = given.slice(0, 70)
    trained_on(folder, seen)
    found = compare_models(ComparedModels(("old", "new_v2_0_0"), scored, [labels]))
    known = set(seen["object_id"].to_pylist())
    rows = np.array([number for number in range(120) if objects[number] not in known])
    old, new = rows % 10 < 6, rows % 10 != 3
    assert found.memories[1].seen == len({objects[number] for number in range(120)} & known)
    assert 0 < len(rows) < 120
    assert (found.unseen.n, found.unseen.only_first, found.unseen.only_second) == (
        len(rows), (old & ~new).sum(), (new & ~old).sum(),
    )  # fmt: skip
    assert main(["compare", "old", "new@2.0.0", "--on", str(scored), "--labels", str(labels)]) == 0
    told = capsys.readouterr().out
    assert f"on the objects that neither is known to have seen: {found.unseen}" in told
    assert "on those: " in told


@pytest.fixture
def twin(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[str]:
    """A module that says what stamp says; forgotten at the end."""
    folder = tmp_path / "my_modules" / "twin"
    folder.mkdir(parents=True)
    (folder / "__init__.py").write_text(
        "from dataclasses import replace\n\nfrom science_modules import registry\n\n"
        'MODULE = replace(registry.declared("stamp"), name="twin")\n'
    )
    monkeypatch.setenv("STRIX_MODULE_PATH", str(folder.parent))
    monkeypatch.setattr(science_modules, "__path__", list(science_modules.__path__))
    yield "twin"
    sys.modules.pop("science_modules.twin", None)


def test_packets_are_run_through_both(twin: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """No science table is there. The truth is found in the directory that the simulator leaves."""
    sky = tmp_path / "sky"
    (sky / "_truth").mkdir(parents=True)
    packets = [packet(6, number)[0] for number in range(12)]
    (sky / "a.avro").write_bytes(container(packets))
    rows = [{"object_id": each["objectId"], "leaf": "SNIa"} for each in packets]
    pq.write_table(pa.Table.from_pylist(rows), sky / "_truth" / "truth.parquet")
    assert main(["compare", "stamp", "light_curve_class", "--on", str(sky), "--labels", str(sky / "_truth")]) == 2
    assert "only models of the same classes can be compared: stamp has AGN, SN" in capsys.readouterr().err
    assert main(["compare", "stamp", twin, "--on", str(sky), "--labels", str(sky), "-o", str(tmp_path / "a.png")]) == 0
    told = capsys.readouterr().out
    assert "answers: run over the packets of sky" in told
    assert "twin less stamp: +0.000" in told
