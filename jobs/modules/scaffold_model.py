"""A science module around a trained model (`strix module new NAME --from model.onnx --features ...`)."""

import json
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from hashlib import sha256
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from jobs.modules.onnx_models import ModelProblem, TabularFile, read_tabular
from jobs.modules.scaffold import ScaffoldError, new_folder
from science_modules import registry
from science_modules.common import examples
from science_modules.common.contract import ScienceModule
from science_modules.common.networks import inference_session
from science_modules.common.view import VIEW

MODEL = "model.onnx"
TRIES = 4000
NUMBERS = ("float64", "float32", "int64", "int32", "bool")

_CODE = '''"""{title}: a trained model on {n_features} numbers per alert."""

from typing import Any

import pandas as pd

from science_modules.common.alert_batch import AlertBatch
from science_modules.common.contract import Artefact, Artefacts, Field, ScienceModule
from science_modules.common.tabular import TabularModel

# In the order in which the model was trained: its first column is the first name.
FEATURES = (
{features}
)
VALUES = {values}


def load(artefacts: Artefacts) -> TabularModel:
    """The model, once per worker."""
    return TabularModel(artefacts["{model}"], FEATURES, output="{output}", allow_missing={allow_missing})


def run(batch: AlertBatch, state: Any) -> pd.DataFrame:
    """One row per alert; `no <feature>` where a feature is NULL."""
    frame: pd.DataFrame = state(batch, VALUES)
    return frame


MODULE = ScienceModule(
    name="{name}",
    version="0.1.0",
    inputs=FEATURES,
    outputs=tuple(Field(name, "float32", "", f"{{name}}: {meaning}") for name in VALUES),
    run=run,
    load=load,
    artefacts=(
        Artefact(
            name="{model}",
            sha256="{digest}",
            source="name the paper, repository or training run",
            licence="name it",
        ),
    ),
    surveys={surveys},
    source="name the paper or page that defines the model",
)
'''

_CARD = """# {name}

What it says, in words an astronomer would use.

| output | unit | meaning |
|---|---|---|
{outputs}

**Read:** {features}.

**No answer:** {no_answer}

Artefact `{model}`, sha256 `{digest}`.

## Trained on, tested on

- Trained on: which alerts, how many of each class, labelled by whom, split by object.
- Tested on: n per class, precision and recall with 95 % intervals, on real alerts.

## When not to trust it

- Which alerts it has never seen.
"""


@dataclass(frozen=True)
class Wish:
    """What a module is made of.

    Attributes
    ----------
    features : sequence of str
        Columns of the view, `candidate.<field>` or `<module>.<output>`, in the model's order.
    classes : sequence of str
        Names of the values; those that the model knows, if empty.
    surveys : sequence of str
    allow_missing : bool
        Whether the model takes NaN where a feature is NULL.
    """

    features: Sequence[str]
    classes: Sequence[str] = ()
    surveys: Sequence[str] = ("ztf",)
    allow_missing: bool = False


def new_module_of_model(name: str, directory: Path, model: Path, wish: Wish) -> Path:
    """Write the folder of a science module around an ONNX model.

    Parameters
    ----------
    name : str
        As for `new_module`.
    directory : pathlib.Path
        Where the folder is made.
    model : pathlib.Path
        The ONNX file: one float32 input of shape (n, n_features).
    wish : Wish

    Returns
    -------
    pathlib.Path
        The folder: code, the model and its digest, a card to be filled in, and golden.json, whose cases were computed by
        onnxruntime alone and in which every feature changes an answer.

    Raises
    ------
    ScaffoldError
        For a name that is taken or not allowed, or a feature that is none.
    ModelProblem
        For a file that is no such model, or another number of features or classes; says both.
    """
    file = read_tabular(model)
    _check(file, wish, model)
    cases = list(_golden(file, wish))
    folder = new_folder(name, directory)
    (folder / MODEL).write_bytes(file.content)
    (folder / "__init__.py").write_text(_code(name, file, wish), encoding="utf-8")
    (folder / "README.md").write_text(_card(name, file, wish), encoding="utf-8")
    (folder / "golden.json").write_text(json.dumps(cases, indent=1) + "\n", encoding="utf-8")
    return folder


