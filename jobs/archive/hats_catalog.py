"""The output of `strix reprocess` as a HATS catalog, which `lsdb.open_catalog` opens: a Parquet file per HEALPix pixel.

Pixels are of the order at which they hold no more stars than asked for. The light curve is one nested column `lc`, a struct
of lists; modules are flat columns, `period_period`. `hats.properties` is written last: without it nothing is a catalog.
"""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from itertools import groupby
from operator import itemgetter
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
from numpy.typing import NDArray

from jobs.archive.flat import flat_names
from jobs.releases.cells import CELL_ORDER, FINE_ORDER
from jobs.releases.records import Run
from jobs.releases.view import HEALPIX
from jobs.storage.schema_union import leaves
from jobs.storage.writing import replace_file, replacing
from science_modules.common.view import LIGHT_CURVE

ENDING = ".hats"
MOST_ROWS = 50_000
NESTED = "lc"
_POINTS = [column.name for column in LIGHT_CURVE]
_BATCH = 2048  # stars in memory at a time
Cells = NDArray[np.int64]


@dataclass(frozen=True, order=True)
class Tile:
    """A HEALPix pixel, NESTED.

    Attributes
    ----------
    order, pixel : int
    """

    order: int
    pixel: int

    @property
    def behind(self) -> int:
        """The first cell of CELL_ORDER behind it."""
        return (self.pixel + 1) << 2 * (CELL_ORDER - self.order)

    @property
    def file(self) -> str:
        """Where its stars are, below `dataset`."""
        return f"Norder={self.order}/Dir={self.pixel // 10_000 * 10_000}/Npix={self.pixel}.parquet"


@dataclass(frozen=True)
class Written:
    """A catalog: its folder, stars, pixels and columns."""

    path: Path
    rows: int
    tiles: int
    columns: int


def write_hats(data: Path, path: Path, most_rows: int = MOST_ROWS) -> Written:
    """Write the stars of a release as a HATS catalog.

    Parameters
    ----------
    data : pathlib.Path
        The output of `strix reprocess`, whole.
    path : pathlib.Path
        The catalog's folder; it must not be there.
    most_rows : int
        Stars of a pixel; one of order 10, 3.4 arcmin, is never cut.

    Raises
    ------
    ValueError
        If `data` is no such output or not whole, or a star has no position.
    FileExistsError
        If `path` is there.
    """
    files = _files(data)
    if path.exists():
        raise FileExistsError(f"{path} is there: a catalog is written into a new folder")
    cells = np.concatenate([_cells(pq.read_table(file, columns=[HEALPIX.name]), file) for file in files])
    tiles = list(tiles_of(np.sort(cells), most_rows))
    schema = catalog_schema(pq.read_schema(files[0]))
    kept: list[pq.FileMetaData] = []
    for tile, parts in groupby(_by_tile(_pieces(files), tiles), key=itemgetter(0)):
        _write_tile(path / "dataset" / tile.file, schema, (each for _, each in parts), kept)
        kept[-1].set_file_path(tile.file)
    _write_metadata(path / "dataset", schema, kept)
    _write_properties(path, tiles, kept)
    return Written(path, len(cells), len(tiles), len(schema))


def tiles_of(cells: Cells, most_rows: int) -> Iterator[Tile]:
    """The pixels that hold stars, in the order of the sky, each as large as the number of its stars lets it be.

    Parameters
    ----------
    cells : numpy.ndarray of int64
        Of CELL_ORDER, NESTED, one per star, ascending.
    most_rows : int
        Stars of a pixel.
    """
    for pixel in range(12):
        yield from _divided(Tile(0, pixel), cells, most_rows)


def _divided(tile: Tile, cells: Cells, most_rows: int) -> Iterator[Tile]:
    first = tile.pixel << 2 * (CELL_ORDER - tile.order)
    held = cells[np.searchsorted(cells, first) : np.searchsorted(cells, tile.behind)]
    if len(held) and (len(held) <= most_rows or tile.order == CELL_ORDER):
        yield tile
    elif len(held):
        for child in range(4):
            yield from _divided(Tile(tile.order + 1, 4 * tile.pixel + child), held, most_rows)


def catalog_schema(schema: pa.Schema) -> pa.Schema:
    """The catalog's columns: flat ones, then the light curve, if there is one.

    Parameters
    ----------
    schema : pyarrow.Schema
        Of the science table.
    """
    return _flattened(schema.empty_table()).schema


