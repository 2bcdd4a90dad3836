"""The files that a stream has read to their end, in its rolled batches: 32 bytes in memory for each, whatever its path.

A volume keeps the last range of each file; `known-<until>.parquet` keeps two hashes of all of them. Whether a file with
this path, size and time was read is asked of the hashes alone, some thousand files at a time; only of a file that has
changed since is the range read.
"""

import hashlib
import json
import os
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq
from numpy.typing import NDArray

from jobs.ledger.volumes import FOLDER, Rolled
from jobs.packets.ranges import Range

# Of a path, of a file as it was read (two halves of one hash), and the first batch of the volume that has its range.
KNOWN = pa.schema([("path", pa.uint64()), ("state", pa.uint64()), ("check", pa.uint64()), ("volume", pa.int64())])
FILES = pa.schema([("path", pa.uint64()), ("range", pa.string())])
Hashes = NDArray[np.uint64]


@dataclass
class KnownFiles:
    """The finished files of a stream's rolled batches."""

    rolled: Rolled

    def __post_init__(self) -> None:
        table = read_known(self.rolled)
        order = np.argsort(table["state"].to_numpy())
        self._path, self._state, self._check, self._volume = (
            np.asarray(table[name].to_numpy())[order] for name in KNOWN.names
        )
        self._by_path: NDArray[np.int64] | None = None

    def __len__(self) -> int:
        return len(self._path)

    def holds(self, files: Sequence[tuple[str, int, int]]) -> NDArray[np.bool_]:
        """Whether each of some files was read to its end and has had the same size and time then.

        Parameters
        ----------
        files : sequence of tuple of (str, int, int)
            Path, size [bytes], modification time [ns].

        Returns
        -------
        numpy.ndarray of bool, shape (n_files,)
        """
        if not len(self) or not files:
            return np.zeros(len(files), dtype=bool)
        asked = states(files)
        places = np.searchsorted(self._state, asked[:, 0]).clip(max=len(self) - 1)
        same: NDArray[np.bool_] = (self._state[places] == asked[:, 0]) & (self._check[places] == asked[:, 1])
        return same

    def last_range(self, path: str) -> Range | None:
        """The last range that was read of a file; None if it was not read to its end.

        Parameters
        ----------
        path : str
        """
        if not len(self):
            return None
        if self._by_path is None:
            self._by_path = np.argsort(self._path)
        key = path_hash(path)
        first = int(np.searchsorted(self._path, key, sorter=self._by_path))
        for place in self._by_path[first:].tolist():
            if self._path[place] != key:
                break
            found = self._read(int(self._volume[place]), key, path)
            if found is not None:
                return found
        return None

    def _read(self, first_batch: int, key: np.uint64, path: str) -> Range | None:
        volume = self.rolled.holder(first_batch)
        assert volume is not None
        rows = pq.read_table(self.rolled.path(volume, "files"), filters=pc.field("path") == pa.scalar(key, pa.uint64()))
        ranges = (Range.from_json(json.loads(text)) for text in rows["range"].to_pylist())
        return next((each for each in ranges if each.path == path), None)


def read_known(rolled: Rolled) -> pa.Table:
    """KNOWN of all finished files of what is rolled.

    Parameters
    ----------
    rolled : Rolled
    """
    path = rolled.directory / FOLDER / rolled.files
    return pq.read_table(path, schema=KNOWN) if rolled.files else KNOWN.empty_table()


def write_files(path: Path, ranges: Sequence[Range], options: dict[str, object]) -> None:
    """Write the files that a volume finished, by the hashes of their paths.

    Parameters
    ----------
    path : pathlib.Path
    ranges : sequence of Range
        The last one of each file.
    options : dict
        For `pyarrow.parquet.write_table`.
    """
    keys = np.array([path_hash(each.path) for each in ranges], dtype=np.uint64)
    order = np.argsort(keys).tolist()
    texts = [json.dumps(ranges[number].to_json()) for number in order]
    table = pa.table({"path": keys[order], "range": texts}, schema=FILES)
    pq.write_table(table, path, row_group_size=8192, **options)


def add_known(known: pa.Table, volume: int, finished: Sequence[Range], unfinished: Iterable[str]) -> pa.Table:
    """KNOWN with what a volume finished, and without what it found changed.

    Parameters
    ----------
    known : pyarrow.Table
        KNOWN, before the volume.
    volume : int
        The volume's number.
    finished : sequence of Range
        The last range of each file that was read to its end.
    unfinished : iterable of str
        Paths of files that were not.
    """
    paths = np.array([path_hash(each.path) for each in finished], dtype=np.uint64)
    changed = np.concatenate([paths, np.array([path_hash(path) for path in unfinished], dtype=np.uint64)])
    kept = known.filter(pa.array(~np.isin(known["path"].to_numpy(), changed)))
    hashes = states((each.path, each.size, each.mtime_ns) for each in finished)
    volumes = np.full(len(finished), volume, dtype=np.int64)
    new = pa.table({"path": paths, "state": hashes[:, 0], "check": hashes[:, 1], "volume": volumes}, schema=KNOWN)
    return pa.concat_tables([kept, new]).combine_chunks()


def path_hash(path: str) -> np.uint64:
    """64 bits of a path.

    Parameters
    ----------
    path : str
    """
    return np.frombuffer(hashlib.blake2b(os.fsencode(path), digest_size=8).digest(), dtype=np.uint64)[0]  # type: ignore[no-any-return]


def states(files: Iterable[tuple[str, int, int]]) -> Hashes:
    """128 bits of each file's path, size and time.

    Parameters
    ----------
    files : iterable of tuple of (str, int, int)
        Path, size [bytes], modification time [ns].

    Returns
    -------
    numpy.ndarray of uint64, shape (n_files, 2)
    """
    digests = [
        hashlib.blake2b(b"%d %d " % (size, time) + os.fsencode(path), digest_size=16).digest()
        for path, size, time in files
    ]
    return np.frombuffer(b"".join(digests), dtype=np.uint64).reshape(-1, 2)
