"""Names of Solar-system objects: the Minor Planet Center's packed designations, unpacked.

Surveys mix packed ("K06R37E") and unpacked ("2006 RE37", "2006RE37") names of one object; here they become one.
"""

import re
from collections.abc import Callable

import pyarrow as pa
import pyarrow.compute as pc

_DIGITS = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"
_SECOND_LETTERS = "ABCDEFGHJKLMNOPQRSTUVWXYZ"  # without I
_CENTURY = {"I": 1800, "J": 1900, "K": 2000, "L": 2100}


def unpack(names: pa.Array) -> pa.Array:
    """Designations as people write them: "433", "2006 RE37", "C/2020 F3", "2040 P-L".

    Parameters
    ----------
    names : pyarrow.Array of string
        Packed or unpacked designations, NULL where there is none.

    Returns
    -------
    pyarrow.Array of string
        What is neither packed nor lacks a blank stays as published; numbers lose brackets and leading zeros.

    Notes
    -----
    MPC, "Packed Provisional and Permanent Designations" and the extended scheme for more than 15,500 objects in a
    half-month (https://docs.minorplanetcenter.net/mpc-ops-docs/designations/packed-designations).
    """
    distinct = pc.dictionary_encode(names)
    dictionary = pa.array([unpack_one(name) for name in distinct.dictionary.to_pylist()], type=pa.string())
    return dictionary.take(distinct.indices)


def unpack_one(name: str) -> str:
    """One designation as people write it; see `unpack`.

    Parameters
    ----------
    name : str
        Packed or unpacked.
    """
    text = name.strip()
    for pattern, written in _RULES:
        match = pattern.fullmatch(text)
        if match:
            return written(match)
    return text


def _base62(text: str) -> int:
    number = 0
    for digit in text:
        number = number * 62 + _DIGITS.index(digit)
    return number


def _provisional(year: int, half_month: str, letter: str, cycle: int) -> str:
    return f"{year} {half_month}{letter}{cycle or ''}"


def _packed_provisional(match: re.Match[str]) -> str:
    comet, century, year, half_month, tens, unit, letter = match.groups()
    name = _provisional(_CENTURY[century] + int(year), half_month, letter, 10 * _base62(tens) + int(unit))
    return f"{comet}/{name}" if comet else name


def _extended_provisional(match: re.Match[str]) -> str:
    year, half_month, count = match.groups()
    cycle, letter = divmod(_base62(count) + 620 * 25, 25)  # begins where cycle 619 ends
    return _provisional(2000 + _base62(year), half_month, _SECOND_LETTERS[letter], cycle)


def _comet(match: re.Match[str]) -> str:
    kind, century, year, half_month, tens, unit, fragment = match.groups()
    name = f"{_CENTURY[century] + int(year)} {half_month}{10 * _base62(tens) + int(unit)}"
    part = "" if fragment == "0" else f"-{fragment.upper()}"
    return (f"{kind}/" if kind else "") + name + part


def _survey(match: re.Match[str]) -> str:
    code, number = match.groups()
    return f"{int(number)} {code[0]}-{'L' if code == 'PLS' else code[1]}"


_Rule = tuple[re.Pattern[str], Callable[[re.Match[str]], str]]
_RULES: tuple[_Rule, ...] = (
    (re.compile(r"\(?0*(\d+)\)?"), lambda m: m[1]),
    (re.compile(r"\((\d+)\).+"), lambda m: m[1]),  # "(97125)1999VG102": the number is the name
    (re.compile(r"([A-Za-z])(\d{4})"), lambda m: str(_base62(m[1]) * 10000 + int(m[2]))),
    (re.compile(r"~([0-9A-Za-z]{4})"), lambda m: str(620000 + _base62(m[1]))),
    (re.compile(r"0*(\d+)([PDI])"), lambda m: m[1] + m[2]),
    (re.compile(r"(PLS|T[123]S)(\d{4})"), _survey),
    (re.compile(r"([CPDXAI])?([IJKL])(\d\d)([A-HJ-Y])([0-9A-Za-z])(\d)([A-HJ-Z])"), _packed_provisional),
    (re.compile(r"([CPDXAI])?([IJKL])(\d\d)([A-HJ-Y])([0-9A-Za-z])(\d)([0a-z])"), _comet),
    (re.compile(r"_([0-9A-Za-z])([A-HJ-Y])([0-9A-Za-z]{4})"), _extended_provisional),
    (re.compile(r"(\d{4}) ?([A-HJ-Y][A-HJ-Z]\d*)"), lambda m: f"{m[1]} {m[2]}"),
)
