"""What a training is told."""

from pathlib import Path

import pytest

from jobs.training.config import TrainingConfig, filled, load
from jobs.training.trainable import get, names

CONF = Path(__file__).parents[3] / "conf" / "training"


@pytest.mark.parametrize("name", names())
def test_the_file_that_comes_with_a_model_has_its_keys(name: str) -> None:
    config = load(CONF / f"{name}.yaml")
    trainable = get(name)
    filled(trainable.data, config.data, "data")
    filled(trainable.settings, config.settings, "settings")
    assert config.output.endswith(name)


def test_the_command_line_wins_over_the_file_and_the_file_over_defaults(tmp_path: Path) -> None:
    (tmp_path / "a.yaml").write_text("seed: 5\ndata: {survey: ztf, objects: 7}\nlabels: [x.csv]\n")
    config = load(tmp_path / "a.yaml", {"data.objects": "9", "test": "0"}, {"seed": 1, "folds": 2})
    assert (config.seed, config.folds, config.test) == (5, 2, 0.0)
    assert config.data == {"survey": "ztf", "objects": 9}
    assert config.labels == ("x.csv",)


@pytest.mark.parametrize("typed", ["0.1", "2.10", "3", "2.1.0", '"0.1"'])
def test_a_version_that_is_typed_is_text_whatever_yaml_takes_it_for(typed: str) -> None:
    assert load(None, {"version": typed, "seed": "3"}) == TrainingConfig(version=typed.strip('"'), seed=3)


@pytest.mark.parametrize(
    ("told", "problem"),
    [
        ({"sead": 1}, "no key 'sead' .did you mean seed"),
        ({"seed": "much"}, "seed is 'much', it should be a int like 20260101"),
        ({"folds": 1}, r"folds is 1, it can be 0 .none. or at least 2"),
        ({"test": 0.9, "validation": 0.1}, "should leave objects to train on"),
        ({"level": "fine"}, "level is 'fine', it can be leaf, coarse"),
        ({"version": "new"}, "version is 'new', it should be numbers"),
        ({"version": 2.1}, r"version is 2\.1, it should be a str like ''; put it in quotes"),
    ],
)
def test_what_cannot_be_is_refused(told: dict[str, object], problem: str) -> None:
    with pytest.raises(ValueError, match=problem):
        filled(TrainingConfig, told, "the configuration")
