"""A file of named sections whose every page has a checksum, checked when it is first touched: it is mapped, not read.

Sections, one behind the other; then what is told of them as JSON; then twelve bytes: its size, its checksum, a mark. The
checksums of pages are a section of their own, which is checked whole.
"""

import json
import mmap
import os
import struct
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import IO, Any

import numpy as np
from isal import isal_zlib

from jobs.storage.writing import replacing

PAGE = 16 << 10
_END = struct.Struct("<III")
_MARK = 0x58525453
_ALIGN = 8
_PAGES = "_pages"
_CRC = np.dtype("<u4")


class Damaged(ValueError):
    """The file is not as it was written; the message says what was found."""

    def __init__(self, path: Path, what: str) -> None:
        super().__init__(f"{path}: {what}")
        self.path = path


class CheckedWriter:
    """Writes sections; as `writing` gives it."""

    def __init__(self, handle: IO[bytes]) -> None:
        self._handle = handle
        self._at = 0
        self._sections: dict[str, tuple[int, int]] = {}
        self._crcs: list[int] = []
        self._page = bytearray()

    def begin(self, name: str) -> None:
        """Begin a section; what is written until the next one is its content.

        Parameters
        ----------
        name : str
        """
        self._put(b"\0" * (-self._at % _ALIGN))
        self._sections[name] = (self._at, 0)

    def write(self, data: Any) -> None:
        """Add bytes to the section that was begun last.

        Parameters
        ----------
        data : bytes-like
        """
        self._put(data)
        name = next(reversed(self._sections))
        start = self._sections[name][0]
        self._sections[name] = (start, self._at - start)

    def section(self, name: str, data: Any) -> None:
        """A section of some bytes or of the numbers of an array.

        Parameters
        ----------
        name : str
        data : bytes-like or numpy.ndarray
        """
        self.begin(name)
        self.write(data.tobytes() if isinstance(data, np.ndarray) else data)

    def _put(self, data: Any) -> None:
        self._handle.write(data)
        self._at += len(data)
        self._page += data
        whole = len(self._page) // PAGE * PAGE
        self._crcs += [isal_zlib.crc32(self._page[at : at + PAGE]) for at in range(0, whole, PAGE)]
        del self._page[:whole]

    def end(self, told: dict[str, Any]) -> None:
        """Write the checksums and what is told of the sections.

        Parameters
        ----------
        told : dict
            As JSON.
        """
        if self._page:
            self._crcs.append(isal_zlib.crc32(self._page))
        sections = {**self._sections, _PAGES: (self._at, len(self._crcs) * _CRC.itemsize)}
        crcs = np.array(self._crcs, _CRC).tobytes()
        text = json.dumps({"told": told, "sections": sections}).encode()
        self._handle.write(crcs + text + _END.pack(len(text), isal_zlib.crc32(crcs + text), _MARK))


@contextmanager
def writing(path: Path, told: dict[str, Any]) -> Iterator[CheckedWriter]:
    """Write a file, which has its name when it is whole.

    Parameters
    ----------
    path : pathlib.Path
    told : dict
        As JSON; read again as `CheckedFile.told`. It may be filled until the block ends.
    """
    with replacing(path) as temporary, open(temporary, "wb") as handle:
        writer = CheckedWriter(handle)
        yield writer
        writer.end(told)


class CheckedFile:
    """A file that `writing` made.

    Parameters
    ----------
    path : pathlib.Path

    Attributes
    ----------
    told : dict
        What was told of it.

    Raises
    ------
    FileNotFoundError
        If it is gone.
    Damaged
        If it is not as it was written; of its pages that is found when they are touched.
    """

    def __init__(self, path: Path) -> None:
        self.path = path
        with open(path, "rb") as handle:
            if os.fstat(handle.fileno()).st_size < _END.size:
                raise Damaged(path, "too short")
            self._bytes = mmap.mmap(handle.fileno(), 0, access=mmap.ACCESS_READ)
        size, crc, mark = _END.unpack(self._bytes[-_END.size :])
        text_at = len(self._bytes) - _END.size - size
        if mark != _MARK or text_at < 0:
            raise Damaged(path, "its end is not there")
        try:
            content = json.loads(self._bytes[text_at : text_at + size])
            pages_at, pages = content["sections"].pop(_PAGES)
        except (ValueError, KeyError, TypeError, AttributeError):
            raise Damaged(path, "its end cannot be read") from None
        if pages_at + pages != text_at or isal_zlib.crc32(self._bytes[pages_at : text_at + size]) != crc:
            raise Damaged(path, "its end is not what was written")
        self.told: dict[str, Any] = content["told"]
        self._sections: dict[str, tuple[int, int]] = content["sections"]
        self._end = pages_at
        self._crcs = np.frombuffer(self._bytes, _CRC, pages // _CRC.itemsize, pages_at)
        self._sound = np.zeros(len(self._crcs), bool)

    def bytes(self, name: str, start: int = 0, stop: int | None = None) -> memoryview:
        """Bytes of a section, checked.

        Parameters
        ----------
        name : str
        start, stop : int
            In the section; to its end without `stop`.
        """
        at, size = self._sections[name]
        first, last = at + start, at + (size if stop is None else stop)
        self._check(first, last)
        return memoryview(self._bytes)[first:last]

    def array(self, name: str, dtype: str, start: int = 0, stop: int | None = None) -> np.ndarray:
        """Numbers of a section, checked.

        Parameters
        ----------
        name : str
        dtype : str
            Of the numbers that the section is made of.
        start, stop : int
            Numbers, from 0; to the last without `stop`.

        Returns
        -------
        numpy.ndarray, shape (stop - start,)
            A view of the file.
        """
        width = np.dtype(dtype).itemsize
        return np.frombuffer(self.bytes(name, start * width, None if stop is None else stop * width), dtype)

    def _check(self, first: int, last: int) -> None:
        begin, end = first // PAGE, -(-last // PAGE)
        if self._sound[begin:end].all():
            return
        for page in (begin + np.flatnonzero(~self._sound[begin:end])).tolist():
            stop = min((page + 1) * PAGE, self._end)
            if isal_zlib.crc32(self._bytes[page * PAGE : stop]) != self._crcs[page]:
                raise Damaged(self.path, f"page {page} is not what was written")
            self._sound[page] = True
