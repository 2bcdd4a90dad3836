"""The CPU time of each step of a task, without Spark: decode, view, cutouts, each module, write."""

import shutil
import tempfile
import time
from collections.abc import Sequence
from pathlib import Path

import pyarrow as pa

from jobs.bench.inputs import Bench, passes_of
from jobs.bench.numbers import Number, repeated, total
from jobs.launcher.science import Science
from jobs.packets.reading import SourceMessage
from jobs.pipeline.batch.staging import StagedTask, Tables
from jobs.pipeline.decode.decoder import Decoder
from jobs.pipeline.enrichment.isolation import Limits, Watchdog
from jobs.pipeline.enrichment.one_pass import OnePass
from jobs.pipeline.surveys import SURVEYS
from science_modules.common.cutouts import stamps, triplets

TABLES = ("raw", "science", "cutouts")
UNIT = "us/alert"
CHECKED = 200  # alerts whose answers are compared with the slow decoder's


class StepClock(Watchdog):
    """A watchdog that keeps the CPU time of the steps instead of watching over them."""

    def __init__(self) -> None:
        super().__init__(Limits())
        self.spent: dict[str, float] = {}
        self._current, self._since = "", 0.0

    def step(self, name: str, times: float = 1) -> None:
        """Begin a step; the one before it ends.

        Parameters
        ----------
        name : str
            Its name; empty for time that is not counted.
        times : float
            Not used: nothing is ended.
        """
        now = time.process_time()
        if self._current:
            self.spent[self._current] = self.spent.get(self._current, 0.0) + now - self._since
        self._current, self._since = name, now

    def rest(self) -> None:
        """No step is in hand."""
        self.step("")


def steps(bench: Bench) -> list[Number]:
    """CPU time per alert and step, in one process; decoding cutouts is taken out of the first module that needs them.

    Parameters
    ----------
    bench : Bench

    Raises
    ------
    AssertionError
        If the compiled and the slow decoder do not give the same.
    """
    science, clock = bench.science(), StepClock()
    one_pass = bench.one_pass(science, clock)
    messages = passes_of(bench.files())
    check_against_slow(bench, science)
    numbers = repeated(lambda: _measured(one_pass, clock, messages, science), bench.repeats)
    return [*numbers, total("all steps of a task", numbers)]


def _measured(
    one_pass: OnePass, clock: StepClock, messages: Sequence[list[SourceMessage]], science: Science
) -> dict[tuple[str, str], float]:
    clock.spent.clear()
    folder, alerts, of_stamps = Path(tempfile.mkdtemp(prefix="strix-bench-")), 0, 0.0
    staged = StagedTask(folder, "bench", Tables.of(TABLES, science.names), science.names)
    for some in messages:
        passed = one_pass(some)
        clock.step("write")
        staged.add(passed)
        clock.rest()
        of_stamps += _stamps_alone(passed.alerts)
        alerts += passed.alerts.num_rows
    clock.step("write")
    staged.close()
    clock.rest()
    shutil.rmtree(folder)
    return {(what, UNIT): spent / alerts * 1e6 for what, spent in _apart(clock.spent, of_stamps, science).items()}


def _stamps_alone(alerts: pa.Table) -> float:
    """What decoding and normalising the cutouts takes; it was done within the first module that asked for them."""
    started = time.process_time()
    triplets(stamps(alerts))
    return time.process_time() - started


def _apart(spent: dict[str, float], of_stamps: float, science: Science) -> dict[str, float]:
    asking = [f"module:{module.name}" for module in science.modules if "cutouts" in module.inputs]
    parts = dict(spent)
    if asking:
        parts[asking[0]] -= of_stamps
        parts["stamps (inflate, parse, normalise)"] = of_stamps
    return parts


def check_against_slow(bench: Bench, science: Science) -> None:
    """Check that the first alerts are the same by the slow decoder, bit for bit.

    Parameters
    ----------
    bench : Bench
    science : Science
        What `bench.science` gives.

    Raises
    ------
    AssertionError
        If a table of alerts or refusals differs.
    """
    messages = passes_of(bench.files(CHECKED)[: max(1, CHECKED // 100)])
    fast, slow = bench.one_pass(science), bench.one_pass(science)
    chosen = [survey for survey in SURVEYS if survey.name in slow.options.surveys]
    slow.decoder = Decoder(chosen, Path(bench.schemas) if bench.schemas else None, fast=False)
    for some in messages:
        by_fast, by_slow = fast(some), slow(some)
        if not (by_fast.alerts.equals(by_slow.alerts) and by_fast.refused.equals(by_slow.refused)):
            raise AssertionError("the fast and the slow decoder do not give the same tables")
