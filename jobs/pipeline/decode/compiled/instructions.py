"""The instruction table that the interpreter runs: what its columns mean, and how a program is put together."""

from dataclasses import dataclass, field
from typing import Any

import numpy as np
from numpy.typing import NDArray

# Columns of the table. An instruction is 8 words: one cache line.
OP = 0
REPEAT = 1  # so many leaves in a row, alike in all but their slot
VALUE = 2  # index of the union branch with the value; -1: not a union
NULL = 3  # index of the union branch null; -1: none
SLOT = 4  # where the column is (a row of the slots table); -1: not kept
ARG = 5  # width, number of symbols, least size of an item, number of branches, number of a mark
CURSOR = 6  # which cursor moves: rows of a level, or bytes of a column; 0: nobody's
TARGET = 7  # where to go
COST = VALUE  # of NEXT: bytes that an item takes in columns
VALUES = NULL  # of NEXT: values that an item consists of at most
WIDTH = 8

# Leaves of COUNT, the safety walk: look at every byte that decides where the next value is; keep nothing.
CHECK_FIXED = 0
CHECK_INT = 1
CHECK_LONG = 2
CHECK_BOOLEAN = 3
CHECK_ENUM = 4
CHECK_BYTES = 5
CHECK_STRING = 6
# Leaves of FILL: copy values into columns.
FILL_4 = 7
FILL_8 = 8
FILL_INT = 9
FILL_LONG = 10
FILL_BOOLEAN = 11
FILL_BYTES = 12
FILL_FIXED = 13
# The way through the datum, for both.
UNION = 14  # null: to TARGET
ARRAY = 15  # to its NEXT, at TARGET
NEXT = 16  # to the first instruction of an item, at TARGET, or on
SWITCH = 17  # general union: to jumps[TARGET + index]
JUMP = 18
MARK = 19  # remember where we are
SEEK = 20  # go to where MARK was
END = 21

MERGEABLE = frozenset(
    {CHECK_FIXED, CHECK_INT, CHECK_LONG, CHECK_BOOLEAN, FILL_4, FILL_8, FILL_INT, FILL_LONG, FILL_BOOLEAN}
)

# A failure is one int64 with the leaf's number within its run in so many bits.
LEAF_BITS = 12
LONGEST_RUN = (1 << LEAF_BITS) - 1
ITEM = "[\0]"


@dataclass
class Program:
    """A program under construction: instructions are added in the order in which a datum is read.

    Attributes
    ----------
    rows : list of list of int
        Instructions so far.
    paths : list of list of str
        Per instruction, the field path of each leaf of its run; ITEM in it stands for the number of an item.
    jumps : list of int
        Targets of all SWITCH instructions.
    """

    rows: list[list[int]] = field(default_factory=list)
    paths: list[list[str]] = field(default_factory=list)
    jumps: list[int] = field(default_factory=list)
    _barrier: int = 0

    @property
    def here(self) -> int:
        """Number of the next instruction, as a place to jump to: no run of leaves grows across it."""
        self._barrier = len(self.rows)
        return self._barrier

    def add(
        self,
        op: int,
        path: str,
        *,
        value: int = -1,
        null: int = -1,
        slot: int = -1,
        arg: int = 0,
        cursor: int = 0,
        target: int = 0,
    ) -> int:
        """Append an instruction, or lengthen the run that the last one is.

        Parameters
        ----------
        op : int
            One of the codes of this module.
        path : str
            Of the field, with ITEM for the numbers of items.
        value, null, slot, arg, cursor, target : int
            As the columns of the table say.

        Returns
        -------
        int
            Number of the instruction.
        """
        row = [op, 1, value, null, slot, arg, cursor, target]
        if op in MERGEABLE and self._continues(row):
            self.rows[-1][REPEAT] += 1
            self.paths[-1].append(path)
            return len(self.rows) - 1
        self.rows.append(row)
        self.paths.append([path])
        return len(self.rows) - 1

    def _continues(self, row: list[int]) -> bool:
        if len(self.rows) <= self._barrier or self.rows[-1][REPEAT] == LONGEST_RUN:
            return False
        last = self.rows[-1]
        next_slot = -1 if last[SLOT] < 0 else last[SLOT] + last[REPEAT]
        return row == [last[OP], 1, *last[VALUE:SLOT], next_slot, *last[ARG:]]

    def table(self) -> NDArray[Any]:
        """The instructions as int64, shape (n_instructions, 8)."""
        return np.array(self.rows, dtype=np.int64).reshape(-1, WIDTH)

    def jump_table(self) -> NDArray[Any]:
        """Targets of the SWITCH instructions as int64; a single 0 if there are none."""
        return np.array(self.jumps or [0], dtype=np.int64)
