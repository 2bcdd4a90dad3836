"""What a module's outputs say of classes."""

import numpy as np
import pyarrow as pa
import pytest

from jobs.reports.evaluation.classifier import NoClasses, classifier
from jobs.reports.evaluation.run_answers import with_givers
from science_modules import registry

LEAVES = ("p_snia", "p_snii", "p_qso", "p_cv_nova", "p_periodic_other", "p_transient", "top_class")


def fields(name: str) -> list[str]:
    return [each.name for each in registry.get(name).outputs]


def test_the_shipped_modules_tell_their_classes() -> None:
    assert classifier("stamp", fields("stamp")).outputs == tuple(
        (name, (f"p_{name.lower()}",)) for name in ("AGN", "SN", "VS", "asteroid", "bogus")
    )
    acai = classifier("acai", fields("acai"))
    assert dict(acai.outputs) == {
        "AGN": ("acai_n",), "SN": ("acai_h",), "VS": ("acai_v",), "asteroid": ("acai_o",), "bogus": ("acai_b",)
    }  # fmt: skip
    assert not acai.are_probabilities
    assert classifier("acai_v2_0_0", fields("acai")).classes == acai.classes  # an installed version


@pytest.mark.parametrize("name", ["braai", "real_bogus_stamps"])
def test_real_and_bogus_are_one_score_and_its_rest(name: str) -> None:
    found = classifier(name, fields(name))
    rows = pa.table({f"{name}.p_real": pa.array([0.25, None], pa.float32())})
    assert found.classes == ("real", "bogus")
    np.testing.assert_array_equal(found.scores(rows), [[0.25, 0.75], [np.nan, np.nan]])
    assert [found.true_class(name) for name in ("bogus", "SNIa", "asteroid", None)] == ["bogus", "real", "real", None]


def test_leaves_are_summed_to_coarse_classes_and_stand_by_themselves_if_asked() -> None:
    coarse, leaf = classifier("forest", LEAVES), classifier("forest", LEAVES, "leaf")
    rows = pa.table({f"forest.{name}": [0.1 * (number + 1)] for number, name in enumerate(LEAVES)})
    assert dict(coarse.outputs) == {
        "AGN": ("p_qso",), "SN": ("p_snia", "p_snii"), "VS": ("p_cv_nova", "p_periodic_other")
    }  # fmt: skip
    assert coarse.scores(rows)[0] == pytest.approx([0.3, 0.3, 0.9])
    assert set(leaf.classes) == {"SNIa", "SNII", "QSO", "CV/Nova", "Periodic-Other"}
    assert coarse.true_class("SLSN") == "SN" and coarse.true_class("TDE") is None
    assert leaf.true_class("SNIa") == "SNIa" and leaf.true_class("SN") is None  # coarser than the module's


def test_of_a_class_and_those_below_it_the_finer_ones_are_taken() -> None:
    assert classifier("both", ("p_sn", "p_snia", "p_snii", "p_vs"), "leaf").classes == ("VS", "SNIa", "SNII")


def test_all_fifteen_leaves_of_the_light_curve_classifier_are_read_once() -> None:
    names = fields("light_curve_class")
    coarse, leaf = classifier("light_curve_class", names), classifier("light_curve_class", names, "leaf")
    assert len(leaf.classes) == 15 and {"E", "AGN", "QSO"} <= set(leaf.classes)
    assert coarse.classes == ("AGN", "SN", "VS")
    assert sorted(output for _, outputs in coarse.outputs for output in outputs) == sorted(
        f"p_{name.removeprefix('raw_')}" for name in names[3:18]
    )
    assert with_givers(["light_curve_class"], None) == ["light_curve_class", "alerce_features"]


def test_satellites_and_other_artefacts_are_bogus_together() -> None:
    found = dict(classifier("stamp_lsst", fields("stamp_lsst")).outputs)
    assert found["bogus"] == ("p_bogus", "p_satellite")
    assert set(found) == {"AGN", "SN", "VS", "asteroid", "bogus"}
    own = classifier("stamp_lsst", fields("stamp_lsst"), "leaf").outputs
    assert {name for name, _ in own} == {"AGN", "SN", "VS", "asteroid", "bogus", "Satellite"}


def test_a_module_without_classes_says_what_it_has() -> None:
    with pytest.raises(NoClasses, match=r"stetson_k tells no classes: wanted are outputs p_<class>.*; it has k"):
        classifier("stetson_k", fields("stetson_k"))
    with pytest.raises(NoClasses, match="and 190 more"):
        classifier("many", [f"mean_{number}" for number in range(202)])
