"""The published features, one entry each: name, unit, formula, source and the function that computes it.

From here come the module's columns and the table of its card. `m`, `e`, `t` are magnitude, error and time of a band's
N points, `mean` and `sigma` the mean and the population standard deviation of m, `med` its median, pK its K-th percentile.
"""

from dataclasses import dataclass

from science_modules.common.contract import Field

PAPER = "Sanchez-Saez et al. 2021, AJ 161, 141"
KIM = "Kim et al. 2014, A&A 566, A43"
RICHARDS = "Richards et al. 2011, ApJ 733, 10"
NUN = "Nun et al. 2015, arXiv:1506.00010"
FOERSTER = "Förster et al. 2021, AJ 161, 242"

_PERIOD, _SEARCH = "Mondrik et al. 2015, ApJ 811, L34; " + PAPER, "multiband_period.multiband_period"
_FOURIER = "Stellingwerf & Donohoe 1986, ApJ 306, 183; " + PAPER
_SPM, _SPM_FIT = "Villar et al. 2019, ApJ 884, 83; " + PAPER, "supernova_model.supernova_model"

BANDS = {1: "g", 2: "r"}


@dataclass(frozen=True)
class Feature:
    """A published feature.

    Attributes
    ----------
    name : str
        As published, without the band's suffix.
    unit, formula, source : str
        Of its values; what it is; who defined it.
    function : str
        `file.function` in this package or in `common.curve_features`.
    per_band : bool
        Whether there is one for g and one for r.
    type : str
        Of its columns.
    """

    name: str
    unit: str
    formula: str
    source: str
    function: str
    per_band: bool = True
    type: str = "float32"

    @property
    def columns(self) -> tuple[str, ...]:
        """Its columns: `_1` is g, `_2` is r; `-` and `/`, which no column can have, are `_`."""
        plain = column(self.name)
        return tuple(f"{plain}_{band}" for band in BANDS) if self.per_band else (plain,)

    @property
    def fields(self) -> tuple[Field, ...]:
        """Its columns as the module declares them."""
        told = [f"{band} band: " for band in BANDS.values()] if self.per_band else [""]
        return tuple(
            Field(name, self.type, self.unit, band + self.formula)
            for name, band in zip(self.columns, told, strict=True)
        )


_DISTRIBUTION = (
    Feature("Amplitude", "mag", "half of the median of the faintest less that of the brightest 5 % of the points (ceil)",
            RICHARDS, "distribution.amplitude"),
    Feature("AndersonDarling", "", "1 / (1 + exp(-10 (A2 - 0.3))), A2 of Anderson and Darling against a normal distribution",
            KIM, "distribution.anderson_darling"),
    Feature("Beyond1Std", "", "fraction of points farther from the weighted mean than the deviation about it (N - 1)",
            RICHARDS, "distribution.beyond_one_deviation"),
    Feature("ExcessVar", "", "sum of (m - mean)^2 - e^2, over N mean^2",
            "Allevato et al. 2013, ApJ 771, 9", "distribution.excess_variance"),
    Feature("Gskew", "mag", "median of m <= p3 plus median of m >= p97 less 2 med", NUN, "distribution.gskew"),
    Feature("Meanvariance", "", "sigma / mean", KIM, "distribution.mean_variance"),
    Feature("MedianAbsDev", "mag", "median of |m - med|", RICHARDS, "distribution.median_absolute_deviation"),
    Feature("MedianBRP", "", "fraction of points with |m - med| < (max - min) / 10", RICHARDS,
            "distribution.median_buffer_range"),
    Feature("PercentAmplitude", "", "largest |m - med| / med", RICHARDS, "distribution.percent_amplitude"),
    Feature("Pvar", "", "probability of a smaller chi2 about the mean than the observed, N - 1 degrees of freedom",
            "McLaughlin et al. 1996, ApJ 473, 763", "distribution.probability_of_variability"),
    Feature("Q31", "mag", "p75 - p25", KIM, "distribution.interquartile_range"),
    Feature("Skew", "", "mean of ((m - mean) / sigma)^3", RICHARDS, "distribution.skew"),
    Feature("SmallKurtosis", "", "N (N + 1) / ((N - 1)(N - 2)(N - 3)) sum z^4 - 3 (N - 1)^2 / ((N - 2)(N - 3)),"
            " z = (m - mean) / sigma", RICHARDS, "distribution.small_kurtosis"),
    Feature("Std", "mag", "sigma", RICHARDS, "moments.moments"),
    Feature("StetsonK", "", "mean |d| / root mean square d, d = (m - weighted mean) / e; 0.798 for Gaussian scatter",
            "Stetson 1996, PASP 108, 851", "distribution.stetson_k"),
    Feature("delta_mag_fid", "mag", "max - min", PAPER, "closed_forms.delta_mag"),
)  # fmt: skip

