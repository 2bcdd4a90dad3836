"""braai: the published real-bogus network of ZTF, version d6_m9."""

import numpy as np
import pandas as pd

from science_modules.common.alert_batch import AlertBatch
from science_modules.common.contract import Artefact, Artefacts, Field, Original, ScienceModule
from science_modules.common.networks import Network, scores

SHAPE = (3, 60, 60)  # what the network looks at of 63 x 63 pixels, see convert.to_onnx


def load(artefacts: Artefacts) -> Network:
    """The network.

    Parameters
    ----------
    artefacts : mapping of str to bytes
        The verified ONNX file, `braai.onnx`.
    """
    return Network(artefacts["braai.onnx"])


def run(batch: AlertBatch, state: Network) -> pd.DataFrame:
    """One row per alert: the score, or the reason why there is none.

    Parameters
    ----------
    batch : AlertBatch
        With the cutouts.
    state : Network
        What `load` gives.
    """
    images = batch.triplets
    rows = np.flatnonzero([reason is None for reason in images.reasons])
    p_real = np.full(len(batch), np.nan, dtype=np.float32)
    p_real[rows] = scores([state], {"triplets": images.planes}, rows, fitted={"triplets": SHAPE})[:, 0]
    return pd.DataFrame({"p_real": p_real, "error": np.array(images.reasons, dtype=object)})


def _convert(h5: bytes) -> bytes:
    from science_modules.braai.convert import to_onnx  # onnx and h5py are needed only to add weights

    return to_onnx(h5)


MODULE = ScienceModule(
    name="braai",
    version="1.0.1",
    inputs=("cutouts",),
    outputs=(Field("p_real", "float32", "", "real (1) or bogus (0); sigmoid score"),),
    run=run,
    load=load,
    artefacts=(
        Artefact(
            name="braai.onnx",
            sha256="9aaa6b1066cfb369436e4692e5afd52d5635ab9dd8ae053edc23cc802cab6c13",
            source="https://github.com/dmitryduev/acai, models/braai",
            licence="MIT",
            original=Original(
                name="braai_d6_m9.h5",
                sha256="24f97a6a37cf90da2697a657644049caf8c7f2bf382b60c64aa88dba0828ceaa",
                url="https://raw.githubusercontent.com/dmitryduev/acai/HEAD/models/braai/braai_d6_m9.h5",
                convert=_convert,
            ),
        ),
    ),
    surveys=("ztf",),
    source="Duev et al. 2019, MNRAS 489, 3582",
)
