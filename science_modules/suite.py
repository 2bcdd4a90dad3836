"""The contract suite: what every science module must hold, run without its author writing a test.

    python -m science_modules.suite NAME [NAME ...]

runs it on modules of this package or of $STRIX_MODULE_PATH. Tests call `CHECKS` one by one on a `Case`; a check that
fails raises, mostly AssertionError.
"""

import os
import subprocess
import sys
import traceback
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa

import science_modules
from science_modules import golden, registry
from science_modules.common import artefacts, examples
from science_modules.common.alert_batch import AlertBatch
from science_modules.common.contract import TYPES, ScienceModule
from science_modules.common.results import NO_VALUE, struct_column

SIZES = (1, 2, 7, 31, 32, 33)  # around 32, at which networks are chunked
N_ALERTS = 40
HEAVY = ("pyspark", "tensorflow", "keras", "torch", "onnxruntime", "onnx", "h5py", "sklearn", "astropy", "coniferest",
         "light_curve", "polars", "duckdb", "matplotlib")  # fmt: skip
SECTIONS = ("## Trained on, tested on", "## When not to trust it")
ALWAYS = ("survey", "alert_id", "object_id")


@dataclass(frozen=True)
class Case:
    """A module under test, with its loaded state.

    Parameters
    ----------
    module : ScienceModule
    folder : pathlib.Path
        Where its code, README.md and golden.json are.
    models : pathlib.Path
        The models directory, for its artefacts.
    """

    module: ScienceModule
    folder: Path
    models: Path

    @cached_property
    def state(self) -> Any:
        """What the module's `load` gives."""
        return self.module.load(artefacts.find(self.module, self.models)) if self.module.load else None

    @cached_property
    def alerts(self) -> dict[str, pa.Table]:
        """Made-up alerts of each survey that the module serves, only the columns that it declares."""
        return {
            survey: self.visible(examples.examples(N_ALERTS, survey))
            for survey in self.module.surveys or examples.SURVEYS
        }

    def visible(self, alerts: pa.Table) -> pa.Table:
        """The columns that the module declares, with made-up outputs of the modules that it reads.

        Parameters
        ----------
        alerts : pyarrow.Table
            In the common view.
        """
        wanted = registry.columns_of(self.module.inputs + self.module.optional_inputs) | set(ALWAYS)
        columns = alerts.select([name for name in alerts.column_names if name in wanted])
        for name in sorted(wanted - set(alerts.column_names)):
            columns = columns.append_column(name, _outputs_of(registry.get(name), len(alerts)))
        return columns

    def run(self, alerts: pa.Table) -> pa.StructArray:
        """The module's answers, checked against its declaration.

        Parameters
        ----------
        alerts : pyarrow.Table
            As `visible` gives them.

        Raises
        ------
        ContractError
            If rows, columns or types differ from the declaration.
        """
        frame = self.module.run(AlertBatch(alerts), self.state)
        return struct_column(self.module, frame, len(alerts))

    def bits(self, alerts: pa.Table) -> list[str]:
        """The answers as text that tells every bit apart, one per alert.

        Parameters
        ----------
        alerts : pyarrow.Table
            As `visible` gives them.
        """
        return [repr(answer) for answer in self.run(alerts).to_pylist()]


def case(name: str, models: Path | None = None) -> Case:
    """The case of a registered module.

    Parameters
    ----------
    name : str
        The module's.
    models : pathlib.Path, optional
        The models directory; `artefacts.default_directory()` if not given.

    Raises
    ------
    UnknownModule, ResolveError
        If there is no sound module of that name.
    """
    return Case(registry.get(name), registry.folders()[name], models or artefacts.default_directory())


