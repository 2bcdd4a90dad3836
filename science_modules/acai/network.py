"""A network of ACAI in Keras, to be trained: layers of Duev & van der Walt 2021, features normalised and sentinels flagged.

TensorFlow is an extra; only those who train import this.
"""

from collections.abc import Mapping
from typing import Any

import keras
import numpy as np
from keras import layers
from numpy.typing import NDArray

N_FEATURES = 25
SIDE = 60  # pixels: the last three of 63 reach only what the poolings drop
FILTERS = (16, 16, 32, 32)
# Of unit norm, 63 x 63 pixels are 1/63 each: too little to learn from in reasonable time. The factor goes into the first kernel.
BRIGHTER = 63.0
_FIRST_KERNEL = ("conv_conv_1", "depthwise_kernel")  # that it goes into


def build(dropout: float = 0.25) -> Any:
    """The network: 25 normalised features and their 25 flags, triplets (60, 60, 3) in, one score out.

    Parameters
    ----------
    dropout : float
        Share of the units that is left out of a step of training.

    Returns
    -------
    keras.Model
        With 1,600 weights more than the published 7,340: the flags'.
    """
    features = keras.Input((2 * N_FEATURES,), name="features")
    triplets = keras.Input((SIDE, SIDE, 3), name="triplets")
    image = layers.Rescaling(BRIGHTER)(triplets)
    for number, filters in enumerate(FILTERS, start=1):
        image = layers.SeparableConv2D(filters, 3, activation="relu", name=f"conv_conv_{number}")(image)
        if number % 2 == 0:
            image = layers.Dropout(dropout)(layers.MaxPooling2D(2)(image))
    return keras.Model([features, triplets], _score(features, layers.GlobalAveragePooling2D()(image), dropout))


def build_head(dropout: float = 0.25) -> Any:
    """The network without its convolutions: 25 normalised fields and their flags, the 32 numbers of the image in, one score out.

    Parameters
    ----------
    dropout : float
        As of `build`.

    Returns
    -------
    keras.Model
    """
    features = keras.Input((2 * N_FEATURES,), name="features")
    image = keras.Input((FILTERS[-1],), name="image")
    return keras.Model([features, image], _score(features, image, dropout))


def _score(features: Any, image: Any, dropout: float) -> Any:
    fields = layers.Dropout(dropout)(layers.Dense(64, activation="relu", name="dense_fc_1")(features))
    fields = layers.Dense(32, activation="relu", name="dense_fc_2")(fields)
    head = layers.Dense(16, activation="relu", name="fc_1")(layers.Concatenate()([fields, image]))
    return layers.Dense(1, activation="sigmoid", dtype="float32", name="score")(head)


def take(model: Any, weights: Mapping[str, Mapping[str, NDArray[np.float32]]]) -> None:
    """Give a network other weights.

    Parameters
    ----------
    model : keras.Model
        Of `build` or `build_head`.
    weights : mapping of str to mapping of str to numpy.ndarray
        As `weights_of` gives them; of layers that it has not, none is taken.
    """
    for layer in model.layers:
        for each in layer.weights:
            values = weights[layer.name][each.name]
            brighter = BRIGHTER if (layer.name, each.name) == _FIRST_KERNEL else 1.0
            each.assign(values / np.float32(brighter))


def weights_of(model: Any) -> Mapping[str, Mapping[str, NDArray[np.float32]]]:
    """The weights by layer and by their name in it, as `convert.trained_to_onnx` takes them.

    Parameters
    ----------
    model : keras.Model
        Of `build` or `build_head`.
    """
    weights = {
        layer.name: {each.name: np.asarray(each.numpy(), np.float32) for each in layer.weights}
        for layer in model.layers
        if layer.weights
    }
    layer, kernel = _FIRST_KERNEL
    if layer in weights:
        weights[layer][kernel] = weights[layer][kernel] * np.float32(BRIGHTER)
    return weights
