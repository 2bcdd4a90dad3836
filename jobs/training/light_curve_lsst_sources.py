"""Light curves of Rubin from files: those of our simulator, with a nucleus under transients, and ELAsTiCC's."""

from dataclasses import replace
from pathlib import Path

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from jobs.training import light_curve_sources
from jobs.training.light_curve_sources import Light
from science_modules.common.photometry import flux_of_magnitude
from science_modules.common.view import BANDS

# Nuclei under transients: PSF magnitude in r and colours of neighbouring bands (u - g, ...), mean and scatter.
_NUCLEUS = (22.0, 1.5)
_COLOURS = ((1.2, 0.4), (0.7, 0.25), (0.35, 0.15), (0.2, 0.1), (0.1, 0.1))
_ELASTICC = {"SN Ia": "snia", "SN II": "snii"}  # its AGN are called unknown there


def simulated(path: Path) -> Light:
    """Detections in six bands that `strix simulate lightcurves --survey lsst` wrote.

    Parameters
    ----------
    path : pathlib.Path
        One of its files of light curves.
    """
    light = light_curve_sources.simulated(path, BANDS)
    return replace(light, points=light.points[~light.points["forced"]].reset_index(drop=True))


def elasticc(path: Path) -> tuple[Light, NDArray[np.object_]]:
    """Detections of ELAsTiCC (Narayan et al. 2023), which are of the difference, and the class of each object.

    Parameters
    ----------
    path : pathlib.Path
        Parquet in long format: object, mjd, band, flux and fluxerr [nJy], kind, class.

    Returns
    -------
    light : Light
        Of n objects.
    label : numpy.ndarray of object, shape (n,)
        None where ELAsTiCC's class is no class of ours.
    """
    rows = pd.read_parquet(path)
    rows = rows[(rows["kind"] == "det") & (rows["fluxerr"] > 0)].assign(band=rows["band"].str.lower())
    rows = rows.drop_duplicates(["object", "band", "mjd"]).sort_values(["object", "mjd"], kind="stable")
    owner, names = pd.factorize(rows["object"])
    points = pd.DataFrame({"owner": owner, "mjd": rows["mjd"].to_numpy(float), "band": rows["band"].to_numpy()})
    points["forced"] = False
    points["flux"], points["flux_err"] = rows["flux"].to_numpy(float), rows["fluxerr"].to_numpy(float)
    points["total"], points["total_err"] = np.nan, np.nan
    told = rows["class"].groupby(owner).first()
    label = np.array([_ELASTICC.get(each) for each in told], object)
    return Light(pd.Series([f"elasticc-{name}" for name in names], dtype=object), True, points), label


def with_nuclei(light: Light, rng: np.random.Generator) -> Light:
    """Whole fluxes of objects that have none: a galaxy's nucleus lies under them.

    Parameters
    ----------
    light : Light
        Of n objects.
    rng : numpy.random.Generator
    """
    under = flux_of_magnitude(_nuclei(len(light), rng))
    owner, band = light.points["owner"].to_numpy(), light.points["band"].to_numpy()
    has_none = np.bincount(owner, light.points["total"].notna(), len(light))[owner] == 0
    letter = pd.Index(BANDS).get_indexer(pd.Index(band))
    total = np.where(has_none, light.points["flux"] + under[owner, letter], light.points["total"])
    error = np.where(has_none, light.points["flux_err"], light.points["total_err"])
    return replace(light, points=light.points.assign(total=total, total_err=error))


def _nuclei(n: int, rng: np.random.Generator) -> NDArray[np.float64]:
    """Magnitudes of n nuclei in six bands."""
    colours = np.column_stack([rng.normal(*colour, n) for colour in _COLOURS])
    fainter = np.hstack([np.zeros((n, 1)), np.cumsum(colours, axis=1)])  # than u, by which each band is brighter
    red = fainter[:, [BANDS.index("r")]]
    return np.asarray(rng.normal(*_NUCLEUS, (n, 1)) + red - fainter)
