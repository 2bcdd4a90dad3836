"""What is known of a run over a release: the plan, and a record per partition that is done; a kill at any moment loses none.

A partition's table is renamed into place before its record is; a partition without a record is read again, and writes the same
file. The first record of a partition stays.
"""

import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from jobs.releases.plan import Plan
from jobs.storage.layout import UNKNOWN_NIGHT, Layout
from jobs.storage.writing import create_json, remove_halves

DONE, QUARANTINED = "done", "quarantined"
CORRECTED, LEFT = "corrected", "left_as_they_are"  # points, with --baseline
WITHOUT_LIGHT_CURVES = "without_light_curves"  # of what was asked, where it was


class RunDiffers(ValueError):
    """An output holds a run over something else than what is asked for."""


@dataclass(frozen=True)
class Run:
    """The places of a run in an output."""

    layout: Layout

    @classmethod
    def at(cls, output: str | Path) -> "Run":
        """The run whose output this is.

        Parameters
        ----------
        output : path
        """
        return cls(Layout(Path(output)))

    @property
    def folder(self) -> Path:
        """Plan and records."""
        return self.plan_path.parent

    @property
    def plan_path(self) -> Path:
        """The plan's file."""
        return self.layout.release_plan

    def plan(self) -> Plan | None:
        """The plan; None if there is none yet."""
        try:
            return Plan.from_json(json.loads(self.plan_path.read_text(encoding="utf-8")))
        except FileNotFoundError:
            return None

    def keep_plan(self, plan: Plan) -> None:
        """Write the plan unless there is one.

        Parameters
        ----------
        plan : Plan
        """
        create_json(self.plan_path, plan.to_json())

    def table(self, number: int) -> Path:
        """The science table of a partition.

        Parameters
        ----------
        number : int
            Its place in the plan.
        """
        return self.layout.published("science", UNKNOWN_NIGHT, "release", number, 0)

    def refused(self, number: int) -> Path:
        """What a partition refused.

        Parameters
        ----------
        number : int
            Its place in the plan.
        """
        return self.layout.published("quarantine", UNKNOWN_NIGHT, "release", number, 0)

    def _record_path(self, number: int) -> Path:
        return self.folder / "partitions" / f"{number:06d}.json"

    def record(self, number: int, content: dict[str, Any]) -> None:
        """Write a partition's record unless it has one.

        Parameters
        ----------
        number : int
            Its place in the plan.
        content : dict
            `state` and counts.
        """
        create_json(self._record_path(number), {"partition": number, **content})

    def records(self) -> dict[int, dict[str, Any]]:
        """The records that there are, by partition."""
        paths = sorted((self.folder / "partitions").glob("[0-9]*.json"))
        found = [json.loads(path.read_text(encoding="utf-8")) for path in paths]
        return {each["partition"]: each for each in found}

    def is_done(self, number: int) -> bool:
        """Whether a partition has a record.

        Parameters
        ----------
        number : int
            Its place in the plan.
        """
        return self._record_path(number).exists()

    def n_done(self) -> int:
        """How many partitions have a record; none of them is read."""
        return sum(1 for _ in (self.folder / "partitions").glob("[0-9]*.json"))

    def sweep(self) -> None:
        """Remove halves that a killed run left. Nobody else may be writing."""
        for folder in (self.folder, self.folder / "partitions", self.table(0).parent, self.refused(0).parent):
            remove_halves(folder)

    def forget(self, state: str) -> None:
        """Remove the records of partitions in a state, so that they are read again.

        Parameters
        ----------
        state : str
            DONE or QUARANTINED.
        """
        for number, content in self.records().items():
            if content["state"] == state:
                self._record_path(number).unlink()
