"""Compilation: once, with or without a cache, and without the rest of Strix."""

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pyarrow as pa
import pytest
from avro_oracle import decoder_of

from jobs.pipeline.decode.compiled import compiling, interpreter, warm_up

SCHEMA = {"type": "record", "name": "r", "fields": [{"name": "x", "type": "int"}]}

ALONE = """
import sys
from room import DatumDecoder, compiling, parse, warm_up
import pyarrow as pa
warm_up()
root = parse({"type": "record", "name": "r", "fields": [{"name": "x", "type": "int"}]})
array, faults = DatumDecoder(root, pa.struct([("x", pa.int32())])).decode([b"\\x06"])
assert array.to_pylist() == [{"x": 3}] and not faults
assert not any(name.split(".")[0] in ("jobs", "science_modules") for name in sys.modules)
print(compiling.cache_folder())
"""


def test_it_works_without_strix_and_without_a_writable_cache(tmp_path: Path) -> None:
    """A copy of the folder alone; a file stands where each cache folder would be, which stops root too."""
    source = Path(compiling.__file__).parent
    shutil.copytree(source, tmp_path / "room", ignore=shutil.ignore_patterns("__pycache__"))
    (tmp_path / "room" / "__pycache__").touch()
    (tmp_path / "file").touch()
    home = {name: str(tmp_path / "file") for name in ("HOME", "XDG_CACHE_HOME", "NUMBA_CACHE_DIR")}
    environment = {**os.environ, **home, "PYTHONPATH": str(tmp_path), "PYTHONDONTWRITEBYTECODE": "1"}
    ran = subprocess.run(
        [sys.executable, "-c", ALONE],
        check=False,
        env=environment,
        cwd=tmp_path,
        capture_output=True,
        text=True,
        timeout=120,
    )
    assert ran.returncode == 0, ran.stderr
    assert ran.stdout.strip() == "None"


def test_the_cache_folder_is_another_when_any_source_changes(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(compiling, "HERE", tmp_path)
    monkeypatch.setattr(compiling.config, "CACHE_DIR", "")
    (tmp_path / "one.py").write_text("x = 1")
    (tmp_path / "two.py").write_text("y = 1")
    before = compiling.cache_folder()
    (tmp_path / "two.py").write_text("y = 2")
    after = compiling.cache_folder()
    assert before is not None
    assert after is not None
    assert before.parent == after.parent == tmp_path / "__pycache__"
    assert before != after


def test_the_given_cache_folder_comes_first(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(compiling.config, "CACHE_DIR", str(tmp_path / "given"))
    folder = compiling.cache_folder()
    assert folder is not None
    assert folder.parent == tmp_path / "given"


def test_one_compilation_serves_every_kind_of_input() -> None:
    decoder = decoder_of(SCHEMA)
    writable = bytearray(b"\x06")
    for datum in (b"\x06", writable, memoryview(writable), memoryview(b"\x06"), pa.py_buffer(writable)):
        array, refusals = decoder.decode([datum])
        assert array.to_pylist() == [{"x": 3}]
        assert not refusals
        assert decoder.split(datum, 1)[0].tolist() == [0, 1]
    assert len(interpreter.run_over.signatures) == 1


def test_a_cache_that_cannot_be_written_to_the_end_does_not_stop_it(monkeypatch: pytest.MonkeyPatch) -> None:
    calls = []

    def run_over(*arguments: object) -> int:
        calls.append(arguments)
        if len(calls) == 1:
            raise OSError(28, "No space left on device")
        return 0

    monkeypatch.setattr(interpreter, "run_over", run_over)
    warm_up.cache_clear()
    warm_up()
    assert len(calls) == 2
