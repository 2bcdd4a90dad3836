"""Enrichment: one struct per module, order, surveys, and alerts on which a module fails."""

from collections.abc import Callable
from typing import Any

import numpy as np
import pandas as pd
import pyarrow as pa
import pytest

from jobs.pipeline.enrichment import modules as enrichment
from jobs.pipeline.enrichment.isolation import LOADING, Limits, Watchdog
from jobs.pipeline.enrichment.modules import Enrichment
from jobs.spark.interactive import enrich
from science_modules import stetson_k
from science_modules.common import examples
from science_modules.common.alert_batch import AlertBatch
from science_modules.common.contract import Field, ScienceModule
from science_modules.common.results import ContractError


def module(run: Callable[[AlertBatch, Any], pd.DataFrame], **changes: Any) -> ScienceModule:
    given: dict[str, Any] = {
        "name": "twice", "version": "1.2.3", "inputs": ("flux",), "run": run, "source": "here",
        "outputs": (Field("value", "float64", "nJy", "twice the flux"),),
    }  # fmt: skip
    return ScienceModule(**(given | changes))


def twice(batch: AlertBatch, state: Any) -> pd.DataFrame:
    return pd.DataFrame({"value": 2 * batch["flux"]})


def fails_on(*bad: int) -> Callable[[AlertBatch, Any], pd.DataFrame]:
    def run(batch: AlertBatch, state: Any) -> pd.DataFrame:
        hit = sorted(set(batch["alert_id"]) & set(bad))
        if hit:
            raise ZeroDivisionError(f"alert {hit[0]}")
        return twice(batch, state)

    return run


@pytest.fixture(scope="module")
def alerts() -> pa.Table:
    return examples.examples(37, "ztf")


def values(table: pa.Table, name: str, field: str) -> list[Any]:
    return table[name].combine_chunks().field(field).to_pylist()


def test_each_module_becomes_one_struct_column_with_units(alerts: pa.Table) -> None:
    out = Enrichment([module(twice)]).run(alerts)
    assert out.column_names == [*alerts.column_names, "twice"]
    assert values(out, "twice", "value") == [2 * flux for flux in alerts["flux"].to_pylist()]
    assert values(out, "twice", "version") == ["1.2.3"] * 37
    assert values(out, "twice", "error") == [None] * 37
    field = out.schema.field("twice").type.field("value")
    assert field.metadata == {b"unit": b"nJy", b"description": b"twice the flux"}
    assert out.select(alerts.column_names).equals(alerts)


@pytest.mark.parametrize("bad", [(10_000,), (10_036,), (10_005, 10_006, 10_030), tuple(range(10_000, 10_037))])
def test_a_failing_alert_fails_alone(alerts: pa.Table, bad: tuple[int, ...]) -> None:
    out = Enrichment([module(fails_on(*bad))]).run(alerts)
    good = Enrichment([module(twice)]).run(alerts)
    for row, alert_id in enumerate(alerts["alert_id"].to_pylist()):
        answer = out["twice"][row].as_py()
        if alert_id in bad:
            assert answer == {
                "value": None,
                "version": "1.2.3",
                "error": f"failed: ZeroDivisionError: alert {alert_id}",
            }
        else:
            assert answer == good["twice"][row].as_py()


def test_raise_raises(alerts: pa.Table) -> None:
    with pytest.raises(ZeroDivisionError, match="alert 10003"):
        Enrichment([module(fails_on(10_003))], on_error="raise").run(alerts)


@pytest.mark.parametrize(
    ("frame", "message"),
    [
        (lambda n: pd.DataFrame({"value": np.zeros(n + 1)}), "twice declares one row per alert, 37, returned 38"),
        (lambda n: pd.DataFrame({"valu": np.zeros(n)}), r"twice declares columns \['value'\], returned \['valu'\]"),
        (
            lambda n: pd.DataFrame({"value": np.zeros(n), "x": 1}),
            r"declares columns \['value'\], returned \['value', 'x'",
        ),
        (lambda n: pd.DataFrame({"value": np.zeros(n, np.float32)}), "twice.value declares float64, returned float32"),
        (lambda n: pd.DataFrame({"value": np.zeros(n, np.int64)}), "twice.value declares float64, returned int64"),
        (lambda n: pd.DataFrame({"value": ["a"] * n}), "twice.value declares float64, returned .*"),
    ],
)
def test_what_a_module_returns_is_checked_and_both_sides_are_said(
    alerts: pa.Table, frame: Callable[[int], pd.DataFrame], message: str
) -> None:
    with pytest.raises(ContractError, match=message):
        Enrichment([module(lambda batch, state: frame(len(batch)))], on_error="raise").run(alerts)
    out = Enrichment([module(lambda batch, state: frame(len(batch)))]).run(alerts)
    assert all(error.startswith("failed: ContractError: twice") for error in values(out, "twice", "error"))


