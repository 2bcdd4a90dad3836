"""IPAC's forced photometry service: one text file per position, '#' lines, then names of columns, then a row per epoch.

Fluxes are of the difference image, in DN of its own zero point: flux [nJy] = forcediffimflux x 10^(0.4 (m0 - zpdiff)), m0 the
AB magnitude of 1 nJy (ZTF forced photometry service, Masci et al., section 6). A baseline is subtracted only where it is asked
for (`jobs.releases.baseline`). `jd` is the start of the exposure. 'null' and -99999 are NULL. Epochs with bad pixels or bad
weather are dropped: `infobitssci` of 33554432 or more, with `strict` of any (the service's own advice); `procstatus` is kept
beside each point, whatever it says. An epoch whose flux, of either sign, is five errors or more is a detection, since nobody
else has looked for one there; the others are forced points.
"""

import gzip
import re
import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import numpy as np
import pyarrow as pa

from jobs.common.times import MJD_ZERO, utc_to_tai
from jobs.releases.baseline import baseline, quiet_before
from jobs.releases.format import Choose, Format, Index, ReadOptions
from jobs.releases.objects import DIFFERENCE, PROCSTATUS, Floats, Ints, Objects
from jobs.releases.refused import (
    MISSING_COLUMNS,
    NO_POINTS,
    REFUSED,
    UNREADABLE,
    WRONG_UNIT,
    FileRefused,
    missing_columns,
    refused,
)
from science_modules.common.photometry import AB_ZERO_NJY, flux_ratio

BAD_SCIENCE = 33554432
DETECTED_SIGMA = 5.0
FILTERS = {"ZTF_g": "g", "ZTF_r": "r", "ZTF_i": "i"}
COLUMNS = (
    "filter", "infobitssci", "exptime", "zpdiff", "programid", "jd", "forcediffimflux", "forcediffimfluxunc", "procstatus",
)  # fmt: skip
SERIES = ("field", "ccdid", "qid", "filter")  # what has a reference image, and a baseline, of its own
JD_RANGE = (2457754.5, 2480000.5)
Columns = dict[str, pa.Array]
_NO_VALUE = ("null", "-99999", "-99999.0", "")
_PLACE = re.compile(r"#\s*Requested input (R\.A\.|Dec\.)\s*=\s*([-+\d.eE]+)\s*degrees")
_REQUEST = re.compile(r"req(\d+)")


def index(path: Path, options: ReadOptions) -> Index:
    """The one position of a file.

    Parameters
    ----------
    path : pathlib.Path
        A file of the service, gzipped or not.
    options : ReadOptions
        Its `baseline`: more columns are needed for it.

    Raises
    ------
    FileRefused
        If it cannot be read, or is no such file.
    """
    place, names, rows = _text(path)
    missing_columns(COLUMNS if options.baseline is None else dict.fromkeys((*SERIES, *COLUMNS)), names)
    ra, dec = (np.array([place.get(each, np.nan)]) for each in ("R.A.", "Dec."))
    return Index(pa.array([_name(path)]), ra, dec, np.array([len(rows)]))


def read(path: Path, options: ReadOptions, choose: Choose) -> tuple[Objects, pa.Table]:
    """The position with its good epochs.

    Parameters
    ----------
    path : pathlib.Path
        A file of the service.
    options : ReadOptions
        Its `strict` and `baseline`.
    choose : callable
        Whether the position is wanted.

    Raises
    ------
    FileRefused
        If the file cannot be read, is no such file, or has Julian dates that are none.
    """
    found = index(path, options)
    wanted = bool(choose(found).any())
    _, names, rows = _text(path)
    taken = rows if wanted else []
    table = {name: tuple(row[place] for row in taken) for place, name in enumerate(names)}
    objects = _objects(found, path, table, options)
    if not wanted:
        return objects.take(np.empty(0, dtype=np.int64)), REFUSED.empty_table()
    if not objects.points.num_rows:
        told = f"wants an epoch that is good and has a flux, {len(rows)} epochs are bad or have none"
        empty = objects.take(np.empty(0, dtype=np.int64))
        return empty, refused(NO_POINTS, str(path), objects.name.to_pylist(), [told])
    return objects, REFUSED.empty_table()


def _name(path: Path) -> str:
    """The request's number, which the service puts into the file's name; else the name."""
    request = _REQUEST.search(path.name)
    return f"req{request.group(1)}" if request else path.name.partition(".")[0]


@contextmanager
def _lines(path: Path) -> Iterator[list[str]]:
    try:
        with gzip.open(path, "rt", encoding="utf-8") if path.suffix == ".gz" else open(path, encoding="utf-8") as file:
            yield file.read().splitlines()
    except (OSError, EOFError, UnicodeDecodeError, zlib.error) as error:
        raise FileRefused(UNREADABLE, f"wants a text file of the forced photometry service; {error}") from None