def _check(file: TabularFile, wish: Wish, model: Path) -> None:
    if len(wish.features) != file.n_features:
        raise ModelProblem(f"{model} wants {file.n_features} features, {len(wish.features)} are named")
    classes = wish.classes or file.classes
    if wish.classes and len(classes) != file.n_values:
        raise ModelProblem(f"{model} gives {file.n_values} values, {len(classes)} classes are named")
    names = _values(file, wish)
    if len(set(names)) < len(names):
        raise ModelProblem(f"the classes {', '.join(classes)} become the same columns: {', '.join(names)}")
    for feature in wish.features:
        _check_feature(feature)


def _check_feature(feature: str) -> None:
    """Raise ScaffoldError unless the feature is a number of the view, of the candidate or of a module."""
    column, _, child = feature.partition(".")
    numbers = {each.name for each in VIEW if str(each.type) in ("double", "float", "int64", "int32", "bool")}
    if feature in numbers or (column == "candidate" and child):
        return
    if column in registry.names():
        module: ScienceModule = registry.get(column)
        if child in [output.name for output in module.outputs if output.type in NUMBERS]:
            return
        raise ScaffoldError(f"feature {feature!r}: {column} gives no number of that name; strix columns {column}.")
    raise ScaffoldError(
        f"feature {feature!r} is no number of the view (strix columns), no candidate.<field> and no <module>.<output>"
    )


def _values(file: TabularFile, wish: Wish) -> tuple[str, ...]:
    """Names of the columns: p_<class>, or `value` and `value_<n>` where nothing is known of them."""
    classes = tuple(wish.classes or file.classes)
    if len(classes) == file.n_values:
        return tuple("p_" + (re.sub(r"\W+", "_", each).strip("_").lower() or "class") for each in classes)
    return ("value",) if file.n_values == 1 else tuple(f"value_{number}" for number in range(file.n_values))


def _code(name: str, file: TabularFile, wish: Wish) -> str:
    values = _values(file, wish)
    return _CODE.format(
        name=name,
        title=name.replace("_", " ").capitalize(),
        n_features=file.n_features,
        features="\n".join(f'    "{feature}",' for feature in wish.features),
        values=_tuple(values),
        output=file.output,
        allow_missing=wish.allow_missing,
        digest=sha256(file.content).hexdigest(),
        surveys=_tuple(wish.surveys),
        model=MODEL,
        meaning="probability of the class" if values[0].startswith("p_") else "what the model gives",
    )


def _tuple(texts: Sequence[str]) -> str:
    return "(" + ", ".join(f'"{text}"' for text in texts) + ("," if len(texts) == 1 else "") + ")"


def _card(name: str, file: TabularFile, wish: Wish) -> str:
    why = (
        "never: the model takes a feature that is NULL."
        if wish.allow_missing
        else "`no <feature>` where a feature is NULL."
    )
    return _CARD.format(
        name=name,
        outputs="\n".join(f"| `{value}` | | |" for value in _values(file, wish)),
        features=", ".join(f"`{feature}`" for feature in wish.features),
        no_answer=why,
        model=MODEL,
        digest=sha256(file.content).hexdigest(),
    )