def test_nan_is_null_and_a_null_without_reason_gets_one(alerts: pa.Table) -> None:
    def run(batch: AlertBatch, state: Any) -> pd.DataFrame:
        value = np.where(np.arange(len(batch)) < 2, np.nan, 1.0)
        return pd.DataFrame({"value": value, "error": ["too faint", *[None] * (len(batch) - 1)]})

    out = Enrichment([module(run)]).run(alerts)
    assert values(out, "twice", "value")[:3] == [None, None, 1.0]
    assert values(out, "twice", "error")[:3] == ["too faint", "no value: the module gave none", None]


def test_every_declared_type_comes_through_with_null() -> None:
    given: dict[str, list[Any]] = {
        "float64": [1.5, None], "float32": [0.5, None], "int64": [2**60, None], "int32": [7, None],
        "bool": [True, None], "string": ["x", None], "list<string>": [["a"], None], "list<float32>": [[0.5], None],
        "list<float64>": [[1.5, 2.5], None],
    }  # fmt: skip
    names = {type_: f"f{number}" for number, type_ in enumerate(given)}
    outputs = tuple(Field(names[type_], type_, "", "x") for type_ in given)
    frame = pd.DataFrame({names[type_]: pd.Series(column, dtype=object) for type_, column in given.items()})
    out = Enrichment([module(lambda batch, state: frame, outputs=outputs)]).run(examples.examples(2))
    for type_, column in given.items():
        assert values(out, "twice", names[type_]) == column
    assert values(out, "twice", "error") == [None, "no value: the module gave none"]


def mixed() -> pa.Table:
    """ZTF and LSST alerts in turns, without what differs between the surveys."""
    tables = [examples.examples(6, survey).drop_columns(["candidate"]) for survey in ("ztf", "lsst")]
    rows = np.arange(12).reshape(2, 6).T.ravel()
    return pa.concat_tables(tables).take(rows)


def test_other_surveys_are_not_shown_to_a_module_and_say_so() -> None:
    seen: list[str] = []

    def run(batch: AlertBatch, state: Any) -> pd.DataFrame:
        seen.extend(batch["survey"])
        return twice(batch, state)

    table = mixed()
    out = Enrichment([module(run, surveys=("ztf",)), module(twice, name="all_")]).run(table)
    assert seen == ["ztf"] * 6
    for row, survey in enumerate(table["survey"].to_pylist()):
        answer = out["twice"][row].as_py()
        expected = 2 * table["flux"][row].as_py()
        assert answer["value"] == (expected if survey == "ztf" else None)
        assert answer["error"] == (None if survey == "ztf" else "not applicable: survey lsst")
        assert out["all_"][row].as_py()["value"] == expected
    none = Enrichment([module(run, surveys=("roman",))]).run(table)
    assert values(none, "twice", "error") == [f"not applicable: survey {s}" for s in table["survey"].to_pylist()]


def test_a_module_reads_the_outputs_of_one_before_it_in_a_part_of_the_batch_too() -> None:
    def again(batch: AlertBatch, state: Any) -> pd.DataFrame:
        return pd.DataFrame({"value": 2 * batch["twice.value"]})

    only = {"surveys": ("lsst",)}
    modules = [
        module(twice, name="first", **only),
        module(twice),
        module(again, name="again", inputs=("twice.value",), **only),
    ]
    table = mixed()
    out = Enrichment(modules).run(table)
    for row, survey in enumerate(table["survey"].to_pylist()):
        expected = 4 * table["flux"][row].as_py() if survey == "lsst" else None
        assert out["again"][row].as_py()["value"] == expected


