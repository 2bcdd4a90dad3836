"""Where else to look an object up: addresses only, nothing is fetched."""

import re
from urllib.parse import quote, urlencode

# Brokers by the survey's name of the object; what does not look like one (sso:..., src:..., a simulated name) has none.
_NAMES = {"ztf": re.compile(r"ZTF\d{2}[a-z]{7}"), "lsst": re.compile(r"[1-9]\d{0,18}")}
_BROKERS = {
    "ztf": (
        ("ALeRCE", "https://alerce.online/object/{}"),
        ("Fink", "https://ztf.fink-portal.org/{}"),
        ("Lasair", "https://lasair-ztf.lsst.ac.uk/objects/{}/"),
    ),
    "lsst": (
        ("ALeRCE", "https://lsst.alerce.online/object/{}?survey=lsst"),
        ("Fink", "https://lsst.fink-portal.org/{}"),
        ("Lasair", "https://lasair-lsst.lsst.ac.uk/objects/{}/"),
    ),
}
_RADIUS_ARCSEC = 5


def links(survey: str, object_id: str, ra: float | None, dec: float | None, simulated: bool) -> list[tuple[str, str]]:
    """Names and addresses of pages about an object.

    Parameters
    ----------
    ra, dec : float or None
        ICRS [deg].
    simulated : bool
        What no telescope saw is known to no broker.

    Returns
    -------
    list of (name, address)
        ALeRCE, Fink and Lasair by the object's name; SIMBAD, TNS and Aladin by position.
    """
    if simulated:
        return []
    known = object_id if survey in _NAMES and _NAMES[survey].fullmatch(object_id) else None
    named = [(name, form.format(quote(known, safe=""))) for name, form in _BROKERS[survey]] if known else []
    return named + (_by_position(ra, dec) if ra is not None and dec is not None else [])


def _by_position(ra: float, dec: float) -> list[tuple[str, str]]:
    place = f"{ra:.6f} {dec:+.6f}"
    simbad = urlencode({"Coord": place, "CooFrame": "ICRS", "Radius": _RADIUS_ARCSEC, "Radius.unit": "arcsec"})
    tns = urlencode({"ra": f"{ra:.6f}", "decl": f"{dec:.6f}", "radius": _RADIUS_ARCSEC, "coords_unit": "arcsec"})
    return [
        ("SIMBAD", f"https://simbad.cds.unistra.fr/simbad/sim-coo?{simbad}"),
        ("TNS", f"https://www.wis-tns.org/search?{tns}"),
        ("Aladin", f"https://aladin.cds.unistra.fr/AladinLite/?{urlencode({'target': place, 'fov': '0.05'})}"),
    ]