_SEQUENCE = (
    Feature("Autocor_length", "", "smallest lag, in points, with an autocorrelation below 1 / e; N if there is none", KIM,
            "sequence.autocorrelation_length"),
    Feature("Con", "", "triples of neighbours all above mean + 2 sigma or all below mean - 2 sigma, over N - 2", KIM,
            "sequence.consecutive"),
    Feature("Eta_e", "", "mean of dm^2 of neighbours weighted with 1 / dt^2, over sigma^2", KIM, "sequence.eta_e"),
    Feature("LinearTrend", "mag/d", "slope of the unweighted line", RICHARDS, "sequence.linear_trend"),
    Feature("MaxSlope", "mag/d", "largest |dm / dt| of neighbours", RICHARDS, "sequence.maximum_slope"),
    Feature("PairSlopeTrend", "", "steps to fainter less other steps among the last 30 points, over 30", RICHARDS,
            "sequence.pair_slope_trend"),
    Feature("Rcs", "", "range of the cumulative sum of (m - mean) / (N sigma)", "Ellaway 1978, Electroencephalogr. Clin."
            " Neurophysiol. 45, 302", "sequence.range_of_sums"),
    Feature("positive_fraction", "", "share of detections that are brighter than the reference", PAPER,
            "closed_forms.positive_fraction"),
)  # fmt: skip

_LIMITS = (
    Feature("n_non_det_before_fid", "", "limits before the first detection in the band", PAPER, "limits.limits"),
    Feature("max_diffmaglim_before_fid", "mag", "faintest limit before it", PAPER, "limits.limits"),
    Feature("median_diffmaglim_before_fid", "mag", "median limit before it", PAPER, "limits.limits"),
    Feature("last_diffmaglim_before_fid", "mag", "last limit before it", PAPER, "limits.limits"),
    Feature("dmag_non_det_fid", "mag", "median limit before it less the brightest magnitude", PAPER, "limits.limits"),
    Feature("dmag_first_det_fid", "mag", "last limit before it less the first magnitude", PAPER, "limits.limits"),
    Feature("n_non_det_after_fid", "", "limits at or after the first detection in the band", PAPER, "limits.limits"),
    Feature("max_diffmaglim_after_fid", "mag", "faintest limit after it", PAPER, "limits.limits"),
    Feature("median_diffmaglim_after_fid", "mag", "median limit after it", PAPER, "limits.limits"),
)  # fmt: skip

_FITS = (
    Feature("GP_DRW_sigma", "mag2", "variance of the damped random walk that makes the curve most likely, covariance"
            " a exp(-c dt) plus e^2 about the mean: a", "Kelly et al. 2009, ApJ 698, 895", "drw.drw"),
    Feature("GP_DRW_tau", "d", "its time scale: 1 / c", "Kelly et al. 2009, ApJ 698, 895", "drw.drw"),
    Feature("IAR_phi", "", "correlation of two magnitudes a day apart that makes the curve most likely",
            "Eyheramendy et al. 2018, MNRAS 481, 4311", "irregular_autoregressive.irregular_autoregressive"),
    Feature("MHPS_low", "", "variance at 100 d over the squared mean flux, less the noise",
            "Arevalo et al. 2012, MNRAS 426, 1793", "mexican_hat.mexican_hat"),
    Feature("MHPS_high", "", "variance at 10 d over the squared mean flux, less the noise where this is smaller",
            "Arevalo et al. 2012, MNRAS 426, 1793", "mexican_hat.mexican_hat"),
    Feature("MHPS_ratio", "", "MHPS_low / MHPS_high", "Arevalo et al. 2012, MNRAS 426, 1793", "mexican_hat.mexican_hat"),
    Feature("SF_ML_amplitude", "mag", "structure function at a lag of one year, from a straight line in logarithms",
            "Schmidt et al. 2010, ApJ 714, 1194", "structure_function.structure_function"),
    Feature("SF_ML_gamma", "", "slope of this line", "Schmidt et al. 2010, ApJ 714, 1194",
            "structure_function.structure_function"),
    Feature("SPM_A", "mJy", "amplitude of the supernova model, fitted to fluxes of the difference", _SPM, _SPM_FIT),
    Feature("SPM_t0", "d", "its start, from the first detection in the band", _SPM, _SPM_FIT),
    Feature("SPM_gamma", "d", "its plateau", _SPM, _SPM_FIT),
    Feature("SPM_beta", "", "slope of the plateau", _SPM, _SPM_FIT),
    Feature("SPM_tau_rise", "d", "time scale of its rise", _SPM, _SPM_FIT),
    Feature("SPM_tau_fall", "d", "time scale of its decline", _SPM, _SPM_FIT),
    Feature("SPM_chi", "", "sum of (residual / (error + 0.01 mJy))^2 over N - 6", _SPM, _SPM_FIT),
)  # fmt: skip

