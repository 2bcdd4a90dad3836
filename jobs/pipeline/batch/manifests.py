"""What the tasks of a batch reported, put together."""

import json
from dataclasses import dataclass, field
from typing import Any

import pyarrow as pa

from jobs.ledger.counts import Counts, add_counts, empty_counts
from jobs.packets.reading import OffsetCounts
from jobs.pipeline.batch.staging import ID_ROWS, from_ipc


@dataclass
class Staged:
    """What the tasks of a batch reported.

    Attributes
    ----------
    files : list of dict
        table, night, staged (file name in the batch's staging folder), rows, bytes, part.
    nights : dict
        Counts per night.
    ids : pyarrow.Table
        staging.ID_ROWS.
    tallies : list of OffsetCounts
        What became of planned offsets.
    unavailable : str
        Why a task's service did not answer; empty if it did.
    differs : str
        Set if an executor has other programs than the driver.
    problem : list of str
        Set if a task's file was not what was planned, or could not be opened; see `raise_problem`.
    """

    files: list[dict[str, Any]]
    nights: dict[str, Counts]
    ids: pa.Table
    tallies: list[OffsetCounts] = field(default_factory=list)
    unavailable: str = ""
    differs: str = ""
    problem: list[str] = field(default_factory=list)


def gather(manifest: pa.Table) -> Staged:
    """Put the manifests of all tasks together, in the order of their parts.

    Parameters
    ----------
    manifest : pyarrow.Table
        A row of staging.manifest_schema for each task.
    """
    staged = Staged([], {}, ID_ROWS.empty_table())
    answers = [(json.loads(row["manifest"]), row["ids"]) for row in manifest.to_pylist()]
    tasks = sorted(answers, key=lambda answer: str(answer[0]["part"]))
    for content, ids in tasks:
        staged.files.extend({**file, "part": content["part"]} for file in content["files"])
        for night, counts in content["nights"].items():
            add_counts(staged.nights.setdefault(night, empty_counts()), counts)
        staged.ids = pa.concat_tables([staged.ids, from_ipc(ids)])
        staged.tallies.extend(OffsetCounts.from_json(each) for each in content["tallies"])
        staged.unavailable = staged.unavailable or content["unavailable"]
        staged.differs = staged.differs or content.get("differs", "")
        staged.problem = staged.problem or content["problem"]
    return staged
