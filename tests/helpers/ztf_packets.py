"""Packets of ZTF made for one question each: a plain alert, and what differs from it."""

from typing import Any

import pyarrow as pa

from jobs.pipeline.surveys.ztf import ZTF

Row = dict[str, Any]
NOW = 62000.0
JD = 2460000.75  # 2023-02-25, 06:00 UT

ALERT: Row = {
    "jd": JD, "fid": 1, "pid": 2246250000015, "candid": 7, "isdiffpos": "t", "ra": 10.0, "dec": 20.0,
    "magpsf": 18.0, "sigmapsf": 0.1, "distnr": 0.5, "magnr": 17.0, "sigmagnr": 0.02, "chinr": 1.0, "sharpnr": 0.0,
    "rb": 0.8, "drb": 0.9, "nbad": 0, "ssdistnr": -999.0, "ssmagnr": -999.0, "ssnamenr": "null", "sgscore1": 0.9,
    "distpsnr1": 0.3, "ndethist": 12, "jdstarthist": JD - 100, "exptime": 30.0, "diffmaglim": 20.5,
}  # fmt: skip
FOUND: Row = {**{k: ALERT[k] for k in ("fid", "isdiffpos", "magpsf", "sigmapsf", "distnr", "magnr", "sigmagnr", "rb")},
              "diffmaglim": 20.5}  # fmt: skip
FORCED: Row = {"fid": 1, "exptime": 30.0, "magzpsci": 26.4, "forcediffimflux": 100.0, "forcediffimfluxunc": 10.0,
               "distnr": 0.5, "magnr": 17.0, "sigmagnr": 0.02}  # fmt: skip


def packet(history: list[Row] | None = None, forced: list[Row] | None = None, **changes: Any) -> Row:
    top = {k: changes.pop(k) for k in ("objectId", "candid", "publisher", "schemavsn") if k in changes}
    stamps = {f"cutout{name}": {"stampData": name.encode()} for name in ("Science", "Template", "Difference")}
    envelope = {"schemavsn": "3.3", "publisher": "ZTF (www.ztf.caltech.edu)", "objectId": "ZTF18aaaaaaa", "candid": 7}
    body = {"candidate": ALERT | changes, "prv_candidates": history, "fp_hists": forced}
    return envelope | top | body | stamps


def found(days_ago: float, candid: int = 1, **changes: Any) -> Row:
    return FOUND | {"jd": JD - days_ago, "candid": candid} | changes


def limit(days_ago: float, mag: float | None = 20.5, **changes: Any) -> Row:
    return {"jd": JD - days_ago, "fid": 1, "diffmaglim": mag} | changes


def forced(days_ago: float, **changes: Any) -> Row:
    return FORCED | {"jd": JD - days_ago} | changes


def viewed(*packets: Row) -> pa.Table:
    return ZTF.view(pa.array(list(packets), type=ZTF.packet_type), [""] * len(packets), NOW).table


def view(history: list[Row] | None = None, forced: list[Row] | None = None, **changes: Any) -> Row:
    row: Row = viewed(packet(history, forced, **changes)).to_pylist()[0]
    return row


def reason(**changes: Any) -> str | None:
    packets = pa.array([packet(**changes), packet()], type=ZTF.packet_type)
    refusals = ZTF.view(packets, ["", ""], NOW).refusals
    assert 1 not in refusals  # the neighbour is untouched
    return refusals[0].reason if refusals else None
