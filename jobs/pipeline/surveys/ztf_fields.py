"""What Strix reads of a ZTF packet: the fields of schema 0 (2016) to 4.02, their types, and their sentinels."""

from collections.abc import Mapping
from typing import Any

import pyarrow as pa

_NAMES = {
    pa.float64(): "jd ra dec ranr decnr jdstarthist jdendhist scorr jdstartref jdendref ra_lu dec_lu",
    pa.int64(): "pid candid tblid objectidps1 objectidps2 objectidps3 rfid luid",
    pa.int32(): "fid programid nid rcid field nneg nbad ndethist ncovhist tooflag nmtchps nframesref nmatches strcat",
    # isdiffpos is an int in schema 0; the decoder writes it as a string
    pa.string(): "pdiffimfilename programpi isdiffpos ssnamenr rbversion drbversion name source",
    pa.float32(): (
        "diffmaglim xpos ypos magpsf sigmapsf chipsf magap sigmagap distnr magnr sigmagnr chinr sharpnr sky magdiff"
        " fwhm classtar mindtoedge magfromlim seeratio aimage bimage aimagerat bimagerat elong rb ssdistnr ssmagnr"
        " sumrat magapbig sigmagapbig sgmag1 srmag1 simag1 szmag1 sgscore1 distpsnr1 sgmag2 srmag2 simag2 szmag2"
        " sgscore2 distpsnr2 sgmag3 srmag3 simag3 szmag3 sgscore3 distpsnr3 dsnrms ssnrms dsdiff magzpsci magzpsciunc"
        " magzpscirms clrcoeff clrcounc zpclrcov zpmed clrmed clrrms neargaia neargaiabright maggaia maggaiabright"
        " exptime drb sgmag srmag simag szmag sgscore a b2arat pa dm dmkin btc objtype m21"
    ),
}


def _struct(names: Mapping[pa.DataType, str]) -> pa.StructType:
    return pa.struct([pa.field(name, kind) for kind, listed in names.items() for name in listed.split()])


CANDIDATE = _struct(_NAMES)

# The forced-photometry fields stand inside prv_candidates in the archive's schema 3.5.
PREVIOUS = _struct(
    {
        pa.float64(): "jd",
        pa.int64(): "candid",
        pa.int32(): "fid programid",
        pa.string(): "isdiffpos procstatus",
        pa.float32(): (
            "diffmaglim magpsf sigmapsf distnr magnr sigmagnr rb exptime magzpsci forcediffimflux forcediffimfluxunc"
        ),
    }
)

FORCED = _struct(
    {
        pa.float64(): "jd",
        pa.int32(): "fid programid",
        pa.string(): "procstatus",
        pa.float32(): "exptime magzpsci forcediffimflux forcediffimfluxunc distnr magnr sigmagnr",
    }
)

_CUTOUT = pa.struct([("stampData", pa.binary())])

PACKET = pa.struct(
    [
        ("schemavsn", pa.string()),
        ("publisher", pa.string()),
        ("objectId", pa.string()),
        ("candid", pa.int64()),
        ("candidate", CANDIDATE),
        ("prv_candidates", pa.list_(PREVIOUS)),
        ("fp_hists", pa.list_(FORCED)),
        ("cutoutScience", _CUTOUT),
        ("cutoutTemplate", _CUTOUT),
        ("cutoutDifference", _CUTOUT),
    ]
)

_MINUS_999 = (
    "distnr magnr sigmagnr chinr sharpnr ranr decnr ssdistnr ssmagnr neargaia neargaiabright maggaia maggaiabright"
    " sgmag srmag simag szmag sgscore sgmag1 srmag1 simag1 szmag1 sgscore1 distpsnr1 objectidps1"
    " sgmag2 srmag2 simag2 szmag2 sgscore2 distpsnr2 objectidps2 sgmag3 srmag3 simag3 szmag3 sgscore3 distpsnr3"
    " objectidps3"
)

SENTINELS: Mapping[str, tuple[Any, ...]] = {
    **dict.fromkeys(_MINUS_999.split(), (-999,)),
    "ssnamenr": ("null", ""),
    "drbversion": ("",),
}

# WINTER's and ZUDS's packets have ZTF's shape and the first four under namespaces of their own; rcid and the rest keep
# out one that takes the namespace too.
_OWN_FIELDS = {"jd", "fid", "magpsf", "isdiffpos", "pid", "rcid", "programid", "diffmaglim"}


def is_ztf_schema(writer_schema: Mapping[str, Any]) -> bool:
    """Whether an Avro writer schema is ZTF's: record `alert` of namespace `ztf` with ZTF's own `candidate`.

    Parameters
    ----------
    writer_schema : mapping
        Parsed Avro schema.
    """
    if full_name(writer_schema) != "ztf.alert":
        return False
    types = {field["name"]: field["type"] for field in writer_schema.get("fields", ())}
    return "candid" in types and field_names(types.get("candidate")) >= _OWN_FIELDS


def full_name(schema: Mapping[str, Any]) -> str:
    """A named Avro type's name with its namespace, however the schema spells it.

    Parameters
    ----------
    schema : mapping
        A record, enum or fixed, parsed.
    """
    name = str(schema.get("name", ""))
    namespace = schema.get("namespace")
    return name if "." in name or not namespace else f"{namespace}.{name}"


def field_names(avro_type: object) -> set[str]:
    """The field names of a record, also inside a union; empty for any other type.

    Parameters
    ----------
    avro_type : object
        As an Avro schema has it: a name, a list for a union, a mapping.
    """
    if isinstance(avro_type, list):
        return set().union(*(field_names(branch) for branch in avro_type))
    if isinstance(avro_type, Mapping) and "fields" in avro_type:
        return {field["name"] for field in avro_type["fields"]}
    return set()
