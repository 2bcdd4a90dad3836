"""The common view: one row per alert, the same names, units and types for every survey.

Every survey's adapter fills exactly these columns and every science module reads nothing else. A NULL means "not
known", never a sentinel; fluxes are signed difference fluxes in nJy, times are TAI MJD of mid-exposure.
"""

from dataclasses import dataclass

import pyarrow as pa

BANDS = ("u", "g", "r", "i", "z", "y")
LC_KINDS = ("detection", "forced", "upper_limit")


@dataclass(frozen=True)
class Column:
    """One column of the common view: name, Arrow type, unit (empty if it has none), what it says."""

    name: str
    type: pa.DataType
    unit: str
    description: str

    @property
    def field(self) -> pa.Field:
        """The Arrow field, with unit and description as metadata."""
        return pa.field(self.name, self.type, metadata={"unit": self.unit, "description": self.description})


_F64, _F32, _I64, _I32, _STR, _BOOL, _BIN = (
    pa.float64(), pa.float32(), pa.int64(), pa.int32(), pa.string(), pa.bool_(), pa.binary(),
)  # fmt: skip

PROVENANCE = pa.struct(
    [
        Column("topic", _STR, "", "Kafka topic").field,
        Column("partition", _I32, "", "Kafka partition").field,
        Column("offset", _I64, "", "Kafka offset").field,
        Column("timestamp", pa.timestamp("us", "UTC"), "", "Kafka record timestamp").field,
        Column("file", _STR, "", "file the packet was read from; archive!member for a tar").field,
        Column("index", _I64, "", "number of the packet in that file, from 0").field,
        Column("schema_version", _STR, "", "version of the writer schema").field,
    ]
)

SCALARS = (
    Column("survey", _STR, "", "survey that sent the alert"),
    Column("alert_id", _I64, "", "the survey's alert id; unique together with survey; may be negative"),
    Column("object_id", _STR, "", "the survey's object; sso:<id> or src:<id> where it named none"),
    Column("ra", _F64, "deg", "right ascension, ICRS"),
    Column("dec", _F64, "deg", "declination, ICRS"),
    Column("gal_l", _F64, "deg", "Galactic longitude"),
    Column("gal_b", _F64, "deg", "Galactic latitude"),
    Column("ecl_lat", _F64, "deg", "ecliptic latitude, J2000"),
    Column("mjd", _F64, "d", "mid-exposure, MJD TAI"),
    Column("night", _I32, "", "observing night, YYYYMMDD, as the survey names it"),
    Column("band", _STR, "", "filter letter, one of u g r i z y"),
    Column("flux", _F64, "nJy", "signed difference flux"),
    Column("flux_err", _F64, "nJy", "error of flux"),
    Column("mag", _F64, "mag", "AB magnitude of |flux|"),
    Column("mag_err", _F64, "mag", "error of mag"),
    Column("is_positive", _BOOL, "", "flux > 0"),
    Column("flux_total", _F64, "nJy", "flux of the source itself (reference + difference); NULL where not corrected"),
    Column("flux_total_err", _F64, "nJy", "error of flux_total for an extended source (difference noise alone)"),
    Column("flux_total_err_point", _F64, "nJy", "error of flux_total for an unresolved source"),
    Column("corrected", _BOOL, "", "the reference holds the same source, so flux_total is meaningful"),
    Column("dubious", _BOOL, "", "negative without a reference source, or corrected unlike the first detection"),
    Column("stellar", _BOOL, "", "the reference source looks like a star"),
    Column("real_bogus", _F64, "", "the survey's real-bogus score, 0 (bogus) to 1 (real)"),
    Column("quality_ok", _BOOL, "", "passes the survey's basic quality cuts"),
    Column("n_detections", _I32, "", "detections in this packet, this alert included"),
    Column("n_positive", _I32, "", "positive detections in this packet, this alert included"),
    Column("n_detections_survey", _I32, "", "the survey's own count of detections of the object"),
    Column("first_detection_mjd", _F64, "d", "first detection known to the packet, MJD TAI"),
    Column("age_days", _F64, "d", "mjd - first_detection_mjd"),
    Column("last_limit_mjd", _F64, "d", "latest upper limit in the packet, MJD TAI"),
    Column("is_known_sso", _BOOL, "", "matches a known Solar-system object; NULL where not evaluated"),
    Column("sso_name", _STR, "", "name of that object, unpacked"),
    Column("sso_distance_arcsec", _F64, "arcsec", "distance to that object"),
    Column("is_simulated", _BOOL, "", "a simulated alert or an injected source"),
    Column("n_bad_history", _I32, "", "history points dropped as impossible (later than the alert, sentinels)"),
    Column("n_flagged_points", _I32, "", "points of the light curve that the survey flags as unsound, see lc_flag"),
    Column("is_public", _BOOL, "", "the survey shows this alert to everybody; NULL where it does not say"),
)

LIGHT_CURVE = (
    Column("lc_mjd", pa.list_(_F64), "d", "light curve in the packet: mid-exposure, MJD TAI, ascending"),
    Column("lc_band", pa.list_(_STR), "", "light curve: filter letter"),
    Column("lc_kind", pa.list_(_STR), "", "light curve: detection, forced or upper_limit"),
    Column(
        "lc_flux",
        pa.list_(_F64),
        "nJy",
        "light curve: signed difference flux; NULL for an upper limit or a flagged point",
    ),
    Column("lc_flux_err", pa.list_(_F64), "nJy", "light curve: error; a fifth of the 5-sigma limit for an upper limit"),
    Column("lc_flux_total", pa.list_(_F64), "nJy", "light curve: flux of the source itself; NULL where not corrected"),
    Column("lc_flux_total_err", pa.list_(_F64), "nJy", "light curve: its error for an extended source"),
    Column("lc_flux_total_err_point", pa.list_(_F64), "nJy", "light curve: its error for an unresolved source"),
    Column("lc_corrected", pa.list_(_BOOL), "", "light curve: flux_total is meaningful"),
    Column("lc_dubious", pa.list_(_BOOL), "", "light curve: see dubious"),
    Column("lc_real_bogus", pa.list_(_F64), "", "light curve: real-bogus score of a detection"),
    Column(
        "lc_flag", pa.list_(_STR), "", "light curve: the survey's words against a measurement; NULL for a sound one"
    ),
    Column("lc_flux_flagged", pa.list_(_F64), "nJy", "light curve: difference flux of a flagged point, as measured"),
    Column("lc_public", pa.list_(_BOOL), "", "light curve: the survey shows this point to everybody"),
)

CUTOUTS = (
    Column("cutout_science", _BIN, "", "science stamp, bytes as received"),
    Column("cutout_template", _BIN, "", "template stamp, bytes as received"),
    Column("cutout_difference", _BIN, "", "difference stamp, bytes as received"),
)

VIEW = SCALARS + LIGHT_CURVE
VIEW_NAMES = tuple(column.name for column in VIEW)


def view_schema(candidate: pa.StructType) -> pa.Schema:
    """The Arrow schema of the common view with cutouts, for a survey's own fields.

    Parameters
    ----------
    candidate : pyarrow.StructType
        Of the column `candidate`.
    """
    tail = [
        Column("candidate", candidate, "", "the survey's own per-alert fields, as published").field,
        Column("provenance", PROVENANCE, "", "where the packet came from").field,
    ]
    return pa.schema([column.field for column in VIEW + CUTOUTS] + tail)
