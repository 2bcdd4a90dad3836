"""The period of a variable source: a multiband periodogram, harmonics to tell aliases apart, a false-alarm bound."""

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from science_modules.common.alert_batch import AlertBatch
from science_modules.common.contract import Artefacts, Field, ScienceModule
from science_modules.common.options import Option
from science_modules.common.view import BANDS
from science_modules.period.curves import Curve, curves

if TYPE_CHECKING:
    from science_modules.common.fourier_sums import Spreading
    from science_modules.period.search import Period

FMAX = Option(
    "fmax",
    24.0,
    "1/d",
    "highest frequency: 24 for periods from one hour, 72 from 20 minutes; time grows with it",
    1,
    288,
)
N_AMPLITUDES = 4


@dataclass(frozen=True)
class Settings:
    """What a search needs beside the light curve.

    Attributes
    ----------
    highest : float
        Highest frequency [1/d].
    how : Spreading
    """

    highest: float
    how: "Spreading"


def load(artefacts: Artefacts, fmax: float = FMAX.default) -> Settings:
    """The settings; the kernels are compiled (or read from numba's cache) here and not on the first alert.

    Parameters
    ----------
    artefacts : mapping of str to bytes
        Not used: the module has none.
    fmax : float
        Highest frequency [1/d]; 72 for periods of 20 minutes.
    """
    from science_modules.common.fourier_sums import spreading
    from science_modules.period.search import search

    settings = Settings(fmax, spreading())
    time = np.arange(20.0)
    twenty = Curve(np.array([0, 20]), np.zeros(1, np.int8), time, np.sin(time), np.ones(20), np.ones(1))
    search(twenty, 1.0, settings.how)
    return settings


def run(batch: AlertBatch, settings: Settings) -> pd.DataFrame:
    """One row per alert.

    Parameters
    ----------
    batch : AlertBatch
        With the module's inputs.
    settings : Settings
        What `load` gives.
    """
    from science_modules.period.search import reason, search

    rows = []
    for curve in curves(batch):
        why = reason(curve, settings.highest)
        found = None if why else search(curve, settings.highest, settings.how)
        rows.append({"n": len(curve), "error": why} | _outputs(curve, found, batch.light_curves.others))
    frame = pd.DataFrame(rows, columns=[*(field.name for field in MODULE.outputs), "error"])
    return frame.astype({field.name: _DTYPES[field.type] for field in MODULE.outputs})


def _outputs(curve: Curve, found: "Period | None", others: tuple[str, ...]) -> dict[str, Any]:
    if found is None:
        return {}
    band = int(np.argmax(np.diff(curve.starts)))
    alias = found.alias
    return {
        "period": 1 / found.adopted.frequency,
        "power": found.power,
        "false_alarm": found.false_alarm,
        "n_harmonics": found.adopted.n_harmonics,
        "explained": found.adopted.explained,
        **{f"amplitude_{k + 1}": value for k, value in enumerate(found.amplitudes[band])},
        "amplitude_band": _letter(int(curve.codes[band]), others),
        "window": found.window,
        "alias": alias and alias.name,
        "alias_period": alias and 1 / alias.frequency,
        "alias_evidence": alias and alias.evidence,
        "is_ambiguous": bool(alias and alias.is_possible),
    }


def _letter(code: int, others: tuple[str, ...]) -> str:
    return BANDS[code] if code >= 0 else others[-2 - code]


_DTYPES = {"float64": "float64", "float32": "float32", "int32": "Int32", "bool": "boolean", "string": "object"}

MODULE = ScienceModule(
    name="period",
    version="1.0.0",
    inputs=("light_curve", "corrected"),
    outputs=(
        Field("period", "float64", "d", "period of the best Fourier series; 1 hour to half the time span"),
        Field("power", "float32", "", "share of the chi2 about the bands' means that the best sinusoid takes, 0 to 1"),
        Field(
            "false_alarm", "float64", "", "upper bound of the probability that white noise has such a power anywhere"
        ),
        Field("n_harmonics", "int32", "", "terms of the series, 1 to 4"),
        Field("explained", "float32", "", "share of the chi2 about the bands' means that the series takes, 0 to 1"),
        *(
            Field(f"amplitude_{k}", "float32", "nJy", f"semi-amplitude of harmonic {k} in amplitude_band")
            for k in range(1, N_AMPLITUDES + 1)
        ),
        Field("amplitude_band", "string", "", "band with the most points"),
        Field("window", "float32", "", "spectral window at the frequency: 1, the observing times have this period"),
        Field(
            "alias", "string", "", "best related frequency in terms of the period's f, days: f + 1, 1 - f, f / 2 ..."
        ),
        Field("alias_period", "float64", "d", "its period"),
        Field("alias_evidence", "float32", "", "by how much the period is better, in BIC"),
        Field("is_ambiguous", "bool", "", "alias_evidence below 10: the alias may be the period"),
        Field("n", "int32", "", "points that the search used"),
    ),
    run=run,
    load=load,
    rows_at_once=64,  # a star of ten years takes 0.1 s, at the highest fmax 1 s
    options=(FMAX,),
    source="Zechmeister & Kuerster 2009, A&A 496, 577; VanderPlas & Ivezic 2015, ApJ 812, 18; Baluev 2008, MNRAS 385, 1279",
)
