"""The labels of a run: read, resolved, and what was conflicting told."""

from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import pyarrow as pa

from jobs.labels import table as label_table
from jobs.labels.reading import read_labels
from jobs.labels.resolving import RULE, resolve
from jobs.storage.writing import replace_json

_SHOWN = 3


@dataclass(frozen=True)
class RunLabels:
    """What a run knows of its labels.

    Attributes
    ----------
    path : pathlib.Path
        Of the resolved labels.
    report : dict
        Per file rows, labels and what was no class of ours; conflicts, each with both sides; the rule.
    """

    path: Path
    report: dict[str, Any]


def resolved_labels(files: Sequence[str], level: str, folder: Path, tell: Callable[[str], None]) -> RunLabels:
    """Read label files, resolve what they disagree in, and write `labels.parquet` and `labels.json`.

    Parameters
    ----------
    files : sequence of str
        Of any kind that `read_labels` knows; none for a model without labels.
    level : str
        `coarse` or `leaf`.
    folder : pathlib.Path
        Of the run.
    tell : callable
        Takes a line.
    """
    found = {file: read_labels(Path(file)) for file in files}
    labels = pa.concat_tables([label_table.SCHEMA.empty_table(), *(each.labels for each in found.values())])
    resolved, conflicts = resolve(labels, level)
    report = {
        "files": {
            file: {"rows": each.n_rows, "labels": each.labels.num_rows, "not_ours": each.not_ours}
            for file, each in found.items()
        },
        "level": level,
        "rule": RULE,
        "conflicts": [asdict(each) for each in conflicts],
    }
    label_table.write(resolved, folder / "labels.parquet")
    replace_json(folder / "labels.json", report)
    if conflicts:
        left_out = sum(each.resolved is None for each in conflicts)
        tell(f"labels: {len(conflicts)} conflicts, {left_out} of them left out; both sides in {folder / 'labels.json'}")
        for each in conflicts[:_SHOWN]:
            name = each.object_id or each.alert_id
            tell(
                f"labels: {name}: {'; '.join(f'{side[0]} ({side[1]})' for side in each.sides)}: {each.resolved or 'left out'}"
            )
    return RunLabels(folder / "labels.parquet", report)
