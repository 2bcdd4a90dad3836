"""What packets say of exposures and of detections in them, for every visit of a block: the history's 57 fields."""

import numpy as np

from jobs.simulation.epochs import BANDS
from jobs.simulation.visits.chance import uniform
from jobs.simulation.ztf.alerted import PIXEL_ARCSEC, Alerted
from jobs.simulation.ztf.measured import measured
from jobs.simulation.ztf.scenes import Floats, Ints
from science_modules.common.photometry import MAG_OF_RELATIVE_ERROR, error_of_limit

TAI_MINUS_UTC_S = 37.0  # since 2017
MJD_TO_JD = 2400000.5
JD_OF_NIGHT_ID_ZERO = 2457754.5  # ZTF counts nights from 2017-01-01
# ZTF's candids begin with its night number, counted from 2017; night 9000 is in August 2041.
FIRST_CANDID = 9_000_000_000_000_000_000
_LARGEST_SIGMA = 0.2168  # five sigma
# The colour term in g before 2019 was lower: 455 exposures of readout channels in real histories.
_EARLY, _EARLY_COLOUR = 58484.0, -0.065
_FID = np.array([0, 1, 2, 3, 0, 0])  # by place in BANDS

Columns = dict[str, np.ndarray]


def exposure_columns(alerted: Alerted) -> Columns:
    """What an upper limit has, too.

    Parameters
    ----------
    alerted : Alerted

    Returns
    -------
    dict of str to numpy.ndarray, shape (m,)
        Columns of the visits; `exptime` is none of the history's.
    """
    epochs, conditions = alerted.curves.epochs, alerted.curves.conditions
    start = epochs.mjd - (conditions.exposure / 2 + TAI_MINUS_UTC_S) / 86400
    # A long exposure beside a short one begins after it, though their middles are near
    early = np.flatnonzero((np.diff(start) <= 0) & (np.diff(epochs.object) == 0))
    start[early + 1] = start[early] + 2 / 86400
    jd = np.round(start + MJD_TO_JD, 7)
    since = jd - JD_OF_NIGHT_ID_ZERO
    pid = np.floor(since * 1e5).astype(np.int64) * 10_000 + conditions.detector * 100 + 15
    fid = _FID[epochs.band]
    return {
        "jd": jd,
        "fid": fid,
        "pid": pid,
        "diffmaglim": conditions.limit,
        "pdiffimfilename": np.array(_file_names(pid, conditions.field, fid), dtype=bytes),
        "programpi": np.full(len(jd), b"Simulated"),
        "programid": np.ones(len(jd), dtype=np.int64),
        "nid": np.floor(since).astype(np.int64),
        "rcid": conditions.detector,
        "field": conditions.field,
        "rbversion": np.full(len(jd), b"simulated"),
        "exptime": conditions.exposure,
        **_calibration(alerted),
    }


def _file_names(pid: Ints, field: Ints, fid: Ints) -> list[str]:
    rows = zip(pid.tolist(), field.tolist(), fid.tolist(), strict=True)
    return [f"simulated_{number}_{place:06d}_z{' gri'[band]}_scimrefdiffimg.fits" for number, place, band in rows]


def _calibration(alerted: Alerted) -> Columns:
    """Zero points and colour terms; the same for all objects of a channel's exposure only in the zero point."""
    curves = alerted.curves
    rng = curves.population.block.generator("calibration")
    known = {"magzpsci": curves.conditions.zero_point, "diffmaglim": curves.conditions.limit}
    by_band = [measured()[band].draw(rng, known) for band in ("g", "r")]
    is_g = curves.epochs.band == BANDS.index("g")
    drawn = {name: np.where(is_g, by_band[0][name], by_band[1][name]) for name in by_band[0]}
    linear = {name[4:]: 10**values for name, values in drawn.items() if name.startswith("log_")}
    plain = {name: values for name, values in drawn.items() if not name.startswith("log_")}
    zero_point = curves.conditions.zero_point
    early = is_g & (curves.epochs.mjd < _EARLY)
    return {
        **plain,
        "clrcoeff": plain["clrcoeff"] + np.where(early, _EARLY_COLOUR, 0.0),
        **linear,
        "magzpsci": zero_point,
        "zpclrcov": -linear["zpclrcov"],
        "zpmed": zero_point + plain["zpmed_less"],
        "nmatches": np.round(linear["nmatches"]).astype(np.int64),
    }


