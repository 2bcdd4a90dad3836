"""Sets of numbers and numbers by text against Python's own."""

from hypothesis import given
from hypothesis import strategies as st

from jobs.ledger import hashed
from jobs.ledger.hashed import Hashed
from jobs.ledger.numbers import Numbers

few = st.integers(min_value=0, max_value=30)


@given(st.lists(few), st.lists(few))
def test_numbers_are_what_a_set_is(one: list[int], other: list[int]) -> None:
    numbers, more = Numbers(), Numbers()
    for each in one:
        numbers.add(each)
    for each in other:
        more.add(each)
    assert [each for each in range(32) if each in numbers] == sorted(set(one))
    assert len(numbers) == len(set(one))
    assert list(numbers.missing()) == sorted(set(range(max(one, default=0))) - set(one))
    assert Numbers(numbers.runs).runs == numbers.runs
    assert all(last + 1 < first for (_, last), (first, _) in zip(numbers.runs, numbers.runs[1:], strict=False))
    assert numbers.covers(3, 5) == ({3, 4, 5} <= set(one))
    numbers.update(more)
    assert [each for each in range(32) if each in numbers] == sorted({*one, *other})


@given(st.lists(st.tuples(st.text(max_size=2), st.integers(-5, 5)), max_size=200))
def test_numbers_by_text_are_what_a_dictionary_has(pairs: list[tuple[str, int]]) -> None:
    before, hashed.RECENT = hashed.RECENT, 4
    try:
        found = Hashed()
        for text, number in pairs:
            found.set(text, number)
        known = dict(pairs)
        assert {text: found.get(text) for text in known} == known
        assert found.get("not there", 17) == 17
    finally:
        hashed.RECENT = before
