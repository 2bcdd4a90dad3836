"""Which stream a job goes on with: the id in its checkpoint."""

import json
import uuid
from pathlib import Path

from jobs.ledger.records import LedgerError, Record
from jobs.ledger.streams import StreamLedger, streams
from jobs.storage.layout import Layout
from jobs.storage.writing import replace_json


def open_stream(layout: Layout, job: str, checkpoint: Path, append: bool) -> str:
    """The id of the stream that a checkpoint names; a new checkpoint makes a new one.

    Parameters
    ----------
    layout : Layout
    job : str
        The kind of job.
    checkpoint : pathlib.Path
        Its folder.
    append : bool
        Whether a new stream may write to an output of others.

    Raises
    ------
    LedgerError
        If the checkpoint is new, the output holds batches of the same kind of job from other streams, and `append` is
        false.
    """
    path = checkpoint / "stream.json"
    if path.exists():
        content = json.loads(path.read_text(encoding="utf-8"))
        return str(content["stream"])
    others = [record for stream in streams(layout) if (record := _first(layout, stream)) and record.plan.job == job]
    if others and not append:
        raise LedgerError(
            f"{layout.root} already holds stream {others[0].stream!r} of job {job!r}, and the checkpoint {checkpoint} is"
            " new; use the checkpoint of that stream, another output, or --append (alerts that are there are dropped"
            " as duplicates)"
        )
    stream = uuid.uuid4().hex[:8]
    replace_json(path, {"stream": stream, "job": job, "output": str(layout.root)}, durable=True)
    return stream


def _first(layout: Layout, stream: str) -> Record | None:
    return next(StreamLedger(layout, stream).records(), None)
