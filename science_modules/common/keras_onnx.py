"""Keras 2 weights (.h5) to ONNX, layer by layer, without TensorFlow: for the networks that others published.

Deterministic: the same weights give the same bytes, so that the digest of the ONNX file can be declared. Only used
when weights are added (`strix models add`), never while alerts are processed.
"""

import io
from typing import Any

import h5py
import numpy as np
from numpy.typing import NDArray
from onnx import ModelProto, NodeProto, TensorProto, checker, helper, numpy_helper

OPSET = 13
IR_VERSION = 8
# Channels; other numbers keep onnxruntime from its blocked layout in the largest layers (127 instead of 115 us).
BLOCK = 8

Weights = dict[str, NDArray[np.float32]]


def read_weights(h5: bytes) -> dict[str, Weights]:
    """The weights in a Keras 2 file: layer name to weight name (kernel, bias, ...) to array.

    Parameters
    ----------
    h5 : bytes
        The file.
    """
    layers: dict[str, Weights] = {}
    with h5py.File(io.BytesIO(h5), "r") as file:
        for layer, group in file["model_weights"].items():
            found: Weights = {}
            group.visititems(lambda path, item, found=found: _collect(path, item, found))
            if found:
                layers[layer] = found
    return layers


def _collect(path: str, item: Any, found: Weights) -> None:
    if isinstance(item, h5py.Dataset):
        found[path.rsplit("/", 1)[-1].removesuffix(":0")] = np.asarray(item, dtype=np.float32)


class Graph:
    """An ONNX graph under construction; a layer takes the name of a tensor and returns the name of its result.

    Images are planes (n, channels, height, width), as ONNX has them; Keras kernels are turned accordingly.

    Parameters
    ----------
    weights : dict
        What `read_weights` gives.
    """

    def __init__(self, weights: dict[str, Weights]) -> None:
        self._weights = weights
        self._nodes: list[NodeProto] = []
        self._constants: list[TensorProto] = []

    def separable_conv(self, x: str, layer: str) -> str:
        """SeparableConv2D, valid, relu: depthwise without bias, then pointwise with.

        Parameters
        ----------
        x : str
            Images with a multiple of 8 channels, of which the layer may know fewer: the others have no weight.
        layer : str
            Its name among the weights.
        """
        weights = self._weights[layer]
        depthwise = weights["depthwise_kernel"].transpose(2, 3, 0, 1)  # from height, width, channel, 1
        pointwise = weights["pointwise_kernel"].transpose(3, 2, 0, 1)  # from 1, 1, channel, out
        unknown = -len(depthwise) % BLOCK
        depthwise = np.pad(depthwise, ((0, unknown), (0, 0), (0, 0), (0, 0)))
        pointwise = np.pad(pointwise, ((0, 0), (0, unknown), (0, 0), (0, 0)))
        x = self._add("Conv", x, self._constant(depthwise), group=len(depthwise))
        return self._add("Relu", self._add("Conv", x, self._constant(pointwise), self._constant(weights["bias"])))

    def conv(self, x: str, layer: str) -> str:
        """Conv2D, valid, relu.

        Parameters
        ----------
        x : str
            Images.
        layer : str
            Its name among the weights.
        """
        weights = self._weights[layer]
        kernel = self._constant(weights["kernel"].transpose(3, 2, 0, 1))  # from height, width, in, out
        return self._add("Relu", self._add("Conv", x, kernel, self._constant(weights["bias"])))

    def max_pool(self, x: str, size: int) -> str:
        """MaxPooling2D, valid: what is left over at the edge is dropped.

        Parameters
        ----------
        x : str
            Images.
        size : int
            Side of the square of which the largest stays, and the step [px].
        """
        return self._add("MaxPool", x, kernel_shape=[size, size], strides=[size, size])

    def global_average(self, x: str) -> str:
        """GlobalAveragePooling2D.

        Parameters
        ----------
        x : str
            Images; the result is flat, (n, channels).
        """
        return self._add("Flatten", self._add("GlobalAveragePool", x))

    def flatten(self, x: str) -> str:
        """Flatten in the order of Keras: height, width, channel.

        Parameters
        ----------
        x : str
            Images.
        """
        return self._add("Flatten", self._add("Transpose", x, perm=[0, 2, 3, 1]))

    def dense(self, x: str, layer: str, activation: str = "Relu") -> str:
        """Dense, with an activation.

        Parameters
        ----------
        x : str
            A flat tensor.
        layer : str
            Its name among the weights.
        activation : str
            As ONNX names it: Relu, Sigmoid.
        """
        weights = self._weights[layer]
        kernel, bias = self._constant(weights["kernel"]), self._constant(weights["bias"])
        return self._add(activation, self._add("Gemm", x, kernel, bias))

    def concat(self, *tensors: str) -> str:
        """Concatenate along the last axis.

        Parameters
        ----------
        *tensors : str
            Flat tensors, in the order wanted.
        """
        return self._add("Concat", *tensors, axis=1)

    def serialised(self, inputs: dict[str, list[int]], output: str, n_outputs: int = 1) -> bytes:
        """The ONNX file.

        Parameters
        ----------
        inputs : dict of str to list of int
            Names of the inputs, with their shapes without the first axis, which is free.
        output : str
            The tensor that is the score, (n, n_outputs).
        n_outputs : int
            Scores per row.
        """
        given = [helper.make_tensor_value_info(n, TensorProto.FLOAT, ["n", *shape]) for n, shape in inputs.items()]
        result = helper.make_tensor_value_info(output, TensorProto.FLOAT, ["n", n_outputs])
        graph = helper.make_graph(self._nodes, "strix", given, [result], self._constants)
        opset = helper.make_opsetid("", OPSET)
        model: ModelProto = helper.make_model(graph, opset_imports=[opset], ir_version=IR_VERSION)
        checker.check_model(model)
        return bytes(model.SerializeToString(deterministic=True))

    def _constant(self, values: NDArray[np.float32]) -> str:
        return self._held(np.ascontiguousarray(values, dtype="<f4"))

    def _held(self, values: NDArray[Any]) -> str:
        name = f"weights_{len(self._constants)}"
        self._constants.append(numpy_helper.from_array(values, name))
        return name

    def _add(self, operator: str, *inputs: str, **attributes: Any) -> str:
        result = f"{operator.lower()}_{len(self._nodes)}"
        self._nodes.append(helper.make_node(operator, list(inputs), [result], **attributes))
        return result
