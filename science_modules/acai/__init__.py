"""ACAI: five published networks that tell hosted, orphan, nuclear, stellar and bogus ZTF alerts apart."""

from collections.abc import Sequence
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from science_modules.common.alert_batch import AlertBatch
from science_modules.common.contract import Artefact, Artefacts, Field, Original, ScienceModule
from science_modules.common.networks import Network, scores
from science_modules.common.reasons import first_reason

# The order of the published networks; raw values, with the survey's -999 (SCIENCE: their norms are all 1).
FEATURES = (
    *("drb", "diffmaglim", "ra", "dec", "magpsf", "sigmapsf", "chipsf", "fwhm", "sky", "chinr", "sharpnr"),
    *("sgscore1", "distpsnr1", "sgscore2", "distpsnr2", "sgscore3", "distpsnr3", "ndethist", "ncovhist", "scorr"),
    *("nmtchps", "clrcoeff", "clrcounc", "neargaia", "neargaiabright"),
)
SHAPE = (8, 60, 60)  # of the triplets in the networks, see convert.to_onnx
CONFLICT = 0.5  # two networks above this claim the same alert
CLAIM = 0.2  # the published threshold at which false negatives and false positives are equal, 1 to 3 %

OUTPUTS = (
    Field("acai_h", "float32", "", "hosted: a transient in a galaxy, off its nucleus; sigmoid score, 0 to 1"),
    Field("acai_n", "float32", "", "nuclear: AGN or transient in a nucleus; sigmoid score, 0 to 1"),
    Field("acai_v", "float32", "", "variable star; sigmoid score, 0 to 1"),
    Field("acai_o", "float32", "", "orphan: no counterpart, mostly Solar-system objects; sigmoid score, 0 to 1"),
    Field("acai_b", "float32", "", "bogus; sigmoid score, 0 to 1"),
    Field("conflict", "bool", "", "two or more of the five scores are above 0.5"),
    Field("unclaimed", "bool", "", "real (acai_b < 0.2), but h, n, v and o are all below 0.2"),
)
NETWORKS = tuple(field.name for field in OUTPUTS[:5])


def load(artefacts: Artefacts) -> list[Network]:
    """The five networks in the order h, n, v, o, b.

    Parameters
    ----------
    artefacts : mapping of str to bytes
        Verified ONNX files, `acai_h.onnx` and so on.
    """
    return [Network(artefacts[f"{name}.onnx"]) for name in NETWORKS]


def run(batch: AlertBatch, state: Sequence[Network]) -> pd.DataFrame:
    """One row per alert: five scores and two flags, or the reason why there are none.

    Parameters
    ----------
    batch : AlertBatch
        With the module's inputs.
    state : sequence of Network
        What `load` gives.
    """
    fields, reasons = features(batch)
    images = batch.triplets
    error = [field or image for field, image in zip(reasons, images.reasons, strict=True)]
    rows = np.flatnonzero([reason is None for reason in error])
    frame = pd.DataFrame(np.nan, index=range(len(batch)), columns=NETWORKS, dtype=np.float32)
    frame.iloc[rows] = scores(state, {"features": fields, "triplets": images.planes}, rows, {"triplets": SHAPE})
    return frame.assign(**_flags(frame), error=np.array(error, dtype=object))


def features(batch: AlertBatch) -> tuple[NDArray[np.float32], NDArray[Any]]:
    """The 25 features as published, and why an alert lacks one.

    Parameters
    ----------
    batch : AlertBatch
        With the candidate fields of FEATURES, and `braai.p_real` if the job runs braai.

    Returns
    -------
    values : numpy.ndarray of float32, shape (n, 25)
        Raw candidate fields, -999 included; drb is braai's score where the packet has none and the job runs braai.
    reasons : numpy.ndarray of object, shape (n,)
        The first field that is missing (`no candidate.magpsf`); None if all are there.
    """
    columns = [batch[f"candidate.{name}"].astype(np.float64) for name in FEATURES]
    hint = " and the job does not run braai"
    if "braai.p_real" in batch:
        columns[0] = np.where(np.isnan(columns[0]), batch["braai.p_real"], columns[0])
        hint = " and no braai.p_real"
    names = [f"no candidate.{name}" for name in FEATURES]
    names[0] += hint
    absent = [(np.isnan(column), name) for column, name in zip(columns, names, strict=True)]
    return np.column_stack(columns).astype(np.float32), first_reason(*absent)


def _flags(frame: pd.DataFrame) -> dict[str, NDArray[Any]]:
    values = frame.to_numpy()
    scored = ~np.isnan(values).any(axis=1)
    flags = {"conflict": (values > CONFLICT).sum(axis=1) >= 2, "unclaimed": (values < CLAIM).all(axis=1)}
    return {name: _masked(flag, scored) for name, flag in flags.items()}


def _masked(flag: NDArray[np.bool_], known: NDArray[np.bool_]) -> NDArray[Any]:
    values = flag.astype(object)
    values[~known] = None
    return values


def _convert(h5: bytes) -> bytes:
    from science_modules.acai.convert import to_onnx  # onnx and h5py are needed only to add weights

    return to_onnx(h5)


_DIGESTS = {  # of the published .h5, of the ONNX file made from it
    "acai_h": (
        "929a5aa0703731a9705d85f9382f521ae8e7421f90c3773f583bfcce4b83cd55",
        "1e3974fd35b1d351573657e3aa0437e9627dd2fcd17ba6b643b0e83bf0a6b8b2",
    ),
    "acai_n": (
        "4eb3932f2672721dcb74b91dd5ec3d683ac87e8a99359edf5805d9ece73882d8",
        "a5a5270fb1d0d8e37ae07365e5a2e47625d2daa82952441a0e1bdc7a593d7bb4",
    ),
    "acai_v": (
        "be704366d1ac8c82e0576c79a24fa038a0010d800561e62e16d1c3804f7b8fa8",
        "bf53855dee19f184e7761e03682a44fd07efd8f244bc0b36c041dfa58a1fde01",
    ),
    "acai_o": (
        "31eeb8bbc3d50a5c53b1552492bfb56ac988f99f05962b60efff076d62ab1232",
        "f9dc70d78665b9e29b22a0b404e050fe66c99dc13c4589a686a32bb2959a1b1f",
    ),
    "acai_b": (
        "dc57b969e4b1a97b7e3633aae6c3f6adf44615a47036c390da1d55f0e6dbf330",
        "6ff4343493d4fd9068732c5a5e478ce7397f7f2c05038e80edc41580b0c747f0",
    ),
}


def _artefact(name: str) -> Artefact:
    published, onnx = _DIGESTS[name]
    file = f"{name}.d1_dnn_20201130.h5"
    url = f"https://raw.githubusercontent.com/dmitryduev/acai/HEAD/models/{file}"
    source = "https://github.com/dmitryduev/acai"
    return Artefact(f"{name}.onnx", onnx, source, "MIT", Original(file, published, url, _convert))


MODULE = ScienceModule(
    name="acai",
    version="1.0.2",
    inputs=("cutouts", *(f"candidate.{name}" for name in FEATURES)),
    optional_inputs=("braai.p_real",),
    outputs=OUTPUTS,
    run=run,
    load=load,
    artefacts=tuple(_artefact(name) for name in NETWORKS),
    surveys=("ztf",),
    source="Duev & van der Walt 2021, arXiv:2111.12142",
)
