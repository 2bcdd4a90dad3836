"""The writer schema of the simulated packets: the fields, types and order of ZTF's 3.3."""

from typing import Any

from jobs.simulation.layout import typed_names

# "type: names", in the order on the wire; `?` is a union with null. Real 3.3 packets come with null first and with
# null second in their unions. Here it is second, and is still the default, which strict Avro libraries refuse: the
# harder of the two to read.
_PHOTOMETRY = """
float?: chipsf magap sigmagap distnr magnr sigmagnr chinr sharpnr sky magdiff fwhm classtar mindtoedge magfromlim
float?: seeratio aimage bimage aimagerat bimagerat elong
int?: nneg nbad
float?: rb ssdistnr ssmagnr
string?: ssnamenr
float?: sumrat magapbig sigmagapbig
"""
_EXPOSURE = """
double: jd
int: fid
long: pid
float?: diffmaglim
string?: pdiffimfilename programpi
int: programid
"""
_CHIP = """
long?: tblid
int?: nid rcid field
float?: xpos ypos
"""
CANDIDATE = f"""{_EXPOSURE}
long: candid
string: isdiffpos
{_CHIP}
double: ra dec
float: magpsf sigmapsf
{_PHOTOMETRY}
double: ranr decnr
float?: sgmag1 srmag1 simag1 szmag1 sgscore1 distpsnr1
int: ndethist ncovhist
double?: jdstarthist jdendhist scorr
int?: tooflag
long?: objectidps1 objectidps2
float?: sgmag2 srmag2 simag2 szmag2 sgscore2 distpsnr2
long?: objectidps3
float?: sgmag3 srmag3 simag3 szmag3 sgscore3 distpsnr3
int: nmtchps
long: rfid
double: jdstartref jdendref
int: nframesref
string: rbversion
float?: dsnrms ssnrms dsdiff magzpsci magzpsciunc magzpscirms
int: nmatches
float?: clrcoeff clrcounc zpclrcov zpmed clrmed clrrms neargaia neargaiabright maggaia maggaiabright exptime drb
string: drbversion
"""
HISTORY = f"""{_EXPOSURE}
long?: candid
string?: isdiffpos
{_CHIP}
double?: ra dec
float?: magpsf sigmapsf
{_PHOTOMETRY}
double?: ranr decnr scorr
float?: magzpsci magzpsciunc magzpscirms clrcoeff clrcounc
string: rbversion
"""
_WITHOUT_DEFAULT = frozenset({"candid", "isdiffpos", "ra", "dec", "magpsf", "sigmapsf", "ranr", "decnr"})


def _field(kind: str, name: str) -> dict[str, Any]:
    if not kind.endswith("?"):
        return {"name": name, "type": kind}
    field: dict[str, Any] = {"name": name, "type": [kind[:-1], "null"]}
    if name in _WITHOUT_DEFAULT:
        return field
    return field | {"default": 0 if name == "tooflag" else None}


def _record(name: str, layout: str) -> dict[str, Any]:
    fields = [_field(kind, field) for kind, field in typed_names(layout)]
    return {"type": "record", "name": name, "version": "3.3", "fields": fields}


_CUTOUT = _record("ztf.alert.cutout", "string: fileName\nbytes: stampData")
_HISTORY_TYPE = [{"type": "array", "items": _record("ztf.alert.prv_candidate", HISTORY)}, "null"]

SCHEMA: dict[str, Any] = {
    "type": "record",
    "name": "ztf.alert",
    "version": "3.3",
    "doc": "simulated alert in the layout of ZTF 3.3",
    "fields": [
        {"name": "schemavsn", "type": "string"},
        {"name": "publisher", "type": "string"},
        {"name": "objectId", "type": "string"},
        {"name": "candid", "type": "long"},
        {"name": "candidate", "type": _record("ztf.alert.candidate", CANDIDATE)},
        {"name": "prv_candidates", "type": _HISTORY_TYPE, "default": None},
        {"name": "cutoutScience", "type": [_CUTOUT, "null"], "default": None},
        {"name": "cutoutTemplate", "type": ["ztf.alert.cutout", "null"], "default": None},
        {"name": "cutoutDifference", "type": ["ztf.alert.cutout", "null"], "default": None},
    ],
}
HISTORY_NAMES = tuple(field["name"] for field in _record("ztf.alert.prv_candidate", HISTORY)["fields"])
