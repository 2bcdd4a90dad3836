"""A Keras network while it learns: steps of Adam, its whole state as arrays. Needs the extra tensorflow."""

import os
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import Any

import numpy as np
from numpy.typing import NDArray

Arrays = Mapping[str, NDArray[Any]]
_AT_ONCE = 256


def keras_or_reason() -> Any:
    """The module keras, on TensorFlow, with kernels that give the same bits again.

    Raises
    ------
    ValueError
        If the extra is not installed.
    """
    os.environ.setdefault("KERAS_BACKEND", "tensorflow")
    os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
    try:
        import keras
        import tensorflow as tf
    except ImportError:
        raise ValueError(
            "a network is trained with TensorFlow, which is absent: pip install strix[tensorflow]"
        ) from None
    tf.config.experimental.enable_op_determinism()
    return keras


@contextmanager
def precision(policy: str) -> Iterator[None]:
    """Layers that are made here compute so; their weights are float32.

    Parameters
    ----------
    policy : str
        As Keras names it: float32, mixed_bfloat16.
    """
    keras = keras_or_reason()
    before = keras.config.dtype_policy()
    keras.config.set_dtype_policy(policy)
    try:
        yield
    finally:
        keras.config.set_dtype_policy(before)


class Learner:
    """A network and its optimiser.

    Parameters
    ----------
    model : keras.Model
    loss : callable
        `loss(wanted, said)`, shape (n,).
    rate : float
        Learning rate of Adam.
    """

    def __init__(self, model: Any, loss: Callable[[Any, Any], Any], rate: float) -> None:
        import tensorflow as tf

        self.model, self.loss = model, loss
        self.optimizer = keras_or_reason().optimizers.Adam(rate)
        self.optimizer.build(model.trainable_variables)
        self._step = tf.function(self._one_step, reduce_retracing=True)
        self._say = tf.function(lambda inputs: model(inputs, training=False), reduce_retracing=True)

    def learn(self, inputs: Sequence[NDArray[Any]], wanted: NDArray[Any], weight: NDArray[Any]) -> float:
        """One step; its loss.

        Parameters
        ----------
        inputs : sequence of numpy.ndarray, shape (n, ...)
            As the model's inputs are.
        wanted : numpy.ndarray of float32, shape (n, n_outputs)
        weight : numpy.ndarray of float32, shape (n,)
        """
        return float(self._step([np.asarray(each, np.float32) for each in inputs], wanted, weight))

    def say(self, inputs: Sequence[NDArray[Any]]) -> NDArray[np.float32]:
        """What the network says of rows, shape (n, n_outputs).

        Parameters
        ----------
        inputs : sequence of numpy.ndarray, shape (n, ...)
            n at least 1.
        """
        parts = [
            np.asarray(self._say([np.asarray(each[start : start + _AT_ONCE], np.float32) for each in inputs]))
            for start in range(0, len(inputs[0]), _AT_ONCE)
        ]
        return np.concatenate(parts)

    @property
    def weights(self) -> list[NDArray[Any]]:
        """A copy of the network's weights."""
        return [np.array(each.numpy()) for each in self.model.weights]

    def take(self, weights: Sequence[NDArray[Any]]) -> None:
        """Give the network other weights; the optimiser's moments stay.

        Parameters
        ----------
        weights : sequence of numpy.ndarray
            As of `weights`.
        """
        for variable, values in zip(self.model.weights, weights, strict=True):
            variable.assign(values)

    def begin(self, model: Any) -> None:
        """Forget all that was learnt: the variables of another network of the same layers, an optimiser that has done nothing.

        Parameters
        ----------
        model : keras.Model
        """
        for variable, other in zip(self.model.variables, model.variables, strict=True):
            variable.assign(other)
        rate = float(self.optimizer.learning_rate.numpy())
        for variable in self.optimizer.variables:
            variable.assign(np.zeros(variable.shape, variable.dtype))
        self.learn_at(rate)  # it is one of those variables

    def learn_at(self, rate: float) -> None:
        """Set the learning rate.

        Parameters
        ----------
        rate : float
        """
        self.optimizer.learning_rate.assign(rate)

    def state(self) -> dict[str, NDArray[Any]]:
        """All that a further step depends on: weights, seeds of the dropout, moments of the optimiser."""
        return {f"variable_{number}": np.array(each.numpy()) for number, each in enumerate(self._variables())}

    def restore(self, state: Arrays) -> None:
        """Go on from a state.

        Parameters
        ----------
        state : mapping of str to numpy.ndarray
            As `state` gave it; other names are not read.
        """
        for number, each in enumerate(self._variables()):
            each.assign(state[f"variable_{number}"])

    def _variables(self) -> list[Any]:
        return [*self.model.variables, *self.optimizer.variables]

    def _one_step(self, inputs: Any, wanted: Any, weight: Any) -> Any:
        import tensorflow as tf

        with tf.GradientTape() as tape:
            loss = tf.reduce_mean(weight * self.loss(wanted, self.model(inputs, training=True)))
        variables = self.model.trainable_variables
        self.optimizer.apply_gradients(zip(tape.gradient(loss, variables), variables, strict=True))
        return loss
