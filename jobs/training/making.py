"""Examples of a run, made part by part: each part a task, done once, its record beside its shards."""

import json
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc

from jobs.storage.writing import remove_halves, replace_json
from jobs.training.examples import complete, write_shards
from jobs.training.given_labels import given_labels
from jobs.training.trainable import get

# Runs a function over pieces of work, in this process or as tasks of Spark; gives when all are done.
RunTasks = Callable[[Callable[[tuple[int, str]], Any], Sequence[tuple[int, str]]], None]


@dataclass(frozen=True)
class MakePart:
    """A task: the examples of one part; pickled to the executors.

    Attributes
    ----------
    trainable : str
        Its name.
    data : object
        The trainable's `data`.
    folder, labels : pathlib.Path
        Of the shards; of the run's resolved labels.
    """

    trainable: str
    data: Any
    folder: Path
    labels: Path

    def __call__(self, piece: tuple[int, str]) -> None:
        """Write shards and record of a part.

        Parameters
        ----------
        piece : tuple of int and str
            Number and name of the part.
        """
        number, part = piece
        left_out: Counter[str] = Counter()
        stem = f"part-{number:05}"
        files = write_shards(self._labelled(part, left_out), self.folder, stem)
        replace_json(self.folder / f"{stem}.json", {"part": part, "files": files, "left_out": dict(left_out)})

    def _labelled(self, part: str, left_out: "Counter[str]") -> Iterator[pa.Table]:
        trainable, labels = get(self.trainable), given_labels(self.labels)
        whole = (
            labels.attach(complete(table, trainable.columns, f"{self.trainable} ({part})"))
            for table in trainable.examples(part, self.data)
        )
        for table in trainable.chosen(whole, self.data):
            yield _of_classes(table, trainable.classes, left_out) if trainable.classes else table


def _of_classes(table: pa.Table, classes: Sequence[str], left_out: "Counter[str]") -> pa.Table:
    """The rows whose label is a class; why the others are left out is counted."""
    known = pc.is_in(table["label"], value_set=pa.array(classes))
    for label in table["label"].filter(pc.invert(known)).to_pylist():
        left_out["no label" if label is None else f"class {label}"] += 1
    return table.filter(known)


def make(task: MakePart, parts: Sequence[str], run: RunTasks) -> "Counter[str]":
    """Make what is not made yet; why examples of all parts were left out, counted.

    Parameters
    ----------
    task : MakePart
    parts : sequence of str
        Of the trainable.
    run : callable
        Runs tasks.
    """
    task.folder.mkdir(parents=True, exist_ok=True)
    remove_halves(task.folder)
    waiting = [piece for piece in enumerate(parts) if _record(task.folder, piece) is None]
    for number, _ in waiting:  # shards of a part that a kill cut short
        _forget(task.folder, number)
    if waiting:
        run(task, waiting)
    records = [_record(task.folder, piece) or {} for piece in enumerate(parts)]
    return sum((Counter(each.get("left_out", {})) for each in records), Counter())


def in_this_process(work: Callable[[tuple[int, str]], Any], pieces: Iterable[tuple[int, str]]) -> None:
    """Run tasks one after the other, here.

    Parameters
    ----------
    work : callable
        Takes a piece.
    pieces : iterable
        Of work.
    """
    for piece in pieces:
        work(piece)


def _record(folder: Path, piece: tuple[int, str]) -> dict[str, Any] | None:
    path = folder / f"part-{piece[0]:05}.json"
    if not path.is_file():
        return None
    record: dict[str, Any] = json.loads(path.read_text())
    return record if record["part"] == piece[1] else None


def _forget(folder: Path, number: int) -> None:
    for path in folder.glob(f"part-{number:05}*"):
        path.unlink()
