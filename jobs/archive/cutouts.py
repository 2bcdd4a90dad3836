"""An alert's cutouts as images with sky coordinates."""

import gzip
import warnings
from collections.abc import Mapping
from io import BytesIO
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa

from jobs.archive.alert import alerts_of
from jobs.archive.astro import astropy
from jobs.archive.cutout_geometry import Geometry, geometry, sign_is_turned
from jobs.archive.find import NotFound, find_alert
from jobs.archive.find_cutouts import Triplet, find_cutouts
from jobs.archive.stars import refuse_stars
from jobs.pipeline.surveys import survey_of
from jobs.pipeline.surveys.survey import CutoutGeometry
from jobs.storage.layout import Layout
from science_modules.common.cutouts import STAMPS, stamps
from science_modules.common.fits import Image

_GZIP = b"\x1f\x8b"


def cutouts(
    alert_id: int | str, data: str | Path, survey: str | None = None, signed: bool = False, schemas: str | None = None
) -> dict[str, Any]:
    """The cutouts of an alert.

    Parameters
    ----------
    alert_id : int or str
    data : path
        The output of a job.
    survey : str, optional
        Its name, where two surveys have an alert of this id.
    signed : bool
        ZTF publishes the difference of a source that has faded with its sign turned; turn it back, so that negative is
        fainter than the template. Without it pixels are as received.
    schemas : str, optional
        Directory of schemas of the Confluent wire format, for packets that came in it.

    Returns
    -------
    dict of str to astropy.nddata.CCDData
        science, template, difference: float32 pixels, shape (rows, columns), as received; `wcs` gives RA and Dec
        (ICRS), None where the survey does not say which part of a cropped cutout is missing. ZTF's are in DN (`adu`),
        row 0 is north, column 0 east, 1.01 arcsec a pixel, and their WCS is made from the alert's position; Rubin's
        bring their own. A cutout that is missing or cannot be read is left out.

    Raises
    ------
    NotFound
        If the output has no such alert, or none of its cutouts.
    StarsOnly
        If it is that of `strix reprocess`.
    """
    layout = Layout(Path(data))
    refuse_stars(layout, "cutouts are of")
    rows = find_alert(layout, int(alert_id), survey)
    if not rows.num_rows:
        raise NotFound(f"{data} has no alert {alert_id}" + (f" of {survey}" if survey else ""))
    facts = alerts_of(rows)[0].facts
    key = (facts["survey"], facts["alert_id"])
    triplet = find_cutouts(layout, [(*key, facts["night"])], schemas).get(key)
    found = images(facts, triplet, signed) if triplet else {}
    if not found:
        raise NotFound(f"{data} holds no stamps of alert {alert_id}")
    return found


def images(facts: Mapping[str, Any], triplet: Triplet, signed: bool = False) -> dict[str, Any]:
    """Cutouts as received as images with coordinates.

    Parameters
    ----------
    facts : mapping
        Of the alert, as `jobs.archive.alert.Alert` has them.
    triplet : mapping of str to bytes or None
        The three cutouts by their names.
    signed : bool
        As of `cutouts`.

    Returns
    -------
    dict of str to image
        By the name of the cutout; one that is missing or cannot be read is left out.
    """
    table = pa.table({f"cutout_{name}": pa.array([triplet[name]], type=pa.binary()) for name in STAMPS})
    decoded = stamps(table).images
    return {
        name: _image(facts, name, received, image, signed)
        for name in STAMPS
        if (image := decoded[name][0]) is not None and (received := triplet[name]) is not None
    }


def _image(facts: Mapping[str, Any], name: str, received: bytes, image: Image, signed: bool) -> Any:
    turned = signed and name == "difference" and sign_is_turned(facts)
    survey = survey_of(facts["survey"])
    declared = survey.cutouts if survey else CutoutGeometry()
    if declared.pixel_arcsec is None:
        unit, wcs = _of_header(received, declared.unit)
    else:
        unit, wcs = declared.unit, _about_alert(facts, received, image)
    meta = {"SURVEY": facts["survey"], "ALERTID": facts["alert_id"], "OBJECT": facts["object_id"], "STAMP": name}
    return astropy("nddata").CCDData(np.array(-image if turned else image), unit=unit, wcs=wcs, meta=meta)


def _about_alert(facts: Mapping[str, Any], received: bytes, image: Image) -> Any:
    place = geometry(facts, received, (image.shape[0], image.shape[1]))
    return _tangent(place, facts["ra"], facts["dec"]) if place else None


def _of_header(received: bytes, unit: str) -> tuple[str, Any]:
    """Unit and WCS of the image's header; early packets name no projection, they mean the tangent plane."""
    # `stamps` has read the image before, so it is there and of a size that can be held
    plain = gzip.decompress(received) if received.startswith(_GZIP) else received
    with warnings.catch_warnings(), astropy("io.fits").open(BytesIO(plain), ignore_missing_simple=True) as file:
        warnings.simplefilter("ignore")  # what is not standard in these headers is nothing that the reader could mend
        header = next(hdu.header for hdu in file if hdu.header.get("NAXIS") == 2 and hdu.is_image)
        if "CRVAL1" not in header:
            return header.get("BUNIT", unit), None
        header.setdefault("CTYPE1", "RA---TAN")
        header.setdefault("CTYPE2", "DEC--TAN")
        return header.get("BUNIT", unit), astropy("wcs").WCS(header)


def _tangent(place: Geometry, ra: float, dec: float) -> Any:
    """A WCS about the alert: tangent plane, linear."""
    if place.alert is None:
        return None
    wcs = astropy("wcs").WCS(naxis=2)
    wcs.wcs.ctype = ["RA---TAN", "DEC--TAN"]
    wcs.wcs.cunit = ["deg", "deg"]
    wcs.wcs.radesys = "ICRS"
    wcs.wcs.crval = [ra, dec]
    wcs.wcs.crpix = [place.alert[0] + 1, place.alert[1] + 1]
    wcs.wcs.cd = place.matrix / 3600
    return wcs