def _flattened(stars: pa.Table) -> pa.Table:
    points = [name for name in _POINTS if name in stars.column_names]
    rest = stars.drop_columns(points)
    flat = flat_names(rest.schema)
    table = leaves(rest, rest.schema, flat.values()).rename_columns(list(flat))
    if not points:
        return table
    fields = [stars.schema.field(name).with_name(name.removeprefix("lc_")) for name in points]
    lists = [stars[name].combine_chunks() for name in points]
    return table.append_column(NESTED, pa.StructArray.from_arrays(lists, fields=fields))


def _files(data: Path) -> list[Path]:
    run = Run.at(data)
    plan = run.plan()
    if plan is None:
        raise ValueError(
            f"a HATS catalog is made of the output of `strix reprocess`; {data} has no {run.plan_path.name}"
        )
    done, wanted = run.n_done(), len(plan.partitions)
    if done < wanted:
        raise ValueError(f"{data} has {done} of {wanted} partitions: start `strix reprocess` again, it goes on there")
    files = run.layout.files("science")
    if not files:
        raise ValueError(f"{data} has no star")
    return files


def _cells(table: pa.Table, where: Path) -> Cells:
    index = table[HEALPIX.name]
    if index.null_count:
        raise ValueError(
            f"HATS wants a position of every star, {index.null_count} of {len(index)} in {where} have none"
        )
    return np.asarray(index.to_numpy(), dtype=np.int64) >> 2 * (FINE_ORDER - CELL_ORDER)


def _pieces(files: Sequence[Path]) -> Iterator[tuple[Cells, pa.Table]]:
    for path in files:
        with pq.ParquetFile(path) as file:
            for batch in file.iter_batches(_BATCH):
                table = pa.Table.from_batches([batch])
                yield _cells(table, path), table


def _by_tile(pieces: Iterable[tuple[Cells, pa.Table]], tiles: Sequence[Tile]) -> Iterator[tuple[Tile, pa.Table]]:
    """The stars cut at the borders of pixels; both come in the order of the sky."""
    behind = np.array([tile.behind for tile in tiles])
    last = 0
    for cells, table in pieces:
        numbers = np.searchsorted(behind, cells, side="right")
        if len(numbers) and (numbers[0] < last or np.any(np.diff(numbers) < 0)):
            raise ValueError("stars should come in the order of _healpix_29, they do not: was the output changed?")
        last = int(numbers[-1]) if len(numbers) else last
        for number in np.unique(numbers).tolist():
            own = np.flatnonzero(numbers == number)
            yield tiles[number], table.slice(own[0], len(own))


def _write_tile(path: Path, schema: pa.Schema, stars: Iterable[pa.Table], kept: list[pq.FileMetaData]) -> None:
    options = {"compression": "zstd", "metadata_collector": kept}
    with replacing(path) as temporary, pq.ParquetWriter(temporary, schema, **options) as writer:
        for each in stars:
            writer.write_table(_flattened(each))


def _write_metadata(folder: Path, schema: pa.Schema, kept: list[pq.FileMetaData]) -> None:
    """Every row group with its file's name, and the columns alone."""
    for name, collected in (("_metadata", kept), ("_common_metadata", None)):
        with replacing(folder / name) as temporary:
            pq.write_metadata(schema, temporary, metadata_collector=collected)


def _write_properties(path: Path, tiles: Sequence[Tile], kept: Sequence[pq.FileMetaData]) -> None:
    pixels = "".join(f"{tile.order},{tile.pixel}\n" for tile in tiles)
    replace_file(path / "partition_info.csv", f"Norder,Npix\n{pixels}")
    said = {
        "obs_collection": path.name.removesuffix(ENDING),
        "dataproduct_type": "object",
        "hats_nrows": sum(each.num_rows for each in kept),
        "hats_col_ra": "ra",
        "hats_col_dec": "dec",
        "hats_col_healpix": HEALPIX.name,
        "hats_col_healpix_order": FINE_ORDER,
        "hats_npix_suffix": ".parquet",
        "hats_max_rows": max(each.num_rows for each in kept),
        "hats_order": max(tile.order for tile in tiles),
        "hats_builder": "strix export",
        "moc_sky_fraction": f"{sum(1 / (12 * 4**tile.order) for tile in tiles):.5g}",
    }
    replace_file(path / "hats.properties", "".join(f"{name}={value}\n" for name, value in said.items()))
