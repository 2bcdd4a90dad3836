"""Where else to look an object up: addresses only, nothing is fetched."""

from urllib.parse import urlencode

from jobs.pipeline.surveys import survey_of

_RADIUS_ARCSEC = 5


def links(survey: str, object_id: str, ra: float | None, dec: float | None, simulated: bool) -> list[tuple[str, str]]:
    """Names and addresses of pages about an object.

    Parameters
    ----------
    survey : str
        Its name; one that is not known declares no pages.
    object_id : str
        As the survey names it.
    ra, dec : float or None
        ICRS [deg].
    simulated : bool
        What no telescope saw is known to no broker.

    Returns
    -------
    list of (name, address)
        Those that the survey declares (ALeRCE, Fink, Lasair) by the object's name; SIMBAD, TNS and Aladin by position.
    """
    if simulated:
        return []
    declared = survey_of(survey)
    # What does not look like a name of the survey's (sso:..., src:..., a simulated one) has no pages.
    named = declared.objects.of(object_id) if declared and declared.objects else []
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
