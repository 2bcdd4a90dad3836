"""What the vocabularies of others are in our names."""

import pytest

from jobs.labels.class_names import COARSE, NAMES, class_of, coarse, finer
from jobs.simulation.classes import CLASSES

# Rare transients: the stamp classifier's SN to the simulator, a class of their own among labels.
OWN = ("TDE", "Kilonova", "FBOT")


@pytest.mark.parametrize(
    ("label", "name"),
    [
        ("SN Ia", "SNIa"), ("(TNS) SN Ia", "SNIa"), ("SN Ia-91bg-like", "SNIa"), ("SN Iax", "SNIa"),
        ("SN Ib/c", "SNIbc"), ("SN Ic-BL", "SNIbc"), ("SN Icn", "SNIbc"), ("SN IIn", "SNII"), ("SN IIP", "SNII"),
        ("SLSN-I", "SLSN"), ("SN", "SN"), ("TDE-H-He", "TDE"), ("Nova", "CV/Nova"), ("CV", "CV/Nova"),
        ("QSO", "QSO"), ("Seyfert_1", "AGN"), ("BLLac", "Blazar"), ("fsrq", "Blazar"), ("Sy1", "AGN"),
        ("RRLyr", "RRL"), ("RRAB/BL", "RRL"), ("intrinsic,RR_Lyrae,RR_Lyrae_c", "RRL"), ("EW", "E"), ("EB*", "E"),
        ("intrinsic,binary_star,W_Uma", "E"), ("delSctV*", "DSCT"), ("HADS", "DSCT"), ("DCEP", "CEP"), ("Mira", "LPV"),
        ("SRB", "LPV"), ("YSO_ClassII", "YSO"), ("TTau*", "YSO"), ("UGSU+E", "CV/Nova"), ("UG", "CV/Nova"), ("NL", "CV/Nova"),
        ("ZAND", "Symbiotic"), ("RS", "Periodic-Other"), ("V*", "VS"), ("asteroid", "asteroid"), ("Asteroid", "Asteroid"),
        ("Galaxy", None), ("Star", None), ("SN candidate", None), ("EB*_Candidate", None), ("ULX?", None), ("", None),
        ("EA|EB", None), (None, None),
    ],
)  # fmt: skip
def test_a_label_has_our_name_or_none(label: str | None, name: str | None) -> None:
    assert class_of(label) == name


def test_the_file_s_own_coarse_class_holds_and_the_label_makes_it_finer() -> None:
    assert class_of("EB*_Candidate", "VS") == "VS"
    assert class_of("EW", "VS") == "E"
    assert class_of("Supernova", "VS") == "VS"
    assert class_of("HII", "Galaxy") is None


def test_every_class_of_the_simulator_has_a_name_and_its_stamp_class_lies_above_it() -> None:
    for each in CLASSES:
        assert class_of(each.leaf) == each.leaf
        assert coarse(each.leaf) == (each.leaf if each.leaf in OWN else each.stamp_class)


def test_names_agree_if_one_lies_above_the_other() -> None:
    assert finer("SN", "SNIa") == finer("SNIa", "SN") == "SNIa"
    assert finer("QSO", "AGN") == "QSO"
    assert finer("SNIa", "SNII") is None
    assert finer("TDE", "SN") is None
    assert all(coarse(coarse(name)) == coarse(name) in COARSE for name in NAMES)


def test_a_name_that_is_none_is_refused() -> None:
    with pytest.raises(ValueError, match="'SN Ia' is no class name; there are AGN, SN"):
        coarse("SN Ia")
