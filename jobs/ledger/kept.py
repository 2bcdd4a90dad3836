"""What lay beside the records of a volume's batches, byte by byte, read a row group at a time."""

from dataclasses import dataclass, field
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq

KEPT = pa.schema([("batch", pa.int64()), ("ending", pa.string()), ("content", pa.binary())])
GROUP_BYTES = 8 << 20


@dataclass
class KeptReader:
    """Reads a volume's kept files; the last volume's index and the last row group stay in hand."""

    _path: Path = field(default_factory=Path)
    _places: dict[tuple[int, str], tuple[int, int]] = field(default_factory=dict)
    _group: tuple[int, pa.Table] | None = None

    def read(self, path: Path, batch: int, ending: str) -> bytes | None:
        """What a batch had with this ending; None if nothing.

        Parameters
        ----------
        path : pathlib.Path
            The volume's file of what lay beside its records.
        batch : int
        ending : str
            What follows the batch's number in the file's name, as `sent.parquet`.
        """
        if path != self._path:
            self._path, self._places, self._group = path, _places(path), None
        place = self._places.get((batch, ending))
        if place is None:
            return None
        group, row = place
        if self._group is None or self._group[0] != group:
            with pq.ParquetFile(path) as file:
                self._group = group, file.read_row_group(group, columns=["content"])
        return bytes(self._group[1]["content"][row].as_py())


def _places(path: Path) -> dict[tuple[int, str], tuple[int, int]]:
    """Row group and row of each file; none where the volume keeps none."""
    if not path.exists():
        return {}
    with pq.ParquetFile(path) as file:
        groups = [file.read_row_group(group, columns=["batch", "ending"]) for group in range(file.num_row_groups)]
    return {
        (each["batch"], each["ending"]): (group, row)
        for group, table in enumerate(groups)
        for row, each in enumerate(table.to_pylist())
    }


def write_kept(path: Path, rows: list[tuple[int, str, bytes]], options: dict[str, object]) -> None:
    """Write what lay beside the records of a volume's batches.

    Parameters
    ----------
    path : pathlib.Path
    rows : list of tuple of (int, str, bytes)
        Batch, ending, content.
    options : dict
        For `pyarrow.parquet.ParquetWriter`.
    """
    with pq.ParquetWriter(path, KEPT, **options) as writer:
        first = size = 0
        for number, (_, _, content) in enumerate(rows):
            size += len(content)
            if size >= GROUP_BYTES or number == len(rows) - 1:
                columns = list(zip(*rows[first : number + 1], strict=True))
                writer.write_table(pa.table(columns, schema=KEPT))
                first, size = number + 1, 0