def check_declaration(case: Case) -> None:
    """Version, source and every output's description are there; the inputs exist.

    Parameters
    ----------
    case : Case
        The module to check.
    """
    module = case.module
    assert module.version.count(".") == 2, f"version wants x.y.z, has {module.version!r}"
    assert module.source.strip(), "source is empty: which paper or page defines the quantity?"
    bare = [field.name for field in module.outputs if not field.description.strip()]
    assert not bare, f"outputs without a description: {bare}"
    needed = {name.partition(".")[0] for name in module.inputs} & set(registry.names())
    registry.resolve([*sorted(_closure(needed)), module.name])


def check_documentation(case: Case) -> None:
    """README.md is a model card: it names every output, what it was trained and tested on, when not to trust it.

    Parameters
    ----------
    case : Case
        The module to check.
    """
    path = case.folder / "README.md"
    assert path.is_file(), f"no model card: {path}"
    text = path.read_text(encoding="utf-8")
    unnamed = [field.name for field in case.module.outputs if f"`{field.name}" not in text]
    assert not unnamed, f"{path} does not name the outputs {unnamed}"
    absent = [section for section in SECTIONS if section not in text]
    assert not absent, f"{path} lacks the sections {absent}"


def check_artefacts(case: Case) -> None:
    """Every artefact has source, licence and sha256, and the files are the ones that were declared.

    Parameters
    ----------
    case : Case
        The module to check.
    """
    for artefact in case.module.artefacts:
        assert artefact.source and artefact.licence, f"{artefact.name}: no source or no licence"
        digests = [artefact.sha256] + ([artefact.original.sha256] if artefact.original else [])
        assert all(len(digest) == 64 for digest in digests), f"{artefact.name}: sha256 wants 64 hex digits"
    artefacts.find(case.module, case.models)


def check_imports(case: Case) -> None:
    """Importing the module imports neither Spark nor a heavy library, nor `jobs`, nor another module.

    Parameters
    ----------
    case : Case
        The module to check.
    """
    others = [f"science_modules.{name}" for name in registry.names() if name != case.module.name]
    code = (
        f"import sys; from science_modules import registry; registry.get({case.module.name!r});"
        f"print(*[name for name in {[*HEAVY, 'jobs', *others]!r} if name in sys.modules])"
    )
    command = [sys.executable, "-c", code]
    root = str(Path(science_modules.__file__).parents[1])
    environment = os.environ | {"PYTHONPATH": os.pathsep.join([root, os.environ.get("PYTHONPATH", "")])}
    done = subprocess.run(command, capture_output=True, text=True, check=False, timeout=60, env=environment)
    assert done.returncode == 0, done.stderr
    assert not done.stdout.strip(), f"importing {case.module.name} imports {done.stdout.strip()}"


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
            _same(whole, [answer for part in parts for answer in part], f"{survey}, batches of {size}")


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
            _same(list(whole[rows]), case.bits(alerts.take(rows)), f"{survey}, rows {rows[:5]}...")


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
        _same(whole, case.bits(alerts), f"{survey}, second run")
        _same(whole, fresh.bits(alerts), f"{survey}, fresh state")


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


def check_odd_alerts(case: Case) -> None:
    """No points, one point, NaN, NULL, missing, unreadable and misshapen cutouts: an answer or a reason, never a raise.

    And beside ordinary alerts they change no bit of those.

    Parameters
    ----------
    case : Case
        The module to check.
    """
    for survey, alerts in case.alerts.items():
        ordinary = case.bits(alerts)
        for name, odd in _odd_alerts(case, survey).items():
            answers = case.run(odd).to_pylist()
            silent = [answer for answer in answers if answer["error"] == NO_VALUE]
            assert not silent, f"{survey}, {name}: an alert has neither value nor reason"
            mixed = case.bits(pa.concat_tables([odd.slice(0, 5), alerts, odd.slice(5)]))
            _same(ordinary, mixed[5 : 5 + len(alerts)], f"{survey}, beside alerts with {name}")