_PERIODIC = (
    Feature("Multiband_period", "d", "period at which a sinusoid in each band takes the most of the scatter", _PERIOD,
            _SEARCH, False, "float64"),
    Feature("PPE", "", "1 less the entropy of the 100 highest values of the spectrum over ln 100", _PERIOD, _SEARCH, False),
    *(Feature(f"Power_rate_{share}", "", f"spectrum at {share} of the period over its maximum", PAPER, _SEARCH, False)
      for share in ("1/4", "1/3", "1/2", "2", "3", "4")),
    Feature("delta_period", "d", "distance of the period of the band alone from Multiband_period", PAPER, _SEARCH),
    *(Feature(f"Harmonics_mag_{k}", "mag", f"amplitude of harmonic {k} of the period, seven fitted, weights 1 / (e + 0.01)",
              _FOURIER, "harmonics.harmonics") for k in range(1, 8)),
    *(Feature(f"Harmonics_phase_{k}", "rad", f"phase of harmonic {k} less {k} times that of the first, 0 to 2 pi",
              _FOURIER, "harmonics.harmonics") for k in range(2, 8)),
    Feature("Harmonics_mse", "mag2", "mean squared residual of the harmonics", _FOURIER, "harmonics.harmonics"),
    Feature("Psi_CS", "", "Rcs of the points in order of phase, folded at twice the period", KIM, "folded.folded"),
    Feature("Psi_eta", "", "sum of dm^2 of neighbours in phase over (N - 1) sigma^2, likewise", KIM, "folded.folded"),
)  # fmt: skip

_OF_OBJECT = (
    Feature("g-r_max", "mag", "brightest g less brightest r magnitude of the difference", PAPER, "colours.colours", False),
    Feature("g-r_mean", "mag", "mean g less mean r magnitude of the difference", PAPER, "colours.colours", False),
    Feature("g-r_max_corr", "mag", "brightest g less brightest r magnitude of the source itself", PAPER, "colours.colours",
            False),
    Feature("g-r_mean_corr", "mag", "mean g less mean r magnitude of the source itself", PAPER, "colours.colours", False),
    Feature("W1-W2", "mag", "of the AllWISE source within 1 arcsec (Vega)", PAPER, "colours.infrared", False),
    Feature("W2-W3", "mag", "likewise", PAPER, "colours.infrared", False),
    Feature("g-W2", "mag", "mean g magnitude less W2", PAPER, "colours.infrared", False),
    Feature("g-W3", "mag", "mean g magnitude less W3", PAPER, "colours.infrared", False),
    Feature("r-W2", "mag", "mean r magnitude less W2", PAPER, "colours.infrared", False),
    Feature("r-W3", "mag", "mean r magnitude less W3", PAPER, "colours.infrared", False),
    Feature("gal_b", "deg", "Galactic latitude", PAPER, "metadata.metadata", False),
    Feature("gal_l", "deg", "Galactic longitude", PAPER, "metadata.metadata", False),
    Feature("rb", "", "median real-bogus score of the detections", PAPER, "metadata.metadata", False),
    Feature("sgscore1", "", "star-galaxy score of the nearest Pan-STARRS source, 1 a star; NULL where none is near",
            "Tachibana & Miller 2018, PASP 130, 128001", "metadata.metadata", False),
)  # fmt: skip

FEATURES = _DISTRIBUTION + _SEQUENCE + _FITS + _PERIODIC + _LIMITS + _OF_OBJECT

BESIDE = (
    Field("n_det_1", "int32", "", "g band: detections that the features are made of"),
    Field("n_det_2", "int32", "", "r band: detections that the features are made of"),
    Field("infrared_error", "string", "", "why the colours with W1, W2, W3 are NULL"),
)


def column(name: str) -> str:
    """A published name as it can stand in a table.

    Parameters
    ----------
    name : str
        As published: `g-r_max`, `Power_rate_1/4`.
    """
    return name.replace("-", "_").replace("/", "_")


def fields() -> tuple[Field, ...]:
    """The columns of the features, in order."""
    return tuple(field for feature in FEATURES for field in feature.fields)


def table() -> str:
    """The features as a Markdown table, for the card."""
    rows = [
        f"| {' '.join(f'`{name}`' for name in feature.columns)} | {feature.name} | {feature.unit} |"
        f" {feature.formula.replace('|', chr(92) + '|')} | {feature.source} | `{feature.function}` |"
        for feature in FEATURES
    ]
    return "\n".join(
        ["| column | published name | unit | formula | source | function |", "|---|---|---|---|---|---|", *rows]
    )
