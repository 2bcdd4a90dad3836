"""What the closing table says of a run that read nothing."""

import io
from pathlib import Path

import pytest
from rich.console import Console

from jobs.cli.report import print_outcome
from jobs.common.job import job_of
from jobs.launcher.run import Outcome
from jobs.launcher.science import Science
from jobs.storage.layout import Layout
from jobs.streaming.status import Status


@pytest.mark.parametrize(
    ("asked", "said"), [(True, "stopped before a batch was read"), (False, "nothing new to read in the input")]
)
def test_a_run_that_was_stopped_first_does_not_say_that_there_was_nothing(
    tmp_path: Path, asked: bool, said: str
) -> None:
    layout, out = Layout(tmp_path), io.StringIO()
    outcome = Outcome(layout, "s", Status(layout, "night", "s"), Science((), {}, {}), asked)
    print_outcome(job_of("night"), outcome, [], 0.0, Console(file=out, width=200))
    assert out.getvalue().startswith(f"night: {said};")


@pytest.mark.parametrize(
    ("all_read", "said"),
    [
        (True, "stopped; all that had come at the last look was read; the same command goes on from here"),
        (False, "stopped; there may be more to read: the same command goes on from here"),
    ],
)
def test_only_what_is_known_of_the_input_is_said_at_a_stop(tmp_path: Path, all_read: bool, said: str) -> None:
    layout, out = Layout(tmp_path), io.StringIO()
    status = Status(layout, "night", "s", asked_to_stop=True, all_read=all_read)
    print_outcome(
        job_of("night"), Outcome(layout, "s", status, Science((), {}, {}), True), [], 0.0, Console(file=out, width=200)
    )
    assert said in out.getvalue().splitlines()
