"""The three cutouts of every alert as float32 arrays, and as the input tensor of the ZTF networks.

A cutout that is missing or cannot be read is no exception but a reason, so that one bad cutout costs one answer.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property

import numpy as np
import pyarrow as pa
from isal import isal_zlib
from isal.igzip_lib import IsalError
from numpy.typing import NDArray

from science_modules.common.fits import FitsError, Image, first_image

STAMPS = ("science", "template", "difference")
MAX_BYTES = 4 * 2**20  # the largest Rubin cutout seen is 0.1 MiB
SIZE = 63  # ZTF cutouts: 63 x 63 pixels of 1.01 arcsec
# A cutout with fewer pixels that are finite and differ from the pixel before them says nothing. Of 3,903 real ZTF
# cutouts, those cropped at the edge of a CCD and half NaN included, the least has 1,608; of 675 Rubin cutouts, from
# 30 x 30 on, 517. A constant cutout, zeros and NaN have none.
LEAST_INFORMATIVE_PIXELS = 50
PADDING = 1e-9  # what Kowalski and BOOM pad cropped cutouts with, so what the networks know

_ROWS_AT_FIRST = 8
_BLOCK = 32  # images normalised at a time: their float64 squares stay in the processor's cache
_GZIP = b"\x1f\x8b"

Reasons = list[str | None]


@dataclass(frozen=True)
class Stamps:
    """The cutouts of n alerts.

    Attributes
    ----------
    images : mapping of str to list
        Per cutout (science, template, difference), n images: float32 arrays of shape (height, width), read-only,
        as received (NaN included), or None.
    reasons : mapping of str to list
        Per cutout, why an image is None: "no science stamp", "science stamp unreadable: ...",
        "science stamp inflates beyond 4 MiB"; None where there is one.
    """

    images: Mapping[str, list[Image | None]]
    reasons: Mapping[str, Reasons]

    def __len__(self) -> int:
        return len(self.images[STAMPS[0]])

    @property
    def first_reasons(self) -> Reasons:
        """Per alert, the first reason among its three cutouts; None if all three are there."""
        return _first([self.reasons[stamp] for stamp in STAMPS])

    @cached_property
    def blank(self) -> Reasons:
        """Per alert, which of its three cutouts is the first that is there and says nothing; None if none is."""
        return _first([[_without_information(stamp, image) for image in self.images[stamp]] for stamp in STAMPS])

    @property
    def unusable(self) -> Reasons:
        """Per alert, why a module has no answer from its cutouts: one is not there or says nothing; None if all do."""
        return _first([self.first_reasons, self.blank])


@dataclass(frozen=True)
class Triplets:
    """The cutouts of n alerts as the networks of braai and ACAI want them.

    Attributes
    ----------
    planes : numpy.ndarray of float32, shape (n, 3, 63, 63), read-only
        Science, template, difference; each without NaN and of unit L2 norm. Rows with a reason mean nothing.
    reasons : list
        Why an alert has no triplet; None where it has one.
    """

    planes: NDArray[np.float32]
    reasons: Reasons

    @property
    def images(self) -> NDArray[np.float32]:
        """The same as (n, 63, 63, 3), the published layout; a view."""
        return np.moveaxis(self.planes, 1, 3)


def stamps(table: pa.Table) -> Stamps:
    """Decode the cutout columns of a table; modules use `AlertBatch.stamps`.

    Parameters
    ----------
    table : pyarrow.Table
        In the common view, with the three columns of cutouts.
    """
    images: dict[str, list[Image | None]] = {}
    reasons: dict[str, Reasons] = {}
    for stamp in STAMPS:
        read = [_read(stamp, data) for data in table[f"cutout_{stamp}"].to_pylist()]
        images[stamp] = [image for image, _ in read]
        reasons[stamp] = [reason for _, reason in read]
    return Stamps(images, reasons)


def triplets(decoded: Stamps) -> Triplets:
    """Normalise cutouts for the published ZTF networks; modules use `AlertBatch.triplets`.

    Per cutout: NaN and infinity to 0, divided by its L2 norm, and one that was cropped at the edge of a CCD is
    padded at the bottom and right to 63 x 63 with 1e-9. An alert with a cutout that is absent, too large or without
    information (LEAST_INFORMATIVE_PIXELS) has a reason instead.

    Parameters
    ----------
    decoded : Stamps
        As `stamps` gives them.

    Notes
    -----
    Some real templates hold the largest float32 as a fill value (4 of 1,301 alerts). Their norm overflows and the
    cutout becomes all zero; that is what the published code does, so what its networks were trained and run on.

    Duev et al. 2019, MNRAS 489, 3582, sect. 3; the padding and its value as in the public code of Kowalski.
    """
    planes = np.full((len(decoded), len(STAMPS), SIZE, SIZE), PADDING, dtype=np.float32)
    reasons = decoded.first_reasons
    for channel, stamp in enumerate(STAMPS):
        for (height, width), rows in _by_shape(decoded.images[stamp]).items():
            if max(height, width) > SIZE:
                _refuse(reasons, rows, f"{stamp} stamp is {height}x{width}, wants at most {SIZE}x{SIZE}")
                continue
            for block in (rows[start : start + _BLOCK] for start in range(0, len(rows), _BLOCK)):
                same = np.stack([image for row in block if (image := decoded.images[stamp][row]) is not None])
                planes[block, channel, :height, :width] = _unit(same)
    planes.setflags(write=False)
    return Triplets(planes, _first([reasons, decoded.blank]))


def _read(stamp: str, data: bytes | None) -> tuple[Image | None, str | None]:
    if not data:
        return None, f"no {stamp} stamp"
    try:
        return first_image(_inflated(data)), None
    except OverflowError:
        return None, f"{stamp} stamp inflates beyond {MAX_BYTES // 2**20} MiB"
    except (FitsError, IsalError, EOFError) as error:  # type: ignore[misc]  # isal declares IsalError as a value
        return None, f"{stamp} stamp unreadable: {error}"


def _inflated(data: bytes) -> bytes:
    """The bytes behind gzip, or the bytes themselves.

    Raises
    ------
    OverflowError
        If there are more than MAX_BYTES of them.
    EOFError, IsalError
        If the gzip stream ends early or is damaged.
    """
    if not data.startswith(_GZIP):
        return data
    stream = isal_zlib.decompressobj(wbits=31)  # 31: gzip header and checksum
    raw = bytes(stream.decompress(data, MAX_BYTES + 1))
    if len(raw) > MAX_BYTES:
        raise OverflowError
    if not stream.eof:
        raise EOFError("gzip stream ends early")
    return raw


def _first(columns: list[Reasons]) -> Reasons:
    """Per alert the first reason of several."""
    return [next(filter(None, reasons), None) for reasons in zip(*columns, strict=True)]


def _without_information(stamp: str, image: Image | None) -> str | None:
    # A few rows are enough for nearly every cutout, and a quarter of the work.
    if image is None or _informative(image[:_ROWS_AT_FIRST]) >= LEAST_INFORMATIVE_PIXELS:
        return None
    n = _informative(image)
    if n >= LEAST_INFORMATIVE_PIXELS:
        return None
    return (
        f"no information in {stamp}: {n} finite pixels of {image.size} differ from the one before,"
        f" wants {LEAST_INFORMATIVE_PIXELS}"
    )


def _informative(image: Image) -> int:
    """How many pixels are finite, and differ from a finite pixel before them in their row."""
    finite = np.isfinite(image)
    different = (image[:, 1:] != image[:, :-1]) & finite[:, 1:] & finite[:, :-1]
    return int(np.count_nonzero(different))


def _by_shape(images: list[Image | None]) -> dict[tuple[int, int], list[int]]:
    """Rows of the images that are there, by shape: nearly all are 63 x 63 and are treated in one go."""
    rows: dict[tuple[int, int], list[int]] = {}
    for row, image in enumerate(images):
        if image is not None:
            rows.setdefault((image.shape[0], image.shape[1]), []).append(row)
    return rows


def _refuse(reasons: Reasons, rows: list[int], reason: str) -> None:
    for row in rows:
        reasons[row] = reasons[row] or reason


def _unit(images: NDArray[np.float32]) -> NDArray[np.float32]:
    """Images of one shape, finite and each of unit L2 norm (left at zero if it is all zero)."""
    clean = np.where(np.isfinite(images), images, np.float32(0))
    # float64 sums over one image's contiguous pixels: the same bits whatever the number of images
    squares = np.square(clean.reshape(len(clean), -1), dtype=np.float64).sum(axis=1)
    with np.errstate(over="ignore"):
        norms = np.sqrt(squares).astype(np.float32)
    return np.asarray(clean / np.where(norms > 0, norms, np.float32(1))[:, None, None], dtype=np.float32)
