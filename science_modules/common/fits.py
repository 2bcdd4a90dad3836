"""The few lines of FITS that alert cutouts need: the first image of a file, as float32.

FITS Standard 4.0: headers are blocks of 2880 bytes holding cards of 80; data follow, big-endian, padded to 2880.
"""

from collections.abc import Mapping
from functools import lru_cache

import numpy as np
from numpy.typing import NDArray

BLOCK = 2880
CARD = 80
MAX_AXES = 999  # FITS Standard 4.0, 4.4.1.1

Image = NDArray[np.float32]
Header = Mapping[bytes, bytes]


class FitsError(ValueError):
    """The bytes are no FITS file with a float32 image."""


def first_image(data: bytes) -> Image:
    """The primary image, or the first image extension where the primary HDU has none.

    Parameters
    ----------
    data : bytes
        A FITS file, not compressed.

    Returns
    -------
    numpy.ndarray of float32, shape (NAXIS2, NAXIS1)
        Native byte order, read-only; row 0 is the first in the file.

    Raises
    ------
    FitsError
        If the file has no such image, ends early, or stores it as anything but plain float32 (BITPIX -32).
    """
    shape = _plain_shape(data[:BLOCK])
    if shape is not None:
        return _pixels(data, BLOCK, *shape)
    start = 0
    while start < len(data):
        header, start = _header(data, start)
        if _is_image(header):
            return _pixels(data, start, *_shape(header))
        start += _padded(_data_size(header))
    raise FitsError("no two-dimensional image in any HDU")


@lru_cache(maxsize=64)
def _plain_shape(block: bytes) -> tuple[int, int] | None:
    """Shape of the image whose whole header is this block, else None; ZTF cutouts have one of a few headers."""
    try:
        header, end = _header(block, 0)
        return _shape(header) if end == BLOCK and _is_image(header) else None
    except FitsError:
        return None


def _header(data: bytes, start: int) -> tuple[Header, int]:
    """The cards of the header that begins at start, and where its data begin."""
    cards: dict[bytes, bytes] = {}
    if data[start : start + 8] not in (b"SIMPLE  ", b"XTENSION"):
        raise FitsError(f"byte {start}: wants SIMPLE or XTENSION, has {data[start : start + 8]!r}")
    for at in range(start, len(data) - CARD + 1, CARD):
        key = data[at : at + 8]
        if key == b"END     ":
            return cards, start + _padded(at + CARD - start)
        cards.setdefault(key, data[at + 10 : at + CARD])
    raise FitsError("header without END")


def _is_image(header: Header) -> bool:
    """Whether the HDU is an image with two axes; a binary table has NAXIS = 2 as well."""
    kind = header.get(b"XTENSION", b"'IMAGE   '").split(b"/")[0].strip()
    return kind == b"'IMAGE   '" and _integer(header, b"NAXIS   ") == 2


def _shape(header: Header) -> tuple[int, int]:
    """Height and width of a plain float32 image."""
    bitpix = _integer(header, b"BITPIX  ")
    if bitpix != -32:
        raise FitsError(f"wants BITPIX -32, has {bitpix}")
    if _number(header, b"BSCALE  ", 1.0) != 1.0 or _number(header, b"BZERO   ", 0.0) != 0.0:
        raise FitsError("wants unscaled pixels, has BSCALE or BZERO")
    width, height = _integer(header, b"NAXIS1  "), _integer(header, b"NAXIS2  ")
    return height, width


def _pixels(data: bytes, start: int, height: int, width: int) -> Image:
    size = 4 * width * height
    if width < 1 or height < 1 or start + size > len(data):
        raise FitsError(f"{height}x{width} pixels want {size} bytes, the file has {max(len(data) - start, 0)}")
    pixels = np.frombuffer(data, ">f4", width * height, start).astype(np.float32).reshape(height, width)
    pixels.setflags(write=False)
    return pixels


def _data_size(header: Header) -> int:
    """Bytes of data behind a header, without padding (FITS Standard 4.0, eq. 2)."""
    axes = _integer(header, b"NAXIS   ")
    if not 0 <= axes <= MAX_AXES:
        raise FitsError(f"NAXIS is {axes}")
    if axes == 0:
        return 0
    size = abs(_integer(header, b"BITPIX  ")) // 8 * _integer(header, b"GCOUNT  ", 1)
    pixels = 1
    for axis in range(1, axes + 1):
        pixels *= _integer(header, f"NAXIS{axis}".ljust(8).encode())
    size *= _integer(header, b"PCOUNT  ", 0) + pixels
    if size < 0:
        raise FitsError(f"an HDU of {size} bytes")
    return size


def _padded(size: int) -> int:
    return -(-size // BLOCK) * BLOCK


def _value(header: Header, key: bytes) -> bytes:
    return header[key].split(b"/")[0].strip()


def _integer(header: Header, key: bytes, default: int | None = None) -> int:
    if key not in header and default is not None:
        return default
    try:
        return int(_value(header, key))
    except (KeyError, ValueError):
        found = header.get(key, b"nothing").strip()
        raise FitsError(f"{key.decode().strip()} wants an integer, has {found[:30]!r}") from None


def _number(header: Header, key: bytes, default: float) -> float:
    if key not in header:
        return default
    try:
        return float(_value(header, key).replace(b"D", b"E"))
    except ValueError:
        raise FitsError(f"{key.decode().strip()} wants a number, has {header[key].strip()[:30]!r}") from None
