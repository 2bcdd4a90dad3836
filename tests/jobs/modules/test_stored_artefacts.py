"""Artefacts reach the tasks as files by hash: written once, verified once in each process."""

import os
from pathlib import Path

import pytest

from jobs.modules.stored_artefacts import ArtefactChanged, StoredArtefacts

CONTENT = {"acai": {"h.onnx": b"one", "n.onnx": b"two"}, "braai": {"model.onnx": b"one"}}


def test_what_is_stored_comes_back_and_is_read_once(tmp_path: Path) -> None:
    stored = StoredArtefacts.store(tmp_path, CONTENT)
    assert stored() == CONTENT
    assert len(list(tmp_path.iterdir())) == 2  # files with the same bytes are one
    for path in tmp_path.iterdir():
        path.unlink()
    assert stored() is stored()


def test_what_is_there_is_not_written_again(tmp_path: Path) -> None:
    StoredArtefacts.store(tmp_path, CONTENT)
    for path in tmp_path.iterdir():
        os.utime(path, (1, 1))
    StoredArtefacts.store(tmp_path, CONTENT)
    assert {path.stat().st_mtime for path in tmp_path.iterdir()} == {1}


def test_a_file_that_holds_something_else_is_refused(tmp_path: Path) -> None:
    stored = StoredArtefacts.store(tmp_path, {"acai": {"h.onnx": b"other"}})
    (path,) = tmp_path.iterdir()
    path.write_bytes(b"wrong")
    with pytest.raises(ArtefactChanged, match="should hold an artefact of this sha256 and holds"):
        stored()
