"""Adding and finding published weights: verified at every step, and saying how to get them."""

import functools
import http.server
import threading
from collections.abc import Iterator
from hashlib import sha256
from pathlib import Path

import pandas as pd
import pytest

from jobs.modules import weights as models
from jobs.modules.weights import ArtefactError
from science_modules.common.alert_batch import AlertBatch
from science_modules.common.contract import Artefact, Field, Original, ScienceModule

PUBLISHED = b"published weights"


def run(batch: AlertBatch, state: object) -> pd.DataFrame:
    return pd.DataFrame()


def module(digest: str = sha256(PUBLISHED).hexdigest(), made: bytes = PUBLISHED.upper()) -> ScienceModule:
    original = Original("net.h5", digest, "http://127.0.0.1:9/net.h5", bytes.upper)
    artefact = Artefact("net.onnx", sha256(made).hexdigest(), "example.org", "MIT", original)
    return ScienceModule("tiny", "1.0.0", (), (Field("x", "bool", "", "x"),), run, "here", artefacts=(artefact,))


@pytest.fixture
def source(tmp_path: Path) -> Path:
    folder = tmp_path / "downloads" / "tiny"
    folder.mkdir(parents=True)
    (folder / "net.h5").write_bytes(PUBLISHED)
    return folder


@pytest.mark.parametrize("parent", [False, True])
def test_weights_from_a_directory_are_converted_and_found(source: Path, tmp_path: Path, parent: bool) -> None:
    written = models.add(module(), source.parent if parent else source, tmp_path / "models")
    assert written == [tmp_path / "models" / "tiny" / "net.onnx"]
    assert models.find(module(), tmp_path / "models") == {"net.onnx": PUBLISHED.upper()}
    assert models.missing(module(), tmp_path / "models") == []
    assert [path.name for path in written[0].parent.iterdir()] == ["net.onnx"]


@pytest.fixture
def server(source: Path) -> Iterator[str]:
    handler = functools.partial(http.server.SimpleHTTPRequestHandler, directory=str(source))
    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), handler) as running:
        thread = threading.Thread(target=running.serve_forever)
        thread.start()
        yield f"http://127.0.0.1:{running.server_address[1]}"
        running.shutdown()
        thread.join()


def test_weights_from_a_url_are_fetched(server: str, tmp_path: Path) -> None:
    models.add(module(), server + "/", tmp_path / "models")
    assert models.find(module(), tmp_path / "models") == {"net.onnx": PUBLISHED.upper()}


def test_a_url_without_them_is_named(server: str, tmp_path: Path) -> None:
    with pytest.raises(
        ArtefactError, match=r"tiny wants net.h5, looked for at http://.*/nowhere/net.h5 \(HTTP Error 404"
    ):
        models.add(module(), f"{server}/nowhere", tmp_path)


def test_absent_weights_say_where_they_were_looked_for_and_how_to_get_them(tmp_path: Path) -> None:
    assert [artefact.name for artefact in models.missing(module(), tmp_path)] == ["net.onnx"]
    with pytest.raises(
        ArtefactError, match=f"looked for in .* and {tmp_path / 'tiny'}; get it: strix models add tiny "
    ):
        models.find(module(), tmp_path)
    with pytest.raises(ArtefactError, match=f"looked for at {tmp_path / 'net.h5'} and .*tiny.* DIRECTORY"):
        models.add(module(), tmp_path, tmp_path / "models")


def test_other_weights_than_declared_are_refused_and_nothing_is_written(source: Path, tmp_path: Path) -> None:
    with pytest.raises(ArtefactError, match=f"declares sha256 {'0' * 64}, found {sha256(PUBLISHED).hexdigest()}"):
        models.add(module(digest="0" * 64), source, tmp_path / "models")
    with pytest.raises(ArtefactError, match=r"net.onnx, made of .*net.h5: declares sha256"):
        models.add(module(made=b"something else"), source, tmp_path / "models")
    assert not (tmp_path / "models").exists()


def test_weights_that_changed_on_disk_are_refused(source: Path, tmp_path: Path) -> None:
    written = models.add(module(), source, tmp_path / "models")
    written[0].write_bytes(b"changed")
    with pytest.raises(ArtefactError, match=r"net.onnx: declares sha256 .*, found"):
        models.find(module(), tmp_path / "models")


def test_the_models_directory_is_configured(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, source: Path) -> None:
    monkeypatch.setenv("STRIX_MODELS", str(tmp_path / "elsewhere"))
    models.add(module(), source)
    assert models.find(module()) and (tmp_path / "elsewhere" / "tiny" / "net.onnx").is_file()
