"""Answers to ordinary alerts: declared columns, and the same bits however a batch is cut, ordered or repeated."""

from typing import Any

import numpy as np
import pyarrow as pa

from science_modules.common.alert_batch import AlertBatch
from science_modules.common.contract import TYPES, ScienceModule
from science_modules.common.results import NO_VALUE
from science_modules.suite.cases import Case

SIZES = (1, 2, 7, 31, 32, 33)  # around 32, at which networks are chunked


def check_answers(case: Case) -> None:
    """Declared columns and types on ordinary alerts; most have an answer, none is infinite.

    Parameters
    ----------
    case : Case
        The module to check.
    """
    for survey, alerts in case.alerts.items():
        answers = case.run(alerts)
        assert answers.type.equals(case.module.arrow_type, check_metadata=True)
        for field in case.module.outputs:
            if TYPES[field.type] in (pa.float32(), pa.float64()):
                values = np.asarray(answers.field(field.name).to_numpy(zero_copy_only=False), dtype=np.float64)
                assert not np.isinf(values).any(), f"{survey}: {field.name} is infinite; no answer is to be NaN"
        silent = answers.field("error").to_pylist().count(NO_VALUE)
        assert not silent, f"{survey}: {silent} alerts have neither value nor reason"
        failed = [reason for reason in answers.field("error").to_pylist() if reason]
        assert len(failed) < len(alerts), f"{survey}: no ordinary alert has an answer: {failed[0]}"


def check_splitting(case: Case) -> None:
    """Batches of 1, 2, 7, 31, 32, 33 and all alerts give the same bits.

    Parameters
    ----------
    case : Case
        The module to check.
    """
    for survey, alerts in case.alerts.items():
        whole = case.bits(alerts)
        for size in SIZES:
            parts = [case.bits(alerts.slice(at, size)) for at in range(0, len(alerts), size)]
            check_same(whole, [answer for part in parts for answer in part], f"{survey}, batches of {size}")


def check_order(case: Case) -> None:
    """Reversing, shuffling, repeating, and leaving out one alert change nothing for the others.

    Parameters
    ----------
    case : Case
        The module to check.
    """
    rng = np.random.default_rng(0)
    for survey, alerts in case.alerts.items():
        whole, n = np.array(case.bits(alerts), dtype=object), len(alerts)
        for rows in (np.arange(n)[::-1], rng.permutation(n), np.repeat(np.arange(n), 2), np.delete(np.arange(n), 3)):
            check_same(list(whole[rows]), case.bits(alerts.take(rows)), f"{survey}, rows {rows[:5]}...")


def check_repetition(case: Case) -> None:
    """A second run, and a run with a freshly loaded state, give the same bits.

    Parameters
    ----------
    case : Case
        The module to check.
    """
    fresh = Case(case.module, case.folder, case.models)
    for survey, alerts in case.alerts.items():
        whole = case.bits(alerts)
        check_same(whole, case.bits(alerts), f"{survey}, second run")
        check_same(whole, fresh.bits(alerts), f"{survey}, fresh state")


def check_input_unchanged(case: Case) -> None:
    """Neither the table nor the flattened light curves nor the decoded cutouts are written to.

    Parameters
    ----------
    case : Case
        The module to check.
    """
    for survey, alerts in case.alerts.items():
        copy = pa.ipc.open_stream(_serialised(alerts)).read_all()
        batch = AlertBatch(alerts)
        shared = _shared(batch, case.module)
        before = {name: array.copy() for name, array in shared.items()}
        case.module.run(batch, case.state)
        assert alerts.equals(copy), f"{survey}: the table was changed"
        changed = [name for name, array in shared.items() if not _equal(array, before[name])]
        assert not changed, f"{survey}: shared arrays were changed: {changed}"


def check_empty_batch(case: Case) -> None:
    """No alert gives no row, with the declared columns.

    Parameters
    ----------
    case : Case
        The module to check.
    """
    for alerts in case.alerts.values():
        assert len(case.run(alerts.slice(0, 0))) == 0


def check_same(want: list[str], got: list[str], where: str) -> None:
    """Two lists of answers are the same, bit for bit.

    Parameters
    ----------
    want, got : list of str, length n
        As `Case.bits` gives them.
    where : str
        What was done to the alerts, for the message.
    """
    differ = [row for row, (a, b) in enumerate(zip(want, got, strict=True)) if a != b]
    assert not differ, f"{where}: {len(differ)} answers differ, row {differ[0]}: {want[differ[0]]}, {got[differ[0]]}"


def _serialised(alerts: pa.Table) -> pa.Buffer:
    sink = pa.BufferOutputStream()
    with pa.ipc.new_stream(sink, alerts.schema) as stream:
        stream.write_table(alerts)
    return sink.getvalue()


def _shared(batch: AlertBatch, module: ScienceModule) -> dict[str, np.ndarray[Any, Any]]:
    """The arrays that modules share within a batch, as far as this one declares their columns."""
    shared: dict[str, np.ndarray[Any, Any]] = {}
    if "light_curve" in module.inputs:
        shared |= {name: value for name, value in vars(batch.light_curves).items() if isinstance(value, np.ndarray)}
        shared |= {"owner": batch.light_curves.owner, "counts": batch.light_curves.counts}
    if "cutouts" in module.inputs:
        shared["triplets"] = batch.triplets.planes
        for stamp, images in batch.stamps.images.items():
            shared |= {f"{stamp} {row}": image for row, image in enumerate(images) if image is not None}
    return shared


def _equal(a: np.ndarray[Any, Any], b: np.ndarray[Any, Any]) -> bool:
    return a.dtype == b.dtype and a.tobytes() == b.tobytes()
