"""`strix evaluate` as a person types it: page, numbers, table, and what it refuses."""

import json
import re
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from browser import OPTIONS, chromium, opened
from matplotlib.image import imread
from written_night import HOSTILE, write_batch

from jobs.cli.evaluate import NUMBERS, PAGE, main
from jobs.labels import table as label_table
from jobs.labels.reading import read_labels
from jobs.measures.classification import Confusion
from jobs.measures.intervals import Share
from jobs.reports.evaluation.evaluation import ANSWERS
from jobs.reports.evaluation.label_files import NothingLabelled, label_files
from jobs.reports.evaluation.page import empty_classes
from jobs.reports.evaluation.sources import source_of
from jobs.simulation.night import container
from jobs.simulation.packets import packet
from jobs.storage.layout import Layout
from science_modules import registry

_CONTROLS = re.compile("[\x00-\x09\x0b-\x1f\x7f-\x9f\u202a-\u202e\u2066-\u2069]")


@pytest.fixture(scope="module")
def page(scored: Path, labels: Path, tmp_path_factory: pytest.TempPathFactory) -> str:
    output = tmp_path_factory.mktemp("page")
    given = ["first_one", "--data", str(scored), "--labels", str(labels), "--against", "second_one", "-n", "4"]
    assert main([*given, "-o", str(output)]) == 0
    return (output / PAGE).read_text(encoding="utf-8")


def test_it_says_the_most_important_and_leaves_page_and_numbers(
    scored: Path, labels: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["first_one", "--data", str(scored), "--labels", str(labels), "-o", str(tmp_path), "-n", "0"]) == 0
    told = capsys.readouterr().out
    numbers = json.loads((tmp_path / NUMBERS).read_text())
    own = numbers["labelled"]["recall"]["SN"]
    assert f"{own['value']:.3f} ({own['low']:.3f} to {own['high']:.3f}, n = {own['n']})" in told
    assert "not counted: label TDE, which the module does not tell: " in told
    assert "answers that out/science holds" in told
    assert numbers["mistakes"] == []
    rows = pq.read_table(tmp_path / ANSWERS)
    assert rows.num_rows == 130
    assert {"first_one.SN", "true", "label", "first_one.error"} <= set(rows.column_names)
    assert sum(map(sum, numbers["labelled"]["confusion"])) == numbers["labelled"]["n"]


def test_without_labels_it_tells_what_is_called(
    scored: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["first_one", "--data", str(scored), "-o", str(tmp_path)]) == 0
    told = capsys.readouterr().out
    assert "SIMULATED: 130 of 130 alerts" in told
    assert "SIMULATED: 130 of 130 alerts" in (tmp_path / PAGE).read_text()
    assert "no labels" in told and "not counted: without an answer: 13" in told
    numbers = json.loads((tmp_path / NUMBERS).read_text())
    assert numbers["labelled"] is None
    assert numbers["unlabelled"]["n"] == sum(numbers["unlabelled"]["called"].values()) == 117
    assert "Confusion" not in (tmp_path / PAGE).read_text()


