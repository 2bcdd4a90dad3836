"""The writer schema of a packet: tens of kilobytes, the same in nearly every row; held once in memory, plain text in files."""

import base64
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq

REPEATED = pa.dictionary(pa.int32(), pa.string())
# Columns of the tables that hold such a text.
COLUMNS = ("schema",)


def repeated(texts: Iterable[str | None]) -> pa.DictionaryArray:
    """The texts as a column that holds each of them once.

    Parameters
    ----------
    texts : iterable of (str or None), length n
        Rows that say the same should have the same object: comparing 40 kB takes its time.
    """
    known: dict[str, int] = {}
    codes = [None if text is None else known.setdefault(text, len(known)) for text in texts]
    return pa.DictionaryArray.from_arrays(pa.array(codes, pa.int32()), pa.array(list(known), pa.string()))


def texts_of(column: pa.Array | pa.ChunkedArray) -> list[str | None]:
    """The texts of a column, row by row; rows that say the same have the same object.

    Parameters
    ----------
    column : pyarrow.Array or pyarrow.ChunkedArray of string, length n
        Plain or a dictionary.
    """
    chunks = column.chunks if isinstance(column, pa.ChunkedArray) else [column]
    return [text for chunk in chunks for text in _texts_of(chunk.dictionary_encode())]


def _texts_of(chunk: pa.DictionaryArray) -> list[str | None]:
    texts = chunk.dictionary.to_pylist()
    return [None if code is None else texts[code] for code in chunk.indices.to_pylist()]


def in_memory(schema: pa.Schema) -> pa.Schema:
    """A table's schema as it is held: its repeated texts as dictionaries.

    Parameters
    ----------
    schema : pyarrow.Schema
        As the files have it; columns other than COLUMNS stay.
    """
    for name in COLUMNS:
        if name in schema.names:
            at = schema.get_field_index(name)
            schema = schema.set(at, schema.field(at).with_type(REPEATED))
    return schema


def parquet_writer(where: Path | pa.NativeFile, schema: pa.Schema, options: dict[str, Any]) -> pq.ParquetWriter:
    """A writer of tables of `in_memory(schema)`; the file is as if they were of `schema`, and read as such.

    Parquet keeps each text once per row group either way. What is saved is to spell it out for every row, and to find out
    that they are all the same: 100 ms for 2,000 rows.

    Parameters
    ----------
    where : pathlib.Path or pyarrow.NativeFile
        What is written to.
    schema : pyarrow.Schema
        As readers should see it.
    options : dict
        For `pyarrow.parquet.ParquetWriter`.
    """
    held = in_memory(schema)
    if held == schema:
        return pq.ParquetWriter(where, schema, **options)
    writer = pq.ParquetWriter(where, held, store_schema=False, **options)
    writer.add_key_value_metadata({"ARROW:schema": base64.b64encode(schema.serialize()).decode()})
    return writer


def unified(tables: Sequence[pa.Table]) -> pa.Table:
    """The tables as one whose repeated texts have one dictionary: with two in a row group Parquet would spell them out.

    Parameters
    ----------
    tables : sequence of pyarrow.Table
        Of one schema.
    """
    return pa.concat_tables(tables).unify_dictionaries()
