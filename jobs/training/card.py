"""The model card of a training, filled in."""

from collections import Counter
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from jobs.measures.classification import Confusion
from jobs.training.splitting import TEST, TRAIN, VALIDATION

if TYPE_CHECKING:
    from jobs.training.result import Result


def card(result: "Result", plots: Sequence[Path]) -> str:
    """The card in Markdown: data, split, measures with n and intervals, calibration, what it was not tested on.

    Parameters
    ----------
    result : Result
    plots : sequence of pathlib.Path
        In the folder `plots` beside the card.
    """
    trainable = result.trainable
    parts = [
        f"# {trainable.name} {result.version}",
        *([result.config.note] if result.config.note else []),
        _table("Artefacts", ("file", "sha256"), [(f"`{name}`", f"`{each}`") for name, each in result.digests.items()]),
        _data(result),
        _split(result),
        _measures(result),
        *(f"![{path.stem.replace('_', ' ')}](plots/{path.name})" for path in plots),
        _facts(result.facts),
        f"## What it was not tested on\n\n{trainable.not_tested_on or 'Nothing is said of it.'}",
        "How it can be made again: `training.json` beside this card holds configuration, seeds, versions and hashes.",
    ]
    return "\n\n".join(part for part in parts if part) + "\n"


def _data(result: "Result") -> str:
    keys = result.examples.keys.select(["label", "source", "simulated", "survey", "object_id"]).to_pylist()
    of: dict[tuple[str, str, str], list[Any]] = {}
    for row in keys:
        name = (row["label"] or "none", row["source"] or "none", "simulated" if row["simulated"] else "real")
        of.setdefault(name, []).append((row["survey"], row["object_id"]))
    rows = [(*name, f"{len(own):,}", f"{len(set(own)):,}") for name, own in sorted(of.items())]
    objects = len({(row["survey"], row["object_id"]) for row in keys})
    lines = [
        f"{len(keys):,} examples of {objects:,} objects.",
        _rows(("class", "source of the label", "kind", "examples", "objects"), rows),
        *([f"Left out: {_counted(result.left_out)}."] if result.left_out else []),
        *_conflicts(result),
    ]
    return "## Data\n\n" + "\n\n".join(lines)


def _conflicts(result: "Result") -> list[str]:
    conflicts = result.labels.report["conflicts"]
    if not conflicts:
        return []
    left_out = sum(each["resolved"] is None for each in conflicts)
    return [f"Conflicting labels: {len(conflicts):,}, {left_out:,} of them left out. {result.labels.report['rule']}"]


def _split(result: "Result") -> str:
    sides, config = result.sides, result.config
    labels = [label or "none" for label in result.examples.keys["label"].to_pylist()]
    rows = []
    for name, rows_of in _sides(result).items():
        own = Counter(label for label, here in zip(labels, rows_of, strict=True) if here)
        rows.append((name, f"{int(rows_of.sum()):,}", f"{len(np.unique(sides.group[rows_of])):,}", _counted(own)))
    text = (
        f"By object and place: no object, and no two within {config.radius_arcsec:g} arcsec, are on two sides."
        f" Groups of each class are dealt out by a hash of their names and seed {config.seed}."
    )
    return f"## Split\n\n{text}\n\n{_rows(('side', 'examples', 'groups', 'examples of each class'), rows)}"


def _sides(result: "Result") -> dict[str, Any]:
    sides = result.sides
    parts = {name: sides.part == name for name in (TRAIN, VALIDATION, TEST)}
    folds = {f"fold {number}": sides.fold == number for number in range(result.config.folds)}
    return {name: rows for name, rows in {**parts, **folds}.items() if rows.any()}


def _measures(result: "Result") -> str:
    if result.scores is None:
        return ""
    found = []
    for name, own in result.scores.measured().items():
        counted, error = own.confusion(), own.reliability().expected_error
        head = (
            f"### {name[0].upper()}{name[1:]}\n\naccuracy {counted.accuracy}; mean recall {counted.mean_recall:.3f};"
            f" expected calibration error {error:.3f}; without an answer {int(counted.no_answer.sum()):,}."
        )
        found.append(f"{head}\n\n{_of_classes(counted)}\n\n{_matrix(counted)}")
    text = "Examples that the fit has not seen; Wilson 95 % intervals. Several alerts of one object are no independent ones."
    return "\n\n".join(["## Measured", text, *found])


def _of_classes(counted: Confusion) -> str:
    rows = [(name, str(counted.recall(i)), str(counted.precision(i))) for i, name in enumerate(counted.classes)]
    return _rows(("class", "recall", "precision"), rows)


def _matrix(counted: Confusion) -> str:
    rows = [(name, *(f"{n:,}" for n in counted.counts[i])) for i, name in enumerate(counted.classes)]
    return _rows(("true \\ called", *counted.classes), rows)


def _facts(facts: Mapping[str, Any]) -> str:
    return _table("Further numbers", ("", ""), [(name, str(value)) for name, value in facts.items()]) if facts else ""


def _table(title: str, head: Sequence[str], rows: Sequence[Sequence[str]]) -> str:
    return f"## {title}\n\n{_rows(head, rows)}"


def _rows(head: Sequence[str], rows: Sequence[Sequence[str]]) -> str:
    lines = [head, ["---"] * len(head), *rows]
    return "\n".join(f"| {' | '.join(str(cell).replace('|', chr(92) + '|') for cell in line)} |" for line in lines)


def _counted(counts: Mapping[str, int]) -> str:
    return ", ".join(f"{name} {n:,}" for name, n in sorted(counts.items()))
