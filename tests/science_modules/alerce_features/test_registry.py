"""The list of features: functions that are there, columns that the card names, the published names."""

import importlib
from pathlib import Path

from science_modules import alerce_features
from science_modules.alerce_features.registry import FEATURES, fields, table


def test_every_feature_names_a_function_that_says_what_it_is() -> None:
    for feature in FEATURES:
        file, function = feature.function.split(".")
        module = importlib.import_module(f"science_modules.alerce_features.{file}")
        assert getattr(module, function).__doc__, feature.function
        assert feature.formula and feature.source


def test_the_card_holds_the_table() -> None:
    card = (Path(alerce_features.__file__).parent / "README.md").read_text(encoding="utf-8")
    held = card.split("<!-- features -->\n")[1].split("\n<!-- end of features -->")[0]
    assert held == table(), "the card's table is not `registry.table()`"


def test_bands_are_suffixes_and_what_no_column_can_have_is_an_underscore() -> None:
    names = [field.name for field in fields()]
    assert {"Std_1", "Std_2", "g_r_max_corr", "W1_W2", "rb"} < set(names)
    assert len({name.lower() for name in names}) == len(names), "Spark does not tell cases apart"
