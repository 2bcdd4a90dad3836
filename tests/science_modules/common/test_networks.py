"""What a network is given: images may be cut and get empty planes, nothing else is made to fit."""

import re

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
    assert np.array_equal(scores([like_braai(60)], given, ROWS, fitted={"triplets": (3, 60, 60)}), whole)
    assert len(np.unique(whole)) > len(ROWS) // 2


def test_planes_that_a_layer_does_not_know_are_empty() -> None:
    images = array(len(ROWS), 3, 6, 7)
    weights = SEPARABLE["conv"]
    windows = np.lib.stride_tricks.sliding_window_view(images[:, :, :5, :5], (3, 3), axis=(2, 3))
    depthwise = np.einsum("ncijhw,hwc->ncij", windows, weights["depthwise_kernel"][..., 0])
    pointwise = np.einsum("ncij,co->noij", depthwise, weights["pointwise_kernel"][0, 0])
    means = np.maximum(pointwise + weights["bias"][:, None, None], 0).mean(axis=(2, 3))
    wanted = 1 / (1 + np.exp(-(means @ SEPARABLE["out"]["kernel"] + SEPARABLE["out"]["bias"])))
    found = scores([separable()], {"triplets": images}, ROWS, fitted={"triplets": (8, 5, 5)})
    np.testing.assert_allclose(found, wanted, atol=1e-6)


@pytest.mark.parametrize("width", [24, 26])
def test_features_of_another_number_are_refused(width: int) -> None:
    with pytest.raises(ValueError, match=rf"wants features of shape \(25,\) per alert, it is given \({width},\)"):
        scores([flat()], {"features": array(len(ROWS), width)}, ROWS)


@pytest.mark.parametrize("shape", [(3, 4, 5), (3, 5, 4), (9, 5, 5)])
def test_images_with_too_few_pixels_or_too_many_planes_are_refused(shape: tuple[int, ...]) -> None:
    with pytest.raises(ValueError, match=r"of shape \(\d, \d, \d\) cannot be fitted to \(8, 5, 5\)"):
        scores([separable()], {"triplets": array(len(ROWS), *shape)}, ROWS, fitted={"triplets": (8, 5, 5)})


def averaging(*shape: int, outputs: int = 1) -> Network:
    graph = Graph({"out": {"kernel": array(int(np.prod(shape)), outputs), "bias": array(outputs)}})
    flattened = graph._add("Flatten", "triplets")
    return Network(graph.serialised({"triplets": list(shape)}, graph.dense(flattened, "out", "Sigmoid")))


@pytest.mark.parametrize(
    "wanted", [(6, 6, 3), (6, 3, 6), (3, 6, 5), (3, 5, 6), (2, 6, 6), (4, 6, 6), (3, 7, 6), (3, 36), (108,)]
)
def test_a_network_that_wants_another_shape_is_refused_with_both(wanted: tuple[int, ...]) -> None:
    """Planes last instead of first, too: cropping and padding would have made them fit."""
    given = {"triplets": array(len(ROWS), 3, 6, 6)}
    said = re.escape(f"the network wants triplets of shape {wanted} per alert, it is given (3, 6, 6)")
    with pytest.raises(ValueError, match=said):
        scores([averaging(*wanted)], given, ROWS)
    with pytest.raises(ValueError, match=re.escape("(3, 6, 6) fitted to (3, 4, 4)")):
        scores([averaging(*wanted)], given, ROWS, fitted={"triplets": (3, 4, 4)})


def test_planes_last_are_not_fitted_even_where_a_module_asks() -> None:
    with pytest.raises(ValueError, match=re.escape("(3, 6, 6) cannot be fitted to (3, 7, 3)")):
        scores([averaging(3, 7, 3)], {"triplets": array(len(ROWS), 3, 6, 6)}, ROWS, fitted={"triplets": (3, 7, 3)})


def test_an_input_that_nobody_gives_and_a_network_of_several_scores_are_refused() -> None:
    with pytest.raises(ValueError, match=r"wants an input features, it is given \['triplets'\]"):
        scores([flat()], {"triplets": array(len(ROWS), 3, 6, 6)}, ROWS)
    with pytest.raises(
        ValueError, match=r"one score per alert is wanted, shape \(32, 1\); the network gives \(32, 2\)"
    ):
        scores([averaging(3, 6, 6, outputs=2)], {"triplets": array(len(ROWS), 3, 6, 6)}, ROWS)
