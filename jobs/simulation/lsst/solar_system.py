"""The records ssSource and mpc_orbits of minor planets that a catalogue knows: their orbits, and where they put them."""

import erfa
import numpy as np
from numpy.typing import NDArray

from jobs.simulation.avro_rows import Columns
from jobs.simulation.epochs import Ints
from jobs.simulation.lsst.points import Points
from jobs.simulation.object_class import Floats, Parameters
from jobs.simulation.solar_system.earth import earth
from jobs.simulation.solar_system.ephemeris import Ephemeris
from jobs.simulation.solar_system.orbits import GAUSS, heliocentric

_J2000 = 2451545.0
_TDB_MINUS_TAI = 32.184 / 86400
_UNIX_DAY = 40_587  # MJD of 1970-01-01
_DAY_US = 86_400_000_000
_MAIN_BELT = 11
_NAMES = ("designation", "packed_primary_provisional_designation", "unpacked_primary_provisional_designation")
# Errors of well observed orbits [au, deg, d], as real packets have them.
_ERRORS = {"a": 5e-9, "q": 5e-8, "e": 2e-8, "i": 3e-6, "node": 1e-5, "argperi": 1.3e-5, "peri_time": 3e-5}
_ERRORS |= {"mean_anomaly": 6e-6, "period": 4e-6, "mean_motion": 6e-10}


def is_known(points: Points) -> NDArray[np.bool_]:
    """Whether each detection is of a minor planet with a known orbit, shape (k,).

    Parameters
    ----------
    points : Points
        k detections.
    """
    objects = points.curves.population
    if objects.kind.branch != "moving":
        return np.zeros(len(points), dtype=bool)
    return np.asarray(objects.parameters["known"][points.object] > 0)


def source_columns(points: Points, object_id: Ints) -> Columns:
    """The fields of an ssSource for each detection.

    Parameters
    ----------
    points : Points
        k detections of known minor planets.
    object_id : numpy.ndarray of int64, shape (k,)
        Their ssObjectId.

    Returns
    -------
    mapping
        Of schema.SS_SOURCE [deg, au, d, mag; offsets in arcsec].
    """
    return {
        "diaSourceId": points.id,
        "ssObjectId": object_id,
        "designation": designations(points),
        **_directions(points),
        **_vectors(points),
        **_ephemeris(points, points.ephemeris),
    }


def orbit_columns(points: Points) -> Columns:
    """The fields of an mpc_orbits for each detection.

    Parameters
    ----------
    points : Points
        k detections of known minor planets.

    Returns
    -------
    mapping
        Of schema.MPC_ORBITS [au, deg, d]; all non-gravitational terms are null.
    """
    return {**dict.fromkeys(_NAMES, designations(points)), **_elements(points.elements), **_fit(points)}


def designations(points: Points) -> NDArray[np.str_]:
    """Names that no real object has, shape (k,).

    Parameters
    ----------
    points : Points
    """
    return np.array([f"SIM {points.seed}-{number}" for number in points.number.tolist()])


def _directions(points: Points) -> Columns:
    ra, dec = np.radians(points.position)
    longitude, latitude = erfa.eqec06(_J2000, 0.0, ra, dec)
    galactic = erfa.icrs2g(ra, dec)
    return {
        "eclLambda": np.degrees(longitude) % 360,
        "eclBeta": np.degrees(latitude),
        "galLon": np.degrees(galactic[0]) % 360,
        "galLat": np.degrees(galactic[1]),
    }


def _vectors(points: Points) -> Columns:
    """Place and velocity about the Sun and from the Earth, along the axes of the ICRS [au, au/d]."""
    when = points.mjd + _TDB_MINUS_TAI
    home, home_speed = earth(when)
    body, speed = heliocentric(points.elements, when)
    line, drift = body - home, speed - home_speed
    named = {"helio_": body, "helio_v": speed, "topo_": line, "topo_v": drift}
    return {
        **{f"{name}{axis}": vector[:, i] for name, vector in named.items() for i, axis in enumerate("xyz")},
        "helio_vtot": np.linalg.norm(speed, axis=1),
        "topo_vtot": np.linalg.norm(drift, axis=1),
        "helioRange": np.linalg.norm(body, axis=1),
        "helioRangeRate": _radial(body, speed),
        "topoRange": np.linalg.norm(line, axis=1),
        "topoRangeRate": _radial(line, drift),
    }


def _radial(place: Floats, velocity: Floats) -> Floats:
    return np.asarray(np.einsum("ki,ki->k", place, velocity) / np.linalg.norm(place, axis=1))


def _ephemeris(points: Points, seen: Ephemeris) -> Columns:
    """Where and how bright the catalogue's orbit says the object is: right to some hundredths of an arcsecond."""
    wrong = 0.03 * np.stack([points.normal("ephemeris east"), points.normal("ephemeris north")])
    east, north = points.offset - wrong
    degrees_per_day = 24 / 3600  # of 1 arcsec/h
    return {
        "elongation": seen.elongation,
        "phaseAngle": seen.phase_angle,
        "ephRa": (seen.ra + wrong[0] / 3600 / np.cos(np.radians(seen.dec))) % 360,
        "ephDec": seen.dec + wrong[1] / 3600,
        "ephOffset": np.hypot(east, north),
        "ephOffsetRa": east,
        "ephOffsetDec": north,
        "ephVmag": points.curves.population.parameters["h_mag"][points.object] + seen.dimming,
        "ephRate": np.hypot(seen.east, seen.north) * degrees_per_day,
        "ephRateRa": seen.east * degrees_per_day,
        "ephRateDec": seen.north * degrees_per_day,
        "diaDistanceRank": 1,
    }


def _elements(elements: Parameters) -> Columns:
    motion = np.degrees(GAUSS * elements["a"] ** -1.5)
    mean = elements["mean_anomaly"] % 360
    return {
        "a": elements["a"],
        "q": elements["a"] * (1 - elements["e"]),
        "e": elements["e"],
        "i": elements["inclination"],
        "node": elements["node"],
        "argperi": elements["perihelion"],
        "peri_time": elements["epoch"] - mean / motion,
        "mean_anomaly": mean,
        "mean_motion": motion,
        "period": 360 / motion,
        "epoch_mjd": elements["epoch"],
        "g": elements["slope"],
    }


def _fit(points: Points) -> Columns:
    oppositions = 4 + (20 * points.uniform("oppositions")).astype(np.int64)
    observed = 25 * oppositions
    noon_before = (np.floor(points.mjd).astype(np.int64) - _UNIX_DAY) * _DAY_US - _DAY_US // 2
    return {
        "id": -1 - points.number % (1 << 31),
        "h": points.curves.population.parameters["h_mag"][points.object],
        "orbit_type_int": _MAIN_BELT,
        "u_param": 0,
        "nopp": oppositions,
        **dict.fromkeys(("nobs_total", "nobs_total_sel"), observed),
        **dict.fromkeys(("arc_length_total", "arc_length_sel"), 365.0 * oppositions),
        **dict.fromkeys(("created_at", "updated_at", "fitting_datetime"), noon_before),
        "normalized_rms": 0.85 + 0.05 * points.normal("orbit fit"),
        **{f"{name}_unc": error for name, error in _ERRORS.items()},
    }