def _golden(file: TabularFile, wish: Wish) -> Iterator[dict[str, Any]]:
    """A row of features with the model's answer, then a row per feature in which it alone is another and so is the answer."""
    session, rng = inference_session(file.content), np.random.default_rng(1)
    source = session.get_inputs()[0].name

    def answers(rows: NDArray[np.float32]) -> NDArray[np.float32]:
        return np.asarray(session.run([file.output], {source: rows})[0], np.float32).reshape(len(rows), -1)

    scales = _scales(file, wish)
    rows = np.round(rng.normal(size=(TRIES, file.n_features)) * scales, 3).astype(np.float32)
    for at, feature in enumerate(wish.features):
        if (kind := _kind(feature, wish.surveys[0])) != "float":
            rows[:, at] = np.rint(rows[:, at]) if kind == "int" else rows[:, at] > 0
    base, changed = _reacting(rows, answers)
    yield _case(wish, base, answers(base[None])[0], _values(file, wish))
    for feature, row in zip(wish.features, changed, strict=True):
        if row is None:
            raise ModelProblem(
                f"{feature} changes no answer of the model in {TRIES} rows: is it the order of the features?"
            )
        yield _case(wish, row, answers(row[None])[0], _values(file, wish))


def _kind(feature: str, survey: str) -> str:
    """Whether a feature is a float, an int or a bool."""
    column, _, child = feature.partition(".")
    if column in registry.names():
        type_ = next(output.arrow.type for output in registry.get(column).outputs if output.name == child)
    else:
        type_ = examples.schema(survey).field(column).type
        if child:
            place = type_.get_field_index(child)
            type_ = type_.field(place).type if place >= 0 else pa.float64()
    return "bool" if pa.types.is_boolean(type_) else "int" if pa.types.is_integer(type_) else "float"


def _scales(file: TabularFile, wish: Wish) -> NDArray[np.float64]:
    """How far a feature's values reach: the largest threshold that a forest asks of it, else 1."""
    import onnx

    scales = np.ones(len(wish.features))
    for node in onnx.load_from_string(file.content).graph.node:
        told = {each.name: onnx.helper.get_attribute_value(each) for each in node.attribute}
        if "nodes_featureids" in told:
            asked = np.abs(np.asarray(told["nodes_values"], dtype=np.float64))
            np.maximum.at(scales, np.asarray(told["nodes_featureids"]), np.where(np.isfinite(asked), asked, 0))
    return scales


def _reacting(rows: NDArray[np.float32], answers: Any) -> tuple[NDArray[np.float32], list[NDArray[np.float32] | None]]:
    """The row (of some) at which the most features, changed alone, change the answer; and the changed rows."""
    best: tuple[int, NDArray[np.float32], list[NDArray[np.float32] | None]] = (-1, rows[0], [])
    for base in rows[:40]:
        changed = [_changed(base, rows[:, at], at, answers) for at in range(len(base))]
        count = sum(each is not None for each in changed)
        if count > best[0]:
            best = (count, base, changed)
        if count == len(base):
            break
    return best[1], best[2]


def _changed(
    base: NDArray[np.float32], values: NDArray[np.float32], at: int, answers: Any
) -> NDArray[np.float32] | None:
    tried = np.repeat(base[None], len(values), axis=0)
    tried[:, at] = values
    moves = np.abs(answers(tried) - answers(base[None])).max(axis=1)
    most = int(np.argmax(moves))
    return tried[most] if moves[most] > 0 else None


def _case(wish: Wish, row: NDArray[np.float32], answer: NDArray[np.float32], names: Sequence[str]) -> dict[str, Any]:
    inputs: dict[str, Any] = {}
    for feature, value in zip(wish.features, row, strict=True):
        column, _, child = feature.partition(".")
        as_type = {"float": float, "int": int, "bool": bool}[_kind(feature, wish.surveys[0])]
        (inputs.setdefault(column, {}) if child else inputs)[child or column] = as_type(value)
    outputs = {name: float(value) for name, value in zip(names, answer, strict=True)}
    how = "onnxruntime by itself, one row, before the module was written"
    return {
        "how": how,
        "survey": wish.surveys[0],
        "inputs": inputs,
        "outputs": outputs,
        "error": None,
        "rtol": 1e-5,
        "atol": 1e-7,
    }
