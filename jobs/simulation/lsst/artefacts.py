"""What a survey's pipeline says of detections that are no sources: flags, a dipole's fit, low reliability."""

import numpy as np

from jobs.simulation.avro_rows import Columns
from jobs.simulation.lsst.points import Points

# Which flags of pixels each origin sets, by its class's name.
_FLAGS = {
    "bogus_cosmic_ray": (
        "pixelFlags_cr",
        "pixelFlags_crCenter",
        "pixelFlags_interpolated",
        "pixelFlags_interpolatedCenter",
    ),
    "bogus_spike": ("pixelFlags_saturated", "pixelFlags_suspect"),
    "bogus_edge": ("pixelFlags_edge", "pixelFlags_suspect"),
    "bogus_streak": ("pixelFlags_streak", "pixelFlags_streakCenter"),
    "bogus_ghost": ("glint_trail",),
    "bogus_hot_pixel": ("pixelFlags_bad", "pixelFlags_interpolated"),
}
# What a real source has in its footprint now and then, measured on 107 real alerts.
_BY_CHANCE = {"pixelFlags_bad": 0.01, "pixelFlags_cr": 0.02, "pixelFlags_interpolated": 0.03}


def columns(points: Points) -> Columns:
    """The fields that tell artefacts from sources, where they differ from a clean point source.

    Parameters
    ----------
    points : Points
        k detections of one class.
    """
    kind = points.curves.population.kind
    chance = {name: points.uniform(name) < share for name, share in _BY_CHANCE.items()}
    if kind.branch != "bogus":
        return chance
    return {
        **chance,
        **dict.fromkeys(_FLAGS.get(kind.name, ()), True),
        **(_dipole(points) if kind.name == "bogus_dipole" else {}),
        "reliability": 0.7 * points.uniform("bogus") ** 2,
        "psfChi2": 1700 * (1 + np.exp(points.normal("chi2") + np.log(points.snr / 5))),
    }


def _dipole(points: Points) -> Columns:
    """A positive beside a negative lobe; the sign of the brighter one is not always that of the fitted flux."""
    lobe = np.abs(points.flux) * (3 + 10 * points.uniform("lobe"))
    return {
        "isDipole": True,
        "dipoleFitAttempted": True,
        "isNegative": (points.flux < 0) & (points.uniform("lobe sign") < 0.5),
        "dipoleMeanFlux": lobe,
        "dipoleMeanFluxErr": points.flux_err,
        "dipoleFluxDiff": 0.0,
        "dipoleFluxDiffErr": 2 * points.flux_err,
        "dipoleLength": 0.3 * points.uniform("dipole length"),
        "dipoleAngle": 360 * points.uniform("dipole angle") - 180,
        "dipoleChi2": 1700 * np.exp(points.normal("dipole chi2")),
        "dipoleNdata": np.rint(700 + 3500 * points.uniform("dipole pixels")).astype(np.int64),
    }
