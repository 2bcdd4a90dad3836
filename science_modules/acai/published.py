"""Weights of a published network, read back from its ONNX file, as a training begins with them."""

from collections.abc import Mapping

import numpy as np
from numpy.typing import NDArray
from onnx import load_from_string, numpy_helper

from science_modules.acai.convert import LayerWeights
from science_modules.acai.scaling import Scaling

CONVOLUTIONS = ("conv_conv_1", "conv_conv_2", "conv_conv_3", "conv_conv_4")
DENSE = ("dense_fc_1", "dense_fc_2", "fc_1", "score")
_CHANNELS = (3, 16, 16, 32)  # that go into a convolution; the file pads the first to a multiple of eight
_SENTINEL = -999.0

Matrix = NDArray[np.float32]


def layers_of(onnx: bytes) -> dict[str, dict[str, Matrix]]:
    """The weights by layer and by their name in it, in Keras' order of axes.

    Parameters
    ----------
    onnx : bytes
        As `convert.to_onnx` wrote it: of 7,340 weights, fields as in the packets.

    Raises
    ------
    ValueError
        If it holds other layers.
    """
    held = [numpy_helper.to_array(each) for each in load_from_string(onnx).graph.initializer]
    wanted = 3 * len(CONVOLUTIONS) + 2 * len(DENSE)
    if len(held) != wanted:
        raise ValueError(f"a published network of ACAI has {wanted} arrays of weights, this file has {len(held)}")
    found: dict[str, dict[str, Matrix]] = {}
    for number, (name, channels) in enumerate(zip(CONVOLUTIONS, _CHANNELS, strict=True)):
        depthwise, pointwise, bias = held[3 * number : 3 * number + 3]
        found[name] = {
            "depthwise_kernel": depthwise[:channels].transpose(2, 3, 0, 1),
            "pointwise_kernel": pointwise[:, :channels].transpose(2, 3, 1, 0),
            "bias": bias,
        }
    rest = held[3 * len(CONVOLUTIONS) :]
    for name, kernel, bias in zip(DENSE, rest[::2], rest[1::2], strict=True):
        found[name] = {"kernel": kernel, "bias": bias}
    return found


def of_scaled_fields(layers: LayerWeights, scaling: Scaling) -> dict[str, Mapping[str, Matrix]]:
    """The same network for normalised fields and their flags: its first dense layer takes 50 numbers instead of 25.

    Parameters
    ----------
    layers : mapping of str to mapping of str to numpy.ndarray
        Of `layers_of`.
    scaling : Scaling
        Of the training.

    Notes
    -----
    It says the same, but where a field is clipped or is the same in all of the training. A flag stands for the survey's -999.
    """
    kernel, bias = (layers["dense_fc_1"][name].astype(np.float64) for name in ("kernel", "bias"))
    width = np.divide(1, scaling.factor, out=np.zeros(len(kernel)), where=scaling.factor > 0)
    middle = scaling.middle.astype(np.float64)
    fields = kernel * width[:, None]
    flags = kernel * (_SENTINEL - middle)[:, None]
    first = {
        "kernel": np.concatenate([fields, flags]).astype(np.float32),
        "bias": (bias + middle @ kernel).astype(np.float32),
    }
    return {**layers, "dense_fc_1": first}
