"""Writer schemas by version: 3.3, and 4.02, which has forced photometry and null first in its unions."""

from typing import Any, Literal

from jobs.simulation.layout import typed_names
from jobs.simulation.schema import SCHEMA

Version = Literal["3.3", "4.02"]

# type: names, in the order on the wire; `?` is a union with null
FORCED = """
int?: field rcid
int: fid
long: pid rfid
float?: sciinpseeing scibckgnd scisigpix magzpsci magzpsciunc magzpscirms clrcoeff clrcounc exptime adpctdif1 adpctdif2
float?: diffmaglim
int: programid
double: jd
float?: forcediffimflux forcediffimfluxunc
string?: procstatus
float?: distnr
double: ranr decnr
float?: magnr sigmagnr chinr sharpnr
"""


def _forced() -> dict[str, Any]:
    fields = [
        {"name": name, "type": ["null", kind[:-1]], "default": None}
        if kind.endswith("?")
        else {"name": name, "type": kind}
        for kind, name in typed_names(FORCED)
    ]
    return {"type": "record", "name": "ztf.alert.fp_hist", "version": "4.02", "fields": fields}


def _null_first(schema: Any) -> Any:
    """The schema with null as the first branch of each union, and 4.02 as its version."""
    if isinstance(schema, list):
        return ["null", *(_null_first(branch) for branch in schema if branch != "null")]
    if not isinstance(schema, dict):
        return schema
    changed = {key: _null_first(value) if key in ("type", "items") else value for key, value in schema.items()}
    if "fields" in schema:
        changed["fields"] = [_null_first(field) for field in schema["fields"]]
    if changed.get("default") == 0:
        changed["default"] = None
    return changed | {"version": "4.02"} if "version" in schema else changed


def _with_forced(schema: dict[str, Any]) -> dict[str, Any]:
    forced = {"name": "fp_hists", "type": ["null", {"type": "array", "items": _forced()}], "default": None}
    place = [field["name"] for field in schema["fields"]].index("prv_candidates") + 1
    doc = {"doc": "simulated alert in the layout of ZTF 4.02"}
    return schema | doc | {"fields": [*schema["fields"][:place], forced, *schema["fields"][place:]]}


SCHEMAS: dict[Version, dict[str, Any]] = {"3.3": SCHEMA, "4.02": _with_forced(_null_first(SCHEMA))}
FORCED_NAMES = tuple(field["name"] for field in _forced()["fields"])