def test_another_module_is_told_of_and_linked_to(
    scored: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    given = ["first_one", "--data", str(scored), "--against", "second_one", "-o", str(tmp_path)]
    assert main(given) == 0
    pair = json.loads((tmp_path / NUMBERS).read_text())["against"]
    counts = np.array(pair["by_object"])
    alike = sum(
        counts[i, pair["columns"]["classes"].index(name)]
        for i, name in enumerate(pair["rows"]["classes"])
        if name in pair["columns"]["classes"]
    )
    told = " ".join(capsys.readouterr().out.split())
    assert 0 < alike < counts.sum()
    assert f"against second_one: called alike {Share(int(alike), int(counts.sum()))} of objects" in told
    page = (tmp_path / PAGE).read_text()
    assert page.index('<a href="#against">against second_one</a>') < page.index("</header>")


def test_a_class_without_a_labelled_alert_is_named_and_not_drawn(
    scored: Path, labels: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    rows = label_table.read(labels)
    label_table.write(rows.filter(pa.compute.field("class") != "QSO"), tmp_path / "labels.parquet")
    given = ["first_one", "--data", str(scored), "--labels", str(tmp_path / "labels.parquet"), "-n", "0"]
    assert main([*given, "-o", str(tmp_path)]) == 0
    page = (tmp_path / PAGE).read_text()
    assert "Of AGN there is no labelled alert with an answer" in page
    thresholds = page[page.index('id="thresholds"') : page.index('id="parts"')]
    assert "<td>SN</td>" in thresholds and "<td>AGN</td>" not in thresholds
    assert "neither labelled nor called" not in capsys.readouterr().out  # AGN are called


def test_a_class_that_is_neither_labelled_nor_called_has_no_column() -> None:
    counts = np.diag([3, 0, 0, 0])
    counts[0, 1] = 1
    own = Confusion(("AGN", "SN", "VS", "TDE"), counts, np.array([0, 0, 0, 2]))
    assert empty_classes(own) == ["VS"]


def test_labels_of_a_simulation_are_found_in_its_directory(tmp_path: Path) -> None:
    truth = tmp_path / "sky" / "_truth" / "truth.parquet"
    truth.parent.mkdir(parents=True)
    truth.write_bytes(b"")
    assert label_files([tmp_path / "sky", truth.parent, truth]) == [truth] * 3
    with pytest.raises(
        NothingLabelled, match=r"is a directory, a file of labels is wanted; it has none of truth.parquet"
    ):
        label_files([tmp_path])
    with pytest.raises(ValueError, match="is a directory, a file of labels is wanted"):
        read_labels(truth.parent)


def refused(given: list[str], capsys: pytest.CaptureFixture[str]) -> str:
    assert main(given) == 2
    return capsys.readouterr().err


def test_what_cannot_be_is_refused_with_both_sides(
    scored: Path, labels: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    output = tmp_path / "out"
    base = ["--data", str(scored), "-o", str(output), "--labels"]
    assert "no label file" in refused(["first_one", *base, str(tmp_path / "absent.csv")], capsys)
    (tmp_path / "bts.csv").write_text("ZTFID,type\nZTF18aaaaaaa,SN Ia\n")
    told = refused(["first_one", *base, str(tmp_path / "bts.csv")], capsys)
    assert "130 alerts such as ztf SIM" in told and "1 labels such as that of ztf ZTF18aaaaaaa" in told
    only_tde = label_table.read(labels).filter(pa.compute.field("class") == "TDE")
    label_table.write(only_tde, tmp_path / "tde.parquet")
    told = refused(["first_one", *base, str(tmp_path / "tde.parquet")], capsys)
    assert f"first_one tells AGN, SN, VS; labels say TDE {only_tde.num_rows}" in told
    assert "anomaly tells no classes" in refused(["anomaly", *base, str(labels)], capsys)
    assert "did you mean stamp?" in refused(["stmp", *base, str(labels)], capsys)
    assert "does not exist" in refused(["stamp", "--data", str(tmp_path / "nowhere"), "-o", str(output)], capsys)
    assert "-n is 99" in refused(["first_one", *base, str(labels), "-n", "99"], capsys)
    assert not list(output.glob("*"))  # nothing half done is left


def test_packets_are_run_and_stored_answers_are_read_to_the_same_bits(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    packets = [packet(6, number)[0] for number in range(30)]
    (tmp_path / "packets").mkdir()
    (tmp_path / "packets" / "a.avro").write_bytes(container(packets))
    layout = Layout(tmp_path / "night")
    write_batch(layout, 0, [container(packets)], ("stamp",))
    outputs = []
    for data, words in (("packets", "run over the packets of packets"), ("night", "answers that night/science holds")):
        outputs.append(tmp_path / f"of_{data}")
        assert main(["stamp", "--data", str(tmp_path / data), "-o", str(outputs[-1])]) == 0
        assert f"answers: {words}" in capsys.readouterr().out
    run, stored = (pq.read_table(path / ANSWERS).drop_columns(["file"]).sort_by("alert_id") for path in outputs)
    assert run.equals(stored)
    assert run["stamp.SN"].null_count == 0
    keys = [(row["survey"], row["alert_id"], row["night"]) for row in run.to_pylist()[5:2:-1]]
    files = pq.read_table(outputs[0] / ANSWERS).sort_by("alert_id")["file"].to_pylist()[5:2:-1]
    for data, names in (("packets", files), ("night", [None] * 3)):
        rows, stamps = source_of(tmp_path / data, ["stamp"]).pictured(
            [(*key, name) for key, name in zip(keys, names, strict=True)]
        )
        assert rows["alert_id"].to_pylist() == [alert for _, alert, _ in keys]
        assert all(stamps[key[:2]]["science"] for key in keys)


def test_answers_of_another_version_are_not_taken_for_this_one_s(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    layout = Layout(tmp_path / "night")
    write_batch(layout, 0, [container([packet(6, number)[0] for number in range(4)])], ("stamp",))
    for path in layout.files("science"):
        rows = pq.ParquetFile(path).read()
        column = rows["stamp"].combine_chunks()
        names = [field.name for field in column.type]
        fields = [pa.array(["0.9.0"] * 4) if name == "version" else column.field(name) for name in names]
        place = rows.column_names.index("stamp")
        pq.write_table(rows.set_column(place, "stamp", pa.StructArray.from_arrays(fields, names=names)), path)
    assert main(["stamp", "--data", str(layout.root), "-o", str(tmp_path / "again")]) == 0
    told = capsys.readouterr().out
    installed = registry.declared("stamp").version
    assert f"run over the packets of night: night has answers of stamp 0.9.0, installed is {installed}" in told
    assert pq.read_table(tmp_path / "again" / ANSWERS)["stamp.SN"].null_count == 0
    assert json.loads((tmp_path / "again" / NUMBERS).read_text())["alerts"] == 4
    for path in layout.files("raw"):
        path.unlink()
    told = refused(["stamp", "--data", str(layout.root), "-o", str(tmp_path / "refused")], capsys)
    assert "no packets to run on: `strix enrich --again --modules stamp` scores it" in told


def test_hostile_texts_are_shown_and_never_obeyed(
    hostile_out: Layout, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """Object ids of packets, sources and persons of labels; the module is run, for the output has no answers of it."""
    names = pq.ParquetFile(hostile_out.files("science")[0]).read(columns=["object_id", "alert_id"]).to_pylist()
    rows = [
        {
            "survey": "ztf", "object_id": each["object_id"], "alert_id": each["alert_id"], "source": HOSTILE[-2],
            "class": ("AGN", "SN", "VS", "asteroid", "bogus")[number % 5], "who": HOSTILE[2],
        }
        for number, each in enumerate(names)
    ]  # fmt: skip
    rows += [{**rows[0], "class": "bogus"}]  # a conflict
    label_table.write(pa.Table.from_pylist(rows, schema=label_table.SCHEMA), tmp_path / "labels.parquet")
    given = ["stamp", "--data", str(hostile_out.root), "--labels", str(tmp_path / "labels.parquet")]
    assert main([*given, "-o", str(tmp_path / "out")]) == 0
    assert not _CONTROLS.search(capsys.readouterr().out)
    page = (tmp_path / "out" / PAGE).read_text(encoding="utf-8")
    assert not _CONTROLS.search(page)
    assert "<script" not in page.lower()
    assert not re.search(r"""(href|src|xlink:href)\s*=\s*["']?\s*javascript:""", page, re.I)
    assert "&lt;script&gt;" in page  # it is there, as text
    numbers = json.loads((tmp_path / "out" / NUMBERS).read_text())
    assert numbers["not_counted"]["labels_in_conflict"] == 1
    assert len(numbers["mistakes"]) > 3
    assert page.count('<img class="picture sheet"') == len({each["true"] for each in numbers["mistakes"]})


def test_a_real_browser_asks_for_nothing_and_shows_pictures(page: str, tmp_path: Path) -> None:
    shot = tmp_path / "page.png"
    done, asked = opened(chromium(), page, tmp_path, "--window-size=1280,3000", f"--screenshot={shot}")
    assert asked == set()
    assert "CONSOLE" not in done.stderr
    image = imread(shot)[..., :3]
    assert image[:400].std() > 0.02
    assert len(np.unique((image[::7, ::7] * 16).astype(int).reshape(-1, 3), axis=0)) > 25


def test_the_page_fits_a_telephone(page: str, tmp_path: Path) -> None:
    assert int(measured_by_browser(page, tmp_path, 390, "d.documentElement.scrollWidth")) <= 390


def test_no_table_is_wider_than_its_box_on_a_small_laptop(page: str, tmp_path: Path) -> None:
    wider = "[...d.querySelectorAll('.scroll')].filter(e => e.scrollWidth > e.clientWidth).length"
    assert page.count('class="panel scroll"') > 8
    assert measured_by_browser(page, tmp_path, 1200, wider) == "0"


def measured_by_browser(page: str, tmp_path: Path, width: int, expression: str) -> str:
    """What a script finds in the document `d`, shown in a frame so wide [px]."""
    import subprocess

    (tmp_path / "inner.html").write_text(page, encoding="utf-8")
    outer = f"""<iframe id=f src=inner.html style="width:{width}px;height:9000px;border:0"></iframe><script>
    f.onload = () => {{ const d = f.contentDocument; document.title = "found " + ({expression}) }}</script>"""
    (tmp_path / "outer.html").write_text(outer)
    command = [
        chromium(),
        *OPTIONS,
        "--allow-file-access-from-files",
        f"--user-data-dir={tmp_path / 'p'}",
        "--dump-dom",
    ]
    command += ["--virtual-time-budget=3000", (tmp_path / "outer.html").as_uri()]
    dom = subprocess.run(command, capture_output=True, text=True, timeout=120, check=True).stdout
    return re.search(r"<title>found ([^<]*)", dom).group(1)


def test_the_shipped_stamp_on_real_alerts(real_alerts: Path, tmp_path: Path) -> None:
    """Counted again from the tables that packets and labels are read to by hand; it was trained on these very alerts."""
    import pyarrow.compute as pc

    from jobs import enrich, read_packets

    path = sorted((real_alerts / "ztf_alerts").glob("*.avro"))[0]
    labels = real_alerts / "ztf_labels.parquet"
    given = ["stamp", "--data", str(path), "--labels", str(labels), "-n", "1", "-o", str(tmp_path)]
    assert main(given) == 0
    own = json.loads((tmp_path / NUMBERS).read_text())
    called = enrich(read_packets(path), ["stamp"])
    top = dict(
        zip(called["alert_id"].to_pylist(), pc.struct_field(called["stamp"], "top_class").to_pylist(), strict=True)
    )
    known = {
        row["candid"]: row["class5"]
        for row in pq.read_table(labels, columns=["candid", "class5"]).to_pylist()
        if row["class5"] in own["classes"]
    }
    both = [(known[alert], name) for alert, name in top.items() if alert in known and name is not None]
    # Two labels of theirs contradict each other by our rule, and some that are of an object are of its other alerts, too.
    assert len(both) <= own["labelled"]["n"] + own["not_counted"]["labels_in_conflict"]
    right = sum(one == other for one, other in both)
    assert own["labelled"]["accuracy"]["k"] >= right - 2
    assert own["labelled"]["accuracy"]["value"] > 0.95
    seen = own["objects_that_it_was_trained_on"]
    assert seen["trained_on"] > 0.95 * seen["objects"]  # so it is memory, and the page says it
    assert '<div class="banner memory">TRAINED ON THESE: ' in (tmp_path / PAGE).read_text()
