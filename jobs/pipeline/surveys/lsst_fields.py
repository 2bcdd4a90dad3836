"""The fields of Rubin packets that Strix reads, over the alert schemas 7.0 to 11.0, with their Arrow types.

What a schema lacks is NULL. Left out: `time_processed` of 8.0 (a timestamp; 9.0 and later say `timeProcessedMjdTai`),
the fields of history records that the common view does not need, and the record `ssObject` but for its id.
"""

import pyarrow as pa

_IDS = "diaSourceId visit diaObjectId ssObjectId parentDiaSourceId"

_COUNTS = "detector psfNdata trailNdata dipoleNdata bboxSize"

_MEASURES = """
    raErr decErr ra_dec_Cov x xErr y yErr apFlux apFluxErr snr psfFlux psfFluxErr psfLnL psfChi2 trailFlux
    trailFluxErr trailRaErr trailDecErr trailLength trailLengthErr trailAngle trailAngleErr trailChi2 dipoleMeanFlux
    dipoleMeanFluxErr dipoleFluxDiff dipoleFluxDiffErr dipoleLength dipoleAngle dipoleChi2 scienceFlux
    scienceFluxErr templateFlux templateFluxErr ixx iyy ixy ixxPSF iyyPSF ixyPSF extendedness reliability
"""

_MEASURES_UNTIL_7_4 = """
    x_y_Cov psfRaErr psfDecErr psfFlux_psfRa_Cov psfFlux_psfDec_Cov psfRa_psfDec_Cov trailFlux_trailRa_Cov
    trailFlux_trailDec_Cov trailFlux_trailLength_Cov trailFlux_trailAngle_Cov trailRa_trailDec_Cov
    trailRa_trailLength_Cov trailRa_trailAngle_Cov trailDec_trailLength_Cov trailDec_trailAngle_Cov
    trailLength_trailAngle_Cov trailLnL dipoleRaErr dipoleDecErr dipoleLengthErr dipoleAngleErr
    dipoleMeanFlux_dipoleFluxDiff_Cov dipoleMeanFlux_dipoleRa_Cov dipoleMeanFlux_dipoleDec_Cov
    dipoleMeanFlux_dipoleLength_Cov dipoleMeanFlux_dipoleAngle_Cov dipoleFluxDiff_dipoleRa_Cov
    dipoleFluxDiff_dipoleDec_Cov dipoleFluxDiff_dipoleLength_Cov dipoleFluxDiff_dipoleAngle_Cov
    dipoleRa_dipoleDec_Cov dipoleRa_dipoleLength_Cov dipoleRa_dipoleAngle_Cov dipoleDec_dipoleLength_Cov
    dipoleDec_dipoleAngle_Cov dipoleLength_dipoleAngle_Cov dipoleLnL snapDiffFlux snapDiffFluxErr fpBkgd fpBkgdErr
    ixxErr iyyErr ixyErr ixx_iyy_Cov ixx_ixy_Cov iyy_ixy_Cov
"""

_TIMES_AND_POSITIONS = """
    midpointMjdTai ra dec trailRa trailDec timeProcessedMjdTai timeWithdrawnMjdTai psfRa psfDec dipoleRa dipoleDec
"""

# `is_negative` is the name of `isNegative` in 7.3 and 7.4.
_FLAGS = """
    centroid_flag apFlux_flag apFlux_flag_apertureTruncated isNegative is_negative psfFlux_flag psfFlux_flag_edge
    psfFlux_flag_noGoodPixels trail_flag_edge forced_PsfFlux_flag forced_PsfFlux_flag_edge
    forced_PsfFlux_flag_noGoodPixels shape_flag shape_flag_no_pixels shape_flag_not_contained
    shape_flag_parent_source isDipole dipoleFitAttempted pixelFlags pixelFlags_bad pixelFlags_cr pixelFlags_crCenter
    pixelFlags_edge pixelFlags_nodata pixelFlags_nodataCenter pixelFlags_interpolated pixelFlags_interpolatedCenter
    pixelFlags_offimage pixelFlags_saturated pixelFlags_saturatedCenter pixelFlags_suspect pixelFlags_suspectCenter
    pixelFlags_streak pixelFlags_streakCenter pixelFlags_injected pixelFlags_injectedCenter
    pixelFlags_injected_template pixelFlags_injected_templateCenter glint_trail
"""


