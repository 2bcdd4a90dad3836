"""acai and braai in plain NumPy, straight from the published .h5: an independent second implementation.

Layers as in the model_config of the files; float64, no Strix code.
"""

from pathlib import Path

import h5py
import numpy as np


def weights(path: Path) -> dict[str, dict[str, np.ndarray]]:
    layers: dict[str, dict[str, np.ndarray]] = {}
    with h5py.File(path) as file:
        root = file["model_weights"]
        for layer in root:
            for full in root[layer].attrs["weight_names"]:
                name = full.decode() if isinstance(full, bytes) else full
                key = name.split("/")[-1].split(":")[0]
                layers.setdefault(layer, {})[key] = root[layer][name][()].astype(np.float64)
    return layers


def relu(x: np.ndarray) -> np.ndarray:
    return np.maximum(x, 0)


def sigmoid(x: np.ndarray) -> np.ndarray:
    with np.errstate(over="ignore"):
        return 1 / (1 + np.exp(-x))


def shifted(x: np.ndarray, dy: int, dx: int) -> np.ndarray:
    """What a valid 3x3 convolution sees at offset dy, dx of images (n, height, width, channel)."""
    return x[:, dy : x.shape[1] - 2 + dy, dx : x.shape[2] - 2 + dx]


def conv(x: np.ndarray, layer: dict[str, np.ndarray]) -> np.ndarray:
    parts = (shifted(x, dy, dx) @ layer["kernel"][dy, dx] for dy in range(3) for dx in range(3))
    return relu(sum(parts) + layer["bias"])


def separable(x: np.ndarray, layer: dict[str, np.ndarray]) -> np.ndarray:
    depth = layer["depthwise_kernel"][..., 0]
    summed = sum(shifted(x, dy, dx) * depth[dy, dx] for dy in range(3) for dx in range(3))
    return relu(summed @ layer["pointwise_kernel"][0, 0] + layer["bias"])


def max_pool(x: np.ndarray, size: int) -> np.ndarray:
    n, height, width, channels = x.shape
    x = x[:, : height // size * size, : width // size * size]
    return x.reshape(n, height // size, size, width // size, size, channels).max(axis=(2, 4))


def dense(x: np.ndarray, layer: dict[str, np.ndarray]) -> np.ndarray:
    return x @ layer["kernel"] + layer["bias"]


def acai(w: dict[str, dict[str, np.ndarray]], features: np.ndarray, images: np.ndarray) -> np.ndarray:
    x = max_pool(separable(separable(images, w["conv_conv_1"]), w["conv_conv_2"]), 2)
    x = max_pool(separable(separable(x, w["conv_conv_3"]), w["conv_conv_4"]), 2).mean(axis=(1, 2))
    y = relu(dense(relu(dense(features, w["dense_fc_1"])), w["dense_fc_2"]))
    return sigmoid(dense(relu(dense(np.hstack([y, x]), w["fc_1"])), w["score"]))[:, 0]


def braai(w: dict[str, dict[str, np.ndarray]], images: np.ndarray) -> np.ndarray:
    x = max_pool(conv(conv(images, w["conv1"]), w["conv2"]), 2)
    x = max_pool(conv(conv(x, w["conv3"]), w["conv4"]), 4).reshape(len(images), -1)
    return sigmoid(dense(relu(dense(x, w["fc_1"])), w["fc_out"]))[:, 0]
