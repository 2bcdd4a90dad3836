"""The writer schema of the simulated Rubin packets: the fields, types and order of lsst.alert_packet 10.0."""

from typing import Any

from jobs.simulation.layout import typed_names

_NAMESPACE = "lsst.v10_0"
BANDS = "ugrizy"

# "type: names", in the order on the wire; `?` is a union with null, which comes first and is the default.
DIA_SOURCE = """
long: diaSourceId visit
int: detector
long?: diaObjectId ssObjectId parentDiaSourceId
double: midpointMjdTai ra
float?: raErr
double: dec
float?: decErr ra_dec_Cov
float: x
float?: xErr
float: y
float?: yErr
boolean?: centroid_flag
float?: apFlux apFluxErr
boolean?: apFlux_flag apFlux_flag_apertureTruncated isNegative
float?: snr psfFlux psfFluxErr psfLnL psfChi2
int?: psfNdata
boolean?: psfFlux_flag psfFlux_flag_edge psfFlux_flag_noGoodPixels
float?: trailFlux trailFluxErr
double?: trailRa
float?: trailRaErr
double?: trailDec
float?: trailDecErr trailLength trailLengthErr trailAngle trailAngleErr trailChi2
int?: trailNdata
boolean?: trail_flag_edge
float?: dipoleMeanFlux dipoleMeanFluxErr dipoleFluxDiff dipoleFluxDiffErr dipoleLength dipoleAngle dipoleChi2
int?: dipoleNdata
float?: scienceFlux scienceFluxErr
boolean?: forced_PsfFlux_flag forced_PsfFlux_flag_edge forced_PsfFlux_flag_noGoodPixels
float?: templateFlux templateFluxErr ixx iyy ixy ixxPSF iyyPSF ixyPSF
boolean?: shape_flag shape_flag_no_pixels shape_flag_not_contained shape_flag_parent_source
float?: extendedness reliability
string?: band
boolean?: isDipole dipoleFitAttempted
double: timeProcessedMjdTai
double?: timeWithdrawnMjdTai
int?: bboxSize
boolean?: pixelFlags pixelFlags_bad pixelFlags_cr pixelFlags_crCenter pixelFlags_edge pixelFlags_nodata
boolean?: pixelFlags_nodataCenter pixelFlags_interpolated pixelFlags_interpolatedCenter pixelFlags_offimage
boolean?: pixelFlags_saturated pixelFlags_saturatedCenter pixelFlags_suspect pixelFlags_suspectCenter
boolean?: pixelFlags_streak pixelFlags_streakCenter pixelFlags_injected pixelFlags_injectedCenter
boolean?: pixelFlags_injected_template pixelFlags_injected_templateCenter glint_trail
"""
DIA_FORCED_SOURCE = """
long: diaForcedSourceId diaObjectId
double: ra dec
long: visit
int: detector
float?: psfFlux psfFluxErr
double: midpointMjdTai
float?: scienceFlux scienceFluxErr
string?: band
double: timeProcessedMjdTai
double?: timeWithdrawnMjdTai
"""
_OF_BAND = """
float?: {0}_psfFluxMean {0}_psfFluxMeanErr {0}_psfFluxSigma
int?: {0}_psfFluxNdata
float?: {0}_fpFluxMean {0}_fpFluxMeanErr
"""
_SCIENCE_OF_BAND = "float?: {0}_scienceFluxMean {0}_scienceFluxMeanErr\n"
_RANGE_OF_BAND = "float?: {0}_psfFluxMin {0}_psfFluxMax {0}_psfFluxMaxSlope {0}_psfFluxErrMean\n"
DIA_OBJECT = f"""
long: diaObjectId
double: validityStartMjdTai ra
float?: raErr
double: dec
float?: decErr ra_dec_Cov
{"".join(_OF_BAND.format(band) for band in BANDS)}
{"".join(_SCIENCE_OF_BAND.format(band) for band in BANDS)}
{"".join(_RANGE_OF_BAND.format(band) for band in BANDS)}
double?: firstDiaSourceMjdTai lastDiaSourceMjdTai
int: nDiaSources
"""
SS_SOURCE = """
long: diaSourceId ssObjectId
string?: designation
double: eclLambda eclBeta galLon galLat
float?: elongation phaseAngle topoRange topoRangeRate helioRange helioRangeRate
double?: ephRa ephDec
float?: ephVmag ephRate ephRateRa ephRateDec ephOffset
double?: ephOffsetRa ephOffsetDec
float?: ephOffsetAlongTrack ephOffsetCrossTrack helio_x helio_y helio_z helio_vx helio_vy helio_vz helio_vtot
float?: topo_x topo_y topo_z topo_vx topo_vy topo_vz topo_vtot
int?: diaDistanceRank
"""
MPC_ORBITS = """
int: id
string: designation packed_primary_provisional_designation unpacked_primary_provisional_designation
string?: mpc_orb_jsonb
timestamp?: created_at updated_at
int?: orbit_type_int u_param nopp
double?: arc_length_total arc_length_sel
int?: nobs_total nobs_total_sel
double?: a q e i node argperi peri_time yarkovsky srp a1 a2 a3 dt mean_anomaly period mean_motion a_unc q_unc
double?: e_unc i_unc node_unc argperi_unc peri_time_unc yarkovsky_unc srp_unc a1_unc a2_unc a3_unc dt_unc
double?: mean_anomaly_unc period_unc mean_motion_unc epoch_mjd h g not_normalized_rms normalized_rms earth_moid
timestamp?: fitting_datetime
"""


def names(layout: str) -> tuple[str, ...]:
    """The fields of a record, in their order.

    Parameters
    ----------
    layout : str
        One of the texts of this file, e.g. DIA_SOURCE.
    """
    return tuple(name for _, name in typed_names(layout))


def _field(kind: str, name: str) -> dict[str, Any]:
    plain = kind.removesuffix("?")
    dtype: Any = {"type": "long", "logicalType": "timestamp-micros"} if plain == "timestamp" else plain
    return _optional(name, dtype) if kind.endswith("?") else {"name": name, "type": dtype}


def _optional(name: str, dtype: Any) -> dict[str, Any]:
    return {"name": name, "type": ["null", dtype], "default": None}


def _record(name: str, layout: str) -> dict[str, Any]:
    fields = [_field(kind, field) for kind, field in typed_names(layout)]
    return {"type": "record", "name": f"{_NAMESPACE}.{name}", "fields": fields}


def _array(items: Any) -> dict[str, Any]:
    return {"type": "array", "items": items}


SCHEMA: dict[str, Any] = {
    "type": "record",
    "name": f"{_NAMESPACE}.alert",
    "doc": "simulated alert in the layout of lsst.alert_packet 10.0",
    "fields": [
        {"name": "diaSourceId", "type": "long"},
        _optional("observation_reason", "string"),
        _optional("target_name", "string"),
        {"name": "diaSource", "type": _record("diaSource", DIA_SOURCE)},
        _optional("prvDiaSources", _array(f"{_NAMESPACE}.diaSource")),
        _optional("prvDiaForcedSources", _array(_record("diaForcedSource", DIA_FORCED_SOURCE))),
        _optional("diaObject", _record("diaObject", DIA_OBJECT)),
        _optional("ssSource", _record("ssSource", SS_SOURCE)),
        _optional("mpc_orbits", _record("mpc_orbits", MPC_ORBITS)),
        *(_optional(f"cutout{image}", "bytes") for image in ("Difference", "Science", "Template")),
    ],
}
