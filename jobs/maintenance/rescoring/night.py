"""One night scored again: planned, answered, written, exchanged. The output's lock must be held."""

import json
import os
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from itertools import pairwise
from pathlib import Path
from typing import Any, Literal

import pyarrow as pa
import pyarrow.parquet as pq
from pyspark.sql import SparkSession
from pyspark.sql.pandas.types import from_arrow_schema

from jobs.common import faults
from jobs.common.times import now_utc
from jobs.ledger.changes import RESCORED, RESCORING, Change, StoredFile
from jobs.ledger.counts import Counts, add_counts, failures
from jobs.ledger.records import LedgerError
from jobs.maintenance.maintenance import NightMaintenance, total
from jobs.maintenance.rescoring.answering import TOLD, Answering
from jobs.maintenance.rescoring.choice import Choice
from jobs.maintenance.rescoring.inputs import lacking, reads_stamps
from jobs.maintenance.rescoring.recipes import todays_hashes
from jobs.maintenance.rescoring.rewriting import Rewriting, Rewritten
from jobs.maintenance.rescoring.windows import Stamps, located, planned, write_windows
from jobs.maintenance.rolling import GROUP_BYTES
from jobs.maintenance.stored_files import KnownParts, product_name
from jobs.pipeline.batch.processor import TooManyFailures
from jobs.pipeline.decode.registry import SchemaPlaces
from jobs.pipeline.enrichment.isolation import Limits
from jobs.pipeline.surveys import SURVEYS
from jobs.storage.layout import Layout
from science_modules import registry


@dataclass(frozen=True)
class Rescoring:
    """How nights are scored again.

    Attributes
    ----------
    artefacts : callable
        The modules' artefacts, as a broadcast gives them.
    tasks : int
        Tasks of a step, about.
    keep_old : bool
        Keep the files that are replaced under `_replaced/`.
    started : datetime
        UTC; names the folder of the files that are kept.
    """

    spark: SparkSession
    maintenance: NightMaintenance
    schemas: str | SchemaPlaces | None
    artefacts: Callable[[], Mapping[str, Mapping[str, bytes]]]
    now_mjd: float
    limits: Limits = field(default_factory=Limits)
    max_failures: int = 100
    on_error: Literal["null", "raise"] = "null"
    tasks: int = 4
    keep_old: bool = False
    started: datetime = field(default_factory=lambda: datetime.now(UTC))

    def night(self, night: str, choice: Choice) -> Change:
        """Score a night again.

        Parameters
        ----------
        night : str
            YYYYMMDD.
        choice : Choice
            Which modules are run.

        Returns
        -------
        Change
            As it is in the journal.

        Raises
        ------
        TooManyFailures
            If modules failed more often than is allowed; nothing is changed.
        LedgerError
            If the files do not hold what the ledger says; nothing is changed.
        """
        number = self.maintenance.journal.next_number("science", night)
        work = self.maintenance.begin("science", night, number)
        (work / "staged").mkdir()
        parts = KnownParts(self.maintenance.layout).of("science", night)
        answers = self._answer(night, parts, choice, work)
        faults.maintenance("after_answers")
        files = self._rewrite(parts, answers, choice, work)
        modules = self._counted(files, choice)
        faults.maintenance("after_rewrite")
        new = tuple(
            _take(each, product_name("science", night, number, part, RESCORED), work) for part, each in enumerate(files)
        )
        if total(new)[0] != total(parts)[0]:
            raise LedgerError(f"night {night}: {total(parts)[0]} rows in the ledger, {total(new)[0]} were written")
        kept = self._kept(night) if self.keep_old or any(each["lost"] for each in modules.values()) else ""
        why = f"scored again with {', '.join(choice.run)}"
        now = now_utc()
        change = Change(
            "science", night, number, RESCORING, now, why, True, tuple(parts), new, kept=kept, answers=modules
        )
        self.maintenance.keep(change, work)
        if kept:
            self.maintenance.set_aside(change, work)
        self.maintenance.commit(change, work)
        self.maintenance.sweep()
        return change

    def _kept(self, night: str) -> str:
        stamp = self.started.strftime("%Y%m%dT%H%M%S.%f")[:-3]
        return f"_replaced/{stamp}Z/science/night={night}"

    def _answer(self, night: str, parts: Sequence[StoredFile], choice: Choice, work: Path) -> dict[int, list[str]]:
        """The first step: files of answers, by the number of the science file that they are for."""
        layout = self.maintenance.layout
        paths = [layout.root / part.name for part in parts]
        modules = [registry.get(name) for name in choice.run]
        sets = [lacking(path, [*modules, *(registry.get(name) for name in choice.read)]) for path in paths]
        distinct = [each for number, each in enumerate(sets) if each not in sets[:number]]
        science = located(paths)
        stamps, places = stamps_of(layout, night, science) if any(map(reads_stamps, modules)) else ((), None)
        plan = planned(science, [distinct.index(each) for each in sets], places)
        plan_path = work / "staged" / "plan.parquet"
        windows = write_windows(plan_path, plan, self.tasks)
        answering = Answering(
            directory=str(work / "staged"),
            plan=str(plan_path),
            science=tuple(map(str, paths)),
            stamps=stamps,
            lacking=tuple(distinct),
            modules=choice.run,
            read=choice.read,
            surveys=tuple(survey.name for survey in SURVEYS),
            schemas=self.schemas,
            now_mjd=self.now_mjd,
            limits=self.limits,
            artefacts=self.artefacts,
            on_error=self.on_error,
        )
        answers: dict[int, list[str]] = {}
        for told in self._told(answering, len(windows)):
            for file in windows[told["window"]]:
                answers.setdefault(file, []).append(told["file"])
        return answers

    def _rewrite(
        self, parts: Sequence[StoredFile], answers: Mapping[int, list[str]], choice: Choice, work: Path
    ) -> list[dict[str, Any]]:
        """The second step: what each new file holds, in order."""
        works = tuple(
            Rewritten(str(path), number, groups, tuple(answers.get(number, ())))
            for number, path in enumerate(self.maintenance.layout.root / part.name for part in parts)
            for groups in _pieces(path, self.tasks)
        )
        rewriting = Rewriting(str(work / "staged"), works, choice.run)
        return sorted(self._told(rewriting, len(works)), key=lambda told: int(told["work"]))

    def _told(self, step: Callable[..., Iterator[pa.RecordBatch]], rows: int) -> list[dict[str, Any]]:
        """Run a step over numbered rows; what its tasks tell."""
        frame = self.spark.range(0, rows, 1, max(1, min(rows, self.tasks)))
        # One action on the one mapInArrow: count, isEmpty or limit would run it twice or in part.
        told = frame.mapInArrow(step, from_arrow_schema(TOLD)).toArrow()
        return [json.loads(text) for text in told["told"].to_pylist()]

    def _counted(self, files: Iterable[Mapping[str, Any]], choice: Choice) -> dict[str, Any]:
        """Per module what was run and what it gave, for the journal."""
        counts: Counts = {}
        for each in files:
            add_counts(counts, each["modules"])
        failed = failures({"": {"modules": {name: counts[name]["now"] for name in counts}}})
        if sum(failed.values()) > self.max_failures:
            commonest, count = failed.most_common(1)[0]
            raise TooManyFailures(
                f"{sum(failed.values())} answers failed, max_failures_per_batch is {self.max_failures};"
                f" commonest ({count} times): {commonest}; the night is as it was"
            )
        hashes = todays_hashes(choice.run)
        return {
            name: {
                **hashes["modules"][name],
                "artefacts": hashes["artefacts"][name],
                "fingerprint": choice.fingerprints[name],
                **counts[name],
            }
            for name in choice.run
        }


