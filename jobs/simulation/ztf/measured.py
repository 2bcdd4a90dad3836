"""What ZTF's pipeline writes of a detection and of an exposure, as measured on real alerts: `measured.json`.

    python -m jobs.simulation.ztf.measured DIRECTORY_OF_REAL_ALERTS

writes it anew, from objects that the simulator is not checked on: alerts, and detections in their histories.
"""

import json
import sys
from collections.abc import Mapping
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from jobs.simulation.ztf.copula import Copula, Floats, fit, from_json, normal_scores
from science_modules.common.photometry import MAG_OF_RELATIVE_ERROR, error_of_limit, flux_of_magnitude

if TYPE_CHECKING:
    import pandas as pd

FILE = Path(__file__).with_name("measured.json")
# What stands at the place decides how it looks to the pipeline; the label of the real alerts stands for it.
COUNTERPARTS = {"star": "VS", "host": "SN", "nucleus": "AGN", "none": "asteroid", "bogus": "bogus"}
KNOWN = ("magpsf", "diffmaglim", "magnr", "log_distnr", "starness")
DETECTION = (
    *KNOWN,
    *("log_error_ratio", "log_chipsf", "sky", "magdiff", "fwhm", "classtar", "seeratio", "bimage", "log_elong", "nneg"),
    *("rb", "drb", "sumrat", "log_scorr", "log_dsnrms", "log_ssnrms", "log_dsdiff", "log_sigmagap", "big_less_small"),
    *("log_sigmagapbig", "log_chinr", "sharpnr", "log_sigmagnr"),
)
# The fit to what is no star has an error of its own, whatever the limit
OF_BOGUS = tuple("log_sigmapsf" if name == "log_error_ratio" else name for name in DETECTION)
EXPOSURE = (
    *("magzpsci", "diffmaglim", "clrcoeff", "log_clrcounc", "log_magzpsciunc", "log_magzpscirms", "log_zpclrcov"),
    *("zpmed_less", "clrmed", "clrrms", "log_nmatches"),
)
_FILTERS = {"g": 1, "r": 2}
_OWN_ARCSEC = 1.5  # a Pan-STARRS source so near is the one that the reference image has
_OF_2019 = 730 * 10**9  # pid begins with the night, counted from 2017; colour terms of before were others


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
    from jobs.simulation.ztf.real_detections import real_detections

    detections, exposures = real_detections(directory)
    fields = columns_of(detections)
    columns = {name: OF_BOGUS if name == "bogus" else DETECTION for name in COUNTERPARTS}
    by_kind = {name: fields.loc[detections["kind"] == kind, list(columns[name])] for name, kind in COUNTERPARTS.items()}
    scores = {name: normal_scores(rows.to_numpy(float)) for name, rows in by_kind.items()}
    pooled = np.concatenate([scores[name] for name in ("star", "host", "nucleus")])
    together = {**dict.fromkeys(("star", "host", "nucleus"), pooled), "none": scores["none"], "bogus": scores["bogus"]}
    copulas = {name: fit(columns[name], rows.to_numpy(float), together[name]) for name, rows in by_kind.items()}
    for band, fid in _FILTERS.items():
        rows = columns_of(exposures[(exposures["fid"] == fid) & (exposures["pid"] > _OF_2019)])[
            list(EXPOSURE)
        ].to_numpy(float)
        copulas[band] = fit(EXPOSURE, rows, normal_scores(rows))
    FILE.write_text(json.dumps({name: copula.as_json() for name, copula in copulas.items()}) + "\n")


def columns_of(fields: "pd.DataFrame") -> "pd.DataFrame":
    """Candidate fields and what is kept in their place: logarithms and differences.

    Parameters
    ----------
    fields : pandas.DataFrame
        Of candidates.
    """
    import pandas as pd  # packets are made without it

    wanted = {name: _column(fields, name) for name in {*DETECTION, *OF_BOGUS, *EXPOSURE}}
    return pd.DataFrame(wanted)


def _column(fields: "pd.DataFrame", name: str) -> Floats:
    if name == "starness":
        beside = (fields["distpsnr1"] < _OWN_ARCSEC) & (fields["sgscore1"] >= 0)
        return np.asarray(fields["sgscore1"].where(beside).astype(float))
    if name == "log_error_ratio":
        of_limit = error_of_limit(fields["diffmaglim"], 0.0) / flux_of_magnitude(fields["magpsf"], 0.0)
        return np.asarray(np.log10(fields["sigmapsf"] / (MAG_OF_RELATIVE_ERROR * of_limit)))
    if name == "big_less_small":
        return np.asarray(fields["magapbig"] - fields["magap"])
    if name == "zpmed_less":
        return np.asarray(fields["zpmed"] - fields["magzpsci"])
    if name.startswith("log_"):
        return np.asarray(np.log10(np.maximum(np.abs(fields[name[4:]].astype(float)), 1e-7)))
    return np.asarray(fields[name].astype(float))


if __name__ == "__main__":
    main(Path(sys.argv[1]))
