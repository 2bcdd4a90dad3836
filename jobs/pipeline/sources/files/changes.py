"""What became of a file since it was read: nothing, more of it, or another one under its name.

A file is known by path, size and time. Only where these differ it is opened, and what was read of it is compared with
what is there now by a checksum of all bytes.
"""

from typing import Literal

from jobs.packets.ranges import Range
from jobs.pipeline.sources.files.opened import OpenFile

Change = Literal["none", "grown", "replaced"]
# Of raw Parquet its footer and last pages: they name place, size and extremes of all that is before.
_RAW_TAIL = 64 * 1024


def change_of(known: Range, file: OpenFile) -> Change:
    """What became of a file of which `known` was the last range that was read.

    Parameters
    ----------
    known : Range
        The last range of the file that was planned.
    file : OpenFile
        What is under its path now.

    Returns
    -------
    str
        none: the same bytes, perhaps with another time; grown: what was read of it is as it was, and there is, or may
        be, more behind it; replaced: anything else, and files of which nothing could be read before.
    """
    if not known.mark or file.kind != known.kind:
        return "replaced"
    if known.kind in ("targz", "raw"):
        return _of_whole(known, file)
    if known.sound_end == 0:
        whole = file.size == known.size and file.checksum(0, file.size) == _number(known.whole or known.mark)
        return "none" if whole else "replaced"
    return _of_beginning(known, file)


def mark_of(file: OpenFile, sound: int, before: str = "", start: int = 0) -> str:
    """The mark of a range whose sound bytes end at `sound`; `before` is the mark up to byte `start`.

    Parameters
    ----------
    file : OpenFile
        The planned file.
    sound : int
        Byte behind the last that could be read; raw tables and compressed files are marked by their end, or as a whole.
    before : str
        Mark of the bytes up to `start`; empty to begin at byte 0.
    start : int
        Byte up to which `before` holds.

    Returns
    -------
    str
        CRC-32, 8 hexadecimal digits.
    """
    if file.kind == "raw":
        return _text(file.checksum(max(file.size - _RAW_TAIL, 0), file.size))
    if file.kind == "targz":
        return before or _text(file.checksum(0, file.size))
    return _text(file.checksum(start, sound, _number(before)) if before else file.checksum(0, sound))


def whole_mark(file: OpenFile, sound: int, mark: str) -> str:
    """The mark of the whole file, where it has more than is sound.

    Parameters
    ----------
    file : OpenFile
        The planned file.
    sound : int
        Byte behind the last that could be read.
    mark : str
        `mark_of` up to there.

    Returns
    -------
    str
        CRC-32 of the whole file, 8 hexadecimal digits; empty where `mark` says the same.
    """
    if file.kind in ("targz", "raw") or sound >= file.size:
        return ""
    return _text(file.checksum(sound, file.size, _number(mark)))


def _of_whole(known: Range, file: OpenFile) -> Change:
    if known.kind == "raw":
        return "none" if file.size == known.size and mark_of(file, 0) == known.mark else "replaced"
    if file.size < known.size or file.checksum(0, known.size) != _number(known.mark):
        return "replaced"
    if file.size == known.size:
        return "none"
    return "grown" if known.sound_end else "replaced"


def _of_beginning(known: Range, file: OpenFile) -> Change:
    if file.size < known.sound_end or file.checksum(0, known.sound_end) != _number(known.mark):
        return "replaced"
    if not known.last or file.size != known.size:
        return "grown"
    whole = file.checksum(known.sound_end, file.size, _number(known.mark))
    return "none" if whole == _number(known.whole or known.mark) else "grown"


def _number(mark: str) -> int:
    return int(mark, 16)


def _text(checksum: int) -> str:
    return f"{checksum:08x}"
