"""What a store remembers of the files that it was filled from."""

from pathlib import Path

import pytest
from store_tables import new_namespace, reader_of

from jobs.services.hbase import HBaseServer
from jobs.store.loaded_files import LoadedFiles
from jobs.store.science_file import ScienceFile

pytestmark = [pytest.mark.hbase, pytest.mark.timeout(300)]
NIGHTS = ("20240208", "20240210", "unknown")


def files_of(folder: Path) -> dict[str, list[ScienceFile]]:
    """Two files of each night."""
    made = {}
    for night in NIGHTS:
        (folder / f"night={night}").mkdir()
        paths = [folder / f"night={night}" / f"{number}.parquet" for number in range(2)]
        for path in paths:
            path.write_text(night)
        made[night] = [ScienceFile(path, (), {}) for path in paths]
    return made


def test_a_store_asks_for_what_it_lacks_and_for_what_was_removed(hbase: HBaseServer, tmp_path: Path) -> None:
    loaded = LoadedFiles(reader_of(hbase, new_namespace(hbase)))
    files = files_of(tmp_path)

    def waiting(cutouts: bool = False) -> dict[str, int]:
        return {night: len(loaded.waiting(night, files[night], cutouts)) for night in NIGHTS}

    assert waiting() == dict.fromkeys(NIGHTS, 2)
    loaded.add(files["20240208"][:1], cutouts=False)
    assert (waiting(), waiting(cutouts=True)) == ({**dict.fromkeys(NIGHTS, 2), "20240208": 1}, dict.fromkeys(NIGHTS, 2))

    for night in NIGHTS:
        loaded.add(files[night], cutouts=True)
    assert waiting() == waiting(cutouts=True) == dict.fromkeys(NIGHTS, 0)
    files["unknown"][1].science.write_text("another content")
    assert waiting() == {"20240208": 0, "20240210": 0, "unknown": 1}

    loaded.forget(20240210, cutouts_only=True)
    assert waiting(cutouts=True) == {"20240208": 2, "20240210": 0, "unknown": 1}
    assert waiting() == {"20240208": 0, "20240210": 0, "unknown": 1}
    loaded.forget(20240210, cutouts_only=False)
    loaded.forget(20240210, cutouts_only=False)
    assert waiting() == {"20240208": 2, "20240210": 0, "unknown": 1}
