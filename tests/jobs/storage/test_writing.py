"""A file that is written is there whole, or the one before is: text, JSON, bytes and Parquet."""

import json
import os
import re
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from jobs.pipeline.sources.files.names import is_hidden
from jobs.storage.checksums import Verified, verify
from jobs.storage.writing import (
    create_json,
    make_folder,
    remove_halves,
    replace_bytes,
    replace_file,
    replace_json,
    replace_table,
    replacing,
)

JOBS = Path(__file__).resolve().parents[3] / "jobs"
TABLE = pa.table({"a": [1, 2]})
FORMS: dict[str, tuple[Callable[..., None], Any, Callable[[Path], Any]]] = {
    "text": (replace_file, "π\n", lambda path: path.read_text(encoding="utf-8")),
    "bytes": (replace_bytes, b"\x00\xff", Path.read_bytes),
    "json": (replace_json, {"b": 1, "a": [None]}, lambda path: json.loads(path.read_text())),
    "parquet": (replace_table, TABLE, lambda path: pq.ParquetFile(path).read()),
}


@pytest.mark.parametrize("durable", [False, True])
@pytest.mark.parametrize("form", FORMS)
def test_what_is_written_is_read_and_nothing_else_is_left(tmp_path: Path, form: str, durable: bool) -> None:
    write, content, read = FORMS[form]
    path = tmp_path / "new" / "folder" / "file"
    write(path, content, durable)
    write(path, content, durable)
    assert read(path) == content
    assert list(path.parent.iterdir()) == [path]


@pytest.mark.parametrize("form", FORMS)
def test_a_file_whose_writing_fails_is_the_one_before(
    tmp_path: Path, form: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "file"
    path.write_text("before")

    def full(*_: object) -> None:
        raise OSError("no space left on device")

    monkeypatch.setattr(os, "replace", full)
    with pytest.raises(OSError, match="no space"):
        FORMS[form][0](path, FORMS[form][1])
    assert path.read_text() == "before"
    assert list(tmp_path.iterdir()) == [path]


def test_temporary_names_are_no_data_to_any_reader_and_are_each_call_s_own(tmp_path: Path) -> None:
    path = tmp_path / "a.parquet"
    with replacing(path) as one, replacing(path) as other:
        assert one != other
        assert one.parent == other.parent == tmp_path
        assert is_hidden(one.name)
        assert not list(tmp_path.glob("[!._]*"))
        one.touch()
        other.touch()
    assert list(tmp_path.iterdir()) == [path]


def test_many_at_once_write_whole_files(tmp_path: Path) -> None:
    path = tmp_path / "status.json"
    texts = [str(number) * 10_000 for number in range(8)]
    with ThreadPoolExecutor(8) as pool:
        list(pool.map(lambda text: replace_file(path, text), texts * 20))
    assert path.read_text() in texts


@pytest.mark.parametrize("durable", [False, True])
def test_of_many_that_create_a_file_at_once_one_is_the_first_and_its_content_stays(
    tmp_path: Path, durable: bool
) -> None:
    path = tmp_path / "new" / "plan.json"
    with ThreadPoolExecutor(8) as pool:
        first = list(pool.map(lambda number: create_json(path, {"by": number}, durable), range(40)))
    assert first.count(True) == 1
    assert json.loads(path.read_text()) == {"by": first.index(True)}
    assert list(path.parent.iterdir()) == [path]


def test_what_a_kill_left_is_removed_and_nothing_else(tmp_path: Path) -> None:
    for name in (".a.json.77.tmp", ".b.parquet.1-0.tmp", "kept.json", ".kept", "kept.tmp"):
        (tmp_path / name).touch()
    remove_halves(tmp_path)
    remove_halves(tmp_path / "absent")
    assert sorted(path.name for path in tmp_path.iterdir()) == [".kept", "kept.json", "kept.tmp"]


def test_durable_syncs_the_file_before_its_name_and_every_new_folder(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    done: list[str] = []
    sync, rename = os.fsync, os.replace

    def synced(handle: int) -> None:
        done.append(Path(os.readlink(f"/proc/self/fd/{handle}")).name)
        sync(handle)

    def renamed(old: Path, new: Path) -> None:
        done.append("rename")
        rename(old, new)

    monkeypatch.setattr(os, "fsync", synced)
    monkeypatch.setattr(os, "replace", renamed)
    replace_table(tmp_path / "one" / "two" / "file", TABLE, durable=True)
    kinds = ["temporary" if name.endswith(".tmp") else name for name in done]
    assert sorted(kinds[:2]) == sorted([tmp_path.name, "one"])  # the folders that hold new folders
    assert kinds[2:] == ["temporary", "rename", "two"]
    done.clear()
    make_folder(tmp_path / "three" / "four")
    replace_table(tmp_path / "three" / "file", TABLE)
    assert done == ["rename"]


def test_parquet_that_is_written_whole_has_checksums(tmp_path: Path) -> None:
    replace_table(tmp_path / "a.parquet", TABLE)
    verified = Verified()
    assert list(verify(tmp_path / "a.parquet", None, verified)) == []
    assert verified.unverified == []


def test_files_are_renamed_into_place_in_one_module_and_where_a_protocol_of_several_files_asks_for_it() -> None:
    renames = re.compile(r"os\.(replace|link)\(|mkstemp\(|\.tmp\"")
    found = {str(path.relative_to(JOBS)) for path in JOBS.rglob("*.py") if renames.search(path.read_text())}
    assert found == {
        "storage/writing.py",
        "pipeline/batch/processor.py",  # staged files become a batch's
        "listen/files.py",  # matches and foreign messages of one range of offsets
        "listen/folder.py",
        "maintenance/maintenance.py",  # files that stay in a night that is changed
        "pipeline/sources/files/names.py",  # what is not read
        "index/upkeep.py",  # what a killed reader had begun
        "streaming/checkpoint.py",  # what a killed JVM had begun
    }
