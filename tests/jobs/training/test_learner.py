"""A Keras network while it learns: as a graph, from a state as if nothing had been, and from the beginning again."""

from typing import Any

import numpy as np
import pytest

from jobs.training.learner import Learner, keras_or_reason, precision

pytestmark = pytest.mark.tensorflow
X = np.random.default_rng(1).normal(0, 1, (64, 4)).astype(np.float32)
Y = (X[:, :1] > 0).astype(np.float32)
ALIKE = np.ones(64, np.float32)


@pytest.fixture(scope="module", autouse=True)
def keras() -> Any:
    pytest.importorskip("tensorflow", reason="TensorFlow is not installed: pip install strix[tensorflow]")
    return keras_or_reason()


def network(keras: Any, seed: int = 1) -> Any:
    keras.utils.set_random_seed(seed)
    given = keras.Input((4,), name="given")
    hidden = keras.layers.Dropout(0.5)(keras.layers.Dense(8, activation="relu")(given))
    return keras.Model([given], keras.layers.Dense(1, activation="sigmoid")(hidden))


def learner(keras: Any) -> Learner:
    return Learner(network(keras), keras.losses.binary_crossentropy, 0.05)


def test_a_network_goes_on_from_its_state_as_if_nothing_had_been_and_can_begin_again(keras: Any) -> None:
    one, other = learner(keras), learner(keras)
    first = [one.learn([X], Y, ALIKE) for _ in range(4)]
    state = one.state()
    rest = [one.learn([X], Y, ALIKE) for _ in range(20)]
    assert rest[-1] < 0.8 * first[0]
    assert ((one.say([X]) > 0.5) == (Y > 0.5)).mean() > 0.85
    other.restore(state)
    assert [other.learn([X], Y, ALIKE) for _ in range(20)] == rest  # dropout and moments, too
    best = one.weights
    other.take([values * 0 for values in best])
    assert np.ptp(other.say([X])) == 0
    other.take(best)
    np.testing.assert_array_equal(other.say([X]), one.say([X]))
    one.begin(network(keras))
    assert [one.learn([X], Y, ALIKE) for _ in range(4)] == first


def test_weights_are_in_32_bits_whatever_the_precision_of_the_layers_that_are_made_in_it(keras: Any) -> None:
    with precision("mixed_bfloat16"):
        mixed = network(keras)
    assert {weight.dtype for weight in mixed.weights} == {"float32"}
    assert mixed.layers[1].compute_dtype == "bfloat16"
    assert network(keras).layers[1].compute_dtype == "float32"
