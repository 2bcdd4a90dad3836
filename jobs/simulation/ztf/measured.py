"""What ZTF's pipeline writes of a detection and of an exposure, as measured on real alerts: `measured.json`.

    python -m jobs.simulation.ztf.measured DIRECTORY_OF_REAL_ALERTS

writes it anew. Numbers of 522 labelled objects and 70 that the survey holds for bogus, an alert of each.
"""

import json
import sys
from collections.abc import Mapping
from functools import cache
from pathlib import Path

import numpy as np
import pandas as pd

from jobs.simulation.ztf.copula import Copula, Floats, fit, from_json, normal_scores

FILE = Path(__file__).with_name("measured.json")
# What stands at the place decides how it looks to the pipeline; the label of the real alerts stands for it.
COUNTERPARTS = {"star": "VS", "host": "SN", "nucleus": "AGN", "none": "asteroid", "bogus": "bogus"}
KNOWN = ("magpsf", "diffmaglim", "magnr", "log_distnr")
DETECTION = (
    *KNOWN,
    *("log_sigmapsf", "log_chipsf", "sky", "magdiff", "fwhm", "classtar", "seeratio", "bimage", "log_elong", "nneg"),
    *("rb", "drb", "sumrat", "log_scorr", "log_dsnrms", "log_ssnrms", "log_dsdiff", "log_sigmagap", "big_less_small"),
    *("log_sigmagapbig", "log_chinr", "sharpnr", "log_sigmagnr"),
)
EXPOSURE = (
    *("magzpsci", "diffmaglim", "clrcoeff", "log_clrcounc", "log_magzpsciunc", "log_magzpscirms", "log_zpclrcov"),
    *("zpmed_less", "clrmed", "clrrms", "log_nmatches"),
)
_FILTERS = {"g": 1, "r": 2}


@cache
def measured() -> Mapping[str, Copula]:
    """Copulas by counterpart, and of exposures by band (`g`, `r`)."""
    return {name: from_json(stored) for name, stored in json.loads(FILE.read_text()).items()}


def main(directory: Path) -> None:
    """Measure real alerts and write FILE.

    Parameters
    ----------
    directory : Path
        With `ztf_alerts/*.avro` and `ztf_index.parquet`.
    """
    from jobs.simulation.checks.night_alerts import real_alerts

    real = real_alerts(directory)
    fields = columns_of(real.fields)
    by_kind = {name: fields.loc[real.kind == kind, list(DETECTION)] for name, kind in COUNTERPARTS.items()}
    scores = {name: normal_scores(rows.to_numpy(float)) for name, rows in by_kind.items()}
    pooled = np.concatenate([scores[name] for name in ("star", "host", "nucleus")])
    together = {**dict.fromkeys(("star", "host", "nucleus"), pooled), "none": scores["none"], "bogus": scores["bogus"]}
    copulas = {name: fit(DETECTION, rows.to_numpy(float), together[name]) for name, rows in by_kind.items()}
    for band, fid in _FILTERS.items():
        rows = fields.loc[real.fields["fid"] == fid, list(EXPOSURE)].to_numpy(float)
        copulas[band] = fit(EXPOSURE, rows, normal_scores(rows))
    FILE.write_text(json.dumps({name: copula.as_json() for name, copula in copulas.items()}) + "\n")


def columns_of(fields: pd.DataFrame) -> pd.DataFrame:
    """Candidate fields and what is kept in their place: logarithms and differences.

    Parameters
    ----------
    fields : pandas.DataFrame
        Of candidates.
    """
    wanted = {name: _column(fields, name) for name in {*DETECTION, *EXPOSURE}}
    return pd.DataFrame(wanted)


def _column(fields: pd.DataFrame, name: str) -> Floats:
    if name == "big_less_small":
        return np.asarray(fields["magapbig"] - fields["magap"])
    if name == "zpmed_less":
        return np.asarray(fields["zpmed"] - fields["magzpsci"])
    if name.startswith("log_"):
        return np.asarray(np.log10(np.maximum(np.abs(fields[name[4:]].astype(float)), 1e-7)))
    return np.asarray(fields[name].astype(float))


if __name__ == "__main__":
    main(Path(sys.argv[1]))