def check_blank_stamps(case: Case) -> None:
    """A module that reads cutouts gives a reason, and no answer, where one of them says nothing.

    See `cutouts.Stamps.unusable`, which has the reasons.

    Parameters
    ----------
    case : Case
        The module to check.
    """
    if "cutouts" not in case.module.inputs:
        return
    for survey, alerts in case.alerts.items():
        for kind, image in (("zero", np.zeros((63, 63))), ("constant", np.full((63, 63), 100.0))):
            for name in golden.STAMP_COLUMNS:
                at = alerts.schema.get_field_index(name)
                blank = pa.array([examples.fits_stamp(image)] * len(alerts), pa.binary())
                answers = case.run(alerts.set_column(at, alerts.schema.field(at), blank)).to_pylist()
                spoken = [answer for answer in answers if not answer["error"]]
                assert not spoken, f"{survey}: {len(spoken)} alerts have an answer, and their {name} is {kind}"


def check_golden(case: Case) -> None:
    """The module gives the answers of golden.json, which something independent has computed (see `golden`).

    Parameters
    ----------
    case : Case
        The module to check.
    """
    path = case.folder / "golden.json"
    for wanted in golden.read(path):
        answer = case.run(_golden_alerts(case, [wanted])).to_pylist()[0]
        _compare(answer, wanted, f"{path}, case {wanted.number}")


def check_golden_answers(case: Case) -> None:
    """golden.json holds an answer that is finite; of cutouts, one case's are not their own mirror images.

    Parameters
    ----------
    case : Case
        The module to check.
    """
    path = case.folder / "golden.json"
    answering = [wanted for wanted in golden.read(path) if wanted.answers]
    assert answering, f"{path}: no case has an answer, only reasons and NULL"
    if "cutouts" in case.module.inputs:
        said = "set `at` of their sources off the middle"
        assert any(wanted.is_lopsided for wanted in answering), (
            f"{path}: in every case with an answer a stamp is its own mirror image or transpose, so that one that is read"
            f" turned would not show; {said}"
        )


def check_reactions(case: Case) -> None:
    """For each declared input, each cutout too, a golden case answers otherwise when that input alone changes.

    Parameters
    ----------
    case : Case
        The module to check.
    """
    path = case.folder / "golden.json"
    cases = [wanted for wanted in golden.read(path) if wanted.answers]
    declared = golden.features_of(case.module.inputs + case.module.optional_inputs, ALWAYS)
    dead = [feature for feature in declared if not any(_reacts(case, wanted, feature, cases) for wanted in cases)]
    assert not dead, (
        f"{path}: no answer changes when one of {dead} alone does. Does the module read it where it stands? Is there a"
        " case, without error, that gives it?"
    )


def _reacts(case: Case, wanted: golden.Golden, feature: str, others: list[golden.Golden]) -> bool:
    changed = [golden.with_inputs(wanted, inputs) for inputs in golden.variants(wanted, feature, others)]
    if not changed:
        return False
    first, *rest = case.bits(_golden_alerts(case, [wanted, *changed]))
    return any(answer != first for answer in rest)


CHECKS: tuple[Callable[[Case], None], ...] = (
    check_declaration,
    check_documentation,
    check_artefacts,
    check_imports,
    check_answers,
    check_splitting,
    check_order,
    check_repetition,
    check_input_unchanged,
    check_empty_batch,
    check_odd_alerts,
    check_blank_stamps,
    check_golden,
    check_golden_answers,
    check_reactions,
)


def main(names: list[str], models: Path | None = None) -> int:
    """Run every check on these modules, print one line each; the number of checks that failed.

    Parameters
    ----------
    names : list of str
        The modules'.
    models : pathlib.Path, optional
        The models directory; `artefacts.default_directory()` if not given.
    """
    failures = 0
    for name in names:
        module_case = case(name, models)
        for check in CHECKS:
            problem = _problem(check, module_case)
            failures += problem is not None
            print(f"{'FAIL' if problem else 'ok  '} {name} {check.__name__.removeprefix('check_')}", problem or "")
    return failures


