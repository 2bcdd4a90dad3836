"""The published network's architecture as ONNX, from its weights."""

from collections.abc import Mapping

import numpy as np
from numpy.typing import NDArray

from science_modules.common.keras_onnx import Graph

CROP = 21
N_FEATURES = 26
PADDING = 3
EPSILON = np.float32(1e-3)

LayerWeights = Mapping[str, Mapping[str, NDArray[np.float32]]]


class StampGraph(Graph):
    """The layers that this network has and braai and ACAI have not."""

    def planes(self, images: str) -> str:
        """Images as planes, (n, channels, height, width).

        Parameters
        ----------
        images : str
            (n, height, width, channels), as Keras has them.
        """
        return self._add("Transpose", images, perm=[0, 3, 1, 2])

    def padded(self, images: str, size: int) -> str:
        """Zeros around images.

        Parameters
        ----------
        images : str
        size : int
            Pixels on each side.
        """
        return self._add("Pad", images, self._integers([0, 0, size, size, 0, 0, size, size]))

    def turns(self, images: str) -> str:
        """Four times the images, turned by 0, 90, 180 and 270 degrees, one batch behind the other.

        Parameters
        ----------
        images : str
            (n, channels, height, width), as high as wide.
        """
        quarter = self._flipped(self._add("Transpose", images, perm=[0, 1, 3, 2]), [2])
        half = self._flipped(images, [2, 3])
        return self._add("Concat", images, quarter, half, self._flipped(quarter, [2, 3]), axis=0)

    def convolution(self, images: str, layer: str, same: bool) -> str:
        """Conv2D and relu.

        Parameters
        ----------
        images : str
        layer : str
            Its name among the weights.
        same : bool
            Whether the result is as large as the image; a kernel of 3 x 3.
        """
        weights = self._weights[layer]
        kernel = self._constant(weights["kernel"].transpose(3, 2, 0, 1))
        pads = [1, 1, 1, 1] if same else [0, 0, 0, 0]
        return self._add("Relu", self._add("Conv", images, kernel, self._constant(weights["bias"]), pads=pads))

    def mean_of_turns(self, values: str) -> str:
        """The mean over the four turns, (n, 64).

        Parameters
        ----------
        values : str
            (4 n, 64), as of `turns`.
        """
        shaped = self._add("Reshape", values, self._integers([4, -1, 64]))
        return self._add("ReduceMean", shaped, axes=[0], keepdims=0)

    def scaled(self, features: str, layer: str) -> str:
        """Batch normalisation of a flat tensor: one multiplication and one addition.

        Parameters
        ----------
        features : str
        layer : str
            Its name among the weights.
        """
        weights = self._weights[layer]
        factor = weights["gamma"] / np.sqrt(weights["moving_variance"] + EPSILON)
        shift = weights["beta"] - weights["moving_mean"] * factor
        return self._add("Add", self._add("Mul", features, self._constant(factor)), self._constant(shift))

    def _flipped(self, images: str, axes: list[int]) -> str:
        first, last, step = ([each] * len(axes) for each in (-1, -(2**31), -1))
        bounds = (self._integers(each) for each in (first, last, axes, step))
        return self._add("Slice", images, *bounds)

    def _integers(self, values: list[int]) -> str:
        return self._held(np.array(values, np.int64))


def to_onnx(weights: LayerWeights) -> bytes:
    """The network: inputs `stamps` (n, 21, 21, 3) and `features` (n, 26), output five probabilities (n, 5).

    Parameters
    ----------
    weights : mapping of str to mapping of str to numpy.ndarray
        By layer, as `network.weights_of` gives them.

    Returns
    -------
    bytes
        The ONNX file; the same bytes every time.
    """
    graph = StampGraph({layer: dict(own) for layer, own in weights.items()})
    image = graph.turns(graph.padded(graph.planes("stamps"), PADDING))
    image = graph.convolution(graph.convolution(image, "conv_1", same=False), "conv_2", same=True)
    image = graph.max_pool(image, 2)
    for layer in ("conv_3", "conv_4", "conv_5"):
        image = graph.convolution(image, layer, same=True)
    image = graph.dense(graph.flatten(graph.max_pool(image, 2)), "dense_1")
    head = graph.concat(graph.mean_of_turns(image), graph.scaled("features", "scaled"))
    head = graph.dense(graph.dense(head, "dense_2"), "dense_3")
    inputs = {"stamps": [CROP, CROP, 3], "features": [N_FEATURES]}
    return graph.serialised(inputs, graph.dense(head, "classes", "Softmax"), n_outputs=5)
