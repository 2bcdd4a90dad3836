"""Networks of ACAI as ONNX: the published ones (Keras 2 .h5), and those that are trained here."""

from collections.abc import Mapping

import numpy as np
from numpy.typing import NDArray

from science_modules.acai.scaling import ABSENT, FARTHEST, Scaling
from science_modules.common.keras_onnx import BLOCK, Graph, read_weights

_PLANES = [BLOCK, 60, 60]

LayerWeights = Mapping[str, Mapping[str, NDArray[np.float32]]]


class ScaledGraph(Graph):
    """A graph that begins with the fields as they are in the packet."""

    def scaled(self, features: str, scaling: Scaling) -> str:
        """What `Scaling` makes of them, (n, 50).

        Parameters
        ----------
        features : str
            (n, 25).
        scaling : Scaling
        """
        absent = self._add("Cast", self._add("Less", features, self._constant(np.array([ABSENT], np.float32))), to=1)
        known = self._add("Sub", self._constant(np.ones(1, np.float32)), absent)
        shifted = self._add("Sub", features, self._constant(scaling.middle))
        scaled = self._add("Mul", shifted, self._constant(scaling.factor))
        bounds = (self._held(np.array(each, "<f4")) for each in (-FARTHEST, FARTHEST))
        return self.concat(self._add("Mul", self._add("Clip", scaled, *bounds), known), absent)


def to_onnx(h5: bytes) -> bytes:
    """One ACAI network: inputs `features` (n, 25) and `triplets` (n, 8, 60, 60), output a score (n, 1).

    Parameters
    ----------
    h5 : bytes
        The published file.

    Returns
    -------
    bytes
        The ONNX file; the same bytes every time.

    Notes
    -----
    Layers as in the model_config of the published file; dense branch first in the concatenation. Of 63 x 63
    pixels the last three rows and columns reach only what the poolings drop, so they are not asked for. Five planes
    more, which are zero, are: see Graph.separable_conv. The first leaves every bit as it is, the second moves scores by
    2e-6 at most (1,301 real alerts); both take a fifth of the time off.
    """
    return _serialised(Graph(read_weights(h5)), "features")


def trained_to_onnx(weights: LayerWeights, scaling: Scaling) -> bytes:
    """A network that was trained here; it takes what the published ones take, and normalises the fields itself.

    Parameters
    ----------
    weights : mapping of str to mapping of str to numpy.ndarray
        By layer, as `network.weights_of` gives them.
    scaling : Scaling
        That it was trained with.

    Returns
    -------
    bytes
        The ONNX file; the same bytes every time.
    """
    graph = ScaledGraph({layer: dict(own) for layer, own in weights.items()})
    return _serialised(graph, graph.scaled("features", scaling))


def image_to_onnx(weights: LayerWeights) -> bytes:
    """The convolutions alone: input `triplets` (n, 8, 60, 60), output the 32 numbers of the image that the head takes.

    Parameters
    ----------
    weights : mapping of str to mapping of str to numpy.ndarray
        By layer, as `network.weights_of` gives them.
    """
    graph = Graph({layer: dict(own) for layer, own in weights.items()})
    numbers = _image(graph)
    return graph.serialised({"triplets": _PLANES}, numbers, len(weights["conv_conv_4"]["bias"]))


def _serialised(graph: Graph, fields: str) -> bytes:
    image = _image(graph)
    fields = graph.dense(graph.dense(fields, "dense_fc_1"), "dense_fc_2")
    head = graph.dense(graph.concat(fields, image), "fc_1")
    return graph.serialised({"features": [25], "triplets": _PLANES}, graph.dense(head, "score", "Sigmoid"))


def _image(graph: Graph) -> str:
    image = graph.separable_conv(graph.separable_conv("triplets", "conv_conv_1"), "conv_conv_2")
    image = graph.max_pool(image, 2)
    image = graph.separable_conv(graph.separable_conv(image, "conv_conv_3"), "conv_conv_4")
    return graph.global_average(graph.max_pool(image, 2))