def detection_columns(alerted: Alerted) -> Columns:
    """What only a detection has.

    Parameters
    ----------
    alerted : Alerted

    Returns
    -------
    dict of str to numpy.ndarray, shape (m,)
        `ranr`, `decnr` and other fields of the nearest reference source are those of the alert.
    """
    curves, drawn = alerted.curves, alerted.detections
    linear = {name[4:]: 10**values for name, values in drawn.items() if name.startswith("log_")}
    magpsf, limit = drawn["magpsf"], drawn["diffmaglim"]
    flux = np.maximum(np.abs(curves.flux), 1e-9)
    sigmapsf = linear["error_ratio"] * MAG_OF_RELATIVE_ERROR * error_of_limit(limit) / flux
    low = MAG_OF_RELATIVE_ERROR * curves.flux_err / flux
    elong = np.maximum(linear["elong"], 1.0)
    fwhm, aimage = drawn["fwhm"], drawn["bimage"] * elong
    magap = magpsf + drawn["magdiff"]
    positive = curves.flux >= 0
    return {
        **_places(alerted),
        "isdiffpos": np.where(positive, b"t", b"f"),
        "magpsf": magpsf,
        # What is below five sigma is so in the packet, too
        "sigmapsf": np.where(low > _LARGEST_SIGMA, np.minimum(low, 0.4), np.minimum(sigmapsf, _LARGEST_SIGMA)),
        "chipsf": linear["chipsf"],
        "magap": magap,
        "sigmagap": linear["sigmagap"],
        "sky": drawn["sky"],
        "magdiff": drawn["magdiff"],
        "fwhm": fwhm,
        "classtar": drawn["classtar"],
        "magfromlim": limit - magap,
        "seeratio": drawn["seeratio"],
        "aimage": aimage,
        "bimage": drawn["bimage"],
        "aimagerat": aimage / fwhm,
        "bimagerat": drawn["bimage"] / fwhm,
        "elong": elong,
        "nneg": np.round(drawn["nneg"]).astype(np.int64),
        "nbad": (_chance(alerted, "bad pixels") < 0.004).astype(np.int64),
        "rb": drawn["rb"],
        "sumrat": drawn["sumrat"],
        "magapbig": magap + drawn["big_less_small"],
        "sigmagapbig": linear["sigmagapbig"],
        "scorr": np.maximum(linear["scorr"], 5.0 + 0.3 * _chance(alerted, "score")),
    }


def _chance(alerted: Alerted, purpose: str) -> Floats:
    population, epochs = alerted.curves.population, alerted.curves.epochs
    second = np.round(epochs.mjd * 86400).astype(np.int64)
    return uniform(population.block.seed, purpose, epochs.of_objects(population.number), second)


def _places(alerted: Alerted) -> Columns:
    """Ids and positions; the centroid of a faint detection is off by more."""
    curves = alerted.curves
    population, epochs = curves.population, curves.epochs
    rng = population.block.generator("centroids")
    signal = np.maximum(np.abs(curves.flux) / curves.flux_err, 1.0)
    spread = np.hypot(0.1, PIXEL_ARCSEC * 2.3 / 2.35 / signal) / 3600
    spread[alerted.visit] = 0  # their cutouts are centred on the object's own position
    ra, dec = epochs.of_objects(population.ra), epochs.of_objects(population.dec)
    east, north = rng.standard_normal((2, len(ra))) * spread
    x, y = alerted.edge.T
    edge = np.minimum(np.minimum(x, 3072 - x), np.minimum(y, 3080 - y))
    high = np.floor(2.2e8 * _chance(alerted, "candid")).astype(np.int64)
    low = np.floor(1e9 * _chance(alerted, "candid, last digits")).astype(np.int64)
    first = np.zeros(len(population.number), dtype=np.int64)
    first[alerted.object] = np.arange(len(alerted))
    of_object = epochs.of_objects(first)
    return {
        "candid": FIRST_CANDID + high * 10**9 + low,
        "tblid": rng.integers(0, 60, len(ra)),
        "ra": (ra + east / np.cos(np.radians(dec))) % 360,
        "dec": dec + north,
        "xpos": x[of_object],
        "ypos": y[of_object],
        "mindtoedge": edge[of_object],
    }