def _text(path: Path) -> tuple[dict[str, float], list[str], list[list[str]]]:
    """Place, names of columns, rows."""
    with _lines(path) as lines:
        head = [line for line in lines if line.lstrip().startswith("#")]
        body = [line for line in lines if line.strip() and not line.lstrip().startswith("#")]
    place = {found.group(1): float(found.group(2)) for found in map(_PLACE.match, head) if found}
    if not body or not body[0].lstrip().startswith("index,"):
        raise FileRefused(MISSING_COLUMNS, "wants a line 'index, field, ccdid, ...' behind the '#' lines, found none")
    names = [each.strip() for each in body[0].split(",")]
    rows = [line.split() for line in body[1:]]
    short = next((number for number, row in enumerate(rows) if len(row) != len(names)), None)
    if short is not None:
        raise FileRefused(UNREADABLE, f"wants {len(names)} values in a row, row {short} has {len(rows[short])}")
    return place, names, rows


def _numbers(table: dict[str, tuple[str, ...]], name: str) -> Floats:
    try:
        return np.array([np.nan if each in _NO_VALUE else float(each) for each in table[name]], dtype=np.float64)
    except ValueError as error:
        raise FileRefused(UNREADABLE, f"wants numbers in {name}; {error}") from None


def _objects(found: Index, path: Path, table: dict[str, tuple[str, ...]], options: ReadOptions) -> Objects:
    jd, exptime, zero, flux, error, bits = (
        _numbers(table, name)
        for name in ("jd", "exptime", "zpdiff", "forcediffimflux", "forcediffimfluxunc", "infobitssci")
    )
    if len(jd) and not JD_RANGE[0] <= np.nanmedian(jd) <= JD_RANGE[1]:
        told = (
            f"wants jd as Julian dates, {JD_RANGE[0]:g} to {JD_RANGE[1]:g}; half of them are over {np.nanmedian(jd):g}"
        )
        raise FileRefused(WRONG_UNIT, told)
    band = [FILTERS.get(each) for each in table["filter"]]
    scale = flux_ratio(zero - AB_ZERO_NJY)
    middle = utc_to_tai(jd - MJD_ZERO + np.where(np.isfinite(exptime), exptime, 0.0) / 2 / 86400)
    sound = np.where(np.isfinite(bits), bits, BAD_SCIENCE) <= (0 if options.strict else BAD_SCIENCE - 1)
    good = sound & np.isfinite(middle) & np.isfinite(flux * scale) & (error * scale > 0)
    good &= np.array([each is not None for each in band], dtype=bool)
    kept = np.flatnonzero(good)
    points = {
        "mjd": pa.array(middle[kept]),
        "band": pa.array(band, pa.string()).take(pa.array(kept)),
        "flux": pa.array((flux * scale)[kept]),
        "flux_err": pa.array((error * scale)[kept]),
        "public": pa.array(_numbers(table, "programid")[kept] == 1),
        PROCSTATUS: pa.array(table["procstatus"], pa.string()).take(pa.array(kept)),
    }
    if options.baseline is not None:
        points |= _subtracted(points, table, kept, options.baseline)
    points["kind"] = _kinds(points["flux"].to_numpy(), points["flux_err"].to_numpy())
    return Objects(
        name=found.name,
        ra=found.ra,
        dec=found.dec,
        owner=np.zeros(len(kept), dtype=np.int64),
        points=pa.table(points),
        flux_kind=DIFFERENCE,
        catalogue=np.zeros(1, dtype=np.int64),
        n_dropped=np.array([len(jd) - len(kept)]),
        resolution_s=np.array([np.spacing(np.nanmax(jd, initial=JD_RANGE[0])) * 86400]),
    )


def _kinds(flux: Floats, flux_err: Floats) -> pa.Array:
    """What each point is, of its final flux and error."""
    return pa.array(np.where(np.abs(flux) >= DETECTED_SIGMA * flux_err, "detection", "forced"), pa.string())


def _subtracted(points: Columns, table: dict[str, tuple[str, ...]], kept: Ints, asked: str) -> Columns:
    """The columns that a baseline changes, and what is said of it."""
    flux, flux_err = points["flux"].to_numpy(), points["flux_err"].to_numpy()
    series = np.array(["/".join(each) for each in zip(*(table[name] for name in SERIES), strict=True)], dtype=np.str_)
    found = baseline(points["mjd"].to_numpy(), flux, flux_err, series[kept], asked)
    known = np.isfinite(found.level)
    return {
        "flux": pa.array(np.where(known, flux - found.level, flux)),
        "flux_err": pa.array(np.where(known, flux_err * found.scale, flux_err)),
        "baseline": pa.array(found.level, mask=~known),
        "baseline_scale": pa.array(found.scale, mask=~known),
        "n_baseline": pa.array(found.epochs, pa.int32()),
        "no_baseline": pa.array(found.reason, pa.string()),
    }


def _check(options: ReadOptions) -> None:
    if options.baseline is not None:
        quiet_before(options.baseline)


# Changed once: five errors and more became detections.
FORCED = Format("forced", (".txt", ".txt.gz"), index, read, check=_check, survey="ztf", rows_changed=1)