def stamps_of(layout: Layout, night: str, science: pa.Table) -> tuple[tuple[Stamps, ...], pa.Table]:
    """The files that hold a night's cutouts and where in them each alert is; packets where the cutouts are not enough.

    Parameters
    ----------
    layout : Layout
    night : str
        YYYYMMDD.
    science : pyarrow.Table
        The night's alerts: survey and alert_id.

    Returns
    -------
    files : tuple of Stamps
    places : pyarrow.Table
        As `located` gives them, their `file` being a place in `files`.
    """
    known = KnownParts(layout)
    files = [Stamps("cutouts", str(layout.root / part.name)) for part in known.of("cutouts", night)]
    places = located([Path(each.path) for each in files])
    if science.join(places.select(["survey", "alert_id"]), ["survey", "alert_id"], join_type="left anti").num_rows:
        files += [Stamps("raw", str(layout.root / part.name)) for part in known.of("raw", night)]
        places = located([Path(each.path) for each in files])
    return tuple(files), places


def _pieces(path: Path, tasks: int) -> list[tuple[int, ...]]:
    """The row groups of a file; of a large one in as many parts as there are tasks, each large enough to be worth it."""
    groups = range(pq.read_metadata(path).num_row_groups)
    parts = max(1, min(tasks, len(groups), path.stat().st_size // GROUP_BYTES))
    cuts = [len(groups) * part // parts for part in range(parts + 1)]
    return [tuple(groups[start:stop]) for start, stop in pairwise(cuts)]


def _take(told: Mapping[str, Any], name: str, work: Path) -> StoredFile:
    """Give a staged file its name in the folder that is made ready."""
    os.rename(work / "staged" / told["staged"], work / "ready" / Path(name).name)
    return StoredFile(name, told["rows"], told["bytes"], told["crc"])
