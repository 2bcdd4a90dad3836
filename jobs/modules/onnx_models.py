"""ONNX models of others, as they come out of scikit-learn, LightGBM or Keras: what they read and give."""

from dataclasses import dataclass
from pathlib import Path
from typing import Any


class ModelProblem(ValueError):
    """A model that cannot be a module's as it is; the message says what is wanted and what was found."""


@dataclass(frozen=True)
class TabularFile:
    """An ONNX model of one row of numbers per alert.

    Attributes
    ----------
    content : bytes
        The file, with probabilities as a plain tensor.
    n_features, n_values : int
    output : str
        The output that holds the probabilities (or the value of a regression).
    classes : tuple of str
        Names of the classes, where the model knows them; else empty.
    """

    content: bytes
    n_features: int
    n_values: int
    output: str
    classes: tuple[str, ...]


def read_tabular(path: Path) -> TabularFile:
    """Look into an ONNX file.

    scikit-learn's classifiers give their probabilities as a list of dicts (`ZipMap`): that step is taken out, what is
    left are the same numbers as a tensor.

    Parameters
    ----------
    path : pathlib.Path
        Of the ONNX file; it is not changed.

    Raises
    ------
    ModelProblem
        If it is no ONNX file, has not one float input of shape (n, n_features), or no output of floats.
    """
    import onnx
    from google.protobuf.message import DecodeError

    try:
        model = onnx.load(path)
        onnx.checker.check_model(model)
    except FileNotFoundError:
        raise ModelProblem(f"no file {path}") from None
    except (DecodeError, onnx.checker.ValidationError, ValueError, OSError) as error:
        raise ModelProblem(f"{path} is no ONNX model: {error}") from None
    classes = _classes(model)
    _without_zipmap(model)
    n_features = _n_features(model, path)
    content = model.SerializeToString()
    output, n_values = _probabilities(content, n_features, path)
    if n_values == 1 and len(classes) > 2:
        raise ModelProblem(
            f"wants all probabilities in one output, {path} has one per class: convert it with zipmap=False"
        )
    return TabularFile(content, n_features, n_values, output, classes)


def _n_features(model: Any, path: Path) -> int:
    constants = {each.name for each in model.graph.initializer}
    inputs = [each for each in model.graph.input if each.name not in constants]
    shapes = [[axis.dim_value for axis in each.type.tensor_type.shape.dim] for each in inputs]
    types = [each.type.tensor_type.elem_type for each in inputs]
    if len(inputs) != 1 or types != [1] or len(shapes[0]) != 2 or shapes[0][0] != 0 or shapes[0][1] < 1:
        told = ", ".join(f"{each.name} {shape}" for each, shape in zip(inputs, shapes, strict=True))
        raise ModelProblem(
            f"wants one float32 input of shape (free, n_features), {path} has {told or 'none'} (0 is free)"
        )
    return int(shapes[0][1])


def _without_zipmap(model: Any) -> None:
    """Give what a ZipMap reads instead of what it makes of it."""
    for node in [each for each in model.graph.node if each.op_type == "ZipMap"]:
        output = next(each for each in model.graph.output if each.name == node.output[0])
        model.graph.node.remove(node)
        output.name = node.input[0]
        output.type.Clear()
        output.type.tensor_type.elem_type = 1
        output.type.tensor_type.shape.dim.add()
        output.type.tensor_type.shape.dim.add()


def _classes(model: Any) -> tuple[str, ...]:
    """What a classifier or its ZipMap calls the classes."""
    found: dict[str, tuple[str, ...]] = {}
    for node in model.graph.node:
        for attribute in node.attribute:
            if attribute.name in ("classlabels_strings", "classlabels_ints", "classlabels_int64s"):
                texts = [each.decode() for each in attribute.strings] or [str(each) for each in attribute.ints]
                found[node.op_type] = tuple(texts)
    return found.get("ZipMap") or next((names for names in found.values() if names), ())


def _probabilities(content: bytes, n_features: int, path: Path) -> tuple[str, int]:
    """The last output of floats, and how many it has per row: asked with rows of zeros."""
    import numpy as np

    from science_modules.common.networks import CHUNK, inference_session

    session = inference_session(content)
    floats = [each.name for each in session.get_outputs() if each.type in ("tensor(float)", "tensor(double)")]
    if not floats:
        told = ", ".join(f"{each.name} {each.type}" for each in session.get_outputs())
        raise ModelProblem(f"wants an output of floats (probabilities), {path} has {told}")
    rows = {session.get_inputs()[0].name: np.zeros((CHUNK, n_features), np.float32)}
    values = session.run([floats[-1]], rows)[0]
    if values.shape[0] != CHUNK:
        raise ModelProblem(f"wants one row of {floats[-1]} per alert, {path} gives {values.shape} for {CHUNK} alerts")
    return floats[-1], int(values.reshape(CHUNK, -1).shape[1])