def test_a_module_sees_only_what_it_declares(alerts: pa.Table) -> None:
    def peeks(batch: AlertBatch, state: Any) -> pd.DataFrame:
        return pd.DataFrame({"value": batch["mjd"]})

    out = Enrichment([module(peeks)]).run(alerts)
    assert values(out, "twice", "error")[0].startswith("failed: KeyError: \"asks for column 'mjd'")


def test_shared_work_is_done_once_for_all_modules(alerts: pa.Table) -> None:
    made: list[int] = []

    def shared(table: pa.Table) -> int:
        made.append(len(table))
        return len(table)

    def run(batch: AlertBatch, state: Any) -> pd.DataFrame:
        return pd.DataFrame({"value": np.full(len(batch), float(batch.memo(shared)))})

    Enrichment([module(run), module(run, name="other", inputs=("mjd",))]).run(alerts)
    assert made == [37]


def test_a_state_is_loaded_once_per_process_and_again_for_other_artefacts(alerts: pa.Table) -> None:
    loads: list[dict[str, bytes]] = []

    def load(artefacts: Any) -> str:
        loads.append(dict(artefacts))
        return "state"

    loaded = module(lambda batch, state: twice(batch, assert_state(state)), name="loaded", load=load)
    enrichment._STATES.clear()
    for _ in range(2):
        Enrichment([loaded], {"loaded": {"a": b"1"}}).run(alerts)
    assert loads == [{"a": b"1"}]


def test_loading_is_a_step_of_its_own_that_may_last_longer(alerts: pa.Table) -> None:
    told = Told()
    slow = module(twice, name="slow", load=lambda artefacts: "compiled")
    enrichment._STATES.clear()
    job = Enrichment([module(twice), slow], watchdog=told)
    for _ in range(2):
        job.run(alerts)
    again = [("module:twice", 1), ("module:slow", 1)]
    assert told.steps == [("module:twice", 1), ("load:slow", LOADING), ("module:slow", 1), *again]
    assert LOADING > 1


def assert_state(state: Any) -> Any:
    assert state == "state"
    return state


class Told(Watchdog):
    """Keeps the steps it is told of, and ends nothing."""

    def __init__(self) -> None:
        super().__init__(Limits())
        self.steps: list[tuple[str, float]] = []

    def step(self, name: str, times: float = 1) -> None:
        self.steps.append((name, times))


def test_the_watchdog_is_told_of_each_module_and_an_empty_table_runs_nothing(alerts: pa.Table) -> None:
    told = Told()
    job = Enrichment([module(twice), stetson_k.MODULE], watchdog=told)
    job.run(alerts)
    steps = [("module:twice", 1), ("module:stetson_k", 1)]
    assert told.steps == steps
    empty = job.run(alerts.slice(0, 0))
    assert told.steps == steps and len(empty) == 0
    assert empty.schema.equals(job.run(alerts).schema, check_metadata=True)


def test_a_slow_module_is_called_for_a_few_alerts_at_a_time_with_the_hook_before_each(alerts: pa.Table) -> None:
    sizes: list[int] = []
    told = Told()

    def run(batch: AlertBatch, state: Any) -> pd.DataFrame:
        sizes.append(len(batch))
        return twice(batch, state)

    out = Enrichment([module(run, rows_at_once=16)], watchdog=told).run(alerts)
    assert (sizes, told.steps) == ([16, 16, 5], [("module:twice", 1)] * 3)
    assert out.equals(Enrichment([module(twice)]).run(alerts))


def test_a_table_that_has_the_column_already_is_refused(alerts: pa.Table) -> None:
    job = Enrichment([module(twice)])
    with pytest.raises(ValueError, match="the table has a column 'twice' already"):
        job.run(job.run(alerts))


def test_a_sliced_and_chunked_table_gives_the_same(alerts: pa.Table) -> None:
    job = Enrichment([stetson_k.MODULE])
    whole = job.run(alerts)["stetson_k"].to_pylist()
    chunked = pa.concat_tables([alerts.slice(0, 5), alerts.slice(5, 20), alerts.slice(25)])
    assert job.run(chunked)["stetson_k"].to_pylist() == whole
    assert job.run(alerts.slice(9, 11))["stetson_k"].to_pylist() == whole[9:20]


def test_enrich_runs_modules_by_name_without_spark(alerts: pa.Table) -> None:
    out = enrich(alerts, ["stetson_k"])
    assert values(out, "stetson_k", "n") == stetson_k.run(AlertBatch(alerts), None)["n"].tolist()
