"""What the stamp classifier is trained on: the first usable alert of each object, in the numbers that the module computes."""

import time
from collections.abc import Iterable, Iterator, Sequence
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq
from numpy.typing import NDArray

from jobs.common.times import tai_of_unix
from jobs.pipeline.alerts import alert_tables
from jobs.pipeline.surveys.ztf import ZTF
from science_modules import stamp
from science_modules.common.alert_batch import AlertBatch
from science_modules.common.stamp_rules import seen_earlier
from science_modules.common.ztf_stamps import planes
from science_modules.stamp import history, image_numbers, metadata
from science_modules.stamp.growing import TrainingSet

# By what alerts are chosen: time [d], real-bogus score of the survey; and what the packet's history says.
CHOSEN_BY = pa.schema(
    [pa.field("mjd", pa.float64()), pa.field("real_bogus", pa.float64()), pa.field("seen_earlier", pa.bool_())]
)
# What an example holds beside its keys: those, and the numbers that the trees split on, NaN where there are none.
COLUMNS = pa.schema(
    [
        *CHOSEN_BY,
        pa.field("fields", pa.list_(pa.float64(), len(metadata.NAMES))),
        pa.field("numbers", pa.list_(pa.float64(), len(image_numbers.NAMES))),
        pa.field("history", pa.list_(pa.float64(), len(history.NAMES))),
    ]
)
_WITHOUT_STAMPS = ("schemavsn", "publisher", "objectId", "candid", "candidate", "prv_candidates")
_AT_ONCE = 512

Floats = NDArray[np.float64]


def alerts_of_packets(path: str) -> Iterator[pa.Table]:
    """Alerts of ZTF packets; those that the module would not answer have the reason as their label.

    Parameters
    ----------
    path : str
        A file, a directory, an archive.

    Yields
    ------
    pyarrow.Table
        Keys and COLUMNS.
    """
    for alerts in alert_tables([path], (ZTF.name,)):
        batch = AlertBatch(alerts)
        fields = metadata.metadata(batch)
        yield _examples(batch, fields, image_numbers.image_numbers(planes(batch)), stamp.reasons(batch, fields))


def alerts_without_stamps(path: str) -> Iterator[pa.Table]:
    """Alerts of ZTF that came without cutouts: they teach the trees on fields alone.

    Parameters
    ----------
    path : str
        Of a Parquet file with objectId, candid, candidate as in the packets, and prv_candidates if there are any.

    Yields
    ------
    pyarrow.Table
        Keys and COLUMNS.
    """
    for view in views_without_stamps(path):
        batch = AlertBatch(view)
        fields = metadata.metadata(batch)
        numbers = np.full((len(batch), len(image_numbers.NAMES)), np.nan)
        yield _examples(batch, fields, numbers, stamp.reasons_of_fields(batch, fields))


def views_without_stamps(path: str) -> Iterator[pa.Table]:
    """Alerts of ZTF that came without cutouts in the common view.

    Parameters
    ----------
    path : str
        Of a Parquet file with objectId, candid, candidate as in the packets, and prv_candidates if there are any.
    """
    file = pq.ParquetFile(path)
    names = [name for name in _WITHOUT_STAMPS if name in file.schema_arrow.names]
    for packets in file.iter_batches(_AT_ONCE, columns=names):
        yield _viewed(packets)


def _viewed(packets: pa.RecordBatch) -> pa.Table:
    """The common view of those that it does not refuse."""
    rows = pa.array(packets.to_pylist(), ZTF.packet_type)  # fields that lack are NULL, others are left out
    viewed = ZTF.view(rows, [""] * len(rows), tai_of_unix(time.time()))
    return viewed.table.filter(pa.array([row not in viewed.refusals for row in range(len(rows))], pa.bool_()))


def _examples(batch: AlertBatch, fields: Floats, numbers: Floats, reasons: NDArray[Any]) -> pa.Table:
    columns = {"fields": lists(fields), "numbers": lists(numbers), "history": lists(history.history(batch))}
    return pa.table({**keys_of(batch, reasons), **columns})


