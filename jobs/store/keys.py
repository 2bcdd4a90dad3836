"""Row keys: the order in which HBase keeps rows, so that one scan gives what is asked for together.

Every number has a fixed width, big-endian with the sign bit flipped, so that bytes sort as numbers do; every name of
variable length ends in a zero byte, so that no name is the beginning of another. The first byte spreads rows over the
regions; the survey is part of every id.
"""

import struct
from collections.abc import Iterable
from hashlib import md5

import numpy as np

END = b"\x00"
# A cone asks each of them, a list merges them: few.
SKY_SALTS = 4
LATEST_SALTS = 4
# HEALPix order of the keys of `sky`: 0.4 milliarcsec, nested, so that a tile of any smaller order is one range.
SKY_ORDER = 29
_SIGN = np.uint64(1 << 63)
_WIDE = struct.Struct(">Q")


def numbers(values: np.ndarray) -> list[bytes]:
    """Eight bytes per number, which sort as the numbers do.

    Parameters
    ----------
    values : numpy.ndarray of int64 or float64, shape (n,)
        NaN sorts behind everything; -0.0 before 0.0.

    Returns
    -------
    list of bytes, length n
    """
    return _pieces(_sortable(values))


def reversed_numbers(values: np.ndarray) -> list[bytes]:
    """Eight bytes per number, which sort the other way round: the largest first.

    Parameters
    ----------
    values : numpy.ndarray of int64 or float64, shape (n,)
    """
    return _pieces(~_sortable(values))


def number_of(key: bytes, kind: type) -> float | int:
    """The number that eight bytes of a key stand for.

    Parameters
    ----------
    key : bytes, length 8
        As `numbers` gives them.
    kind : type
        int or float.
    """
    bits = _WIDE.unpack(key)[0]
    if kind is int:
        return int(struct.unpack(">q", _WIDE.pack(bits ^ (1 << 63)))[0])
    bits = bits ^ (1 << 63) if bits >> 63 else ~bits & (1 << 64) - 1
    return float(struct.unpack(">d", _WIDE.pack(bits))[0])


def name(text: str) -> bytes:
    """A name of variable length, ended.

    Parameters
    ----------
    text : str

    Raises
    ------
    ValueError
        If it holds a zero byte, which would end it early.
    """
    encoded = text.encode()
    if END in encoded:
        raise ValueError(f"a name in a row key cannot hold a zero byte: {text!r}")
    return encoded + END


def object_key(survey: str, object_id: str) -> bytes:
    """Where `objects` keeps an object, and the beginning of the keys of its alerts.

    Parameters
    ----------
    survey, object_id : str
    """
    key = name(survey) + name(object_id)
    return md5(key, usedforsecurity=False).digest()[:1] + key


def alert_keys(objects: Iterable[bytes], mjd: np.ndarray, alert_id: np.ndarray) -> list[bytes]:
    """Where `alerts` and `cutouts` keep alerts: an object's lie together, in the order of time.

    Parameters
    ----------
    objects : iterable of bytes, length n
        The keys of their objects.
    mjd : numpy.ndarray of float64, shape (n,)
        [d]
    alert_id : numpy.ndarray of int64, shape (n,)
    """
    return [b"".join(parts) for parts in zip(objects, numbers(mjd), numbers(alert_id), strict=True)]


def index_key(survey: str, alert_id: bytes) -> bytes:
    """Where `alert_index` keeps the key of an alert.

    Parameters
    ----------
    survey : str
    alert_id : bytes, length 8
        As `numbers` gives it.
    """
    key = name(survey) + alert_id
    return md5(key, usedforsecurity=False).digest()[:1] + key


def sky_keys(pixels: np.ndarray, surveys: Iterable[str], alert_ids: np.ndarray) -> list[bytes]:
    """Where `sky` keeps alerts: in the order of their HEALPix pixels, in each of a few ranges.

    Parameters
    ----------
    pixels : numpy.ndarray of int64, shape (n,)
        Nested, of SKY_ORDER.
    surveys : iterable of str, length n
    alert_ids : numpy.ndarray of int64, shape (n,)
    """
    salts = salts_of(alert_ids, SKY_SALTS)
    parts = zip(salts, _pieces(pixels), map(name, surveys), numbers(alert_ids), strict=True)
    return [b"".join(each) for each in parts]


def latest_prefix(kind: str, of: str) -> bytes:
    """The beginning of the keys of a list in `latest`.

    Parameters
    ----------
    kind : str
        filter, night or sso.
    of : str
        Its name.
    """
    return name(kind) + name(of)


def latest_key(prefix: bytes, salt: bytes, reversed_mjd: bytes, survey: str, alert_id: bytes) -> bytes:
    """Where `latest` keeps an alert of a list: the newest first, in each of a few ranges.

    Parameters
    ----------
    prefix : bytes
        As `latest_prefix` gives it.
    salt : bytes, length 1
        As `salts_of` gives it.
    reversed_mjd, alert_id : bytes, length 8
        As `reversed_numbers` and `numbers` give them.
    survey : str
    """
    return b"".join((prefix, salt, reversed_mjd, name(survey), alert_id))


def salts_of(alert_ids: np.ndarray, many: int) -> list[bytes]:
    """One byte per alert that spreads alerts evenly over some ranges, whatever the ids' last digits are.

    Parameters
    ----------
    alert_ids : numpy.ndarray of int64, shape (n,)
    many : int
        How many ranges; a power of two.
    """
    mixed = alert_ids.astype(np.uint64) * np.uint64(0x9E3779B97F4A7C15)  # Fibonacci hashing: high bits depend on all
    return [bytes((salt,)) for salt in (mixed >> np.uint64(56)).astype(int) % many]


def after(prefix: bytes) -> bytes:
    """The first key behind all that begin with a prefix.

    Parameters
    ----------
    prefix : bytes
        Not only 0xFF.
    """
    kept = prefix.rstrip(b"\xff")
    return kept[:-1] + bytes((kept[-1] + 1,))


def _sortable(values: np.ndarray) -> np.ndarray:
    """Unsigned words in the order of the numbers: those of negative floats run backwards."""
    bits = values.view(np.uint64)
    flipped = bits ^ _SIGN
    return np.where(bits & _SIGN, ~bits, flipped) if values.dtype.kind == "f" else flipped


def _pieces(words: np.ndarray) -> list[bytes]:
    flat = words.astype(">u8").tobytes()
    return [flat[at : at + 8] for at in range(0, len(flat), 8)]