def _problem(check: Callable[[Case], None], module_case: Case) -> str | None:
    try:
        check(module_case)
    except Exception as error:  # noqa: BLE001 - a check may fail in any way; the suite goes on with the next
        where = traceback.extract_tb(error.__traceback__)[-1]
        return f"{type(error).__name__}: {error} ({where.filename}:{where.lineno})"
    return None


def _same(want: list[str], got: list[str], where: str) -> None:
    differ = [row for row, (a, b) in enumerate(zip(want, got, strict=True)) if a != b]
    assert not differ, f"{where}: {len(differ)} answers differ, row {differ[0]}: {want[differ[0]]}, {got[differ[0]]}"


def _closure(names: set[str]) -> set[str]:
    """The modules of these names and all that they need."""
    needed = {given.partition(".")[0] for name in names for given in registry.get(name).inputs} & set(registry.names())
    return names if needed <= names else _closure(names | needed)


def _outputs_of(module: ScienceModule, n: int) -> pa.StructArray:
    """Made-up outputs of another module, NULL in every fourth row."""
    rng = np.random.default_rng(0)
    values = [pa.array([_made_up(field.arrow.type, rng) if i % 4 else None for i in range(n)], field.arrow.type)
              for field in module.outputs]  # fmt: skip
    texts = [pa.array([module.version] * n), pa.array([None if i % 4 else "made up: no value" for i in range(n)])]
    return pa.StructArray.from_arrays([*values, *texts], fields=list(module.arrow_type))


def _made_up(type_: pa.DataType, rng: np.random.Generator) -> Any:
    if pa.types.is_list(type_):
        return [_made_up(type_.value_type, rng) for _ in range(3)]
    if pa.types.is_string(type_):
        return "made up"
    if pa.types.is_boolean(type_):
        return bool(rng.random() < 0.5)
    return int(rng.integers(1, 9)) if pa.types.is_integer(type_) else float(rng.random())


def _odd_alerts(module_case: Case, survey: str) -> dict[str, pa.Table]:
    alerts = examples.examples(9, survey, seed=7)
    misshapen = examples.fits_stamp(examples.point_source((48, 61), 100, 2.5))
    odd = {
        "no points": examples.without_points(alerts),
        "one point": examples.with_one_point(alerts),
        "NaN": examples.with_nan(alerts),
        "NULL": examples.with_nulls(alerts),
        "missing stamps": examples.with_cutouts(alerts, None),
        "unreadable stamps": examples.with_cutouts(alerts, b"no FITS"),
        "misshapen stamps": examples.with_cutouts(alerts, misshapen),
        "NaN stamps": examples.with_cutouts(alerts, examples.fits_stamp(np.full((63, 63), np.nan))),
    }
    return {name: module_case.visible(table) for name, table in odd.items()}


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


def _golden_alerts(case: Case, cases: list[golden.Golden]) -> pa.Table:
    """Golden cases of one survey as the module sees them, with the outputs of other modules as they give them."""
    alerts = case.visible(golden.table(cases))
    for at, field in enumerate(alerts.schema):
        if field.name in registry.names():
            given = pa.array([each.inputs.get(field.name, {}) for each in cases], field.type)
            alerts = alerts.set_column(at, field, given)
    return alerts


def _compare(answer: Mapping[str, Any], wanted: golden.Golden, where: str) -> None:
    assert answer["error"] == wanted.error, f"{where}: wants error {wanted.error}, has {answer['error']}"
    for name, value in wanted.outputs.items():
        got = answer[name]
        if isinstance(value, float) and got is not None:
            np.testing.assert_allclose(got, value, rtol=wanted.rtol, atol=wanted.atol, err_msg=f"{where}: {name}")
        else:
            assert got == value, f"{where}: {name} wants {value}, has {got}"


if __name__ == "__main__":
    sys.exit(min(main(sys.argv[1:] or registry.names()), 1))