def keys_of(batch: AlertBatch, reasons: NDArray[Any]) -> dict[str, Any]:
    """Keys of alerts and CHOSEN_BY, by name; those that a model would not answer have the reason as their label.

    Parameters
    ----------
    batch : AlertBatch
        Of ZTF.
    reasons : numpy.ndarray of object, shape (n,)
        None for those that it would answer.
    """
    keys = {name: batch.arrow(name) for name in ("survey", "object_id", "alert_id", "ra", "dec", "mjd", "real_bogus")}
    label = pa.array([reason and f"unusable: {reason}" for reason in reasons], pa.string())
    earlier = pa.array(seen_earlier(batch))
    return {**keys, "label": label, "simulated": batch.arrow("is_simulated"), "seen_earlier": earlier}


def lists(values: NDArray[Any]) -> pa.Array:
    """A column of lists of one length.

    Parameters
    ----------
    values : numpy.ndarray, shape (n, ...)
        A row of the column each; axes after the first are flattened.
    """
    return pa.FixedSizeListArray.from_arrays(pa.array(values.ravel()), int(np.prod(values.shape[1:])))


def with_proxies(examples: pa.Table, below: float) -> pa.Table:
    """Real alerts of which no label file says anything, and which the survey itself holds for bogus, labelled so.

    Parameters
    ----------
    examples : pyarrow.Table
        With label and source.
    below : float
        The survey's real-bogus score (drb) of such an alert is less.
    """
    unknown = pc.and_(pc.is_null(examples["label"]), pc.is_null(examples["source"]))
    real = pc.invert(pc.fill_null(examples["simulated"], False))
    bogus = pc.and_(pc.and_(unknown, real), pc.fill_null(pc.less(examples["real_bogus"], below), False))
    for name, value in (("label", "bogus"), ("source", f"drb < {below:g}")):
        told = pc.if_else(bogus, value, examples[name])
        examples = examples.set_column(examples.column_names.index(name), examples.schema.field(name), told)
    return examples


def first_of_objects(examples: pa.Table) -> pa.Table:
    """The earliest example of each object, in the order of their names.

    Parameters
    ----------
    examples : pyarrow.Table
        With object_id, mjd, alert_id.
    """
    ordered = examples.sort_by([(name, "ascending") for name in ("object_id", "mjd", "alert_id")])
    names = np.array(ordered["object_id"].to_pylist(), object)
    return ordered.filter(pa.array(np.append(True, names[1:] != names[:-1])[: len(names)]))


def first_labelled(labelled: Iterable[pa.Table], classes: Sequence[str], below: float) -> Iterator[pa.Table]:
    """The earliest example of each object that has a label or stands for bogus; what has none, to be counted.

    Parameters
    ----------
    labelled : iterable of pyarrow.Table
        Of a part, as `Trainable.chosen` takes them.
    classes : sequence of str
        Labels that are wanted.
    below : float
        As of `with_proxies`.
    """
    held = []
    for table in labelled:
        told = with_proxies(table, below)
        known = pc.is_in(told["label"], value_set=pa.array(classes))
        yield told.filter(pc.invert(known))
        held.append(told.filter(known))
    if held:
        yield first_of_objects(pa.concat_tables(held))


def training_set(examples: pa.Table) -> TrainingSet:
    """Examples as arrays.

    Parameters
    ----------
    examples : pyarrow.Table
        Keys and COLUMNS; labels are of `stamp.CLASSES`.
    """
    return TrainingSet(
        fields=_matrix(examples, "fields"),
        numbers=_matrix(examples, "numbers"),
        past=_matrix(examples, "history"),
        earlier=np.array(examples["seen_earlier"].to_pylist(), bool),
        label=np.array([stamp.CLASSES.index(label) for label in examples["label"].to_pylist()], np.int64),
        simulated=np.array(examples["simulated"].fill_null(False).to_pylist(), bool),
        weight=np.array(examples["weight"].to_pylist(), np.float64),
    )


def _matrix(examples: pa.Table, name: str) -> Floats:
    column = examples[name].combine_chunks()
    return np.asarray(column.flatten().to_numpy(zero_copy_only=False)).reshape(len(column), column.type.list_size)
