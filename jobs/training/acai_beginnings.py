"""What a network of ACAI begins with, and what of it learns: everything, or what lies behind the published convolutions."""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from jobs.training.learner import keras_or_reason, precision
from jobs.training.mapped_arrays import Arrays
from jobs.training.onnx_answers import answers
from science_modules import acai
from science_modules.acai.scaling import Scaling
from science_modules.common import artefacts as weights_of_modules

BLANK, PUBLISHED = "blank", "published"
TRAINED, KEPT = "trained", "kept"
_AT_ONCE = 512

Layers = Mapping[str, Mapping[str, NDArray[np.float32]]]


@dataclass(frozen=True)
class Beginning:
    """How networks begin.

    Attributes
    ----------
    start : str
        `blank`: weights by chance; `published`: those of version 1, which says the same before the first step.
    image : str
        `trained`, or `kept`: the published convolutions stay as they are. Then they are computed once for each example, and an
        epoch takes a hundredth of the time.
    dropout : float
    precision : str
        As Keras names it.
    """

    start: str
    image: str
    dropout: float
    precision: str

    def __post_init__(self) -> None:
        for name, given, known in (
            ("start", self.start, (BLANK, PUBLISHED)),
            ("image", self.image, (TRAINED, KEPT)),
        ):
            if given not in known:
                raise ValueError(f"{name} is {' or '.join(known)}, found {given!r}")
        if (self.start, self.image) == (BLANK, KEPT):
            raise ValueError(f"image: {KEPT} keeps published convolutions: it wants start: {PUBLISHED}, found {BLANK}")

    def layers(self, name: str, scaling: Scaling) -> Layers:
        """What a network begins with; nothing if it begins blank.

        Parameters
        ----------
        name : str
            Of the network, as acai.NETWORKS has it.
        scaling : Scaling
            Of the training.

        Raises
        ------
        ArtefactError
            If the published weights are not installed.
        """
        if self.start == BLANK:
            return {}
        from science_modules.acai.published import layers_of, of_scaled_fields

        return of_scaled_fields(layers_of(weights_of_modules.find(acai.MODULE)[f"{name}.onnx"]), scaling)

    def network(self, layers: Layers, seed: int) -> Any:
        """The part that learns, in Keras.

        Parameters
        ----------
        layers : mapping
            Of `layers`.
        seed : int
            Of weights by chance and of the dropout.
        """
        keras_or_reason().utils.set_random_seed(seed)
        from science_modules.acai import network

        with precision(self.precision):
            model = (network.build if self.image == TRAINED else network.build_head)(self.dropout)
        if layers:
            network.take(model, layers)
        return model

    def images(self, layers: Layers, given: Arrays, folder: Path) -> NDArray[np.float32]:
        """What the learning part takes of the images: triplets, or what published convolutions make of them, in a mapped file.

        Parameters
        ----------
        layers : mapping
            Of `layers`.
        given : dict of str to numpy.ndarray
            With `triplets` (n, 60, 60, 3).
        folder : pathlib.Path
            Of the file.
        """
        triplets = given["triplets"]
        if self.image == TRAINED or not len(triplets):
            return triplets
        from science_modules.acai.convert import image_to_onnx

        onnx = image_to_onnx(layers)
        shape = len(triplets), len(layers["conv_conv_4"]["bias"])
        folder.mkdir(parents=True, exist_ok=True)
        numbers = np.lib.format.open_memmap(folder / "image.npy", "w+", np.float32, shape)
        for start in range(0, len(triplets), _AT_ONCE):
            numbers[start : start + _AT_ONCE] = answers(onnx, {"triplets": planes(triplets[start : start + _AT_ONCE])})
        return numbers


def trained(layers: Layers, model: Any, scaling: Scaling) -> bytes:
    """The whole network as ONNX.

    Parameters
    ----------
    layers : mapping
        That it began with; those that did not learn are taken from it.
    model : keras.Model
        The part that learned.
    scaling : Scaling
        Of the training.
    """
    from science_modules.acai import convert, network

    return convert.trained_to_onnx({**layers, **network.weights_of(model)}, scaling)


def planes(triplets: NDArray[np.float32]) -> NDArray[np.float32]:
    """Triplets as the networks in ONNX take them, with five more planes of zeros; shape (n, 8, 60, 60).

    Parameters
    ----------
    triplets : numpy.ndarray of float32, shape (n, 60, 60, 3)
    """
    out = np.zeros((len(triplets), *acai.SHAPE), np.float32)
    out[:, :3] = np.moveaxis(triplets, 3, 1)
    return out
