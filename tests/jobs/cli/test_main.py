"""The verbs of the command line."""

import pytest

from jobs.cli.main import VERBS, main


@pytest.mark.parametrize(("typed", "meant"), [("nihgt", "night"), ("score", "scores"), ("exprot", "export")])
def test_a_verb_that_is_mistyped_is_refused_with_the_nearest(typed, meant, capsys):
    assert main([typed]) == 2
    assert f"did you mean {meant}?" in capsys.readouterr().err


def test_the_usage_names_every_verb(capsys):
    assert main(["--help"]) == 0
    told = capsys.readouterr().out
    assert [name for name in VERBS if f"  {name} " not in told] == []
