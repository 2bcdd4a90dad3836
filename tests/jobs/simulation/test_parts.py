"""A block's alerts come in parts of whole objects."""

from itertools import repeat

import numpy as np
import pytest

from jobs.simulation.parts import Part, parts


@pytest.mark.parametrize(
    ("many", "sizes"),
    [([3, 3, 3], [3, 3, 3]), ([1, 2, 1, 4], [4, 4]), ([9, 1], [9, 1]), ([4], [4]), ([2, 2, 1], [4, 1]), ([], [])],
)
def test_no_object_is_cut_and_none_is_left_out(many: list[int], sizes: list[int]) -> None:
    owner = np.repeat(np.arange(len(many)), many)
    visits = 10 * np.arange(len(owner))
    found = list(parts(visits, owner, repeat(4)))
    assert [len(some) for some in found] == sizes
    assert np.concatenate([*found, np.zeros(0, int)]).tolist() == visits.tolist()


def test_sizes_go_on_from_block_to_block() -> None:
    sizes = iter((1, 2, 4))
    found = [len(some) for _ in range(2) for some in parts(np.arange(3), np.arange(3), sizes)]
    assert found == [1, 2, 3]


def test_parts_have_their_own_random_numbers() -> None:
    first, second = (Part(7, "qso", 0, 3, 256, part).generator("pixels").uniform(size=3).tolist() for part in (0, 1))
    assert first != second
    assert first == Part(7, "qso", 0, 3, 20, 0).generator("pixels").uniform(size=3).tolist()