def _fields(names: str, dtype: pa.DataType) -> list[pa.Field]:
    return [pa.field(name, dtype) for name in names.split()]


DIA_SOURCE = pa.struct(
    _fields(_IDS, pa.int64())
    + _fields("band", pa.string())
    + _fields(_TIMES_AND_POSITIONS, pa.float64())
    + _fields(_MEASURES, pa.float32())
    + _fields(_FLAGS, pa.bool_())
    + _fields(_COUNTS, pa.int32())
    + _fields(_MEASURES_UNTIL_7_4, pa.float32())
)

_POINT = (
    _fields("visit", pa.int64())
    + _fields("band", pa.string())
    + _fields("midpointMjdTai", pa.float64())
    + _fields("psfFlux psfFluxErr scienceFlux scienceFluxErr", pa.float32())
)

# A flux is not sound where one of these is set: its fit failed, or its pixels were not sky. Flags of the whole
# footprint (interpolated, cr, streak, saturated without Center) are set far from the source, too, and are not asked.
UNSOUND_FLAGS = (
    "psfFlux_flag",
    "pixelFlags_bad",
    "pixelFlags_edge",
    "pixelFlags_offimage",
    "pixelFlags_nodataCenter",
    "pixelFlags_saturatedCenter",
    "pixelFlags_suspectCenter",
    "pixelFlags_crCenter",
    "pixelFlags_streakCenter",
)

PRV_DIA_SOURCE = pa.struct(
    _fields("diaSourceId", pa.int64())
    + _POINT
    + _fields("reliability", pa.float32())
    + _fields(" ".join(UNSOUND_FLAGS), pa.bool_())
)

# Forced sources carry no flag up to 11.0.
PRV_DIA_FORCED_SOURCE = pa.struct([*_fields("diaForcedSourceId", pa.int64()), *_POINT])

PRV_DIA_NONDETECTION_LIMIT = pa.struct(
    _fields("ccdVisitId", pa.int64())
    + _fields("band", pa.string())
    + _fields("midpointMjdTai", pa.float64())
    + _fields("diaNoise", pa.float32())
)

DIA_OBJECT = pa.struct(
    _fields("diaObjectId", pa.int64())
    + _fields("nDiaSources", pa.int32())
    + _fields("firstDiaSourceMjdTai", pa.float64())
)

SS_SOURCE = pa.struct(
    _fields("ssObjectId", pa.int64())
    + _fields("designation", pa.string())
    + _fields("ephOffset", pa.float32())  # since 10.0 [arcsec]
    + _fields("residualRa residualDec", pa.float64())  # 8.0 and 9.0 [deg]
)

MPC_ORBITS = pa.struct(_fields("designation unpacked_primary_provisional_designation", pa.string()))

PACKET = pa.struct(
    [
        pa.field("diaSourceId", pa.int64()),  # at the top level since 8.0; 7.x has alertId there
        pa.field("observation_reason", pa.string()),
        pa.field("target_name", pa.string()),
        pa.field("diaSource", DIA_SOURCE),
        pa.field("prvDiaSources", pa.list_(PRV_DIA_SOURCE)),
        pa.field("prvDiaForcedSources", pa.list_(PRV_DIA_FORCED_SOURCE)),
        pa.field("prvDiaNondetectionLimits", pa.list_(PRV_DIA_NONDETECTION_LIMIT)),  # 7.x
        pa.field("diaObject", DIA_OBJECT),
        pa.field("ssObject", pa.struct(_fields("ssObjectId", pa.int64()))),  # 7.x
        pa.field("ssSource", SS_SOURCE),  # since 8.0
        pa.field("MPCORB", pa.struct(_fields("mpcDesignation", pa.string()))),  # 8.0 and 9.0
        pa.field("mpc_orbits", MPC_ORBITS),  # since 10.0
        pa.field("cutoutDifference", pa.binary()),
        pa.field("cutoutScience", pa.binary()),
        pa.field("cutoutTemplate", pa.binary()),
    ]
)

EXPOSURE_FIELDS = ("observation_reason", "target_name")
CANDIDATE = pa.struct([*DIA_SOURCE, *(PACKET.field(name) for name in EXPOSURE_FIELDS)])

# Rubin writes 0 for "no such id"; no other sentinel occurs in 231 real alerts.
SENTINELS = {"diaObjectId": (0,), "ssObjectId": (0,), "parentDiaSourceId": (0,)}
