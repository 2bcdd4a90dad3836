"""A module that is wrong on purpose: its network wants planes last and is given them first."""

from typing import Any

import numpy as np
import pandas as pd

from science_modules.common.alert_batch import AlertBatch
from science_modules.common.contract import Artefacts, Field, ScienceModule
from science_modules.common.networks import Network, scores


def load(artefacts: Artefacts) -> Network:
    """A network of one dense layer on (63, 63, 3), as Keras has it."""
    from science_modules.common.keras_onnx import Graph

    kernel = np.sin(np.arange(63 * 63 * 3, dtype=np.float32))[:, None]
    graph = Graph({"out": {"kernel": kernel, "bias": np.zeros(1, np.float32)}})
    score = graph.dense(graph._add("Flatten", "triplets"), "out", "Sigmoid")
    return Network(graph.serialised({"triplets": [63, 63, 3]}, score))


def run(batch: AlertBatch, state: Any) -> pd.DataFrame:
    """What the network says of the triplets."""
    images = batch.triplets
    rows = np.flatnonzero([reason is None for reason in images.reasons])
    p = np.full(len(batch), np.nan)
    p[rows] = scores([state], {"triplets": images.planes}, rows)[:, 0]
    return pd.DataFrame({"p": p, "error": np.array(images.reasons, dtype=object)})


MODULE = ScienceModule(
    name="feeds_planes_last",
    version="1.0.0",
    inputs=("cutouts",),
    outputs=(Field("p", "float64", "", "a score"),),
    run=run,
    load=load,
    surveys=("ztf",),
    source="a test",
)
