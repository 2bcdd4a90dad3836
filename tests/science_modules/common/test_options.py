"""Options of modules: what is set is in the version and reaches `load`; what is not there is refused with both sides."""

import math

import pandas as pd
import pytest

from jobs.pipeline.enrichment.modules import Enrichment
from science_modules import registry
from science_modules.common import examples
from science_modules.common.alert_batch import AlertBatch
from science_modules.common.contract import Field, ScienceModule
from science_modules.common.options import Option, OptionError

DEPTH = Option("depth", 3, "", "how deep", 1, 9)


def run(batch: AlertBatch, state: tuple[int, float]) -> pd.DataFrame:
    return pd.DataFrame({"depth": [state[0]] * len(batch), "width": [state[1]] * len(batch)})


PROBE = ScienceModule(
    name="probe",
    version="1.2.3",
    inputs=("mjd",),
    outputs=(Field("depth", "int64", "", "as told"), Field("width", "float64", "d", "as told")),
    run=run,
    load=lambda artefacts, depth, width: (depth, width),
    options=(DEPTH, Option("width", 0.5, "d", "how wide", 0.1, 2.0)),
    source="none",
)


def answer(module: ScienceModule) -> dict[str, object]:
    """What it says of an alert."""
    return dict(Enrichment([module]).run(examples.examples(1))["probe"][0].as_py())


def test_load_gets_what_is_set_and_the_version_says_it() -> None:
    told = {"depth": 3, "width": 0.5, "version": "1.2.3", "error": None}
    assert answer(PROBE) == told
    assert answer(PROBE.with_options({"depth": "5"})) == told | {"depth": 5, "version": "1.2.3 depth=5"}
    both = PROBE.with_options({"width": 1.25, "depth": 4})
    assert answer(both) == {"depth": 4, "width": 1.25, "version": "1.2.3 depth=4 width=1.25", "error": None}
    assert answer(PROBE) == told  # the state of one setting is not that of another


def test_a_default_that_is_told_again_changes_nothing() -> None:
    assert PROBE.with_options({"depth": "3", "width": "0.50"}) == PROBE


@pytest.mark.parametrize(
    ("told", "message"),
    [
        ({"depht": 4}, "probe has no option 'depht'; its options: depth, width"),
        ({"depth": "10"}, "probe.depth is '10', it should be a whole number from 1 to 9"),
        ({"depth": "2.5"}, "probe.depth is '2.5', it should be a whole number from 1 to 9"),
        ({"depth": 2.5}, "probe.depth is 2.5, it should be a whole number from 1 to 9"),
        ({"depth": True}, "probe.depth is True, it should be a whole number from 1 to 9"),
        ({"width": "wide"}, "probe.width is 'wide', it should be a number from 0.1 to 2 d"),
        ({"width": math.nan}, "probe.width is nan, it should be a number from 0.1 to 2 d"),
        ({"width": "inf"}, "probe.width is 'inf', it should be a number from 0.1 to 2 d"),
    ],
)
def test_what_is_no_option_or_no_value_of_one_is_refused(told: dict[str, object], message: str) -> None:
    with pytest.raises(OptionError, match=f"^{message}$"):
        PROBE.with_options(told)


def test_options_are_of_modules_that_run() -> None:
    period, rise = registry.resolve(["period", "rise"], {"period.fmax": 72})
    assert period.version == f"{registry.get('period').version} fmax=72"
    assert rise == registry.get("rise")
    with pytest.raises(OptionError, match=r"an option is MODULE\.NAME of rise, found 'period\.fmax'"):
        registry.resolve(["rise"], {"period.fmax": 72})
    with pytest.raises(OptionError, match="found 'fmax'"):
        registry.resolve(["period"], {"fmax": 72})
