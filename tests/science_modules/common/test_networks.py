"""What a network is given: images may be cut and get empty planes, nothing else is made to fit."""

import numpy as np
import pytest
from numpy.typing import NDArray

from science_modules.common.keras_onnx import Graph, Weights
from science_modules.common.networks import CHUNK, Network, scores

RNG = np.random.default_rng(5)
ROWS = np.arange(CHUNK + 5)


def array(*shape: int) -> NDArray[np.float32]:
    return RNG.normal(0, 0.2, shape).astype(np.float32)


def conv(channels: int, filters: int) -> Weights:
    return {"kernel": array(3, 3, channels, filters), "bias": array(filters)}


BRAAI = {
    "conv1": conv(3, 16),
    "conv2": conv(16, 16),
    "conv3": conv(16, 32),
    "conv4": conv(32, 32),
    "out": {"kernel": array(1152, 1), "bias": array(1)},
}
SEPARABLE = {
    "conv": {"depthwise_kernel": array(3, 3, 3, 1), "pointwise_kernel": array(1, 1, 3, 4), "bias": array(4)},
    "out": {"kernel": array(4, 1), "bias": array(1)},
}


def like_braai(size: int) -> Network:
    graph = Graph(BRAAI)
    image = graph.max_pool(graph.conv(graph.conv("triplets", "conv1"), "conv2"), 2)
    image = graph.max_pool(graph.conv(graph.conv(image, "conv3"), "conv4"), 4)
    return Network(graph.serialised({"triplets": [3, size, size]}, graph.dense(graph.flatten(image), "out", "Sigmoid")))


def separable() -> Network:
    graph = Graph(SEPARABLE)
    image = graph.global_average(graph.separable_conv("triplets", "conv"))
    return Network(graph.serialised({"triplets": [8, 5, 5]}, graph.dense(image, "out", "Sigmoid")))


def flat() -> Network:
    graph = Graph({"out": {"kernel": array(25, 1), "bias": array(1)}})
    return Network(graph.serialised({"features": [25]}, graph.dense("features", "out", "Sigmoid")))


def test_rows_and_columns_that_poolings_drop_change_no_bit() -> None:
    given = {"triplets": array(len(ROWS), 3, 63, 63)}
    whole = scores([like_braai(63)], given, ROWS)
    assert np.array_equal(scores([like_braai(60)], given, ROWS), whole)
    assert len(np.unique(whole)) > len(ROWS) // 2


def test_planes_that_a_layer_does_not_know_are_empty() -> None:
    images = array(len(ROWS), 3, 6, 7)
    weights = SEPARABLE["conv"]
    windows = np.lib.stride_tricks.sliding_window_view(images[:, :, :5, :5], (3, 3), axis=(2, 3))
    depthwise = np.einsum("ncijhw,hwc->ncij", windows, weights["depthwise_kernel"][..., 0])
    pointwise = np.einsum("ncij,co->noij", depthwise, weights["pointwise_kernel"][0, 0])
    means = np.maximum(pointwise + weights["bias"][:, None, None], 0).mean(axis=(2, 3))
    wanted = 1 / (1 + np.exp(-(means @ SEPARABLE["out"]["kernel"] + SEPARABLE["out"]["bias"])))
    np.testing.assert_allclose(scores([separable()], {"triplets": images}, ROWS), wanted, atol=1e-6)


@pytest.mark.parametrize("width", [24, 26])
def test_features_of_another_number_are_refused(width: int) -> None:
    with pytest.raises(ValueError, match=rf"wants features of shape \(25,\) per alert, it is given \({width},\)"):
        scores([flat()], {"features": array(len(ROWS), width)}, ROWS)


@pytest.mark.parametrize("shape", [(3, 4, 5), (3, 5, 4), (9, 5, 5)])
def test_images_with_too_few_pixels_or_too_many_planes_are_refused(shape: tuple[int, ...]) -> None:
    with pytest.raises(ValueError, match=r"wants triplets of shape \(8, 5, 5\)"):
        scores([separable()], {"triplets": array(len(ROWS), *shape)}, ROWS)
