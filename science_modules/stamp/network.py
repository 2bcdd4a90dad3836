"""The published stamp classifier in Keras: architecture and loss of Carrasco-Davis et al. 2021, AJ 162, 231.

TensorFlow is an extra; only those who train or convert the network import this.
"""

from collections.abc import Mapping
from typing import Any

import keras
import numpy as np
from keras import layers, ops
from numpy.typing import NDArray

from science_modules.stamp.stamps import CROP

N_FEATURES = 26
N_CLASSES = 5
PADDING = 3  # pixels on each side, so that a turn cuts nothing off
EPSILON = 1e-3  # of the batch normalisation
N_WEIGHTS = 261_049  # that are trained, as published
CONVOLUTIONS = ((32, 4, "valid"), (32, 3, "same"), (64, 3, "same"), (64, 3, "same"), (64, 3, "same"))


class Turns(layers.Layer):  # type: ignore[misc]
    """Four times the images, turned by 0, 90, 180 and 270 degrees, one batch behind the other."""

    def call(self, images: Any) -> Any:
        """Images of shape (4 n, height, width, channels).

        Parameters
        ----------
        images : tensor, shape (n, height, width, channels)
            As high as wide.
        """
        quarter = ops.flip(ops.transpose(images, (0, 2, 1, 3)), axis=1)
        half = ops.flip(images, axis=(1, 2))
        return ops.concatenate([images, quarter, half, ops.flip(quarter, axis=(1, 2))], axis=0)


class MeanOfTurns(layers.Layer):  # type: ignore[misc]
    """Cyclic pooling: the mean of what the network says of the four turns of an image."""

    def call(self, values: Any) -> Any:
        """Values of shape (n, k).

        Parameters
        ----------
        values : tensor, shape (4 n, k)
            As of Turns.
        """
        return ops.mean(ops.reshape(values, (4, -1, values.shape[-1])), axis=0)


def build(dropout: float = 0.5) -> Any:
    """The network: stamps (21, 21, 3) and 26 metadata features in, five probabilities out.

    Parameters
    ----------
    dropout : float
        Share of the units of a dense layer that is left out of a step of training.

    Returns
    -------
    keras.Model
        Of N_WEIGHTS weights. Its answer does not change when stamps are turned by 90 degrees.
    """
    stamps = keras.Input((CROP, CROP, 3), name="stamps")
    features = keras.Input((N_FEATURES,), name="features")
    image = Turns()(layers.ZeroPadding2D(PADDING)(stamps))
    for number, (filters, size, padding) in enumerate(CONVOLUTIONS, start=1):
        image = layers.Conv2D(filters, size, padding=padding, activation="relu", name=f"conv_{number}")(image)
        if number in (2, 5):
            image = layers.MaxPooling2D(2)(image)
    image = layers.Dense(64, activation="relu", name="dense_1")(layers.Flatten()(image))
    image = MeanOfTurns()(layers.Dropout(dropout)(image))
    # In float32 under a policy of mixed precision, too: coordinates and probabilities want more than eight bits.
    numbers = layers.BatchNormalization(epsilon=EPSILON, dtype="float32", name="scaled")(features)
    head = layers.Concatenate()([image, numbers])
    for number in (2, 3):
        head = layers.Dropout(dropout)(layers.Dense(64, activation="relu", name=f"dense_{number}")(head))
    classes = layers.Dense(N_CLASSES, activation="softmax", dtype="float32", name="classes")(head)
    return keras.Model([stamps, features], classes)


def entropy_regularised(beta: float = 0.5) -> Any:
    """Cross-entropy less beta times the entropy of the prediction: it forbids saturated probabilities.

    Parameters
    ----------
    beta : float
        0.5 as published.

    Returns
    -------
    callable
        `loss(true, predicted)`, true as one-hot rows; shape (n,).
    """

    def loss(true: Any, predicted: Any) -> Any:
        logs = ops.log(ops.clip(predicted, 1e-7, 1.0))
        return -ops.sum(true * logs, axis=-1) + beta * ops.sum(predicted * logs, axis=-1)

    return loss


def weights_of(model: Any) -> Mapping[str, Mapping[str, NDArray[np.float32]]]:
    """The weights by layer and by their name in it, as `convert.to_onnx` takes them.

    Parameters
    ----------
    model : keras.Model
        Of `build`.
    """
    return {
        layer.name: {each.name: np.asarray(each.numpy(), np.float32) for each in layer.weights}
        for layer in model.layers
        if layer.weights
    }


def silent_units(model: Any, stamps: NDArray[np.float32]) -> dict[str, float]:
    """Share of the filters and units of each layer that are zero for every image: a dead layer sees nothing.

    Parameters
    ----------
    model : keras.Model
        Of `build`.
    stamps : numpy.ndarray of float32, shape (n, 21, 21, 3)
    """
    names = [f"conv_{number}" for number in range(1, len(CONVOLUTIONS) + 1)] + ["dense_1"]
    inner = keras.Model(model.inputs[0], [model.get_layer(name).output for name in names])
    outputs = [np.asarray(each) for each in inner(stamps)]
    return {
        name: float(np.mean(~(out > 0).any(axis=tuple(range(out.ndim - 1)))))
        for name, out in zip(names, outputs, strict=True)
    }
