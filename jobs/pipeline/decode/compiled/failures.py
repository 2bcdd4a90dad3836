"""Why a datum is refused: causes, how compiled code hands one back, and what a person reads."""

from dataclasses import dataclass

from .compiling import inlined

TRUNCATED = 1
LONG_NUMBER = 2
INT_RANGE = 3
BOOLEAN = 4
BRANCH = 5
SYMBOL = 6
NEGATIVE_LENGTH = 7
NOT_UTF8 = 8
BLOCK_SIZE = 9
ITEMS = 10
ROWS = 11
DEPTH = 12
TRAILING = 13

# LSST alerts have a few thousand history rows; a million is beyond any.
MOST_ITEMS = 1_000_000
# A null is a byte in the datum and up to 8 in a column; records that are null are rare. Beyond this it is an attack.
GROWTH = 64
FREE_BYTES = 2**20
DEEPEST = 64

# Cause to reason code and message.
CAUSES: dict[int, tuple[str, str]] = {
    TRUNCATED: ("truncated", "the datum ends before this value does"),
    LONG_NUMBER: ("bad_datum", "a variable-length number over 64 bits"),
    INT_RANGE: ("bad_datum", "an int over 32 bits"),
    BOOLEAN: ("bad_datum", "a boolean that is neither 0 nor 1"),
    BRANCH: ("bad_datum", "a union branch that the schema does not have"),
    SYMBOL: ("bad_datum", "an enum symbol that the schema does not have"),
    NEGATIVE_LENGTH: ("bad_datum", "a negative length"),
    NOT_UTF8: ("bad_datum", "a string that is not UTF-8"),
    BLOCK_SIZE: ("bad_datum", "a block that does not take the bytes that it says"),
    ITEMS: ("too_large", f"more than {MOST_ITEMS} array items and map entries in a datum"),
    ROWS: ("too_large", f"array items that take more than {GROWTH} times the datum's bytes, and 1 MiB, in columns"),
    DEPTH: ("too_large", f"values nested deeper than {DEEPEST}"),
    TRAILING: ("trailing_bytes", "bytes behind the end of the datum"),
}

_CAUSE_BITS = 4
_LEAF_BITS = 12


@dataclass(frozen=True)
class DatumRefusal:
    """Why a datum was not decoded.

    Attributes
    ----------
    row : int
        Which of the datums.
    reason : str
        truncated, bad_datum, trailing_bytes or too_large.
    byte : int
        Where in the datum the value begins that could not be read.
    path : str
        Its field path: `prvDiaSources[].psfFlux`; "" behind the end of the datum.
    message : str
        For a person, with byte and path.
    """

    row: int
    reason: str
    byte: int
    path: str
    message: str


@inlined
def fail(pos: int, cause: int, leaf: int) -> int:
    """A failure as a negative number: the value at `pos`, leaf number `leaf` in its run, for a cause."""
    return -1 - ((((pos << _LEAF_BITS) | leaf) << _CAUSE_BITS) | cause)


def unpack(failure: int) -> tuple[int, int, int]:
    """Position, cause and leaf number of a failure."""
    packed = -1 - failure
    cause, leaf = packed & ((1 << _CAUSE_BITS) - 1), (packed >> _CAUSE_BITS) & ((1 << _LEAF_BITS) - 1)
    return packed >> (_CAUSE_BITS + _LEAF_BITS), cause, leaf


def refusal(row: int, byte: int, cause: int, path: str) -> DatumRefusal:
    """The refusal of a datum for a cause."""
    reason, text = CAUSES[cause]
    where = f" in {path}" if path else ""
    return DatumRefusal(row, reason, byte, path, f"{text}{where} (byte {byte})")
