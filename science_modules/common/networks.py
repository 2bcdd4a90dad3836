"""Published and own networks as ONNX, run so that the same alert gives the same bits whatever its batch.

Matrix kernels round differently for different batch sizes. So a network always sees exactly CHUNK rows, padded with
zeros; one thread and no arena, because a Spark worker is one of many (three times the memory for no speed).
"""

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

CHUNK = 32  # measured: the fastest size for the stamp networks, and 160 MiB where 256 needs 1.9 GiB

Inputs = Mapping[str, NDArray[np.float32]]


def inference_session(onnx: bytes) -> Any:
    """An onnxruntime session of one thread and without an arena."""
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
        """The output for exactly CHUNK rows, shape (CHUNK, n_outputs)."""
        values: NDArray[np.float32] = self._session.run(None, {name: chunk[name] for name in self.shapes})[0]
        return values


def scores(networks: Sequence[Network], inputs: Inputs, rows: NDArray[np.intp]) -> NDArray[np.float32]:
    """The scores of several networks for some rows of the same inputs.

    Parameters
    ----------
    networks : sequence of Network
        Each of one score per row.
    inputs : mapping of str to numpy.ndarray of float32, shape (n, ...)
        What any of the networks asks for, by its name. All ask for the same shape. Of images, (planes,
        rows, columns), a network may ask for fewer rows and columns: it sees the first; and for more planes: those are zero.
    rows : numpy.ndarray of int, shape (k,)
        The rows to be scored.

    Returns
    -------
    numpy.ndarray of float32, shape (k, len(networks))

    Raises
    ------
    ValueError
        If a network asks for another shape than it is given.
    """
    out = np.empty((len(rows), len(networks)), dtype=np.float32)
    shapes = {name: shape for network in networks for name, shape in network.shapes.items()}
    for name, shape in shapes.items():
        if not _fits(inputs[name].shape[1:], shape):
            raise ValueError(
                f"the network wants {name} of shape {shape} per alert, it is given {inputs[name].shape[1:]}"
            )
    for start in range(0, len(rows), CHUNK):
        part = rows[start : start + CHUNK]
        chunk = {name: _padded(inputs[name], part, shape) for name, shape in shapes.items()}
        for column, network in enumerate(networks):
            out[start : start + len(part), column] = network(chunk)[: len(part), 0]
    return out


def _fits(given: tuple[int, ...], wanted: tuple[int, ...]) -> bool:
    if len(given) != 3 or len(wanted) != 3:
        return given == wanted
    return wanted[0] >= given[0] and wanted[1] <= given[1] and wanted[2] <= given[2]


def _padded(values: NDArray[np.float32], rows: NDArray[np.intp], shape: tuple[int, ...]) -> NDArray[np.float32]:
    chunk = np.zeros((CHUNK, *shape), dtype=np.float32)
    both: Any = (slice(None), *(slice(min(sizes)) for sizes in zip(values.shape[1:], shape, strict=True)))
    chunk[: len(rows)][both] = values[both][rows]
    return chunk
