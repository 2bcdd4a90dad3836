"""Packed designations, against the examples that the Minor Planet Center publishes."""

import pyarrow as pa
import pytest

from jobs.pipeline.surveys.designations import unpack, unpack_one

# minorplanetcenter.org/iau/info/PackedDes.html and the page on the extended scheme
PUBLISHED = {
    "J95X00A": "1995 XA", "J95X01L": "1995 XL1", "J95F13B": "1995 FB13", "J98SA8Q": "1998 SQ108",
    "J98SC7V": "1998 SV127", "J98SG2S": "1998 SS162", "K99AJ3Z": "2099 AZ193", "K08Aa0A": "2008 AA360",
    "K07Tf8A": "2007 TA418", "K23A12B": "2023 AB12",
    "PLS2040": "2040 P-L", "T1S3138": "3138 T-1", "T2S1010": "1010 T-2", "T3S4101": "4101 T-3",
    "J95A010": "1995 A1", "J94P01b": "1994 P1-B", "J94P010": "1994 P1", "K48X130": "2048 X13",
    "K33L89c": "2033 L89-C", "K88AA30": "2088 A103",
    "03202": "3202", "50000": "50000", "A0345": "100345", "a0017": "360017", "K3289": "203289",
    "~0000": "620000", "~000z": "620061", "~AZaz": "3140113", "~zzzz": "15396335",
    "_QC0000": "2026 CA620", "_QC0aEM": "2026 CZ6190", "_QCzzzz": "2026 CL591673",
}  # fmt: skip


@pytest.mark.parametrize(("packed", "written"), PUBLISHED.items())
def test_the_published_examples_unpack_as_published(packed: str, written: str) -> None:
    assert unpack_one(packed) == written


@pytest.mark.parametrize(
    ("name", "written"),
    [
        ("2006RE37", "2006 RE37"),  # as ZTF writes it
        ("2006 RE37", "2006 RE37"),
        ("K06R37E", "2006 RE37"),  # as Rubin writes it
        ("594", "594"),
        ("(97125)1999VG102", "97125"),  # in a ZTF packet of schema 1.7
        ("CK20F030", "C/2020 F3"),
        ("PJ98V24S", "P/1998 VS24"),
        ("0001P", "1P"),
        ("0002I", "2I"),
        ("C/2020 F3", "C/2020 F3"),
        ("Ceres", "Ceres"),
    ],
)
def test_one_object_has_one_name(name: str, written: str) -> None:
    assert unpack_one(name) == written


def test_a_column_keeps_its_order_repeats_and_nulls() -> None:
    names = pa.array(["K06R37E", None, "594", "2006RE37", "594"])
    assert unpack(names).to_pylist() == ["2006 RE37", None, "594", "2006 RE37", "594"]
    assert unpack(pa.array([], pa.string())).to_pylist() == []
    assert unpack(pa.array([None], pa.string())).to_pylist() == [None]
