"""What a network in ONNX says of many rows, and which of its units never say anything."""

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from science_modules.common.networks import inference_session

_AT_ONCE = 256

Inputs = Mapping[str, NDArray[np.float32]]


def answers(onnx: bytes, inputs: Inputs) -> NDArray[np.float64]:
    """The network's output, shape (n, n_outputs).

    Parameters
    ----------
    onnx : bytes
    inputs : mapping of str to numpy.ndarray of float32, shape (n, ...)
        All that it asks for; n at least 1.
    """
    session = inference_session(onnx)
    return np.concatenate([session.run(None, part)[0] for part in _parts(inputs)]).astype(np.float64)


def silent_units(onnx: bytes, inputs: Inputs, layers: Sequence[str]) -> dict[str, float]:
    """Share of the filters and units of each layer with relu that are zero for every row: a dead layer sees nothing.

    Parameters
    ----------
    onnx : bytes
    inputs : mapping of str to numpy.ndarray of float32, shape (n, ...)
    layers : sequence of str
        Names of the layers, in the order of the graph.
    """
    model, outputs = _with_relus(onnx)
    session = inference_session(model)
    fired: list[Any] = [False] * len(outputs)
    for part in _parts(inputs):
        for number, values in enumerate(session.run(outputs, part)):
            fired[number] |= (values > 0).any(axis=(0, *range(2, values.ndim)))
    return {name: float(np.mean(~each)) for name, each in zip(layers, fired, strict=True)}


def _with_relus(content: bytes) -> tuple[bytes, list[str]]:
    """The network with what its layers say as further outputs."""
    import onnx  # of the extra that makes weights

    model = onnx.load_from_string(content)
    names = [node.output[0] for node in model.graph.node if node.op_type == "Relu"]
    model.graph.output.extend(onnx.helper.make_empty_tensor_value_info(name) for name in names)
    return model.SerializeToString(), names


def _parts(inputs: Inputs) -> list[dict[str, NDArray[np.float32]]]:
    n = len(next(iter(inputs.values())))
    return [
        {name: np.ascontiguousarray(each[start : start + _AT_ONCE]) for name, each in inputs.items()}
        for start in range(0, n, _AT_ONCE)
    ]
