"""Names as people type them."""

import pytest

from jobs.common.typed_names import did_you_mean, names_in


@pytest.mark.parametrize(
    ("text", "names"),
    [
        ("braai,acai", ("braai", "acai")),
        (" braai , acai ", ("braai", "acai")),
        (",braai,,", ("braai",)),
        ("two words", ("two words",)),
        ("", ()),
    ],
)
def test_a_list_is_divided_by_commas_and_nothing_else(text, names):
    assert names_in(text) == names


@pytest.mark.parametrize(
    ("name", "hint"),
    [
        ("protocoll", " (did you mean protocol?)"),
        ("MAXALERTSPERTRIGER", " (did you mean maxAlertsPerTrigger?)"),
        ("entirely else", ""),
        (1, ""),
    ],
)
def test_the_nearest_known_name_is_offered(name, hint):
    assert did_you_mean(name, ["protocol", "maxAlertsPerTrigger"]) == hint
