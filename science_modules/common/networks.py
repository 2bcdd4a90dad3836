"""Published and own networks as ONNX, run so that the same alert gives the same bits whatever its batch.

Matrix kernels round differently for different batch sizes. So a network always sees exactly CHUNK rows, padded with
zeros; one thread and no arena, because a Spark worker is one of many (three times the memory for no speed).
"""

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

CHUNK = 32  # measured: the fastest size for the image networks, and 160 MiB where 256 needs 1.9 GiB

Inputs = Mapping[str, NDArray[np.float32]]


def inference_session(onnx: bytes) -> Any:
    """An onnxruntime session of one thread and without an arena.

    Parameters
    ----------
    onnx : bytes
        An ONNX file.
    """
    import onnxruntime  # heavy: not when a module is only declared

    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = 1
    options.inter_op_num_threads = 1
    options.execution_mode = onnxruntime.ExecutionMode.ORT_SEQUENTIAL
    options.enable_cpu_mem_arena = False
    return onnxruntime.InferenceSession(onnx, options, providers=["CPUExecutionProvider"])


class Network:
    """A network of one output.

    Parameters
    ----------
    onnx : bytes
        An ONNX file whose first axis of every input and of the output is free.

    Attributes
    ----------
    shapes : dict of str to tuple of int
        What it asks for, without the first axis.
    """

    def __init__(self, onnx: bytes) -> None:
        self._session = inference_session(onnx)
        self.shapes: dict[str, tuple[int, ...]] = {
            entry.name: tuple(entry.shape[1:]) for entry in self._session.get_inputs()
        }

    def __call__(self, chunk: Inputs) -> NDArray[np.float32]:
        """The output for exactly CHUNK rows, shape (CHUNK, n_outputs).

        Parameters
        ----------
        chunk : mapping of str to numpy.ndarray of float32, shape (CHUNK, ...)
            Of every input of `shapes`; others are not read.
        """
        values: NDArray[np.float32] = self._session.run(None, {name: chunk[name] for name in self.shapes})[0]
        return values


def scores(
    networks: Sequence[Network],
    inputs: Inputs,
    rows: NDArray[np.intp],
    fitted: Mapping[str, tuple[int, ...]] | None = None,
) -> NDArray[np.float32]:
    """The scores of several networks for some rows of the same inputs.

    Parameters
    ----------
    networks : sequence of Network
        Each of one score per row.
    inputs : mapping of str to numpy.ndarray of float32, shape (n, ...)
        What any of the networks asks for, by its name. All ask for the same shape.
    rows : numpy.ndarray of int, shape (k,)
        The rows to be scored.
    fitted : mapping of str to tuple of int, optional
        Images, (planes, rows, columns), that are to be fitted, and to which shape: fewer rows and columns, of which the
        network sees the first; more planes, which are zero. Nothing else is cropped or padded, for a network that is
        fed planes in another order than it was trained on would answer, and wrongly.

    Returns
    -------
    numpy.ndarray of float32, shape (k, len(networks))

    Raises
    ------
    ValueError
        If a network asks for another shape than it is given or for an input that nobody gives, or if it has not one
        score per row.
    """
    out = np.empty((len(rows), len(networks)), dtype=np.float32)
    shapes = {name: shape for network in networks for name, shape in network.shapes.items()}
    for name, shape in shapes.items():
        _check_shape(name, shape, inputs, fitted or {})
    for start in range(0, len(rows), CHUNK):
        part = rows[start : start + CHUNK]
        chunk = {name: _padded(inputs[name], part, shape) for name, shape in shapes.items()}
        for column, network in enumerate(networks):
            out[start : start + len(part), column] = _one_score(network(chunk))[: len(part)]
    return out


def _check_shape(name: str, wanted: tuple[int, ...], inputs: Inputs, fitted: Mapping[str, tuple[int, ...]]) -> None:
    if name not in inputs:
        raise ValueError(f"the network wants an input {name}, it is given {sorted(inputs)}")
    given = inputs[name].shape[1:]
    shown = fitted.get(name, given)
    if wanted != shown:
        said = f"{given} fitted to {shown}" if name in fitted else str(given)
        raise ValueError(f"the network wants {name} of shape {wanted} per alert, it is given {said}")
    if name in fitted and not _fits(given, shown):
        said = "more planes and fewer rows and columns, nothing else"
        raise ValueError(f"{name} of shape {given} cannot be fitted to {shown}: {said}")


def _fits(given: tuple[int, ...], wanted: tuple[int, ...]) -> bool:
    images = len(given) == len(wanted) == 3
    return images and wanted[0] >= given[0] and wanted[1] <= given[1] and wanted[2] <= given[2]


def _one_score(values: NDArray[np.float32]) -> NDArray[np.float32]:
    if values.shape != (CHUNK, 1):
        raise ValueError(f"one score per alert is wanted, shape {(CHUNK, 1)}; the network gives {values.shape}")
    return values[:, 0]


def _padded(values: NDArray[np.float32], rows: NDArray[np.intp], shape: tuple[int, ...]) -> NDArray[np.float32]:
    chunk = np.zeros((CHUNK, *shape), dtype=np.float32)
    both: Any = (slice(None), *(slice(min(sizes)) for sizes in zip(values.shape[1:], shape, strict=True)))
    chunk[: len(rows)][both] = values[both][rows]
    return chunk
