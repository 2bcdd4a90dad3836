"""The published networks in Keras, layer by layer (Keras 3 does not load the Keras 2 files); for comparison only."""

from typing import Any

from science_modules.common.keras_onnx import read_weights


def braai(h5: bytes) -> Any:
    """braai in Keras: VGG6, the second pooling 4 x 4.

    Parameters
    ----------
    h5 : bytes
        The published weights.
    """
    from tensorflow.keras import Input, Model, layers

    images = Input((63, 63, 3))
    x = images
    for name, filters, pool in (("conv1", 16, 0), ("conv2", 16, 2), ("conv3", 32, 0), ("conv4", 32, 4)):
        x = layers.Conv2D(filters, 3, activation="relu", name=name)(x)
        x = layers.MaxPooling2D(pool)(x) if pool else x
    x = layers.Dense(256, activation="relu", name="fc_1")(layers.Flatten()(x))
    return _weighted(Model(images, layers.Dense(1, activation="sigmoid", name="fc_out")(x)), h5)


def acai(h5: bytes) -> Any:
    """One ACAI network in Keras: separable convolutions on the cutouts, two dense layers on the 25 fields.

    Parameters
    ----------
    h5 : bytes
        The published weights.
    """
    from tensorflow.keras import Input, Model, layers

    fields, images = Input((25,)), Input((63, 63, 3))
    dense = layers.Dense(64, activation="relu", name="dense_fc_1")(fields)
    dense = layers.Dense(32, activation="relu", name="dense_fc_2")(dense)
    x = images
    for name, filters in (("conv_conv_1", 16), ("conv_conv_2", 16), ("conv_conv_3", 32), ("conv_conv_4", 32)):
        x = layers.SeparableConv2D(filters, 3, activation="relu", name=name)(x)
        x = layers.MaxPooling2D(2)(x) if name in ("conv_conv_2", "conv_conv_4") else x
    head = layers.Concatenate()([dense, layers.GlobalAveragePooling2D()(x)])
    head = layers.Dense(16, activation="relu", name="fc_1")(head)
    return _weighted(Model([fields, images], layers.Dense(1, activation="sigmoid", name="score")(head)), h5)


def _weighted(model: Any, h5: bytes) -> Any:
    for layer, weights in read_weights(h5).items():
        ordered = ("depthwise_kernel", "pointwise_kernel", "kernel", "bias")
        model.get_layer(layer).set_weights([weights[name] for name in ordered if name in weights])
    return model
