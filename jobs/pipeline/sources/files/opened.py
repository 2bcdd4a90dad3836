"""A file of packets that is open: what it is, its pieces in order, whether it is still the file that was opened."""

import os
from collections.abc import Iterator
from contextlib import contextmanager
from typing import BinaryIO

from isal import isal_zlib

from jobs.packets.problems import InputUnreadable
from jobs.packets.ranges import Range
from jobs.pipeline.sources.files.archives import PassedOver, archived, compressed
from jobs.pipeline.sources.files.formats import HEAD_BYTES, kind_of
from jobs.pipeline.sources.files.units import Unit, container_units, count_member, raw_units

_CHUNK = 1 << 20


@contextmanager
def checked(planned: Range) -> Iterator["OpenFile"]:
    """Open a planned file, which must be what it was when it was planned, now and when the work with it is done.

    Parameters
    ----------
    planned : Range
        Of a file.

    Yields
    ------
    OpenFile
        Closed when the `with` block ends.

    Raises
    ------
    InputChanged
        If the file is gone, or has another size or time before or after the work.
    InputUnreadable
        If it cannot be opened.
    """
    try:
        file = OpenFile(planned.path)
    except FileNotFoundError as error:
        raise planned.gone(error) from None
    except OSError as error:
        raise InputUnreadable(planned.path, error.strerror or str(error)) from None
    with file:
        planned.check_status(file.status)
        yield file
        planned.check_status(os.fstat(file.file.fileno()))


class OpenFile:
    """A file of packets, open for reading; close it, or use it in a `with` statement.

    Parameters
    ----------
    path : str
        Of the file.

    Attributes
    ----------
    kind : str
        Which reader takes it, by its first bytes.
    status : os.stat_result
        What it was when it was opened.

    Raises
    ------
    OSError
        If it cannot be opened or read.
    """

    def __init__(self, path: str) -> None:
        self.path = path
        self.file: BinaryIO = open(path, "rb")
        try:
            self.status = os.fstat(self.file.fileno())
            self.kind = kind_of(os.pread(self.file.fileno(), HEAD_BYTES, 0))
        except OSError:
            self.file.close()
            raise

    def __enter__(self) -> "OpenFile":
        return self

    def __exit__(self, *problem: object) -> None:
        self.close()

    def close(self) -> None:
        """Close it."""
        self.file.close()

    @property
    def size(self) -> int:
        """Its bytes when it was opened."""
        return self.status.st_size

    def units(self, offset: int, passed_over: PassedOver | None = None) -> Iterator[Unit]:
        """The pieces from byte (of unpacked data; row group of raw tables) `offset` on.

        Parameters
        ----------
        offset : int
            Where to begin: a byte of the file, of the unpacked data where it is compressed, or the number of a row
            group of a raw table.
        passed_over : callable, optional
            Told the place and name of each archive member that is not a packet.

        Yields
        ------
        Unit
            In order; the last is not sound where the file cannot be read on.

        Raises
        ------
        NoRawTable
            For other Parquet.
        """
        if self.kind == "container":
            return container_units(self.file, offset)
        if self.kind == "raw":
            return raw_units(self.path, offset)
        return self._members(offset, passed_over)

    def _members(self, offset: int, passed_over: PassedOver | None) -> Iterator[Unit]:
        packed = self.kind == "targz"
        self.file.seek(offset)
        for member in compressed(self.file, passed_over) if packed else archived(self.file, offset, passed_over):
            if member.offset >= offset:
                kept = member if packed else None
                yield Unit(count_member(member), member.offset, member.end, kept, sound=not member.rest)

    def checksum(self, start: int, stop: int, before: int = 0) -> int:
        """CRC-32 of bytes start:stop, going on from that of the bytes before them.

        Parameters
        ----------
        start, stop : int
            Bytes of the file as it is stored; behind its end there is nothing to add.
        before : int
            CRC-32 of bytes 0:start, or 0.
        """
        while start < stop:
            data = os.pread(self.file.fileno(), min(_CHUNK, stop - start), start)
            if not data:
                break
            before, start = isal_zlib.crc32(data, before), start + len(data)
        return before

    def unchanged(self) -> bool:
        """Whether nobody has written to it since it was opened."""
        now = os.fstat(self.file.fileno())
        return (now.st_size, now.st_mtime_ns) == (self.size, self.status.st_mtime_ns)

    def still_at_its_path(self) -> bool:
        """Whether the path leads to this file as it was opened."""
        try:
            now = os.stat(self.path)
        except OSError:
            return False
        return os.path.samestat(now, self.status) and self.unchanged()
