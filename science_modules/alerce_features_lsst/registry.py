"""The features as columns: those of a band for each of the six and for all together, of the period, colours.

A feature is what `alerce_features` has under its name, where its card gives formula and source; the suffix is the band's letter,
or `all`.
"""

from collections.abc import Mapping
from itertools import pairwise

from science_modules.common.contract import Field
from science_modules.common.curve_features.period_names import NAMES as OF_PERIOD
from science_modules.common.view import BANDS

ALL = "all"
SUFFIXES = (*BANDS, ALL)
PAIRS = tuple(pairwise(BANDS))  # neighbours: u g, g r, r i, i z, z y
COUNTS = tuple(f"n_det_{band}" for band in BANDS)

# Unit by name.
OF_A_BAND: Mapping[str, str] = {
    "Amplitude": "mag", "AndersonDarling": "", "Beyond1Std": "", "ExcessVar": "", "Gskew": "mag", "Meanvariance": "",
    "MedianAbsDev": "mag", "MedianBRP": "", "PercentAmplitude": "", "Pvar": "", "Q31": "mag", "Skew": "", "SmallKurtosis": "",
    "Std": "mag", "StetsonK": "", "delta_mag_fid": "mag", "Autocor_length": "", "Con": "", "Eta_e": "", "LinearTrend": "mag/d",
    "MaxSlope": "mag/d", "PairSlopeTrend": "", "Rcs": "", "positive_fraction": "", "GP_DRW_sigma": "mag2", "GP_DRW_tau": "d",
    "IAR_phi": "", "MHPS_low": "", "MHPS_high": "", "MHPS_ratio": "", "SF_ML_amplitude": "mag", "SF_ML_gamma": "",
    "SPM_A": "uJy", "SPM_t0": "d", "SPM_gamma": "d", "SPM_beta": "", "SPM_tau_rise": "d", "SPM_tau_fall": "d", "SPM_chi": "",
}  # fmt: skip
OF_AN_OBJECT: Mapping[str, str] = {
    **{name: "d" if name == "Multiband_period" else "" for name in OF_PERIOD},
    **{f"Harmonics_mag_{k}": "mag" for k in range(1, 8)},
    **{f"Harmonics_phase_{k}": "rad" for k in range(2, 8)},
    "Harmonics_mse": "mag2", "Psi_CS": "", "Psi_eta": "",
}  # fmt: skip
COLOURS = {
    "max": "brightest {} less brightest {} magnitude of the difference",
    "mean": "mean {} less mean {} magnitude of the difference",
    "max_corr": "brightest {} less brightest {} magnitude of the source itself",
    "mean_corr": "mean {} less mean {} magnitude of the source itself",
}
_TOGETHER = "all bands, moved to one mean"


def column(name: str) -> str:
    """A published name as it can stand in a table.

    Parameters
    ----------
    name : str
        As published: `Power_rate_1/4`.
    """
    return name.replace("/", "_")


def fields() -> tuple[Field, ...]:
    """The columns of the features, in order."""
    return (*_of_bands(), *_of_objects(), *_colours())


def beside() -> tuple[Field, ...]:
    """The columns of numbers of detections."""
    told = "band: detections that the features are made of"
    return tuple(Field(name, "int32", "", f"{name[-1]} {told}") for name in COUNTS)


def _of_bands() -> tuple[Field, ...]:
    places = {band: f"{band} band" for band in BANDS} | {ALL: _TOGETHER}
    return tuple(
        Field(f"{name}_{suffix}", "float32", unit, f"{places[suffix]}: {name} as in alerce_features")
        for name, unit in OF_A_BAND.items()
        for suffix in SUFFIXES
    )


def _of_objects() -> tuple[Field, ...]:
    return tuple(
        Field(column(name), "float64" if unit == "d" else "float32", unit, f"{_TOGETHER}: {name} as in alerce_features")
        for name, unit in OF_AN_OBJECT.items()
    )


def _colours() -> tuple[Field, ...]:
    return tuple(
        Field(f"{blue}_{red}_{name}", "float32", "mag", told.format(blue, red))
        for blue, red in PAIRS
        for name, told in COLOURS.items()
    )


def table() -> str:
    """The columns as a Markdown table, for the card."""
    groups = [
        *((name, [f"{name}_{suffix}" for suffix in SUFFIXES], unit) for name, unit in OF_A_BAND.items()),
        *((name, [column(name)], unit) for name, unit in OF_AN_OBJECT.items()),
        *(
            (told.format("bluer", "redder"), [f"{a}_{b}_{name}" for a, b in PAIRS], "mag")
            for name, told in COLOURS.items()
        ),
        ("detections that the features are made of; given without features, too", list(COUNTS), ""),
    ]
    rows = [f"| {' '.join(f'`{name}`' for name in columns)} | {unit} | {told} |" for told, columns, unit in groups]
    return "\n".join(["| columns | unit | what |", "|---|---|---|", *rows])
